import type { GraphedCommit } from "../../../content/git/commit-graph.ts";
import { parseCommit } from "../../../content/git/commit.ts";
import { objectTypes } from "../../../content/git/pack-entry.ts";
import { readObject, type OnFault } from "../push-commits.ts";
import type { PushObjects } from "../push-objects.ts";

/** What walks of history need of a commit. */
export interface CommitLinks extends GraphedCommit {
  readonly id: string;
}

/** A commit-graph keeps so many bits of a time. */
const graphedTimes = 2 ** 34;

/**
 * Reads commits once each, from a commit-graph in long walks; `isTrue` says whether that told what the commit says. Commits at which a shallow clone was cut off have no parents.
 */
export class CommitReader {
  readonly objects: PushObjects;
  readonly shallow: ReadonlySet<string>;
  readonly #read = new Map<string, CommitLinks | undefined>();
  readonly #graphed = new Set<string>();

  constructor(objects: PushObjects, shallow: ReadonlySet<string>) {
    this.objects = objects;
    this.shallow = shallow;
  }

  /** Undefined where it is missing, damaged or no commit; `onFault` hears of it, once. */
  read(id: string, onFault: OnFault = () => {}): CommitLinks | undefined {
    if (this.#read.has(id)) return this.#read.get(id);
    const graphed = this.objects.graphed(id);
    if (graphed !== undefined) this.#graphed.add(id);
    const links = graphed === undefined ? this.#parsed(id, onFault) : { id, ...graphed };
    const cut = links === undefined || !this.shallow.has(id) ? links : { ...links, parents: [] };
    this.#read.set(id, cut);
    return cut;
  }

  /** Whether what was told of a commit is what its bytes say; where these cannot be read, nothing is said against it. */
  isTrue(id: string): boolean {
    if (!this.#graphed.has(id)) return true;
    const told = this.objects.graphed(id);
    const links = this.#parsed(id, () => {});
    if (told === undefined || links === undefined) return true;
    const hasTime = links.time < 0 || links.time >= graphedTimes || links.time === told.time;
    return hasTime && links.tree === told.tree && links.parents.join() === told.parents.join();
  }

  /** From now on commits are read by their bytes alone, those that a commit-graph told of once more. */
  forgetGraphs(): void {
    this.objects.forgetGraphs();
    for (const id of this.#graphed) this.#read.delete(id);
    this.#graphed.clear();
  }

  #parsed(id: string, onFault: OnFault): CommitLinks | undefined {
    let isFaulty = false;
    const object = readObject(this.objects, id, "commit", (...fault) => {
      isFaulty = true;
      onFault(...fault);
    });
    const commit = object?.type === objectTypes.commit ? parseCommit(object.bytes) : undefined;
    if (commit === undefined && !isFaulty) onFault("object-corrupt", id, "is not a commit");
    return commit === undefined
      ? undefined
      : { id, tree: commit.tree, parents: commit.parents, time: commit.committerTime };
  }

  /** The bytes of a commit; undefined where it cannot be read. */
  bytes(id: string): Buffer | undefined {
    return readObject(this.objects, id, "commit", () => {})?.bytes;
  }
}
