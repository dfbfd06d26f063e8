import { parseCommit } from "../../../content/git/commit.ts";
import { objectTypes } from "../../../content/git/pack-entry.ts";
import { readObject, type OnFault } from "../push-commits.ts";
import type { PushObjects } from "../push-objects.ts";

/** What walks of history need of a commit. */
export interface CommitLinks {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
  /** Committer time, seconds since 1970. */
  readonly time: number;
}

/** Reads commits once each. Commits at which a shallow clone was cut off have no parents. */
export class CommitReader {
  readonly objects: PushObjects;
  readonly shallow: ReadonlySet<string>;
  readonly #read = new Map<string, CommitLinks | undefined>();

  constructor(objects: PushObjects, shallow: ReadonlySet<string>) {
    this.objects = objects;
    this.shallow = shallow;
  }

  /** Undefined where it is missing, damaged or no commit; `onFault` hears of it, once. */
  read(id: string, onFault: OnFault = () => {}): CommitLinks | undefined {
    if (this.#read.has(id)) return this.#read.get(id);
    let isFaulty = false;
    const object = readObject(this.objects, id, "commit", (...fault) => {
      isFaulty = true;
      onFault(...fault);
    });
    const commit = object?.type === objectTypes.commit ? parseCommit(object.bytes) : undefined;
    if (commit === undefined && !isFaulty) onFault("object-corrupt", id, "is not a commit");
    const links =
      commit === undefined
        ? undefined
        : {
            id,
            tree: commit.tree,
            parents: this.shallow.has(id) ? [] : commit.parents,
            time: commit.committerTime,
          };
    this.#read.set(id, links);
    return links;
  }

  /** The bytes of a commit; undefined where it cannot be read. */
  bytes(id: string): Buffer | undefined {
    return readObject(this.objects, id, "commit", () => {})?.bytes;
  }
}
