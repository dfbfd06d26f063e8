import type { Decoded, Encoding, Piece } from "./encoding.ts";
import { hexDigits, pieceLength, textual, wholeText } from "./encoding.ts";
import { inflated, type Unpacked } from "./inflate.ts";
import { unzipped } from "./unzip.ts";

/** Shortest run that can hold a secret worth decoding: sixteen characters of it. */
export const leastRun = 20;
/** Lines of an encoded text are at least so long, except for the last, and no longer than this. */
const leastLine = 40;
export const longestLine = 1024;
/** Bytes between two lines: a line end, indentation, quotes. */
const longestSeam = 48;
/** A name in front of an encoded value is taken along: rules want to see it. */
const contextInFront = 64;
const contextAtBack = 2;

/** Value of each base64 digit (RFC 4648 sections 4 and 5), 255 for other bytes. */
const digits = new Uint8Array(256).fill(255);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let value = 0; value < 64; value++) digits[alphabet.charCodeAt(value)] = value;
digits["-".charCodeAt(0)] = 62;
digits["_".charCodeAt(0)] = 63;

/** Not 0 for the bytes of base64 text, for `Kernel.findRuns`. */
export const base64Members: Uint8Array = digits.map((value) => (value === 255 ? 0 : 1));

/** Not 0 for bytes that can stand in a chain of base64 lines: those of the text, and what stands between the lines. */
export const chainMembers: Uint8Array = Uint8Array.from(base64Members);
const seamMembers = new Uint8Array(256);
for (const byte of Buffer.from(" \t\r\n\"'+\\,#*|>.")) chainMembers[byte] = seamMembers[byte] = 1;

/** Base64 (one run, or many lines of it) and hex digits, with what was compressed or written in UTF-16 before it was encoded. */
export const textRuns: Encoding = {
  name: "text-runs",
  isPlaced: false,
  before: 0,
  behind: 0,
  context: contextInFront + longestSeam + leastRun,
  gap: longestSeam,
  leastMarks: 1,
  joins(bytes, start, end, next, nextEnd) {
    const length = end - start;
    if (length < leastLine || length > longestLine || nextEnd - next > length) return false;
    return isSeam(bytes, end, next);
  },
  decode: decodeRuns,
};

function isSeam(bytes: Buffer, from: number, to: number): boolean {
  let hasLineEnd = false;
  for (let at = from; at < to; at++) {
    if (!isSeamAt(bytes, at)) return false;
    hasLineEnd ||= bytes[at] === 10;
  }
  return hasLineEnd;
}

/** A `+` stands between strings only where no digit follows. */
function isSeamAt(bytes: Buffer, at: number): boolean {
  const byte = bytes[at]!;
  return seamMembers[byte] === 1 && (byte !== 0x2b || base64Members[bytes[at + 1]!] === 0);
}

/**
 * Leaves out the runs that belong to no chain with another one and decode to nothing: nearly all. `places`: begins and ends, alternating,
 * from address `low` on; the list is changed.
 */
export function dropPlainRuns(bytes: Buffer, low: number, places: number[]): number[] {
  let count = 0;
  let mayGoOn = false;
  for (let i = 0; i < places.length; i += 2) {
    const start = places[i]!;
    const end = places[i + 1]!;
    const goesOn = mayGoOn && start - places[i - 1]! <= longestSeam;
    mayGoOn = end - start >= leastLine && end - start <= longestLine;
    const isAlone = !goesOn && !(mayGoOn && i + 2 < places.length && places[i + 2]! - end <= longestSeam);
    if (
      isAlone &&
      end - start < pieceLength &&
      formOf(bytes, low + skipHexSign(bytes, low, start), low + end) === undefined
    )
      continue;
    places[count++] = start;
    places[count++] = end;
  }
  places.length = count;
  return places;
}

function skipHexSign(bytes: Buffer, low: number, at: number): number {
  return bytes[low + at] === 0x30 && (bytes[low + at + 1]! | 0x20) === 0x78 ? at + 2 : at;
}

