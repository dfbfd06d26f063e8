import { probabilityBits, type RangeCoder } from "./coder.ts";
import { ContextTree, mostFrequency } from "./tree.ts";

/** A model needs so much room to begin with. */
export const leastMemory = 1 << 11;

const [intervalBits, periodBits] = [7, 7] as const;
const escapeWeights = [25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2] as const;
const firstEscapes = [0x3cdd, 0x1f3f, 0x59bf, 0x48f3, 0x64a1, 0x5abc, 0x6632, 0x6051] as const;

/** By how many states the context before has, less one: which bits' probability. */
const bySuffix = Uint8Array.from({ length: 256 }, (_, i) => (i === 0 ? 0 : i === 1 ? 2 : i < 11 ? 4 : 6));
/** By how many states are not excluded, less one: which estimate of escapes. */
const byStates = new Uint8Array(256);
for (let i = 0, group = 0, left = 1; i < 256; i++) {
  byStates[i] = group;
  if (i < 2) group++;
  else if (i === 2) group = 3;
  else if (--left === 0) left = ++group - 2;
}

/** Estimates of how likely an escape is: 25 groups of 16, and one that stays as it is. */
const [estimateGroups, perGroup] = [25, 16] as const;
const fixedEstimate = estimateGroups * perGroup;
/** What all begins with: a stream may begin anew at every few bytes. */
const firstBits = Uint16Array.from(
  { length: 128 * 64 },
  (_, i) => (1 << probabilityBits) - Math.floor(firstEscapes[i & 7]! / ((i >> 6) + 2)),
);
const firstSums = Uint16Array.from({ length: fixedEstimate + 1 }, (_, i) =>
  i === fixedEstimate ? 0 : (5 * Math.floor(i / perGroup) + 10) << (periodBits - 4),
);
const firstShifts = new Uint8Array(fixedEstimate + 1).fill(periodBits - 4).fill(periodBits, fixedEstimate);
const firstCounts = new Uint8Array(fixedEstimate + 1).fill(4).fill(64, fixedEstimate);

/** A byte, or that there is none: the data is at its end, or damaged. */
export type Decoded = number | undefined;

/**
 * The model of PPMd variant H (D. Shkarin): what came after the last bytes, for up to `order` of them, says how likely the next byte is. 7z and RAR 3 have it,
 * each with a range coder of its own.
 */
export class PpmdModel {
  readonly #tree = new ContextTree();
  readonly #bits = new Uint16Array(128 * 64);
  readonly #sums = new Uint16Array(fixedEstimate + 1);
  readonly #shifts = new Uint8Array(fixedEstimate + 1);
  readonly #counts = new Uint8Array(fixedEstimate + 1);
  readonly #excluded = new Uint8Array(256);
  readonly #states = new Uint32Array(256);
  #order = 0;
  #bytes = 0;
  #runLength = 0;
  #firstRun = 0;
  #succeeded = 0;
  #highBit = 0;

  /** Bytes of memory that it has had to take. */
  get used(): number {
    return this.#tree.memory.used;
  }

  /** Forgets all. `order`: from `leastOrder` to `mostOrder`; `bytes`: of its memory, `leastMemory` at least. */
  start(order: number, bytes: number): void {
    this.#order = order;
    this.#bytes = bytes;
    this.#restart();
  }

