/** A stream of random choices that depends on its seed alone: the same on every machine, so that an example that fails can be shown again. Not for secrets. */
export interface Random {
  /** A whole number from 0 up to, but without, `below` (at most 2^32). */
  integer(below: number): number;
  pick<T>(choices: readonly T[]): T;
  /** `length` characters of an alphabet. */
  chars(alphabet: string, length: number): string;
  bytes(length: number): Uint8Array;
}

/** A seeded stream (xoshiro128**, state filled from the seed by an FNV-1a hash). */
export function createRandom(seed: string | number): Random {
  const state = Uint32Array.from([1, 2, 3, 4], (salt) => hash(`${salt}:${seed}`));
  const integer = (below: number): number => Math.floor((next(state) / 0x1_0000_0000) * below);
  const pick = <T>(choices: readonly T[]): T => {
    const index = integer(choices.length);
    if (index >= choices.length) throw new RangeError("nothing to pick from");
    // The index was checked; undefined is returned only where it is one of the choices.
    return choices[index] as T;
  };
  const chars = (alphabet: string, length: number): string => {
    const all = Array.from(alphabet);
    return Array.from({ length }, () => pick(all)).join("");
  };
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => integer(256));
  return { integer, pick, chars, bytes };
}

function next(state: Uint32Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = state;
  const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
  const mixedC = c ^ a;
  const mixedD = d ^ b;
  state[1] = b ^ mixedC;
  state[0] = a ^ mixedD;
  state[2] = mixedC ^ (b << 9);
  state[3] = rotate(mixedD, 11);
  return result;
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
