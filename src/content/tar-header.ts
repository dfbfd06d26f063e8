/** Headers and bodies of a tar are padded to this. */
export const TAR_BLOCK = 512;

const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;

/** Rounds a body's size up to whole blocks. */
export function padded(size: number): number {
  return Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

/** Whether the block at `at` is a tar header: its checksum is right. Blocks of zeros are not. */
export function isTarHeader(bytes: Uint8Array, at = 0): boolean {
  if (at + TAR_BLOCK > bytes.length) return false;
  const claimed = parseNumber(bytes.subarray(at + CHECKSUM_AT, at + CHECKSUM_AT + CHECKSUM_BYTES));
  let sum = CHECKSUM_BYTES * 32;
  for (let i = at; i < at + CHECKSUM_AT; i++) sum += bytes[i] ?? 0;
  for (let i = at + CHECKSUM_AT + CHECKSUM_BYTES; i < at + TAR_BLOCK; i++) sum += bytes[i] ?? 0;
  return sum === claimed && sum !== CHECKSUM_BYTES * 32;
}

/** Whether the bytes are all zero, as the blocks at the end of a tar are. */
export function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

/** A number field: octal text, or base-256 where the first bit is set. NaN for what is neither, negative numbers included. */
function parseNumber(field: Uint8Array): number {
  const first = field[0] ?? 0;
  if (first === 0x80) {
    let value = 0;
    for (let i = 1; i < field.length; i++) value = value * 256 + (field[i] ?? 0);
    return value;
  }
  const text = parseText(field).trim();
  if (text === "") return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** A text field, up to its first zero byte. */
export function parseText(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(field.buffer, field.byteOffset, end < 0 ? field.length : end).toString("utf8");
}

export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** The type flag as a character; `0` for the zero byte of old archives. */
  readonly type: string;
  readonly size: number;
}

/** Reads one header block (ustar, GNU, v7). The caller has checked that it is one. */
export function parseTarHeader(block: Uint8Array): TarHeader {
  const flag = block[156] ?? 0;
  // GNU archives write "ustar " and have times where POSIX has the prefix.
  const prefix = parseText(block.subarray(257, 263)) === "ustar" ? parseText(block.subarray(345, 500)) : "";
  const name = parseText(block.subarray(0, 100));
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkName: parseText(block.subarray(157, 257)),
    type: flag === 0 ? "0" : String.fromCharCode(flag),
    size: parseNumber(block.subarray(124, 136)),
  };
}

/** The records of a PAX extended header; what is damaged ends the list. */
export function parsePax(body: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < body.length) {
    const space = body.indexOf(0x20, at);
    if (space < 0) break;
    const length = Number.parseInt(Buffer.from(body.subarray(at, space)).toString("latin1"), 10);
    if (!(length > space - at + 1) || at + length > body.length) break;
    const record = Buffer.from(body.subarray(space + 1, at + length - 1)).toString("utf8");
    const equals = record.indexOf("=");
    if (equals < 0) break;
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}
