import { hexDigits, type Decoded, type Encoding, type Piece } from "./encoding.ts";
import { SpotList } from "./spots.ts";

/** Bytes that stand for others one by one, amid text that is as it is: percent-encoding, escapes of strings, character references, quoted-printable text, strings in parts. */
export const escapes: Encoding = {
  name: "escapes",
  before: 128,
  behind: 192,
  context: 64,
  gap: 320,
  leastMarks: 1,
  joins: () => true,
  decode: (piece) => [decodeEscapes(piece)],
};

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

const names: Readonly<Record<string, string>> = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'", nbsp: " " };
/** The longest escape: a seam between two strings. */
const longestSeam = 48;

function decodeEscapes({ bytes, from, to }: Piece): Decoded {
  const text = Buffer.allocUnsafe(2 * (to - from) + 16);
  const spots = new SpotList(from);
  // `=41` is an escape only where a mail's text shows that it is one.
  const isPrintable = hasPrintable(bytes, from, to);
  let out = 0;
  for (let at = from; at < to;) {
    const byte = bytes[at]!;
    if (leads[byte] === 0) {
      text[out++] = byte;
      at++;
      continue;
    }
    const escape = escapeAt(bytes, at, to, isPrintable);
    if (escape === undefined) {
      text[out++] = byte;
      at++;
      continue;
    }
    const start = out;
    out = escape.code === undefined ? out : writeUtf8(text, out, escape.code, escape.isByte);
    spots.add(start, out, at, at + escape.length, escape.kind);
    at += escape.length;
  }
  return spots.decoded(text.subarray(0, out));
}

interface Escape {
  readonly length: number;
  /** The character it stands for, or the byte where `isByte`; undefined: nothing. */
  readonly code: number | undefined;
  readonly isByte: boolean;
  readonly kind: string;
}

function escapeAt(bytes: Buffer, at: number, to: number, isPrintable: boolean): Escape | undefined {
  switch (bytes[at]) {
    case 0x25: {
      const code = hexNumber(bytes, at + 1, 2, to);
      return code < 0 ? undefined : { length: 3, code, isByte: true, kind: "percent" };
    }
    case 0x5c:
      return backslashAt(bytes, at, to);
    case 0x26:
      return referenceAt(bytes, at, to);
    case 0x3d:
      return isPrintable ? printableAt(bytes, at, to) : undefined;
    default:
      return seamAt(bytes, at, to);
  }
}

function backslashAt(bytes: Buffer, at: number, to: number): Escape | undefined {
  if (at + 1 >= to) return undefined;
  const next = bytes[at + 1]!;
  if (next === 0x75 || next === 0x55) {
    if (bytes[at + 2] === 0x7b) {
      const close = bytes.subarray(at, Math.min(to, at + 12)).indexOf(0x7d);
      const code = close < 0 ? -1 : hexNumber(bytes, at + 3, close - 3, to);
      return code < 0 ? undefined : { length: close + 1, code, isByte: false, kind: "unicode" };
    }
    const digits = next === 0x75 ? 4 : 8;
    const code = hexNumber(bytes, at + 2, digits, to);
    return code < 0 ? undefined : { length: digits + 2, code, isByte: false, kind: "unicode" };
  }
  if (next === 0x78) {
    const code = hexNumber(bytes, at + 2, 2, to);
    return code < 0 ? undefined : { length: 4, code, isByte: true, kind: "hex" };
  }
  if (next >= 0x30 && next <= 0x33 && at + 3 < to) {
    const code = Number.parseInt(bytes.toString("latin1", at + 1, at + 4), 8);
    return /^[0-7]{3}$/.test(bytes.toString("latin1", at + 1, at + 4))
      ? { length: 4, code, isByte: true, kind: "escape" }
      : undefined;
  }
  const code = simple[next]!;
  if (code !== 0) return { length: 2, code, isByte: true, kind: "escape" };
  // A backslash at the end of a line: the line goes on.
  if (next === 10) return { length: 2, code: undefined, isByte: true, kind: "joined" };
  return next === 13 && bytes[at + 2] === 10 && at + 2 < to
    ? { length: 3, code: undefined, isByte: true, kind: "joined" }
    : undefined;
}

function referenceAt(bytes: Buffer, at: number, to: number): Escape | undefined {
  const close = bytes.subarray(at, Math.min(to, at + 11)).indexOf(0x3b);
  if (close < 3) return undefined;
  const name = bytes.toString("latin1", at + 1, at + close);
  const code = /^#[xX][0-9a-fA-F]+$/.test(name)
    ? Number.parseInt(name.slice(2), 16)
    : /^#[0-9]+$/.test(name)
      ? Number(name.slice(1))
      : names[name]?.charCodeAt(0);
  return code === undefined ? undefined : { length: close + 1, code, isByte: false, kind: "html" };
}

/** RFC 2045, section 6.7: `=3D`, and `=` at the end of a line. */
function printableAt(bytes: Buffer, at: number, to: number): Escape | undefined {
  const high = bytes[at + 1]!;
  const kind = "quoted-printable";
  if (at + 1 < to && high === 10) return { length: 2, code: undefined, isByte: true, kind };
  if (at + 2 < to && high === 13 && bytes[at + 2] === 10) return { length: 3, code: undefined, isByte: true, kind };
  const code = hexNumber(bytes, at + 1, 2, to);
  const isUpper = code >= 0 && high < 0x61 && bytes[at + 2]! < 0x61;
  return isUpper ? { length: 3, code, isByte: true, kind } : undefined;
}

function hasPrintable(bytes: Buffer, from: number, to: number): boolean {
  const text = bytes.subarray(from, to);
  return text.includes("=3D") || text.includes("=\n") || text.includes("=\r\n");
}

/** The seam between two parts of one string: a closing quote, `+`, `.`, `&` or a line end, and the same quote again. */
function seamAt(bytes: Buffer, at: number, to: number): Escape | undefined {
  const quote = bytes[at]!;
  const next = bytes[at + 1];
  if (next === undefined || !(next <= 0x20 || next === 0x2b || next === 0x2e || next === 0x26 || next === 0x5c))
    return undefined;
  const rest = bytes.toString("latin1", at, Math.min(to, at + longestSeam + 1));
  const found = (quote === 0x22 ? doubleSeam : singleSeam).exec(rest)?.[0];
  return found === undefined ? undefined : { length: found.length, code: undefined, isByte: true, kind: "joined" };
}

const doubleSeam = /^"[ \t]*(?:[+&\\.]|\r?\n|\.concat\()(?:[ \t\r\n+&\\.]|\.concat\()*"/;
const singleSeam = /^'[ \t]*(?:[+&\\.]|\r?\n|\.concat\()(?:[ \t\r\n+&\\.]|\.concat\()*'/;

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

function writeUtf8(text: Buffer, at: number, code: number, isByte: boolean): number {
  if (isByte || code < 0x80) {
    text[at] = code;
    return at + 1;
  }
  return at + text.write(String.fromCodePoint(code <= 0x10ffff ? code : 0xfffd), at, "utf8");
}
