/**
 * XXH64 with the seed 0 (xxHash specification, "XXH64 Algorithm Description"), of bytes that come in pieces: frames of zstd end with the low half of it. Numbers of 64
 * bits are kept as two halves, low and high: big integers take ten times as long.
 */

type Half = readonly [low: number, high: number];

const prime1: Half = [0x85ebca87, 0x9e3779b1];
const prime2: Half = [0x27d4eb4f, 0xc2b2ae3d];
const prime3: Half = [0x9e3779f9, 0x165667b1];
const prime4: Half = [0xc2b2ae63, 0x85ebca77];
const prime5: Half = [0x165667c5, 0x27d4eb2f];

const stripeBytes = 32;
const lanes = 4;

export class Xxh64 {
  /** Four lanes, each a low and a high half; and a place to work in. */
  readonly #lanes = new Int32Array(2 * lanes);
  readonly #work = new Int32Array(2);
  readonly #rest = Buffer.alloc(stripeBytes);
  #held = 0;
  #length = 0;

  constructor() {
    const set = (lane: number, [low, high]: Half): void => {
      this.#lanes[2 * lane] = low;
      this.#lanes[2 * lane + 1] = high;
    };
    // Seeds of the lanes: prime 1 + prime 2, prime 2, nothing, minus prime 1.
    set(0, [0x85ebca87 + 0x27d4eb4f, 0x9e3779b1 + 0xc2b2ae3d]);
    set(1, prime2);
    set(2, [0, 0]);
    set(3, [-0x85ebca87, ~0x9e3779b1]);
  }

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#held > 0) {
      at = Math.min(stripeBytes - this.#held, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < stripeBytes) return;
      this.#stripes(this.#rest, 0);
      this.#held = 0;
    }
    const end = this.#stripes(bytes, at);
    this.#rest.set(bytes.subarray(end));
    this.#held = bytes.length - end;
  }

  /** The low 32 bits. */
  low(): number {
    const hash = this.#work;
    if (this.#length >= stripeBytes) {
      const turns = [1, 7, 12, 18] as const;
      hash.fill(0);
      turns.forEach((turn, lane) => {
        const part = Int32Array.of(this.#lanes[2 * lane]!, this.#lanes[2 * lane + 1]!);
        rotate(part, 0, turn);
        add(hash, 0, part[0]!, part[1]!);
      });
      for (let lane = 0; lane < lanes; lane++) {
        const part = Int32Array.of(0, 0);
        round(part, 0, this.#lanes[2 * lane]!, this.#lanes[2 * lane + 1]!);
        mix(hash, part);
        multiply(hash, 0, prime1);
        add(hash, 0, ...prime4);
      }
    } else {
      hash.set(prime5);
    }
    add(hash, 0, this.#length | 0, Math.floor(this.#length / 2 ** 32));
    this.#tail(hash);
    for (const [shift, prime] of [
      [33, prime2],
      [29, prime3],
    ] as const) {
      shiftMix(hash, shift);
      multiply(hash, 0, prime);
    }
    shiftMix(hash, 32);
    return hash[0]! >>> 0;
  }

  /** Takes whole stripes from `at` on; gives where they end. */
  #stripes(bytes: Uint8Array, at: number): number {
    const state = this.#lanes;
    let place = at;
    for (; place + stripeBytes <= bytes.length; place += stripeBytes)
      for (let lane = 0; lane < lanes; lane++)
        round(state, 2 * lane, word(bytes, place + 8 * lane), word(bytes, place + 8 * lane + 4));
    return place;
  }

  #tail(hash: Int32Array): void {
    let at = 0;
    for (; at + 8 <= this.#held; at += 8) {
      const part = Int32Array.of(0, 0);
      round(part, 0, word(this.#rest, at), word(this.#rest, at + 4));
      mix(hash, part);
      rotate(hash, 0, 27);
      multiply(hash, 0, prime1);
      add(hash, 0, ...prime4);
    }
    if (at + 4 <= this.#held) {
      const part = Int32Array.of(word(this.#rest, at), 0);
      multiply(part, 0, prime1);
      mix(hash, part);
      rotate(hash, 0, 23);
      multiply(hash, 0, prime2);
      add(hash, 0, ...prime3);
      at += 4;
    }
    for (; at < this.#held; at++) {
      const part = Int32Array.of(this.#rest[at]!, 0);
      multiply(part, 0, prime5);
      mix(hash, part);
      rotate(hash, 0, 11);
      multiply(hash, 0, prime1);
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** One lane takes eight bytes. */
function round(state: Int32Array, at: number, low: number, high: number): void {
  // lane += input * prime 2, as its own multiplication: no list is made for it.
  const p0 = low & 0xffff;
  const p1 = low >>> 16;
  const a = p0 * 0xeb4f;
  const b = p0 * 0x27d4;
  const c = p1 * 0xeb4f;
  const middle = (a >>> 16) + (b & 0xffff) + (c & 0xffff);
  const carry = p1 * 0x27d4 + (b >>> 16) + (c >>> 16) + (middle >>> 16);
  const timesLow = Math.imul(low, prime2[0]);
  const timesHigh = (carry + Math.imul(low, prime2[1]) + Math.imul(high, prime2[0])) | 0;
  add(state, at, timesLow, timesHigh);
  rotate(state, at, 31);
  multiply(state, at, prime1);
}

function add(state: Int32Array, at: number, low: number, high: number): void {
  const sum = (state[at]! >>> 0) + (low >>> 0);
  state[at] = sum;
  state[at + 1] = state[at + 1]! + high + (sum > 0xffffffff ? 1 : 0);
}

function multiply(state: Int32Array, at: number, [primeLow, primeHigh]: Half): void {
  const low = state[at]!;
  const [l0, l1, m0, m1] = [low & 0xffff, low >>> 16, primeLow & 0xffff, primeLow >>> 16];
  const a = l0 * m0;
  const b = l0 * m1;
  const c = l1 * m0;
  const middle = (a >>> 16) + (b & 0xffff) + (c & 0xffff);
  const carry = l1 * m1 + (b >>> 16) + (c >>> 16) + (middle >>> 16);
  state[at + 1] = (carry + Math.imul(low, primeHigh) + Math.imul(state[at + 1]!, primeLow)) | 0;
  state[at] = Math.imul(low, primeLow);
}

/** To the left. */
function rotate(state: Int32Array, at: number, bits: number): void {
  const low = state[at]!;
  const high = state[at + 1]!;
  state[at] = (low << bits) | (high >>> (32 - bits));
  state[at + 1] = (high << bits) | (low >>> (32 - bits));
}

function mix(hash: Int32Array, part: Int32Array): void {
  hash[0]! ^= part[0]!;
  hash[1]! ^= part[1]!;
}

/** The number and itself moved to the right, by 29 to 33 bits. */
function shiftMix(hash: Int32Array, bits: number): void {
  const [low = 0, high = 0] = hash;
  if (bits >= 32) {
    hash[0] = low ^ (high >>> (bits - 32));
    return;
  }
  hash[0] = low ^ ((low >>> bits) | (high << (32 - bits)));
  hash[1] = high ^ (high >>> bits);
}
