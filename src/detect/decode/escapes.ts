import { hexDigits, type Decoded, type Encoding, type Piece } from "./encoding.ts";
import { SpotList } from "./spots.ts";

/** Bytes that stand for others one by one, amid text that is as it is: percent-encoding, escapes of strings, character references, quoted-printable text, strings in parts. */
export const escapes: Encoding = {
  name: "escapes",
  isPlaced: true,
  before: 128,
  behind: 192,
  context: 64,
  gap: 320,
  leastMarks: 1,
  joins: () => true,
  decode: (piece) => [decodeEscapes(piece)],
};

/** Code in a string has an escape in some forty bytes: a line end, a quote. */
const spotsShift = 5;

/** Bytes with which an escape may begin. */
const leads = new Uint8Array(256);
for (const byte of Buffer.from("%\\&=\"'")) leads[byte] = 1;

const simpleEscapes: Readonly<Record<string, number>> = {
  n: 10,
  r: 13,
  t: 9,
  "/": 0x2f,
  '"': 0x22,
  "'": 0x27,
  "`": 0x60,
  "\\": 0x5c,
};
const simple = new Uint8Array(256);
for (const [letter, byte] of Object.entries(simpleEscapes)) simple[letter.charCodeAt(0)] = byte;

const names = new Map(Object.entries({ quot: 0x22, amp: 0x26, lt: 0x3c, gt: 0x3e, apos: 0x27, nbsp: 0x20 }));
/** The longest escape: a seam between two strings. */
const longestSeam = 48;

function decodeEscapes({ bytes, from, to }: Piece): Decoded {
  // No escape is shorter than what it stands for.
  const spots = SpotList.take(from, 64 + ((to - from) >> spotsShift));
  const text = spots.text(to - from);
  // `=41` is an escape only where a mail's text shows that it is one.
  const isPrintable = hasPrintable(bytes, from, to);
  const escape: Escape = { length: 0, code: -1, isByte: true, kind: "joined" };
  let out = 0;
  for (let at = from; at < to;) {
    while (at < to && leads[bytes[at]!] === 0) text[out++] = bytes[at++]!;
    if (at === to) break;
    if (!readEscape(bytes, at, to, isPrintable, escape)) {
      text[out++] = bytes[at++]!;
      continue;
    }
    const start = out;
    if (escape.code >= 0) out = writeCode(text, out, escape.code, escape.isByte);
    spots.add(start, out, at, at + escape.length, escape.kind);
    at += escape.length;
  }
  return spots.decoded(out);
}

/** What stands at a place; one object is filled again and again. */
interface Escape {
  length: number;
  /** The character it stands for, or the byte where `isByte`; -1: nothing. */
  code: number;
  isByte: boolean;
  kind: string;
}

function fill(escape: Escape, length: number, code: number, isByte: boolean, kind: string): true {
  escape.length = length;
  escape.code = code;
  escape.isByte = isByte;
  escape.kind = kind;
  return true;
}

/** Whether an escape begins at `at`; then `escape` tells it. */
function readEscape(bytes: Buffer, at: number, to: number, isPrintable: boolean, escape: Escape): boolean {
  switch (bytes[at]) {
    case 0x25: {
      const code = hexNumber(bytes, at + 1, 2, to);
      return code >= 0 && fill(escape, 3, code, true, "percent");
    }
    case 0x5c:
      return readBackslash(bytes, at, to, escape);
    case 0x26:
      return readReference(bytes, at, to, escape);
    case 0x3d:
      return isPrintable && readPrintable(bytes, at, to, escape);
    default: {
      const length = seamLength(bytes, at, to);
      return length > 0 && fill(escape, length, -1, true, "joined");
    }
  }
}

function readBackslash(bytes: Buffer, at: number, to: number, escape: Escape): boolean {
  if (at + 1 >= to) return false;
  const next = bytes[at + 1]!;
  if (next === 0x75 || next === 0x55) return readUnicode(bytes, at, to, next === 0x75 ? 4 : 8, escape);
  if (next === 0x78) {
    const code = hexNumber(bytes, at + 2, 2, to);
    return code >= 0 && fill(escape, 4, code, true, "hex");
  }
  if (next >= 0x30 && next <= 0x33 && at + 3 < to) {
    const middle = bytes[at + 2]! - 0x30;
    const low = bytes[at + 3]! - 0x30;
    const isOctal = middle >= 0 && middle < 8 && low >= 0 && low < 8;
    return isOctal && fill(escape, 4, (next - 0x30) * 64 + middle * 8 + low, true, "escape");
  }
  const code = simple[next]!;
  if (code !== 0) return fill(escape, 2, code, true, "escape");
  // A backslash at the end of a line: the line goes on.
  if (next === 10) return fill(escape, 2, -1, true, "joined");
  return next === 13 && at + 2 < to && bytes[at + 2] === 10 && fill(escape, 3, -1, true, "joined");
}

/** `\u0041`, `\U00000041`, `\u{41}`. */
function readUnicode(bytes: Buffer, at: number, to: number, digits: number, escape: Escape): boolean {
  if (bytes[at + 2] === 0x7b) {
    const close = indexWithin(bytes, 0x7d, at + 3, Math.min(to, at + 12));
    const code = close < 0 ? -1 : hexNumber(bytes, at + 3, close - at - 3, to);
    return code >= 0 && fill(escape, close + 1 - at, code, false, "unicode");
  }
  const code = hexNumber(bytes, at + 2, digits, to);
  return code >= 0 && fill(escape, digits + 2, code, false, "unicode");
}

