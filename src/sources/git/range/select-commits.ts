import type { OnFault } from "../push-commits.ts";
import type { RangeLimits } from "./arguments.ts";
import type { CommitLinks, CommitReader } from "./commit-reader.ts";
import { slack } from "./common-commits.ts";
import { NewestFirst } from "./newest-first.ts";
import type { Tip } from "./tips.ts";

/** What decides which commits are selected, beside the tips. */
export interface Selection {
  readonly limits: RangeLimits;
  /** Whether `--author`, `--grep` and the like take a commit, by its bytes. */
  readonly takesText: ((commit: Buffer) => boolean) | undefined;
  /** Whether two trees are the same as far as the asked paths go; undefined where all paths count. */
  readonly areSame: ((a: string | undefined, b: string | undefined) => boolean) | undefined;
}

export interface SelectedCommits {
  /** Newest first, as `git rev-list` lists them. */
  readonly commits: readonly CommitLinks[];
  /** Commits at which a shallow clone was cut off, and behind which more of the range can lie. */
  readonly boundary: readonly string[];
}

interface Node {
  readonly links: CommitLinks;
  readonly time: number;
  /** Parents that the walk follows; fewer than the commit has where history is simplified. */
  parents: readonly string[];
  isExcluded: boolean;
  /** Named by the user, and excluded: its tree still counts when merges are compared. */
  isBottom: boolean;
  isQueued: boolean;
  isDone: boolean;
  /** The commit changes nothing under the asked paths. */
  isSame: boolean;
  /** Of a merge: which parents have the same tree. */
  sameAs: readonly boolean[] | undefined;
}

/**
 * Selects commits as `git rev-list` does: from the newest down, what can be reached from positive tips and not from negative ones, within
 * the limits. Where clocks went wrong it can take a commit that git would leave out, never the other way.
 */
export function selectCommits(
  commits: CommitReader,
  tips: readonly Tip[],
  selection: Selection,
  onFault: OnFault,
): SelectedCommits {
  const walk = new SelectionWalk(commits, selection, onFault);
  for (const tip of tips) walk.start(tip);
  return walk.select();
}

class SelectionWalk {
  readonly #commits: CommitReader;
  readonly #selection: Selection;
  readonly #onFault: OnFault;
  readonly #nodes = new Map<string, Node>();
  readonly #queue = new NewestFirst<Node>();
  readonly #starts: Node[] = [];
  readonly #boundary: string[] = [];
  /** Parents of excluded commits that the walk has not met yet. */
  readonly #excludedLater = new Set<string>();
  /** Nodes in the queue that are not excluded. */
  #waiting = 0;
  #hasExcluded = false;

  constructor(commits: CommitReader, selection: Selection, onFault: OnFault) {
    this.#commits = commits;
    this.#selection = selection;
    this.#onFault = onFault;
  }

  start({ id, isNegative }: Tip): void {
    const node = this.#node(id, isNegative ? () => {} : this.#onFault);
    if (node === undefined) return;
    if (isNegative) node.isBottom = true;
    if (!this.#starts.includes(node)) this.#starts.push(node);
  }

  select(): SelectedCommits {
    const { limits } = this.#selection;
    // All tips are known by now: what lies between them is excluded at once.
    for (const node of this.#starts.filter(({ isBottom }) => isBottom)) {
      this.#hasExcluded = true;
      this.#exclude(node);
    }
    // The newest first; those of one moment in the order in which they were named.
    for (const node of this.#starts.toSorted((a, b) => b.time - a.time)) this.#enqueue(node);
    const listed = this.#hasExcluded ? this.#listAll() : this.#listInTurn();
    const selected: CommitLinks[] = [];
    let skip = limits.skip;
    let isCounted = false;
    for (const node of listed) {
      if (limits.maxCount !== undefined && selected.length >= limits.maxCount) {
        isCounted = true;
        break;
      }
      if (!this.#takes(node)) continue;
      if (skip > 0) skip--;
      else selected.push(node.links);
    }
    if (limits.maxCount !== undefined && selected.length >= limits.maxCount) isCounted = true;
    return { commits: selected, boundary: isCounted || !limits.hasWalk ? [] : this.#boundary };
  }

  /** Without excluded commits each is final when it comes out of the queue: who wants ten of them does not walk further. */
  *#listInTurn(): Generator<Node> {
    for (let node = this.#queue.pop(); node !== undefined; node = this.#queue.pop()) {
      if (this.#isTooOld(node)) continue;
      this.#meetParents(node);
      yield node;
    }
  }

  /** With excluded commits nothing is final before both sides have met. */
  #listAll(): Node[] {
    const listed: Node[] = [];
    let left = slack;
    let oldest = Infinity;
    while (this.#queue.size > 0) {
      const node = this.#queue.pop()!;
      node.isQueued = false;
      if (!node.isExcluded) this.#waiting--;
      if (!node.isExcluded && this.#isTooOld(node)) continue;
      this.#meetParents(node);
      if (!node.isExcluded) {
        listed.push(node);
        oldest = node.time;
        continue;
      }
      const next = this.#queue.peek();
      if (next === undefined) break;
      left = oldest <= next.time || this.#waiting > 0 ? slack : left - 1;
      if (left === 0) break;
    }
    const { areSame, limits } = this.#selection;
    if (areSame !== undefined && limits.isFullHistory && !limits.isFirstParent)
      for (const node of listed) this.#settle(node);
    return listed;
  }

  #isTooOld({ time }: Node): boolean {
    const { since } = this.#selection.limits;
    return since !== undefined && time < since;
  }

  #takes(node: Node): boolean {
    const { limits, takesText, areSame } = this.#selection;
    const { until, sinceAsFilter, minParents, maxParents } = limits;
    if (node.isExcluded) return false;
    if (until !== undefined && node.time > until) return false;
    if (sinceAsFilter !== undefined && node.time < sinceAsFilter) return false;
    const parents = node.links.parents.length;
    if (parents < minParents || (maxParents !== undefined && parents > maxParents)) return false;
    if (takesText !== undefined) {
      const bytes = this.#commits.bytes(node.links.id);
      if (bytes !== undefined && !takesText(bytes)) return false;
    }
    return areSame === undefined || !node.isSame;
  }

  #node(id: string, onFault: OnFault): Node | undefined {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const links = this.#commits.read(id, onFault);
    if (links === undefined) return undefined;
    const node = {
      links,
      time: links.time,
      parents: links.parents,
      isExcluded: this.#excludedLater.delete(id),
      isBottom: false,
      isQueued: false,
      isDone: false,
      isSame: false,
      sameAs: undefined,
    };
    this.#nodes.set(id, node);
    return node;
  }

  #enqueue(node: Node): void {
    if (node.isQueued || node.isDone) return;
    node.isQueued = true;
    if (!node.isExcluded) this.#waiting++;
    this.#queue.push(node);
  }

