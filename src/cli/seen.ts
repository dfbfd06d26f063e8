import { IdSet } from "../model/id-set.ts";
import { idBytesOf, type IdBytes } from "../model/object-id.ts";
import type { SourceContext } from "../model/source.ts";
import type { Known } from "../store/index.ts";

/** Ids of both lengths that git knows: a SHA-1 id and a SHA-256 id are never the same content. */
interface Ids {
  readonly 20: IdSet;
  readonly 32: IdSet;
}

const noIds = (): Ids => ({ 20: new IdSet(20), 32: new IdSet(32) });

/**
 * The contents that a run need not scan again. Those of a target count for the others only once all of it was read: what one repository
 * holds damaged, another may hold whole.
 */
export class SeenContents {
  #settled = noIds();
  #own = noIds();

  /** Begins a target; what an unsettled one claimed before is forgotten. `known`: what earlier runs left of it, by SHA-1 ids alone. */
  begin(known?: Pick<Known, "take">): Pick<SourceContext, "claim" | "claimAt"> {
    const own = noIds();
    const settled = this.#settled;
    this.#own = own;
    const claimAt = (ids: Uint8Array, at: number, idBytes: IdBytes = 20): boolean =>
      (settled[idBytes].size === 0 || !settled[idBytes].has(ids, at)) &&
      own[idBytes].add(ids, at) &&
      (idBytes !== 20 || known?.take(ids, at) !== "clean");
    return { claimAt, claim: (id) => claimAt(Buffer.from(id, "hex"), 0, idBytesOf(id)) };
  }

  /** The target was read whole: its contents need no scan in those that follow. */
  settle(): void {
    this.#settled = { 20: union(this.#settled[20], this.#own[20]), 32: union(this.#settled[32], this.#own[32]) };
    this.#own = noIds();
  }
}

function union(a: IdSet, b: IdSet): IdSet {
  const [large, small] = a.size > b.size ? [a, b] : [b, a];
  const ids = small.ids();
  for (let at = 0; at < ids.length; at += small.idBytes) large.add(ids, at);
  return large;
}
