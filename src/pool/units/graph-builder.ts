import { objectTypes } from "../../content/git/pack-entry.ts";
import { parseCommit } from "../../content/git/commit.ts";
import type { IdSet } from "../../model/id-set.ts";
import type { GraphReading } from "../../model/unit.ts";

const idBytes = 20;
/** First two characters of a tree entry's mode: `40000` a tree, `160000` a submodule's commit, which lies in another repository. */
const subtree = 0x3430;
const submodule = 0x3136;

/** Gathers ids back to back. */
class IdList {
  #bytes = new Uint8Array(64 * idBytes);
  count = 0;

  push(bytes: Uint8Array, at: number): void {
    const to = this.count * idBytes;
    if (to + idBytes > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (let i = 0; i < idBytes; i++) this.#bytes[to + i] = bytes[at + i]!;
    this.count++;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.count * idBytes);
  }
}

/** Collects what trees and commits say, in compact form. */
export class GraphBuilder {
  readonly #wanted: IdSet;
  readonly #present: IdSet;
  readonly #missingTrees = new IdList();
  readonly #missingIds = new IdList();
  readonly #commitIds = new IdList();
  readonly #commitTrees = new IdList();
  readonly #parentIds = new IdList();
  readonly #treeIds = new IdList();
  readonly #childIds = new IdList();
  readonly #hitTrees = new IdList();
  readonly #hitContents = new IdList();
  readonly #times: number[] = [];
  readonly #parentFirst: number[] = [0];
  readonly #childFirst: number[] = [0];

  /** Without wanted contents only commits and missing objects are noted: nobody will ask for paths. */
  constructor(wanted: IdSet, present: IdSet) {
    this.#wanted = wanted;
    this.#present = present;
  }

  /** Adds a commit or a tree; other objects are passed over. `bytes` may be overwritten afterwards. */
  add(type: number, id: Uint8Array, bytes: Buffer): void {
    if (type === objectTypes.commit) this.#commit(id, bytes);
    else if (type === objectTypes.tree) this.#tree(id, bytes);
  }

  #commit(id: Uint8Array, bytes: Buffer): void {
    const commit = parseCommit(bytes);
    if (commit === undefined) return;
    this.#commitIds.push(id, 0);
    const tree = Buffer.from(commit.tree, "hex");
    this.#commitTrees.push(tree, 0);
    if (!this.#present.has(tree, 0)) {
      // No tree names it: it stands for itself.
      this.#missingTrees.push(tree, 0);
      this.#missingIds.push(tree, 0);
    }
    for (const parent of commit.parents) this.#parentIds.push(Buffer.from(parent, "hex"), 0);
    this.#parentFirst.push(this.#parentIds.count);
    this.#times.push(commit.committerTime);
  }

  /** Entries of a tree are `<mode> <name>\0<20 bytes>`; sub-trees have mode 40000. */
  #tree(id: Uint8Array, bytes: Buffer): void {
    const before = this.#childIds.count;
    let at = 0;
    while (at < bytes.length) {
      const kind = bytes[at]! * 256 + bytes[at + 1]!;
      const end = bytes.indexOf(0, at + 6);
      if (end < 0 || end + 1 + idBytes > bytes.length) break;
      if (kind !== submodule) this.#entry(id, bytes, end + 1, kind === subtree);
      at = end + 1 + idBytes;
    }
    if (this.#childIds.count === before) return;
    this.#treeIds.push(id, 0);
    this.#childFirst.push(this.#childIds.count);
  }

  #entry(tree: Uint8Array, bytes: Buffer, at: number, isTree: boolean): void {
    if (!this.#present.has(bytes, at)) {
      this.#missingTrees.push(tree, 0);
      this.#missingIds.push(bytes, at);
    }
    if (isTree) this.#childIds.push(bytes, at);
    else if (this.#wanted.size > 0 && this.#wanted.has(bytes, at)) {
      this.#hitTrees.push(tree, 0);
      this.#hitContents.push(bytes, at);
    }
  }

  reading(): GraphReading {
    return {
      commitIds: this.#commitIds.take(),
      commitTrees: this.#commitTrees.take(),
      commitTimes: Float64Array.from(this.#times),
      parentFirst: Uint32Array.from(this.#parentFirst),
      parentIds: this.#parentIds.take(),
      treeIds: this.#treeIds.take(),
      childFirst: Uint32Array.from(this.#childFirst),
      childIds: this.#childIds.take(),
      hitTrees: this.#hitTrees.take(),
      hitContents: this.#hitContents.take(),
      missingTrees: this.#missingTrees.take(),
      missingIds: this.#missingIds.take(),
    };
  }
}
