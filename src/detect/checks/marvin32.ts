/** Marvin32 of some bytes, as microsoft/security-utilities computes it. @param seed 8 ASCII characters, read as a big-endian number */
export function marvin32(bytes: Uint8Array, seed: string): number {
  const key = Buffer.from(seed, "latin1");
  let p0 = key.readUInt32BE(4);
  let p1 = key.readUInt32BE(0);
  const mix = () => {
    p1 ^= p0;
    p0 = rotate(p0, 20);
    p0 = (p0 + p1) | 0;
    p1 = rotate(p1, 9);
    p1 ^= p0;
    p0 = rotate(p0, 27);
    p0 = (p0 + p1) | 0;
    p1 = rotate(p1, 19);
  };
  const at = (index: number) => bytes[index] ?? 0;
  const whole = bytes.length & ~3;
  for (let index = 0; index < whole; index += 4) {
    p0 = (p0 + (at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24))) | 0;
    mix();
  }
  const pair = at(whole) | (at(whole + 1) << 8);
  const tail = [0x80, 0x8000 + at(whole), 0x800000 + pair, 0x80000000 + (at(whole + 2) << 16) + pair];
  p0 = (p0 + (tail[bytes.length - whole] ?? 0)) | 0;
  mix();
  mix();
  return (p0 ^ p1) >>> 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
