import { IdSet } from "../model/id-set.ts";
import type { SourceContext } from "../model/source.ts";
import type { Known } from "../store/index.ts";

/**
 * The contents that a run need not scan again. Those of a target count for the others only once all of it was read: what one repository
 * holds damaged, another may hold whole.
 */
export class SeenContents {
  #settled = new IdSet();
  #own = new IdSet();

  /** Begins a target; what an unsettled one claimed before is forgotten. `known`: what earlier runs left of it. */
  begin(known?: Pick<Known, "take">): Pick<SourceContext, "claim" | "claimAt"> {
    const own = new IdSet();
    const settled = this.#settled;
    this.#own = own;
    const claimAt = (ids: Uint8Array, at: number): boolean =>
      (settled.size === 0 || !settled.has(ids, at)) && own.add(ids, at) && known?.take(ids, at) !== "clean";
    return { claimAt, claim: (id) => claimAt(Buffer.from(id, "hex"), 0) };
  }

  /** The target was read whole: its contents need no scan in those that follow. */
  settle(): void {
    const [large, small] =
      this.#settled.size > this.#own.size ? [this.#settled, this.#own] : [this.#own, this.#settled];
    const ids = small.ids();
    for (let at = 0; at < ids.length; at += 20) large.add(ids, at);
    this.#settled = large;
    this.#own = new IdSet();
  }
}
