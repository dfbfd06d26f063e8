import { IdSet } from "../model/id-set.ts";
import { idBytesOf, type IdBytes } from "../model/object-id.ts";
import type { SourceContext } from "../model/source.ts";
import type { Known } from "../store/index.ts";

/** Ids of both lengths that git knows: a SHA-1 id and a SHA-256 id are never the same content. */
interface Ids {
  readonly 20: IdSet;
  readonly 32: IdSet;
}

/**
 * What of a target has to be scanned: each content once. What other targets of the run held is no reason to leave one out, since an index can call any bytes
 * by any id. `known`: what earlier runs left of this target, by SHA-1 ids alone.
 */
export function claims(known?: Pick<Known, "take">): Pick<SourceContext, "claim" | "claimAt"> {
  const own: Ids = { 20: new IdSet(20), 32: new IdSet(32) };
  const claimAt = (ids: Uint8Array, at: number, idBytes: IdBytes = 20): boolean =>
    own[idBytes].add(ids, at) && (idBytes !== 20 || known?.take(ids, at) !== "clean");
  return { claimAt, claim: (id) => claimAt(Buffer.from(id, "hex"), 0, idBytesOf(id)) };
}
