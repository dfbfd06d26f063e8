import { textual, wholeText, type Decoded, type Encoding, type Piece } from "./encoding.ts";

/** Bytes of the shortest list that is looked at: sixteen numbers of two digits, with commas and blanks. */
export const leastNumbers = 64;
/** A list of fewer numbers holds no secret. */
const leastCount = 16;
/** Numbers further from each other are no list: so every 32 bytes of one hold a comma, by which the kernel knows it. */
const mostBetween = 13;

/** A text as a list of its bytes in decimal: `[65, 75, 73, 65]`. What the kernel finds is digits, commas and blanks; whether it is a text its numbers tell. */
export const numberList: Encoding = {
  name: "number-list",
  before: 0,
  behind: 0,
  context: 0,
  gap: 0,
  leastMarks: 1,
  joins: () => false,
  decode: decodeNumbers,
};

const nothing = Buffer.alloc(0);
const comma = 0x2c;
const kinds: readonly string[] = ["decimal"];

/** The texts of a list: a number that is no byte of a text, and one without a comma behind it, ends one. */
function decodeNumbers({ bytes, from, to }: Piece): readonly Decoded[] {
  const texts: Decoded[] = [];
  const text = Buffer.allocUnsafe((to - from) >> 1);
  let length = 0;
  let start = from;
  let end = from;
  let isJoined = true;
  const finish = (): void => {
    if (length >= leastCount && end - start >= leastNumbers)
      texts.push(wholeText(nothing, Buffer.from(text.subarray(0, length)), nothing, kinds, [start, end]));
    length = 0;
  };
  for (let at = from; at < to;) {
    const byte = bytes[at]!;
    if (byte < 0x30 || byte > 0x39) {
      if (byte === comma) isJoined = true;
      at++;
      continue;
    }
    const first = at;
    let value = 0;
    for (; at < to && bytes[at]! >= 0x30 && bytes[at]! <= 0x39; at++)
      value = Math.min(256, value * 10 + bytes[at]! - 0x30);
    const isText = at - first <= 3 && value < 0x7f && textual[value] === 1;
    if (!isText || !isJoined || first - end > mostBetween) finish();
    if (isText) {
      if (length === 0) start = first;
      text[length++] = value;
      end = at;
    }
    isJoined = false;
  }
  finish();
  return texts;
}
