import type { ProvedContents } from "../model/clean-index.ts";
import type { CleanList } from "../model/clean-list.ts";
import type { ProvedLists, Unit } from "../model/unit.ts";
import { Segment } from "../store/index.ts";

/** Lists of one kind that are asked one by one; more are put together. */
const mostLists = 8;

/**
 * The clean contents of the targets that a run has read, for those that follow: by keys made of their own bytes, as no target may vouch for another one
 * by the ids that it claims.
 */
export class ProvedInRun {
  readonly #positions: Int32Array;
  readonly #fresh: ProvedLists[] = [];
  #ids: readonly Segment[] = [];
  #entries: readonly Segment[] = [];

  /** `rules`: how many there are. */
  constructor(rules: number) {
    this.#positions = Int32Array.from({ length: rules }, (_, i) => i);
  }

  learn(lists: ProvedLists): void {
    this.#fresh.push(lists);
  }

  /** What was learnt counts from now on: the next target begins. */
  settle(): void {
    if (this.#fresh.length === 0) return;
    const fresh = this.#fresh.splice(0);
    this.#ids = withLists(
      this.#ids,
      fresh.map(({ ids }) => ids),
    );
    this.#entries = withLists(
      this.#entries,
      fresh.map(({ entries }) => entries),
    );
  }

  /** Lists in which contents of a unit can be. */
  knownFor({ kind }: Unit): readonly ProvedContents[] {
    const segments = kind === "pack" ? this.#entries : kind === "layer" || kind === "files" ? this.#ids : [];
    return segments.map(({ list }) => ({ index: list, positions: this.#positions }));
  }
}

function withLists(segments: readonly Segment[], lists: readonly CleanList[]): readonly Segment[] {
  const all = lists.filter(({ sizes }) => sizes.length > 0);
  if (all.length === 0) return segments;
  return segments.length < mostLists
    ? [...segments, Segment.of(all)]
    : [Segment.of([...segments.map(({ list }) => list), ...all])];
}
