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

  /** Room for `capacity` hits; it grows when they are more. */
  constructor(capacity: number) {
    this.ends = capacity === 0 ? none : new Uint32Array(capacity);
    this.actions = capacity === 0 ? none : new Uint32Array(capacity);
  }

  push(end: number, action: number): void {
    if (this.length === this.ends.length) this.#grow(this.length + 1);
    this.ends[this.length] = end;
    this.actions[this.length++] = action;
  }

  /** Appends the hits `[from, to)` of another list, moved by `by` bytes. */
  append(other: HitList, from: number, to: number, by: number): void {
    const count = to - from;
    if (this.length + count > this.ends.length) this.#grow(this.length + count);
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

  #grow(least: number): void {
    const size = Math.max(least, this.ends.length * 2, 16);
    const ends = new Uint32Array(size);
    const actions = new Uint32Array(size);
    ends.set(this.ends.subarray(0, this.length));
    actions.set(this.actions.subarray(0, this.length));
    this.ends = ends;
    this.actions = actions;
  }
}

/**
 * Stretches that a content shares with the one it is made from, ascending, without overlap: for each its offset in the content, its offset in
 * the one before, and its length in bytes.
 */
export type Copies = Uint32Array;
