import { parseCommit, type Commit } from "../../content/git/commit.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import type { ProblemCode } from "../../model/problem.ts";
import type { PushObjects } from "./push-objects.ts";

/** A tag object on the way from a pushed name to what it names. */
export interface NewTag {
  readonly id: string;
  /** What stands behind all tags: a commit, tree or blob. */
  readonly target: string;
}

export interface NewCommit extends Commit {
  readonly id: string;
}

/** What the remote does not have, as far as commits and tags tell. */
export interface NewCommits {
  /** Parents stand before their children. */
  readonly commits: readonly NewCommit[];
  readonly tags: readonly NewTag[];
  /** Trees and blobs that are pushed without a commit, by a tag or a name of their own. */
  readonly others: readonly { readonly id: string; readonly isTree: boolean }[];
  /** Trees that the remote has: those of known parents of new commits, and those that known names stand for. */
  readonly knownTrees: readonly string[];
}

/** Told of everything that cannot be read. */
export type OnFault = (code: ProblemCode, oid: string, message: string) => void;

/** What a walk needs of a commit. */
type WalkedCommit = Pick<Commit, "parents" | "committerTime">;

interface Node {
  readonly id: string;
  readonly walked: WalkedCommit;
  /** All that it says; absent for what the remote has. */
  readonly commit: Commit | undefined;
  readonly parents: readonly string[];
  isKnown: boolean;
  isQueued: boolean;
}

/** Tags can name tags. */
const maxTagDepth = 32;
/** Clocks go wrong: this many known commits are looked at beyond the point where dates say that no new one can follow (git takes 5). */
const slack = 64;

/**
 * Finds the commits and tags that can be reached from `locals` and not from `remotes` (`git rev-list <locals> --not <remotes>`), by walking
 * both sides from the newest commit down. Where dates are wrong it can take a commit for new that the remote has, never the other way.
 * Ids of `remotes` that are not here are left out. `shallow`: commits whose parents were not cloned.
 */
export function findNewCommits(
  objects: PushObjects,
  locals: readonly string[],
  remotes: readonly string[],
  shallow: ReadonlySet<string>,
  onFault: OnFault,
): NewCommits {
  const nodes = new Map<string, Node>();
  const queue: Node[] = [];
  let newInQueue = 0;
  let oldestNew = Infinity;

  const enqueue = (node: Node): void => {
    let low = 0;
    let high = queue.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (queue[middle]!.walked.committerTime < node.walked.committerTime) low = middle + 1;
      else high = middle;
    }
    queue.splice(low, 0, node);
    node.isQueued = true;
    if (!node.isKnown) newInQueue++;
  };
  const markKnown = (node: Node): void => {
    const stack = [node];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (at.isKnown) continue;
      at.isKnown = true;
      if (at.isQueued) newInQueue--;
      for (const parent of at.parents) {
        const next = nodes.get(parent);
        if (next !== undefined) stack.push(next);
      }
    }
  };
  const meet = (id: string, isKnown: boolean): void => {
    const before = nodes.get(id);
    if (before !== undefined) {
      if (isKnown) markKnown(before);
      return;
    }
    // What the remote has need not be readable here.
    const commit = isKnown ? undefined : readCommit(objects, id, onFault);
    const walked = isKnown ? readKnown(objects, id) : commit;
    if (walked === undefined) return;
    if (!isKnown && shallow.has(id) && walked.parents.length > 0) {
      onFault(
        "shallow",
        id,
        "shallow clone: the history before this commit is pushed, but it is not here to be scanned",
      );
    }
    const parents = shallow.has(id) ? [] : walked.parents;
    const node: Node = { id, walked, commit, parents, isKnown, isQueued: false };
    nodes.set(id, node);
    if (!isKnown) oldestNew = Math.min(oldestNew, walked.committerTime);
    enqueue(node);
  };

  const knownTrees = new Set<string>();
  const knownTags = new Set<string>();
  for (const id of remotes) {
    if (!objects.has(id)) continue;
    const { tags, target, type } = peel(objects, id, () => {});
    for (const tag of tags) knownTags.add(tag);
    if (type === objectTypes.commit) meet(target, true);
    else if (type === objectTypes.tree) knownTrees.add(target);
  }
  const tags: NewTag[] = [];
  const others = new Map<string, boolean>();
  const tips: string[] = [];
  for (const id of new Set(locals)) {
    const { tags: found, target, type } = peel(objects, id, onFault);
    for (const tag of found) if (!knownTags.has(tag)) tags.push({ id: tag, target });
    if (type === objectTypes.commit) {
      tips.push(target);
      meet(target, false);
    } else if (type !== undefined) others.set(target, type === objectTypes.tree);
  }

  for (let left = slack; queue.length > 0;) {
    if (newInQueue === 0 && queue[queue.length - 1]!.walked.committerTime < oldestNew && left-- === 0) break;
    const node = queue.pop()!;
    node.isQueued = false;
    if (!node.isKnown) newInQueue--;
    for (const parent of node.parents) meet(parent, node.isKnown);
  }

  const commits = parentsFirst(nodes, tips);
  for (const { parents } of commits) {
    for (const parent of parents) {
      if (nodes.get(parent)?.isKnown !== true) continue;
      const tree = readCommit(objects, parent, () => {})?.tree;
      if (tree !== undefined) knownTrees.add(tree);
    }
  }
  return { commits, tags, others: [...others].map(([id, isTree]) => ({ id, isTree })), knownTrees: [...knownTrees] };
}