  /** Leaves out a commit, and all behind it that the walk has met. */
  #exclude(start: Node): void {
    const stack = [start];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (node.isExcluded) continue;
      node.isExcluded = true;
      if (node.isQueued) this.#waiting--;
      for (const parent of node.links.parents) {
        // A simplified walk leaves parents out that have to be excluded all the same.
        const met = node.isDone ? this.#node(parent, () => {}) : this.#nodes.get(parent);
        if (met === undefined) {
          this.#excludedLater.add(parent);
          continue;
        }
        stack.push(met);
        if (node.isDone) this.#enqueue(met);
      }
    }
  }

  #meetParents(node: Node): void {
    if (node.isDone) return;
    node.isDone = true;
    const { limits } = this.#selection;
    if (node.isExcluded) {
      for (const id of node.links.parents) {
        const parent = this.#node(id, () => {});
        if (parent === undefined) continue;
        this.#exclude(parent);
        this.#enqueue(parent);
      }
      return;
    }
    this.#simplify(node);
    if (!limits.hasWalk) return;
    if (this.#commits.shallow.has(node.links.id)) this.#boundary.push(node.links.id);
    for (const id of limits.isFirstParent ? node.parents.slice(0, 1) : node.parents) {
      const parent = this.#node(id, this.#onFault);
      if (parent !== undefined) this.#enqueue(parent);
    }
  }

  /** Notes whether a commit changes anything under the asked paths, and follows only a parent that has the same there (git-log, "History Simplification"). */
  #simplify(node: Node): void {
    const { limits, areSame } = this.#selection;
    if (areSame === undefined) return;
    const { parents, tree } = node.links;
    if (parents.length === 0) {
      node.isSame = areSame(undefined, tree);
      return;
    }
    const sameAs: boolean[] = [];
    for (const [at, id] of parents.entries()) {
      if (at === 1 && limits.isFirstParent) break;
      const parent = this.#node(id, this.#onFault);
      const isSame = parent !== undefined && areSame(parent.links.tree, tree);
      sameAs.push(isSame);
      if (!isSame || limits.isFullHistory || !isRelevant(parent)) continue;
      node.parents = [id];
      node.isSame = true;
      return;
    }
    node.sameAs = sameAs;
    this.#settle(node);
  }

  /** A merge changes nothing when it is the same as all parents that count; excluded ones count only where there are no others. */
  #settle(node: Node): void {
    const { sameAs } = node;
    if (sameAs === undefined) return;
    const relevant = node.links.parents.slice(0, sameAs.length).map((id) => isRelevant(this.#nodes.get(id)));
    const asked = relevant.some((one) => one) ? sameAs.filter((_, at) => relevant[at] === true) : sameAs;
    node.isSame = asked.every((one) => one);
  }
}

function isRelevant(node: Node | undefined): boolean {
  return node !== undefined && (!node.isExcluded || node.isBottom);
}
