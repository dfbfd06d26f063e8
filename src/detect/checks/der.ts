/** One element of a DER encoding (X.690). */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Where the next element starts. */
  readonly end: number;
}

export const DER_INTEGER = 0x02;
export const DER_BITS = 0x03;
export const DER_OCTETS = 0x04;
export const DER_OBJECT_ID = 0x06;
export const DER_SEQUENCE = 0x30;
/** `[0]` and `[1]`, constructed. */
export const DER_CONTEXT_0 = 0xa0;
export const DER_CONTEXT_1 = 0xa1;

/** Reads the element at `at`; undefined when the bytes end before it does, or its length is indefinite or above 2^32. */
function readDer(bytes: Uint8Array, at: number): DerElement | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first - 0x80;
    if (count === 0 || count > 4) return undefined;
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[start + index] ?? 0);
    start += count;
  }
  const end = start + length;
  return end > bytes.length ? undefined : { tag, content: bytes.subarray(start, end), end };
}

/** The elements of a SEQUENCE, at most `limit`; undefined when it is none or broken. */
export function readDerSequence(bytes: Uint8Array, limit: number): DerElement[] | undefined {
  const sequence = readDer(bytes, 0);
  if (sequence === undefined || sequence.tag !== DER_SEQUENCE) return undefined;
  const elements = derElements(sequence.content, limit);
  const isWhole = elements.length === limit || (elements.at(-1)?.end ?? 0) === sequence.content.length;
  return isWhole ? elements : undefined;
}

/** The elements that lie one behind the other, at most `limit`, up to the first that is broken. */
export function derElements(bytes: Uint8Array, limit: number): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length && elements.length < limit;) {
    const element = readDer(bytes, at);
    if (element === undefined) break;
    elements.push(element);
    at = element.end;
  }
  return elements;
}

/** An object identifier in dotted form. */
export function derObjectId(content: Uint8Array): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content.subarray(0, 32)) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(value);
      value = 0;
    }
  }
  const [first = 0, ...rest] = parts;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

/** Bits of a non-negative INTEGER. */
export function derBits(content: Uint8Array): number {
  let at = 0;
  while (at < content.length && content[at] === 0) at++;
  return at === content.length ? 0 : (content.length - at - 1) * 8 + (32 - Math.clz32(content[at] ?? 0));
}
