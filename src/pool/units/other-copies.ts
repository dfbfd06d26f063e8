import { existsSync } from "node:fs";
import { loosePath, type LooseObject } from "../../content/git/loose.ts";
import { ObjectFinder } from "../../content/git/object-finder.ts";
import { readPackFolder } from "../../content/git/pack-folder.ts";
import type { IdBytes } from "../../model/object-id.ts";
import type { PackEntries } from "../../model/unit.ts";

/**
 * Reads objects by id from all object folders of a repository: for what cannot be read where it was planned. Nothing is opened before the first
 * question, as most scans have none.
 */
export class OtherCopies implements Disposable {
  readonly #folders: readonly string[];
  readonly #idBytes: IdBytes;
  #finder: ObjectFinder | undefined;

  constructor(folders: readonly string[], idBytes: IdBytes) {
    this.#folders = folders;
    this.#idBytes = idBytes;
  }

  /** An object whose bytes hash to the id. Undefined where none is there; throws Error with a one-line message where each is damaged. */
  read(oid: string): LooseObject | undefined {
    return (this.#finder ??= this.#open()).read(oid);
  }

  /** The same, with no word of why. */
  find(oid: string): LooseObject | undefined {
    try {
      return this.read(oid);
    } catch {
      return undefined;
    }
  }

  #open(): ObjectFinder {
    const idBytes = this.#idBytes;
    const how = { mayRebuild: false, isChecked: false };
    return new ObjectFinder({
      idBytes,
      packs: this.#folders.flatMap((folder) => readPackFolder(folder, idBytes, [], how).packs),
      loose: (oid) => this.#folders.filter((folder) => existsSync(loosePath(folder, oid))),
    });
  }

  [Symbol.dispose](): void {
    this.#finder?.[Symbol.dispose]();
  }
}

/** For each entry the broken one that it is or is built on; -1 where there is none. */
export function brokenRoots({ count, parents }: PackEntries, broken: ReadonlyMap<number, string>): Int32Array {
  const unknown = -2;
  const roots = new Int32Array(count).fill(unknown);
  for (const entry of broken.keys()) roots[entry] = entry;
  const chain: number[] = [];
  for (let i = 0; i < count; i++) {
    let at = i;
    while (roots[at] === unknown && parents[at]! >= 0 && chain.length <= count) {
      chain.push(at);
      at = parents[at]!;
    }
    const root = roots[at] === unknown ? -1 : roots[at]!;
    roots[at] = root;
    for (const entry of chain) roots[entry] = root;
    chain.length = 0;
  }
  return roots;
}