/** New commits, each after its parents. */
function parentsFirst(nodes: ReadonlyMap<string, Node>, tips: readonly string[]): NewCommit[] {
  const ordered: NewCommit[] = [];
  const begun = new Set<string>();
  for (const tip of tips) {
    const stack = [{ id: tip, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const node = nodes.get(top.id);
      if (node?.commit === undefined || node.isKnown || (top.next === 0 && begun.has(top.id))) {
        stack.pop();
        continue;
      }
      begun.add(top.id);
      const parent = node.parents[top.next++];
      if (parent !== undefined) {
        if (!begun.has(parent)) stack.push({ id: parent, next: 0 });
        continue;
      }
      ordered.push({ ...node.commit, id: node.id, parents: node.parents });
      stack.pop();
    }
  }
  return ordered;
}

function readCommit(objects: PushObjects, id: string, onFault: OnFault): Commit | undefined {
  const object = readObject(objects, id, "commit", onFault);
  if (object === undefined) return undefined;
  const commit = object.type === objectTypes.commit ? parseCommit(object.bytes) : undefined;
  if (commit === undefined) onFault("object-corrupt", id, "is not a commit");
  return commit;
}

/** A commit that the remote has: how it hangs together is enough. */
function readKnown(objects: PushObjects, id: string): WalkedCommit | undefined {
  const graphed = objects.graphed(id);
  return graphed === undefined ? readCommit(objects, id, () => {}) : { ...graphed, committerTime: graphed.time };
}

/** Reads an object, or tells why it cannot be read. `what` names it for people. */
export function readObject(
  objects: PushObjects,
  id: string,
  what: string,
  onFault: OnFault,
): ReturnType<PushObjects["read"]> {
  try {
    const object = objects.read(id);
    if (object === undefined) onFault(...missing(objects, id, what));
    return object;
  } catch (error) {
    onFault(
      "object-corrupt",
      id,
      `${what} is damaged (${error instanceof Error ? error.message.split("\n", 1)[0] : "it cannot be read"})`,
    );
    return undefined;
  }
}

/** How a missing object is told. */
export function missing(objects: PushObjects, id: string, what: string): Parameters<OnFault> {
  return objects.isPartial
    ? ["partial", id, `${what} is not here: this is a partial clone`]
    : ["object-missing", id, `${what} is missing`];
}

/** Goes through tag objects to what stands behind them; `type` is undefined where that cannot be read. */
export function peel(
  objects: PushObjects,
  id: string,
  onFault: OnFault,
): { tags: string[]; target: string; type: number | undefined } {
  const tags: string[] = [];
  let target = id;
  for (let depth = 0; depth <= maxTagDepth; depth++) {
    const object = readObject(objects, target, "object", onFault);
    if (object?.type !== objectTypes.tag) return { tags, target, type: object?.type };
    tags.push(target);
    const next = /^object ([0-9a-f]{40}|[0-9a-f]{64})$/m.exec(object.bytes.toString("latin1", 0, 80))?.[1];
    if (next === undefined) break;
    target = next;
  }
  onFault("object-corrupt", id, "tag names nothing");
  return { tags, target, type: undefined };
}
