/** Bits beyond this stand for no entry of an index: it holds three million. Some bytes set as many bits as they like. */
const maxBits = 1 << 22;

/**
 * Reads a bitmap that is compressed as EWAH (gitformat-bitmap): the positions of its set bits, and where it ends. Throws Error with a one-line
 * message when it is damaged.
 */
export function readEwah(bytes: Buffer, at: number): { positions: number[]; end: number } {
  if (at + 8 > bytes.length) throw new Error("a bitmap in it is cut off");
  const bits = bytes.readUInt32BE(at);
  const words = bytes.readUInt32BE(at + 4);
  const first = at + 8;
  const end = first + 8 * words + 4;
  if (bits > maxBits || end > bytes.length) throw new Error("a bitmap in it is damaged");
  const positions: number[] = [];
  let bit = 0;
  for (let word = 0; word < words && bit < bits;) {
    // A marker: one bit that is repeated, how often (32 bits, in words), and how many words follow as they are (31 bits).
    const high = bytes.readUInt32BE(first + 8 * word);
    const low = bytes.readUInt32BE(first + 8 * word + 4);
    const isSet = (low & 1) === 1;
    const repeated = (high & 1) * 0x8000_0000 + (low >>> 1);
    const literal = high >>> 1;
    const runEnd = Math.min(bits, bit + 64 * repeated);
    if (isSet) for (let one = bit; one < runEnd; one++) positions.push(one);
    bit += 64 * repeated;
    word++;
    for (let i = 0; i < literal && word < words; i++, word++, bit += 64) {
      for (const [half, offset] of [
        [bytes.readUInt32BE(first + 8 * word + 4), 0],
        [bytes.readUInt32BE(first + 8 * word), 32],
      ] as const)
        for (let one = 0; one < 32; one++)
          if ((half >>> one) & 1 && bit + offset + one < bits) positions.push(bit + offset + one);
    }
  }
  return { positions, end };
}
