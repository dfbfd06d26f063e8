/** How many steps each of the four rounds has (RFC 1321, 3.4), and what each step adds. */
const perRound = 16;
const sines = Int32Array.from({ length: 4 * perRound }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));

/** The longest message that fits into one block with its mark and its length. */
const mostBytes = 55;

/**
 * MD5 (RFC 1321) of messages of one block: some tenths of a microsecond each, where a hash of OpenSSL's takes two to be made and to be read. For hashes of
 * passwords, which are a thousand of them; nothing is kept safe by it.
 */
export class BlockMd5 {
  /** The sum of the last message. */
  readonly sum: Uint8Array;
  readonly #block = new Uint8Array(64);
  readonly #words = new Int32Array(this.#block.buffer);
  readonly #state = new Int32Array(4);
  /** So much of the block is not zero, its length aside. */
  #used = 0;

  constructor() {
    this.sum = new Uint8Array(this.#state.buffer);
  }

  /** Hashes parts one after the other, at most 55 bytes in all; one of them may be `sum`. */
  hash(first: Uint8Array, second: Uint8Array): void {
    const length = first.length + second.length;
    if (length > mostBytes) throw new RangeError(`more than one block: ${length} bytes`);
    const block = this.#block;
    for (let i = 0; i < first.length; i++) block[i] = first[i]!;
    for (let i = 0; i < second.length; i++) block[first.length + i] = second[i]!;
    for (let i = length; i < this.#used; i++) block[i] = 0;
    this.#used = length + 1;
    block[length] = 0x80;
    this.#words[14] = 8 * length;
    this.#mix();
  }

  #mix(): void {
    const words = this.#words;
    let [a, b, c, d] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
    for (let i = 0; i < perRound; i += 4) {
      a = (b + turned((a + ((b & c) | (~b & d)) + sines[i]! + words[i]!) | 0, 7)) | 0;
      d = (a + turned((d + ((a & b) | (~a & c)) + sines[i + 1]! + words[i + 1]!) | 0, 12)) | 0;
      c = (d + turned((c + ((d & a) | (~d & b)) + sines[i + 2]! + words[i + 2]!) | 0, 17)) | 0;
      b = (c + turned((b + ((c & d) | (~c & a)) + sines[i + 3]! + words[i + 3]!) | 0, 22)) | 0;
    }
    for (let i = 0; i < perRound; i += 4) {
      a = (b + turned((a + ((d & b) | (~d & c)) + sines[16 + i]! + words[(5 * i + 1) & 15]!) | 0, 5)) | 0;
      d = (a + turned((d + ((c & a) | (~c & b)) + sines[16 + i + 1]! + words[(5 * (i + 1) + 1) & 15]!) | 0, 9)) | 0;
      c = (d + turned((c + ((b & d) | (~b & a)) + sines[16 + i + 2]! + words[(5 * (i + 2) + 1) & 15]!) | 0, 14)) | 0;
      b = (c + turned((b + ((a & c) | (~a & d)) + sines[16 + i + 3]! + words[(5 * (i + 3) + 1) & 15]!) | 0, 20)) | 0;
    }
    for (let i = 0; i < perRound; i += 4) {
      a = (b + turned((a + (b ^ c ^ d) + sines[32 + i]! + words[(3 * i + 5) & 15]!) | 0, 4)) | 0;
      d = (a + turned((d + (a ^ b ^ c) + sines[32 + i + 1]! + words[(3 * (i + 1) + 5) & 15]!) | 0, 11)) | 0;
      c = (d + turned((c + (d ^ a ^ b) + sines[32 + i + 2]! + words[(3 * (i + 2) + 5) & 15]!) | 0, 16)) | 0;
      b = (c + turned((b + (c ^ d ^ a) + sines[32 + i + 3]! + words[(3 * (i + 3) + 5) & 15]!) | 0, 23)) | 0;
    }
    for (let i = 0; i < perRound; i += 4) {
      a = (b + turned((a + (c ^ (b | ~d)) + sines[48 + i]! + words[(7 * i + 0) & 15]!) | 0, 6)) | 0;
      d = (a + turned((d + (b ^ (a | ~c)) + sines[48 + i + 1]! + words[(7 * (i + 1) + 0) & 15]!) | 0, 10)) | 0;
      c = (d + turned((c + (a ^ (d | ~b)) + sines[48 + i + 2]! + words[(7 * (i + 2) + 0) & 15]!) | 0, 15)) | 0;
      b = (c + turned((b + (d ^ (c | ~a)) + sines[48 + i + 3]! + words[(7 * (i + 3) + 0) & 15]!) | 0, 21)) | 0;
    }
    const state = this.#state;
    state[0] = (a + 0x67452301) | 0;
    state[1] = (b + 0xefcdab89) | 0;
    state[2] = (c + 0x98badcfe) | 0;
    state[3] = (d + 0x10325476) | 0;
  }
}

function turned(sum: number, by: number): number {
  return (sum << by) | (sum >>> (32 - by));
}
