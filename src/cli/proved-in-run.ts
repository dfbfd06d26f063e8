import type { ProvedContents } from "../model/clean-index.ts";
import type { CleanList } from "../model/clean-list.ts";
import type { ProvedLists, Unit } from "../model/unit.ts";
import { Segment } from "../store/index.ts";

/** Lists of one kind that are asked one by one; more are put together. */
const mostLists = 8;
/** Of more contents those of the targets that were read last are known, 29 bytes each: a sweep can go through thousands of repositories. */
const mostContents = 1 << 21;

/**
 * The clean contents of the targets that a run has read, for those that follow: by keys made of their own bytes, as no target may vouch for another one
 * by the ids that it claims.
 */
export class ProvedInRun {
  readonly #positions: Int32Array;
  readonly #fresh: ProvedLists[] = [];
  #ids: readonly Segment[] = [];
  #entries: readonly Segment[] = [];

  readonly #most: number;

  /** `rules`: how many there are. `most`: contents that are kept of each kind. */
  constructor(rules: number, most = mostContents) {
    this.#most = most;
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
      this.#most,
    );
    this.#entries = withLists(
      this.#entries,
      fresh.map(({ entries }) => entries),
      this.#most,
    );
  }

  /** Lists in which contents of a unit can be. */
  knownFor({ kind }: Pick<Unit, "kind">): readonly ProvedContents[] {
    const segments = kind === "pack" ? this.#entries : kind === "layer" || kind === "files" ? this.#ids : [];
    return segments.map(({ list }) => ({ index: list, positions: this.#positions }));
  }
}

function withLists(segments: readonly Segment[], lists: readonly CleanList[], most: number): readonly Segment[] {
  const all = lists.filter(({ sizes }) => sizes.length > 0);
  if (all.length === 0) return segments;
  const held = [...all, ...segments.map(({ list }) => list)].reduce((sum, { sizes }) => sum + sizes.length, 0);
  if (segments.length < mostLists && held <= most) return [...segments, Segment.of(all)];
  // Room for more, so that not each target makes it.
  const kept = held <= most ? most : Math.ceil(most / 2);
  return [Segment.of([...all, ...segments.toReversed().map(({ list }) => list)], kept)];
}