  #restart(): void {
    this.#tree.clear(this.#order, this.#bytes);
    this.#firstRun = this.#runLength = -Math.min(this.#order, 12) - 1;
    this.#succeeded = 0;
    this.#bits.set(firstBits);
    this.#sums.set(firstSums);
    this.#shifts.set(firstShifts);
    this.#counts.set(firstCounts);
  }

  /** The next byte. */
  decode(coder: RangeCoder): Decoded {
    const { bytes, words } = this.#tree.memory;
    const count = words[this.#tree.min >> 1]!;
    if (count === 1) {
      const state = this.#tree.min + 2;
      const bit = this.#bitOf(state);
      const zeros = this.#bits[bit]!;
      const mean = (zeros + (1 << (periodBits - 2))) >> periodBits;
      if (coder.bit(zeros) === 0) {
        this.#bits[bit] = zeros + (1 << intervalBits) - mean;
        this.#tree.found = state;
        const byte = bytes[state]!;
        if (bytes[state + 1]! < 128) bytes[state + 1]!++;
        this.#succeeded = 1;
        this.#runLength++;
        this.#goOn();
        return byte;
      }
      this.#bits[bit] = zeros - mean;
      this.#tree.firstEscape = escapeWeights[(zeros - mean) >> 10]!;
      this.#excluded.fill(0);
      this.#excluded[bytes[state]!] = 1;
      this.#succeeded = 0;
    } else {
      const first = this.#tree.statesOf(this.#tree.min);
      const total = words[(this.#tree.min + 2) >> 1]!;
      const threshold = coder.threshold(total);
      let sum = bytes[first + 1]!;
      if (threshold < sum) return this.#takeFirst(coder, first, total);
      this.#succeeded = 0;
      for (let i = 1, state = first + 6; i < count; i++, state += 6) {
        const frequency = bytes[state + 1]!;
        sum += frequency;
        if (sum <= threshold) continue;
        coder.take(sum - frequency, frequency);
        return this.#takeLater(state);
      }
      if (threshold >= total) return undefined;
      this.#highBit = highBitOf(bytes[this.#tree.found]!);
      coder.take(sum, total - sum);
      this.#excluded.fill(0);
      for (let i = 0, state = first; i < count; i++, state += 6) this.#excluded[bytes[state]!] = 1;
    }
    return this.#decodeShorter(coder, count);
  }

  /** The byte was in none of the states: contexts of fewer bytes have others. */
  #decodeShorter(coder: RangeCoder, start: number): Decoded {
    const { bytes, words, longs } = this.#tree.memory;
    for (let masked = start; ;) {
      let count: number;
      do {
        this.#tree.orderFall++;
        this.#tree.min = longs[(this.#tree.min + 8) >> 2]!;
        if (this.#tree.min === 0) return undefined;
        count = words[this.#tree.min >> 1]!;
      } while (count === masked);
      const left = this.#states;
      let found = 0;
      let high = 0;
      for (let i = 0, state = this.#tree.statesOf(this.#tree.min); i < count; i++, state += 6)
        if (this.#excluded[bytes[state]!] === 0) {
          high += bytes[state + 1]!;
          left[found++] = state;
        }
      const estimate = this.#estimateOf(count, masked);
      const total = this.#escapeOf(estimate) + high;
      const threshold = coder.threshold(total);
      if (threshold < high) {
        let i = 0;
        let sum = bytes[left[0]! + 1]!;
        while (sum <= threshold) sum += bytes[left[++i]! + 1]!;
        const state = left[i]!;
        coder.take(sum - bytes[state + 1]!, bytes[state + 1]!);
        return this.#takeShorter(state, estimate);
      }
      if (threshold >= total) return undefined;
      coder.take(high, total - high);
      this.#sums[estimate] = this.#sums[estimate]! + total;
      for (let i = 0; i < found; i++) this.#excluded[bytes[left[i]!]!] = 1;
      masked = count;
    }
  }

  #takeFirst(coder: RangeCoder, state: number, total: number): number {
    const { bytes, words } = this.#tree.memory;
    const frequency = bytes[state + 1]!;
    coder.take(0, frequency);
    this.#tree.found = state;
    const byte = bytes[state]!;
    this.#succeeded = 2 * frequency > total ? 1 : 0;
    this.#runLength += this.#succeeded;
    words[(this.#tree.min + 2) >> 1] = total + 4;
    bytes[state + 1] = frequency + 4;
    if (frequency + 4 > mostFrequency) this.#tree.rescale();
    this.#goOn();
    return byte;
  }

  #takeLater(state: number): number {
    const { bytes, words } = this.#tree.memory;
    const byte = bytes[state]!;
    this.#tree.found = state;
    bytes[state + 1]! += 4;
    words[(this.#tree.min + 2) >> 1]! += 4;
    if (bytes[state + 1]! > bytes[state - 5]!) {
      this.#tree.swap(state, state - 6);
      this.#tree.found = state - 6;
      if (bytes[this.#tree.found + 1]! > mostFrequency) this.#tree.rescale();
    }
    this.#goOn();
    return byte;
  }

  #takeShorter(state: number, estimate: number): number {
    const { bytes, words } = this.#tree.memory;
    if (this.#shifts[estimate]! < periodBits && --this.#counts[estimate]! === 0) {
      this.#sums[estimate]! <<= 1;
      this.#counts[estimate] = 3 << this.#shifts[estimate]!++;
    }
    const byte = bytes[state]!;
    this.#tree.found = state;
    words[(this.#tree.min + 2) >> 1]! += 4;
    bytes[state + 1]! += 4;
    if (bytes[state + 1]! > mostFrequency) this.#tree.rescale();
    this.#runLength = this.#firstRun;
    if (!this.#tree.update()) this.#restart();
    return byte;
  }

  /** Which probability a context with one state has. */
  #bitOf(state: number): number {
    const { bytes, words, longs } = this.#tree.memory;
    this.#highBit = highBitOf(bytes[this.#tree.found]!);
    const suffix = longs[(this.#tree.min + 8) >> 2]!;
    return (
      (bytes[state + 1]! - 1) * 64 +
      this.#succeeded +
      bySuffix[words[suffix >> 1]! - 1]! +
      this.#highBit +
      2 * highBitOf(bytes[state]!) +
      ((this.#runLength >> 26) & 0x20)
    );
  }

  #estimateOf(count: number, masked: number): number {
    if (count === 256) return fixedEstimate;
    const { words, longs } = this.#tree.memory;
    const left = count - masked;
    const suffix = words[longs[(this.#tree.min + 8) >> 2]! >> 1]!;
    return (
      byStates[left - 1]! * perGroup +
      (left < suffix - count ? 1 : 0) +
      (words[(this.#tree.min + 2) >> 1]! < 11 * count ? 2 : 0) +
      (masked > left ? 4 : 0) +
      this.#highBit
    );
  }

  #escapeOf(estimate: number): number {
    if (estimate === fixedEstimate) return 1;
    const weight = this.#sums[estimate]! >> this.#shifts[estimate]!;
    this.#sums[estimate]! -= weight;
    return weight === 0 ? 1 : weight;
  }

  #goOn(): void {
    if (!this.#tree.goOn()) this.#restart();
  }
}

function highBitOf(byte: number): number {
  return byte >= 0x40 ? 8 : 0;
}
