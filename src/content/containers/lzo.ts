/** Nothing of the stream could be read any further. */
export class LzoDamage extends Error {}

/** Distances that are told behind the largest of the instructions begin here; the first of them ends the stream. */
const farthest = 16_384;

/**
 * Expands a block of LZO1X, of any of its variants ("LZO stream format as understood by Linux' LZO decompressor", Documentation/staging/lzo.rst), to `mostBytes` at most. It
 * proves nothing by itself.
 *
 * @throws {LzoDamage} where the stream is cut off, leads outside, or makes more.
 */
export function unlzo(input: Uint8Array, mostBytes: number): Buffer {
  const output = Buffer.allocUnsafe(mostBytes);
  let next = 0;
  let size = 0;
  const byte = (): number => {
    if (next >= input.length) throw new LzoDamage("it is cut off");
    return input[next++]!;
  };
  /** A length that does not fit into its bits goes on in bytes: each zero stands for 255. */
  const lengthOf = (bits: number, most: number): number => {
    if (bits !== 0) return bits;
    let length = most;
    for (;;) {
      const more = byte();
      if (more !== 0) return length + more;
      length += 255;
      if (length > mostBytes) throw new LzoDamage("a length is too large");
    }
  };
  const literals = (count: number): void => {
    if (count > input.length - next) throw new LzoDamage("it is cut off");
    if (count > mostBytes - size) throw new LzoDamage("it makes too much");
    output.set(input.subarray(next, next + count), size);
    next += count;
    size += count;
  };
  const match = (distance: number, length: number): void => {
    if (distance > size) throw new LzoDamage("a match lies outside");
    if (length > mostBytes - size) throw new LzoDamage("it makes too much");
    for (const end = size + length; size < end; size++) output[size] = output[size - distance]!;
  };
  /** Literals of the last instruction: up to three behind a match; four stands for a run of its own. */
  let state = 0;
  if (input[0] !== undefined && input[0] > 17) {
    const count = byte() - 17;
    literals(count);
    state = Math.min(count, 4);
  }
  for (;;) {
    const first = byte();
    if (first < 16 && state === 0) {
      literals(3 + lengthOf(first, 15));
      state = 4;
      continue;
    }
    let low = first;
    if (first >= 64) match((byte() << 3) + ((first >> 2) & 7) + 1, (first >> 5) + 1);
    else if (first >= 32) {
      const length = 2 + lengthOf(first & 31, 31);
      low = byte();
      match((byte() << 6) + (low >> 2) + 1, length);
    } else if (first >= 16) {
      const length = 2 + lengthOf(first & 7, 7);
      low = byte();
      const distance = farthest + ((first & 8) << 11) + (byte() << 6) + (low >> 2);
      if (distance === farthest) return output.subarray(0, size);
      match(distance, length);
    } else if (state === 4) match((byte() << 2) + (first >> 2) + 2049, 3);
    else match((byte() << 2) + (first >> 2) + 1, 2);
    state = low & 3;
    literals(state);
  }
}
