import type { Bytes } from "./bytes.ts";

/** The fields of an SQLite file's header that reading needs (File Format, 1.3). */
export interface SqliteFile {
  readonly bytes: Bytes;
  readonly pageSize: number;
  /** Bytes of a page that hold anything. */
  readonly usable: number;
  readonly pages: number;
  readonly encoding: "utf8" | "utf16le" | "utf16be";
  /** Bytes of rows that may still be put together. Rows share no bytes; in a file that was made for it every cell can be the same megabytes. */
  left: number;
}

/** So many bytes of rows as a file of `size` can hold, and as much again. */
export function mostRowBytes(size: number): number {
  return 2 * size + (1 << 20);
}

/** A value of a row. Numbers come as texts. */
export type SqliteValue = string | Buffer;

/** A row's values beyond this are cut: whole files are kept in rows, and they stand in the file as they are. */
const mostPayload = 16 << 20;
const mostColumns = 2_000;

export const leafTable = 13;
const interiorTable = 5;
export const leafIndex = 10;
export const interiorIndex = 2;

/** Undefined for what is no SQLite file, or says that it has pages of no size. */
export function openSqlite(bytes: Bytes): SqliteFile | undefined {
  const header = bytes.read(0, 100);
  if (header.length < 100) return undefined;
  const told = header.readUInt16BE(16);
  const pageSize = told === 1 ? 65_536 : told;
  const usable = pageSize - header[20]!;
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0 || usable < 480) return undefined;
  const encoding = (["utf8", "utf8", "utf16le", "utf16be"] as const)[header.readUInt32BE(56)] ?? "utf8";
  const pages = Math.ceil(bytes.size / pageSize);
  return { bytes, pageSize, usable, pages, encoding, left: mostRowBytes(bytes.size) };
}

/** A page of a tree: its kind, its cells, and the pages below it. */
export interface SqlitePage {
  readonly kind: number;
  readonly page: Buffer;
  readonly cells: readonly number[];
  readonly children: readonly number[];
}

/** Reads page `number` (from 1); undefined where it is none of a tree. */
export function readPage({ bytes, pageSize, usable, pages }: SqliteFile, number: number): SqlitePage | undefined {
  if (number < 1 || number > pages) return undefined;
  const page = bytes.read((number - 1) * pageSize, pageSize);
  const start = number === 1 ? 100 : 0;
  if (page.length < usable) return undefined;
  const kind = page[start]!;
  const isInterior = kind === interiorTable || kind === interiorIndex;
  if (!isInterior && kind !== leafTable && kind !== leafIndex) return undefined;
  const head = start + (isInterior ? 12 : 8);
  const count = page.readUInt16BE(start + 3);
  const cells: number[] = [];
  for (let i = 0; i < count && head + 2 * i + 2 <= usable; i++) {
    const cell = page.readUInt16BE(head + 2 * i);
    if (cell >= head && cell + 4 <= usable) cells.push(cell);
  }
  const children = isInterior ? [...cells.map((cell) => page.readUInt32BE(cell)), page.readUInt32BE(start + 8)] : [];
  return { kind, page, cells, children };
}

/** The values of the row in a cell; undefined where they cannot be right. */
export function readRow(file: SqliteFile, { kind, page }: SqlitePage, cell: number): SqliteValue[] | undefined {
  const start = kind === interiorIndex ? cell + 4 : cell;
  const [size, afterSize] = readVarint(page, start);
  const isTable = kind === leafTable;
  const at = isTable ? readVarint(page, afterSize)[1] : afterSize;
  const payload = readPayload(file, page, at, size, isTable);
  return payload === undefined ? undefined : readRecord(payload, file.encoding);
}

/** What of a payload stands in the page, and how much on overflow pages (1.6). */
function readPayload(file: SqliteFile, page: Buffer, at: number, size: number, isTable: boolean): Buffer | undefined {
  const { bytes, pageSize, usable, pages } = file;
  if (!(size > 0) || size > pages * pageSize || file.left <= 0) return undefined;
  const most = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const fitting = least + ((size - least) % (usable - 4));
  const local = size <= most ? size : fitting <= most ? fitting : least;
  if (at + local > usable) return undefined;
  const parts = [page.subarray(at, at + local)];
  let left = Math.min(size, mostPayload, file.left) - local;
  file.left -= local + Math.max(0, left);
  let next = local < size && at + local + 4 <= usable ? page.readUInt32BE(at + local) : 0;
  while (left > 0 && next >= 1 && next <= pages) {
    const overflow = bytes.read((next - 1) * pageSize, usable);
    if (overflow.length < 5) break;
    const part = overflow.subarray(4, 4 + left);
    parts.push(part);
    left -= part.length;
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

/** Takes a record apart (2.1). */
function readRecord(payload: Buffer, encoding: SqliteFile["encoding"]): SqliteValue[] | undefined {
  const [headerSize, first] = readVarint(payload, 0);
  if (headerSize > payload.length || headerSize < 1) return undefined;
  const values: SqliteValue[] = [];
  let at = headerSize;
  for (let place = first; place < headerSize && values.length < mostColumns;) {
    const [type, next] = readVarint(payload, place);
    place = next;
    if (type >= 12) {
      const length = (type - (type & 1 ? 13 : 12)) / 2;
      const value = payload.subarray(at, at + length);
      values.push((type & 1) === 1 ? textOf(value, encoding) : value);
      at += length;
    } else if (type === 7) {
      values.push(at + 8 <= payload.length ? String(payload.readDoubleBE(at)) : "");
      at += 8;
    } else if (type >= 1 && type <= 6) {
      const length = [0, 1, 2, 3, 4, 6, 8][type]!;
      values.push(at + length <= payload.length ? numberOf(payload, at, length) : "");
      at += length;
    } else values.push(type === 8 ? "0" : type === 9 ? "1" : "");
  }
  return values;
}

function numberOf(payload: Buffer, at: number, length: number): string {
  return length === 8 ? String(payload.readBigInt64BE(at)) : String(payload.readIntBE(at, length));
}

function textOf(value: Buffer, encoding: SqliteFile["encoding"]): string {
  if (encoding !== "utf16be") return value.toString(encoding);
  return Buffer.from(value.subarray(0, value.length & ~1))
    .swap16()
    .toString("utf16le");
}

/** A number of one to nine bytes (1.6), and where it ends. */
function readVarint(bytes: Buffer, at: number): [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + i + 1];
  }
  return [value * 256 + (bytes[at + 8] ?? 0), at + 9];
}