/** Each text begins with a line: where one ends (padding, or bytes that are no text), the next line may begin another. */
function decodeRuns(piece: Piece): Decoded[] {
  const { bytes, to } = piece;
  const found: Decoded[] = [];
  let at = piece.from;
  while (at < to) {
    while (at < to && base64Members[bytes[at]!] === 0) at++;
    at = skipHexSign(bytes, 0, at);
    let end = at;
    while (end < to && base64Members[bytes[end]!] === 1) end++;
    if (end - at < leastRun) {
      at = end;
      continue;
    }
    // A later piece may begin amid four digits.
    const phases = piece.isFirst || at > piece.from ? 1 : Math.min(4, end - at - leastRun + 1);
    let next = end;
    for (let phase = 0; phase < phases; phase++) {
      const taken = decodeAt(piece, at + phase, end);
      if (taken === undefined) continue;
      found.push(taken.decoded);
      next = taken.end;
      break;
    }
    at = next;
  }
  return found;
}

/** The text that begins with the line at `[at, end)`, and the end of its last line. */
function decodeAt(piece: Piece, at: number, end: number): { decoded: Decoded; end: number } | undefined {
  const { bytes } = piece;
  const form = formOf(bytes, at, end);
  if (form === undefined) return undefined;
  const lines = linesFrom(piece, at, end);
  let joined = "";
  for (let i = 0; i < lines.length; i += 2) joined += bytes.toString("latin1", lines[i], lines[i + 1]);
  const isHex = form === "hex";
  const raw = Buffer.from(joined, isHex ? "hex" : "base64");
  const { text, isCut } = textOf(form, raw);
  const isBinary = form === "gzip" || form === "zlib" || form === "zip";
  if (text.length < (leastRun * 3) >> 2 && !isBinary) return undefined;
  // What was cut off as no text was not of this text's lines.
  let last = lines.length - 1;
  if (form === "text" || isHex) {
    let used = isHex ? text.length * 2 : Math.ceil((text.length * 4) / 3);
    last = -1;
    while (used > 0 && last + 2 < lines.length) {
      last += 2;
      used -= lines[last]! - lines[last - 1]!;
    }
  }
  const textEnd = lines[last]!;
  const inFront = isBinary || !piece.isFirst ? nothing : lineBefore(piece, at);
  const atBack = isBinary || !piece.isLast ? nothing : textBehind(piece, textEnd);
  const kinds = [isHex ? "hex" : "base64", ...(form === "text" || isHex ? [] : [form])];
  const decoded = wholeText(inFront, text, atBack, kinds, [at, textEnd]);
  return { decoded: isCut ? { ...decoded, isCut } : decoded, end: textEnd };
}

function textOf(form: Form, raw: Buffer): Unpacked {
  if (form === "gzip" || form === "zlib") return inflated(raw, form);
  if (form === "zip") return unzipped(raw);
  return { text: form === "utf-16" ? fromWide(raw) : textPart(raw), isCut: false };
}

const nothing = Buffer.alloc(0);

/** Starts and ends of the lines that go on from the one at `[at, end)`, the last one short as it may be. */
function linesFrom(piece: Piece, at: number, end: number): number[] {
  const { bytes, to } = piece;
  const lines = [at, end];
  let length = end - at;
  const limit = piece.isLast ? Math.min(piece.high, to + longestSeam + leastRun) : to;
  for (let p = end; length >= leastLine && length <= longestLine;) {
    let next = p;
    while (next < limit && next - p < longestSeam && isSeamAt(bytes, next)) next++;
    let stop = next;
    while (stop < limit && base64Members[bytes[stop]!] === 1) stop++;
    if (next === p || stop - next > length || stop - next < 2 || !isSeam(bytes, p, next)) break;
    if (next >= to && stop < piece.high && seamMembers[bytes[stop]!] === 0 && bytes[stop] !== 0x3d) break;
    lines.push(next, stop);
    length = stop - next;
    p = stop;
  }
  return lines;
}

type Form = "text" | "gzip" | "zlib" | "zip" | "utf-16" | "hex";

/**
 * What the digits at `[from, to)` begin with when they are decoded. Nearly everything that only looks like base64 (identifiers, paths, hashes,
 * images) is turned away by its first bytes.
 */
