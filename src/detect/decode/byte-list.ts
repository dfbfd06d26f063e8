import { hexDigits, wholeText, type Encoding } from "./encoding.ts";

const between = new Uint8Array(256);
for (const byte of Buffer.from(", \t\r\n;")) between[byte] = 1;

/** A text as a list of its bytes: `0x41, 0x4b, …`. */
export const byteList: Encoding = {
  name: "byte-list",
  isPlaced: false,
  before: 0,
  behind: 0,
  context: 64,
  gap: 16,
  leastMarks: 12,
  joins(bytes, _start, end, next) {
    for (let at = end; at < next; at++) if (between[bytes[at]!] === 0) return false;
    return next > end;
  },
  decode({ bytes, from, to }) {
    const text = Buffer.allocUnsafe((to - from) >> 2);
    let length = 0;
    for (let at = from; at + 4 <= to; at++) {
      if (bytes[at] !== 0x30 || (bytes[at + 1]! | 0x20) !== 0x78) continue;
      const high = hexDigits[bytes[at + 2]!]!;
      const low = hexDigits[bytes[at + 3]!]!;
      if (high > 15 || low > 15) continue;
      text[length++] = (high << 4) | low;
      at += 3;
    }
    const nothing = Buffer.alloc(0);
    return length === 0 ? [] : [wholeText(nothing, text.subarray(0, length), nothing, ["hex"], [from, to])];
  },
};
