const bytesOfHash = 20;
const wordsOfHash = 5;

/** The words of a block that never change here: what pads twenty bytes to a block (FIPS 180-4, 5.1.1). */
const padding = 0x80000000 | 0;
const bitsOfHash = 8 * bytesOfHash;

/**
 * SHA-1 of a SHA-1 hash, over and over (`rounds` times), as derivations of keys ask for it. A hash object for each round costs ten times as
 * much, most of it for what collects the garbage.
 * @param hash 20 bytes; they stay as they are
 * @see FIPS 180-4, 6.1.2
 */
export function sha1Chain(hash: Buffer, rounds: number): Buffer {
  const state = Int32Array.from({ length: wordsOfHash }, (_, i) => hash.readInt32BE(4 * i));
  const words = new Int32Array(80);
  words[wordsOfHash] = padding;
  words[15] = bitsOfHash;
  for (let round = 0; round < rounds; round++) compress(state, words);
  const chained = Buffer.alloc(bytesOfHash);
  state.forEach((word, i) => chained.writeInt32BE(word, 4 * i));
  return chained;
}

/** The first state (FIPS 180-4, 5.3.1). */
const initial = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0] as const;

/** Of each twenty steps (FIPS 180-4, 4.2.1). */
const constants = Int32Array.of(0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6);

/** Replaces `state`, which is the message, by its hash. `words`: the schedule; what pads the message is in it and stays. */
function compress(state: Int32Array, words: Int32Array): void {
  for (let i = 0; i < wordsOfHash; i++) words[i] = state[i]!;
  for (let i = 16; i < 80; i++) {
    const word = words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!;
    words[i] = (word << 1) | (word >>> 31);
  }
  let a = initial[0] | 0;
  let b = initial[1] | 0;
  let c = initial[2] | 0;
  let d = initial[3] | 0;
  let e = initial[4] | 0;
  for (let quarter = 0; quarter < 4; quarter++) {
    const constant = constants[quarter]!;
    for (let i = 20 * quarter, end = i + 20; i < end; i++) {
      const next = (((a << 5) | (a >>> 27)) + mixed(quarter, b, c, d) + e + constant + words[i]!) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
  }
  state[0] = initial[0] + a;
  state[1] = initial[1] + b;
  state[2] = initial[2] + c;
  state[3] = initial[3] + d;
  state[4] = initial[4] + e;
}

/** Ch, Parity, Maj and Parity again (FIPS 180-4, 4.1.1). */
function mixed(quarter: number, b: number, c: number, d: number): number {
  if (quarter === 0) return d ^ (b & (c ^ d));
  return quarter === 2 ? (b & c) | (d & (b | c)) : b ^ c ^ d;
}