function formOf(bytes: Buffer, from: number, to: number): Form | undefined {
  if (startsLikeText(bytes, from, to)) return "text";
  const first = bytes[from]!;
  const second = bytes[from + 1]!;
  if (first === 0x48 && second === 0x34 && bytes[from + 2] === 0x73 && bytes[from + 3] === 0x49) return "gzip";
  if (first === 0x65 && isZlib(bytes, from)) return "zlib";
  // `UEsDB`: PK, 3, 4.
  if (
    first === 0x55 &&
    second === 0x45 &&
    bytes[from + 2] === 0x73 &&
    bytes[from + 3] === 0x44 &&
    bytes[from + 4] === 0x42
  )
    return "zip";
  // Every other byte is 0, or the mark of its order comes first.
  const third = bytes[from + 2]!;
  if ((third === 0x41 || third === 0x42) && (digits[second]! & 15) === 0 && startsWide(bytes, from, 0)) return "utf-16";
  if (first === 0x2f && second === 0x2f && third === 0x34 && startsWide(bytes, from, 2)) return "utf-16";
  if (first === 0x37 && second === 0x37 && bytes[from + 2] === 0x75 && startsLikeText(bytes, from + 4, to))
    return "text";
  return startsLikeHexText(bytes, from, to) ? "hex" : undefined;
}

/** Whether the run starts like encoded text: its first bytes decode to printable ASCII. A twentieth of a microsecond. */
function startsLikeText(bytes: Uint8Array, from: number, to: number): boolean {
  const quads = Math.min(4, (to - from) >> 2);
  for (let quad = 0; quad < quads; quad++) {
    const at = from + quad * 4;
    const value =
      (digits[bytes[at]!]! << 18) |
      (digits[bytes[at + 1]!]! << 12) |
      (digits[bytes[at + 2]!]! << 6) |
      digits[bytes[at + 3]!]!;
    const a = (value >> 16) & 255;
    const b = (value >> 8) & 255;
    const c = value & 255;
    if (a >= 0x80 || b >= 0x80 || c >= 0x80 || textual[a] === 0 || textual[b] === 0 || textual[c] === 0) return false;
  }
  return true;
}

/** The headers that deflate with a window of 32 KiB has (RFC 1950, section 2.2), one for each level. */
function isZlib(bytes: Buffer, from: number): boolean {
  const head = ((digits[bytes[from]!]! << 12) | (digits[bytes[from + 1]!]! << 6) | digits[bytes[from + 2]!]!) >> 2;
  return head === 0x7801 || head === 0x785e || head === 0x789c || head === 0x78da;
}

function startsWide(bytes: Buffer, from: number, skip: number): boolean {
  const head = Buffer.from(bytes.toString("latin1", from, from + 16), "base64");
  for (let i = skip; i + 1 < head.length; i += 2)
    if (head[i]! >= 0x80 || textual[head[i]!] === 0 || head[i + 1] !== 0) return false;
  return true;
}

function startsLikeHexText(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 32) return false;
  for (let at = from; at < from + 16; at += 2) {
    const high = hexDigits[bytes[at]!]!;
    const low = hexDigits[bytes[at + 1]!]!;
    if (high > 7 || low > 15 || textual[(high << 4) | low] === 0) return false;
  }
  return true;
}

function textPart(decoded: Buffer): Buffer {
  let end = 0;
  while (end < decoded.length && textual[decoded[end]!] === 1) end++;
  return decoded.subarray(0, end);
}

function fromWide(raw: Buffer): Buffer {
  const text = raw.toString("utf16le", raw[0] === 0xff && raw[1] === 0xfe ? 2 : 0);
  return Buffer.from(text);
}

/** What stands before an encoded text in its line: the name of the value. */
function lineBefore(piece: Piece, at: number): Buffer {
  const least = Math.max(piece.low, at - contextInFront);
  const { bytes } = piece;
  let from = at;
  while (from > least && bytes[from - 1] !== 10 && bytes[from - 1] !== 13) from--;
  return bytesOf(bytes, from, at);
}

/** What stands behind an encoded text and its padding: a quote, or the end of the line. */
function textBehind({ bytes, high }: Piece, at: number): Buffer {
  let from = at;
  while (from < high && from < at + 2 && bytes[from] === 0x3d) from++;
  return bytesOf(bytes, from, Math.min(high, from + contextAtBack));
}

/** A copy: the kernel's memory moves. */
function bytesOf(bytes: Buffer, from: number, to: number): Buffer {
  return Buffer.from(bytes.subarray(from, to));
}
