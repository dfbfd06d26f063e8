import { readHead, type ByteRange } from "./byte-range.ts";
import { expandPiece, type ExpandLimits } from "./compression.ts";
import { asRecord, asText, parseJson } from "./json.ts";
import { isTarHeader, parseTarHeader, TAR_BLOCK } from "./tar-header.ts";
import { cleanPath } from "./tar-path.ts";

/** A regular file as a table of contents tells it. */
export interface TableFile {
  readonly size: number;
  /** `sha256:…`; empty where the table does not say it. */
  readonly digest: string;
  /** In the order of the file, one behind the other; undefined where the table has them otherwise, so that no file can be as it says. */
  readonly chunks: readonly TableChunk[] | undefined;
}

export interface TableChunk {
  readonly from: number;
  readonly to: number;
  readonly digest: string;
}

/** By cleaned path; a table can name one more than once, of which a few are looked at. */
export type LayerTable = ReadonlyMap<string, readonly TableFile[]>;

/** Stored bytes of a table, and what they expand to. Those of images with a hundred thousand files have some forty megabytes. */
const MAX_STORED = 32 << 20;
const tableLimits: ExpandLimits = { maxBytes: 64 << 20, maxRatio: 1000, ratioFromBytes: 1 << 20 };

const MAX_SAME_PATH = 4;
/** Objects and lists of a table: a text of nothing but brackets becomes thirty times its size when it is parsed. */
const MAX_OBJECTS = 1_000_000;

const FOOTER_BYTES = 72;
/** The end of zstd:chunked: a skippable frame of 40 or 64 bytes that ends with these, whatever their case (skopeo writes `GnUlInUx`). */
const chunkedMagic = "gnulinux";
/** The end of eStargz: an empty gzip member whose extra field tells where the table's member begins (eStargz specification, "Footer"). */
const stargzStart = Buffer.from([0x1f, 0x8b, 0x08, 0x04]);
/** Behind the gzip header: the extra field's subfield `SG`, and the place in hexadecimal digits. */
const stargzField = { at: 12, head: "SG\u0016\0", place: /^([0-9a-f]{16})STARGZ$/, placeBytes: 22 } as const;
const STARGZ_FOOTER_BYTES = 51;

/** The stored bytes of a layer, wherever they lie. */
export interface StoredLayer {
  readonly length: number;
  /** So many bytes from an offset on; fewer where there are no more. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A layer that lies in a file. */
export function storedIn(layer: ByteRange): StoredLayer {
  return {
    length: layer.length,
    read: (offset, length) => readHead({ ...layer, offset: layer.offset + offset, length }, length),
  };
}

/** A table as its writer made it. */
export interface WrittenTable {
  readonly entries: readonly unknown[];
  /** Where it begins: the files of the layer lie before it. */
  readonly at: number;
  readonly compression: "gzip" | "zstd";
}

/**
 * The table of contents that engines read instead of a layer when they fetch files one by one (eStargz, zstd:chunked); undefined where the layer has none,
 * a word where there is one that cannot be read. What `layer.read` throws is thrown.
 */
export async function readWrittenTable(layer: StoredLayer): Promise<WrittenTable | "damaged" | undefined> {
  const length = Math.min(FOOTER_BYTES, layer.length);
  const tail = Buffer.from(await layer.read(layer.length - length, length));
  const place = chunkedPlace(tail) ?? stargzPlace(tail, layer.length);
  if (place === undefined) return undefined;
  const { from, to, isTar } = place;
  if (!(from >= 0 && to > from && to <= layer.length && to - from <= MAX_STORED)) return "damaged";
  const text = await expandPiece(await layer.read(from, to - from), tableLimits);
  const json = text === undefined || !isTar ? text : firstFile(text);
  const document = json === undefined || objectsIn(json) > MAX_OBJECTS ? undefined : asRecord(parseJson(json));
  const entries = document?.["entries"];
  return Array.isArray(entries) ? { entries, at: from, compression: isTar ? "gzip" : "zstd" } : "damaged";
}

/** The regular files of a layer's table. Errors of the operating system are thrown. */
export async function readLayerTable(layer: ByteRange): Promise<LayerTable | "damaged" | undefined> {
  const table = await readWrittenTable(storedIn(layer));
  return table === undefined || table === "damaged" ? table : filesOf(table.entries);
}

interface TablePlace {
  readonly from: number;
  readonly to: number;
  /** The table is a file in a tar. */
  readonly isTar: boolean;
}

function chunkedPlace(tail: Buffer): TablePlace | undefined {
  if (tail.toString("latin1", tail.length - 8).toLowerCase() !== chunkedMagic) return undefined;
  for (const bytes of [40, 64]) {
    const at = tail.length - bytes;
    if (at < 8 || tail.readUInt32LE(at - 8) !== 0x184d2a50 || tail.readUInt32LE(at - 4) !== bytes) continue;
    const from = Number(tail.readBigUInt64LE(at));
    return { from, to: from + Number(tail.readBigUInt64LE(at + 8)), isTar: false };
  }
  return undefined;
}

function stargzPlace(tail: Buffer, length: number): TablePlace | undefined {
  const footer = tail.subarray(Math.max(0, tail.length - STARGZ_FOOTER_BYTES));
  const { at, head, place, placeBytes } = stargzField;
  if (!footer.subarray(0, 4).equals(stargzStart) || footer.toString("latin1", at, at + 4) !== head) return undefined;
  const from = place.exec(footer.toString("latin1", at + 4, at + 4 + placeBytes))?.[1];
  return from === undefined
    ? undefined
    : { from: Number.parseInt(from, 16), to: length - STARGZ_FOOTER_BYTES, isTar: true };
}

function firstFile(tar: Buffer): Buffer | undefined {
  if (!isTarHeader(tar)) return undefined;
  const { size } = parseTarHeader(tar);
  return size >= 0 && TAR_BLOCK + size <= tar.length ? tar.subarray(TAR_BLOCK, TAR_BLOCK + size) : undefined;
}

function objectsIn(json: Buffer): number {
  let count = 0;
  for (const byte of json) if (byte === 0x7b || byte === 0x5b) count++;
  return count;
}

function filesOf(entries: readonly unknown[]): LayerTable {
  const files = new Map<string, TableFile[]>();
  let last: { path: string; size: number; digest: string; chunks: TableChunk[] | undefined } | undefined;
  for (const item of entries) {
    const entry = asRecord(item) ?? {};
    const type = asText(entry["type"]);
    const path = cleanPath(asText(entry["name"]));
    if (type === "reg") {
      last = { path, size: asNumber(entry["size"]), digest: asText(entry["digest"]), chunks: [] };
      const known = files.get(path);
      if (known === undefined) files.set(path, [last]);
      else if (known.length < MAX_SAME_PATH) known.push(last);
    } else if (type !== "chunk" || last?.path !== path) continue;
    const digest = asText(entry["chunkDigest"]);
    const from = asNumber(entry["chunkOffset"]);
    // The last chunk of a file need not tell its size.
    const to = from + (asNumber(entry["chunkSize"]) || last.size - from);
    if (digest === "" || last.chunks === undefined) continue;
    if (from !== (last.chunks.at(-1)?.to ?? 0) || to > last.size || to < from) last.chunks = undefined;
    else if (to > from) last.chunks.push({ from, to, digest });
  }
  return files;
}

function asNumber(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
