import type { RunOutcomes } from "./collector.ts";
import type { Outcome } from "./outcome.ts";

/** What the scan of a content leaves for contents that are made from it by a delta: where keywords stand that matter, and what came of them. */
export interface Trace {
  readonly length: number;
  readonly hits: HitList;
  /** Sorted by `hit`. */
  readonly outcomes: readonly PlacedOutcome[];
  /** Where marks of encoded text begin, and their words (kernel/marks.ts). */
  readonly marks: HitList;
  /** What may be in it that is looked for in all of it: bits of `wideKinds`. */
  readonly wide: number;
  /** Chains of encoded text of which something came, sorted. */
  readonly runs: readonly RunOutcomes[];
  /** True: the content has more of these than is kept (`TraceLimits`), so none is. It is scanned as a stream, and its versions whole. */
  readonly isDense: boolean;
}

/** What a trace keeps of encoded text. */
export type Encoded = Pick<Trace, "marks" | "wide" | "runs"> & {
  /** True: to take the encodings off cost more than a trace may (work.ts), and the list of chains is not whole. */
  readonly isDear: boolean;
};

/** Of how much a trace is kept. Traces of several versions are in memory at once. */
export interface TraceLimits {
  /** Keywords that passed the sieve, each by what its rule's look may cost (work.ts): source code has one in a thousand bytes. */
  readonly maxWork: number;
  /** Of encoded text, eight bytes each: arrays of bytes in source code have one in five bytes. */
  readonly maxMarks: number;
  /** What taking encodings off may cost (work.ts). */
  readonly maxDecoded: number;
  /** Matches, those included that the judge dropped: up to a kilobyte each. */
  readonly maxOutcomes: number;
}

export const traceLimits: TraceLimits = { maxWork: 50_000, maxMarks: 1 << 22, maxDecoded: 16_384, maxOutcomes: 10_000 };
export const unlimitedTrace: TraceLimits = {
  maxWork: Infinity,
  maxMarks: Infinity,
  maxDecoded: Infinity,
  maxOutcomes: Infinity,
};

/** What is left of a trace that would be too large. */
export function denseTrace(length: number): Trace {
  return { length, hits: new HitList(0), outcomes: [], marks: new HitList(0), wide: 0, runs: [], isDense: true };
}

/** Whether a trace would be too large. */
export function isDense(hits: HitList, outcomes: readonly PlacedOutcome[], limits: TraceLimits): boolean {
  return hits.isFull || outcomes.length > limits.maxOutcomes;
}

export interface PlacedOutcome {
  /** Offset behind the keyword. */
  readonly hit: number;
  /** What was tried there: it tells how far around it looks. */
  readonly action: number;
  readonly outcome: Outcome;
}

const none = new Uint32Array(0);

/** Keyword ends (ascending) and the actions that passed there, or begins of marks and their words, growing by doubling. */
export class HitList {
  ends: Uint32Array;
  actions: Uint32Array;
  length = 0;
  /** Whether more came than it takes: those are not in it. */
  isFull = false;
  readonly #most: number;
  readonly #weights: Uint8Array | undefined;
  #weight = 0;

  /** Room for `capacity` hits; it grows when they are more, up to `most`: by number, or with `weights` by the sum of those of their actions. */
  constructor(capacity: number, most = Infinity, weights?: Uint8Array) {
    this.#most = most;
    this.#weights = weights;
    const room = Math.min(capacity, most);
    this.ends = room === 0 ? none : new Uint32Array(room);
    this.actions = room === 0 ? none : new Uint32Array(room);
  }

  push(end: number, action: number): void {
    if (this.#weights !== undefined && !this.#weigh(this.#weights[action]!)) return;
    if (this.length === this.ends.length && !this.#grow(this.length + 1)) return;
    this.ends[this.length] = end;
    this.actions[this.length++] = action;
  }

  /** Appends the hits `[from, to)` of another list, moved by `by` bytes. */
  append(other: HitList, from: number, to: number, by: number): void {
    const count = to - from;
    if (this.#weights !== undefined) {
      let weight = 0;
      for (let i = from; i < to; i++) weight += this.#weights[other.actions[i]!]!;
      if (!this.#weigh(weight)) return;
    }
    if (this.length + count > this.ends.length && !this.#grow(this.length + count)) return;
    for (let i = 0; i < count; i++) this.ends[this.length + i] = other.ends[from + i]! + by;
    this.actions.set(other.actions.subarray(from, to), this.length);
    this.length += count;
  }

  /** Number of hits that end at `offset` or before. */
  upTo(offset: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ends[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #weigh(weight: number): boolean {
    this.#weight += weight;
    this.isFull ||= this.#weight > this.#most;
    return !this.isFull;
  }

  #grow(least: number): boolean {
    this.isFull ||= least > this.#most;
    if (this.isFull) return false;
    const size = Math.min(Math.max(least, this.ends.length * 2, 16), this.#most);
    const ends = new Uint32Array(size);
    const actions = new Uint32Array(size);
    ends.set(this.ends.subarray(0, this.length));
    actions.set(this.actions.subarray(0, this.length));
    this.ends = ends;
    this.actions = actions;
    return true;
  }
}

/**
 * Stretches that a content shares with the one it is made from, ascending, without overlap: for each its offset in the content, its offset in
 * the one before, and its length in bytes.
 */
export type Copies = Uint32Array;
