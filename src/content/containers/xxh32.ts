/** XXH32 with the seed 0 (xxHash specification, "XXH32 Algorithm Description"), of bytes that come in pieces: what LZ4 puts behind headers, blocks and frames. */

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const stripeBytes = 16;

export class Xxh32 {
  readonly #lanes = Int32Array.of(prime1 + prime2, prime2, 0, -prime1);
  readonly #rest = Buffer.alloc(stripeBytes);
  #held = 0;
  #length = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#held > 0) {
      at = Math.min(stripeBytes - this.#held, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < stripeBytes) return;
      this.#stripe(this.#rest, 0);
      this.#held = 0;
    }
    for (; at + stripeBytes <= bytes.length; at += stripeBytes) this.#stripe(bytes, at);
    this.#rest.set(bytes.subarray(at));
    this.#held = bytes.length - at;
  }

  digest(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#lanes;
    let hash = this.#length >= stripeBytes ? rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18) : prime5;
    hash = (hash + this.#length) | 0;
    let at = 0;
    for (; at + 4 <= this.#held; at += 4)
      hash = Math.imul(rotated(hash + Math.imul(word(this.#rest, at), prime3), 17), prime4);
    for (; at < this.#held; at++) hash = Math.imul(rotated(hash + Math.imul(this.#rest[at]!, prime5), 11), prime1);
    hash = Math.imul(hash ^ (hash >>> 15), prime2);
    hash = Math.imul(hash ^ (hash >>> 13), prime3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  #stripe(bytes: Uint8Array, at: number): void {
    const lanes = this.#lanes;
    for (let lane = 0; lane < 4; lane++)
      lanes[lane] = Math.imul(rotated(lanes[lane]! + Math.imul(word(bytes, at + 4 * lane), prime2), 13), prime1);
  }
}

/** The hash of bytes that are there. */
export function xxh32(bytes: Uint8Array): number {
  const hash = new Xxh32();
  hash.update(bytes);
  return hash.digest();
}

function rotated(value: number, by: number): number {
  return (value << by) | ((value | 0) >>> (32 - by));
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
