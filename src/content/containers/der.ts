/** One value of DER (X.690): its tag and its content. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
}

/** Values deeper or more than this are made to be counted. */
const mostValues = 10_000;

/** The values that stand one behind the other in some bytes; what is damaged ends the list. */
export function derValues(bytes: Buffer): DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at + 2 <= bytes.length && values.length < mostValues;) {
    const first = bytes[at + 1]!;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + lengthBytes;
    if (first === 0x80 || lengthBytes > 4 || start > bytes.length) break;
    const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes);
    if (start + length > bytes.length) break;
    values.push({ tag: bytes[at]!, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
}

/** The text of an object identifier. */
export function oidText({ content }: DerValue): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (parts.length === 0)
      parts.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
    else parts.push(value);
    value = 0;
  }
  return parts.join(".");
}

/** A number of at most six bytes; larger ones come as Infinity. */
export function derNumber(value: DerValue | undefined): number {
  if (value === undefined || value.content.length === 0) return Number.NaN;
  return value.content.length > 6 ? Infinity : value.content.readUIntBE(0, value.content.length);
}