function readReference(bytes: Buffer, at: number, to: number, escape: Escape): boolean {
  const close = indexWithin(bytes, 0x3b, at + 3, Math.min(to, at + 11));
  if (close < 0) return false;
  const name = bytes.toString("latin1", at + 1, close);
  const code = /^#[xX][0-9a-fA-F]+$/.test(name)
    ? Number.parseInt(name.slice(2), 16)
    : /^#[0-9]+$/.test(name)
      ? Number(name.slice(1))
      : names.get(name);
  return code !== undefined && fill(escape, close + 1 - at, code, false, "html");
}

/** RFC 2045, section 6.7: `=3D`, and `=` at the end of a line. */
function readPrintable(bytes: Buffer, at: number, to: number, escape: Escape): boolean {
  const high = bytes[at + 1]!;
  const kind = "quoted-printable";
  if (at + 1 < to && high === 10) return fill(escape, 2, -1, true, kind);
  if (at + 2 < to && high === 13 && bytes[at + 2] === 10) return fill(escape, 3, -1, true, kind);
  const code = hexNumber(bytes, at + 1, 2, to);
  const isUpper = code >= 0 && high < 0x61 && bytes[at + 2]! < 0x61;
  return isUpper && fill(escape, 3, code, true, kind);
}

function hasPrintable(bytes: Buffer, from: number, to: number): boolean {
  const text = bytes.subarray(from, to);
  return text.includes("=3D") || text.includes("=\n") || text.includes("=\r\n");
}

/**
 * The length of the seam between two parts of one string, or 0: a closing quote, spaces, then `+`, `.`, `&`, `\`, `||`, `<<`, `<>`, `.concat(` or a line end, more of
 * these, and the same quote again.
 */
function seamLength(bytes: Buffer, from: number, to: number): number {
  const end = Math.min(to, from + longestSeam + 1);
  let at = from + 1;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 9)) at++;
  if (bytes[at] === 13 && bytes[at + 1] !== 10) return 0;
  const first = at;
  let isJoined = false;
  for (let length = 1; at < end && length > 0; at += length) {
    const byte = bytes[at]!;
    if (byte === 0x2e && startsWith(bytes, concat, at, end)) length = concat.length;
    else if (byte === 0x7c || byte === 0x3c) length = isPaired(byte, bytes[at + 1]) ? 2 : 0;
    else length = seamMembers[byte] === 1 || (byte === 0x5f && isJoined) ? 1 : 0;
    isJoined ||= length > 0 && byte > 0x20;
  }
  if (at <= first || at >= end || bytes[at] !== bytes[from]) return 0;
  const isElement = !isJoined && (isNameAt(bytes, at, to) || isSettingAt(bytes, from, at, to));
  return isElement ? 0 : at + 1 - from;
}

/** What ends a part of a text in which settings follow each other: `"user=me;" "password=…"`. */
const settingEnds = new Uint8Array(256);
for (const byte of Buffer.from(" ;&,?|\\")) settingEnds[byte] = 1;

/** Whether the text in quotes that begins at `at` is a setting of its own in a list of such: `'Password=…'` and in the next line `'RoleName=…'`, as forms of Delphi keep them. */
function isSettingAt(bytes: Buffer, from: number, at: number, to: number): boolean {
  if (from < 2 || settingEnds[bytes[from - 1]!] === 1 || settingEnds[bytes[from - 2]!] === 1) return false;
  let end = at + 1;
  const last = Math.min(to, at + longestName);
  while (end < last && isNameByte(bytes[end]!)) end++;
  return end > at + 1 && bytes[end] === 0x3d && bytes[end + 1] !== 0x3d;
}

function isNameByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f;
}

/** The longest name in quotes that begins a line of settings. */
const longestName = 100;

/** Whether the text in quotes that begins at `at` is a name, not the rest of a string: `"Password"="…"` and the next line, `"Token"="…"`. */
function isNameAt(bytes: Buffer, at: number, to: number): boolean {
  let close = indexWithin(bytes, bytes[at]!, at + 1, Math.min(to, at + longestName)) + 1;
  if (close === 0) return false;
  while (close < to && (bytes[close] === 0x20 || bytes[close] === 9)) close++;
  return close < to && (bytes[close] === 0x3d || bytes[close] === 0x3a);
}

/** `||` of SQL, `<<` of Ruby, `<>` of Elixir. */
function isPaired(byte: number, next: number | undefined): boolean {
  return next === byte || (byte === 0x3c && next === 0x3e);
}

const seamMembers = new Uint8Array(256);
for (const byte of Buffer.from(" \t\r\n+&\\.")) seamMembers[byte] = 1;
const concat = Buffer.from(".concat(");

function startsWith(bytes: Buffer, what: Buffer, at: number, end: number): boolean {
  return at + what.length <= end && bytes.compare(what, 0, what.length, at, at + what.length) === 0;
}

/** Where `byte` first stands in `[from, end)`, or -1. */
function indexWithin(bytes: Buffer, byte: number, from: number, end: number): number {
  for (let at = from; at < end; at++) if (bytes[at] === byte) return at;
  return -1;
}

/** The number that `length` hex digits at `at` are, or -1. */
function hexNumber(bytes: Buffer, at: number, length: number, to: number): number {
  if (length < 1 || length > 8 || at + length > to) return -1;
  let value = 0;
  for (let i = 0; i < length; i++) {
    const digit = hexDigits[bytes[at + i]!]!;
    if (digit === 255) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Gives the offset behind what was written. */
function writeCode(text: Buffer, at: number, code: number, isByte: boolean): number {
  if (isByte || code < 0x80) {
    text[at] = code;
    return at + 1;
  }
  return at + text.write(String.fromCodePoint(code <= 0x10ffff ? code : 0xfffd), at, "utf8");
}
