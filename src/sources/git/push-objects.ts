import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { withAlternates } from "../../content/git/alternates.ts";
import { readCommitGraph, type CommitGraph, type GraphedCommit } from "../../content/git/commit-graph.ts";
import { idsWithPrefix } from "../../content/git/id-prefix.ts";
import { loosePath, type LooseObject } from "../../content/git/loose.ts";
import { ObjectFinder } from "../../content/git/object-finder.ts";
import { readPackFolder, type PackFile, type StoreFault } from "../../content/git/pack-folder.ts";
import { findInIndex } from "../../content/git/pack-index.ts";
import { idBytesOf, type IdBytes } from "../../model/object-id.ts";

/** Where an object lies. */
export type Holder =
  | { readonly kind: "loose"; readonly objects: string }
  | { readonly kind: "pack"; readonly file: PackFile };

/** A walk of fewer commits is over before a commit-graph is read. */
const graphFrom = 256;

/**
 * Reads commits and trees of a repository one by one. `openObjectStore` looks at every entry of every pack first, which takes a second for
 * half a million objects; a push needs a few hundred of them, so here only the indexes of the packs are read.
 */
export class PushObjects implements Disposable {
  readonly idBytes: IdBytes;
  /** Some objects were left at the remote on purpose. */
  readonly isPartial: boolean;
  readonly faults: readonly StoreFault[];
  /** The object folders: the given ones and those that they borrow from. */
  readonly folders: readonly string[];
  readonly #packs: readonly PackFile[];
  readonly #finder: ObjectFinder;
  #graphs: readonly CommitGraph[] | undefined;
  #asked = 0;

  /** `objects`: object folders, the one that is written to first. */
  constructor(objects: string | readonly string[], idBytes: IdBytes = 20) {
    const faults: StoreFault[] = [];
    this.idBytes = idBytes;
    this.folders = withAlternates(typeof objects === "string" ? [objects] : objects, faults);
    const found = this.folders.map((folder) =>
      readPackFolder(folder, idBytes, faults, { mayRebuild: true, isChecked: false }),
    );
    this.#packs = found.flatMap(({ packs }) => packs);
    this.isPartial = found.some(({ promised }) => promised);
    this.faults = faults;
    const loose = (oid: string): string[] => this.folders.filter((folder) => existsSync(loosePath(folder, oid)));
    this.#finder = new ObjectFinder({ idBytes, packs: this.#packs, loose });
  }

  holder(oid: string): Holder | undefined {
    if (idBytesOf(oid) !== this.idBytes) return undefined;
    const objects = this.folders.find((folder) => existsSync(loosePath(folder, oid)));
    if (objects !== undefined) return { kind: "loose", objects };
    const id = Buffer.from(oid, "hex");
    const file = this.#packs.find(({ index }) => findInIndex(index, id, 0) >= 0);
    return file === undefined ? undefined : { kind: "pack", file };
  }

  has(oid: string): boolean {
    return this.holder(oid) !== undefined;
  }

  /**
   * What a commit-graph tells of a commit. Undefined where none knows it, and in walks that have not come far yet. Nothing proves it but the hash of the
   * file: it is for commits that are left out; of others the bytes count.
   */
  graphed(oid: string): GraphedCommit | undefined {
    if (++this.#asked < graphFrom) return undefined;
    this.#graphs ??= this.folders.flatMap((folder) => readCommitGraph(folder, this.idBytes) ?? []);
    for (const graph of this.#graphs) {
      const commit = graph.commit(oid);
      if (commit !== undefined) return commit;
    }
    return undefined;
  }

  /** No commit-graph is asked any more. */
  forgetGraphs(): void {
    this.#graphs = [];
  }

  /** Ids that begin with some hexadecimal digits, two at least; sorted. */
  withPrefix(digits: string): string[] {
    const found = new Set<string>();
    for (const folder of this.folders) {
      const path = join(folder, digits.slice(0, 2));
      for (const rest of existsSync(path) ? readdirSync(path) : [])
        if (/^[0-9a-f]{38,62}$/.test(rest) && rest.startsWith(digits.slice(2))) found.add(digits.slice(0, 2) + rest);
    }
    for (const { index } of this.#packs) for (const oid of idsWithPrefix(index, digits)) found.add(oid);
    return [...found].sort();
  }

  /** Undefined where there is no such object. Throws Error with a one-line message when no copy of it is whole. */
  read(oid: string): LooseObject | undefined {
    return this.#finder.read(oid);
  }

  [Symbol.dispose](): void {
    this.#finder[Symbol.dispose]();
  }
}
