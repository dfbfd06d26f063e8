/** Nothing of the block could be read any further. */
export class SnappyDamage extends Error {}

/** A length takes so many bytes at most. */
const longestLength = 5;

/** Expands a block of Snappy (format_description.txt), to `mostBytes` at most. Throws where it is damaged, or makes more. */
export function unsnappy(input: Uint8Array, mostBytes: number): Buffer {
  let next = 0;
  let told = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[next++] ?? 0;
    told += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (next >= longestLength) throw new SnappyDamage("its length");
  }
  if (told > mostBytes) throw new SnappyDamage("it makes too much");
  const output = Buffer.allocUnsafe(Math.min(told, most(input.length)));
  let size = 0;
  const number = (bytes: number): number => {
    let value = 0;
    for (let i = 0; i < bytes; i++) value += (input[next++] ?? 0) * 2 ** (8 * i);
    return value;
  };
  while (next < input.length) {
    const tag = input[next++]!;
    const kind = tag & 3;
    if (kind === 0) {
      const length = 1 + (tag >> 2 < 60 ? tag >> 2 : number((tag >> 2) - 59));
      if (length > input.length - next || length > output.length - size) throw new SnappyDamage("a text is too long");
      output.set(input.subarray(next, next + length), size);
      next += length;
      size += length;
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const distance = kind === 1 ? (tag >> 5) * 256 + number(1) : number(kind === 2 ? 2 : 4);
    if (distance === 0 || distance > size || length > output.length - size)
      throw new SnappyDamage("a copy lies outside");
    for (const end = size + length; size < end; size++) output[size] = output[size - distance]!;
  }
  if (size !== told) throw new SnappyDamage("it is cut off");
  return output;
}

/** What so many bytes can make: three of them copy sixty-four. */
function most(bytes: number): number {
  return 22 * bytes + 64;
}
