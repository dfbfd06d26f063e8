import type { Reach } from "../../model/content.ts";
import { entryForms } from "../../model/unit.ts";
import { childrenFirst, type Graph } from "./graph.ts";
import { TreePaths } from "./tree-paths.ts";
import { append } from "../../model/multimap.ts";

/** A way into the object graph: what a ref, a reflog, an index names. */
export interface Root {
  readonly oid: string;
  readonly reach: Reach;
  /** Short name, where findings name it: of refs, not of reflog entries. */
  readonly name?: string;
  /** The HEAD of the repository that is scanned (a linked working tree has its own). */
  readonly isHead?: boolean;
}

/** What history says of one content. Commits are positions in the commit graph; -1: none. */
export interface Held {
  readonly introducedBy: number;
  readonly removedBy: number;
  /** The last commit that holds it. */
  readonly last: number;
  readonly inHead: boolean;
  /** Whether every tree that holds it says that it is a symbolic link. */
  readonly isSymlink: boolean;
  readonly reach: ReadonlySet<Reach>;
  /** Sorted; the first `maxRefs`. */
  readonly refs: readonly string[];
  /** Its paths in the commit that introduced it. */
  readonly paths: readonly string[];
  /** All paths, of all trees. */
  readonly allPaths: readonly string[];
}

/** Refs listed for a content. */
const maxRefs = 16;
/** Contents that are followed at once: a bit each. */
const batchSize = 32;

/** How a commit is reached; a higher number is preferred. */
const rank = { none: 0, log: 1, ref: 2, head: 3 } as const;

interface ResolvedRoot {
  readonly root: Root;
  /** Object behind all tags, and the tags on the way: numbers. */
  readonly object: number;
  readonly commit: number;
  readonly tags: readonly number[];
}

/**
 * Follows contents through history, up to 32 at a time as the bits of a number: once up through all trees that can hold any of them, once through all
 * commits. So a thousand contents cost no more than some thirty walks over what is in memory already.
 */
export class Reachability {
  readonly paths: TreePaths;
  readonly #graph: Graph;
  readonly #roots: readonly ResolvedRoot[];
  readonly #ranks: Uint8Array;
  readonly #headTree: number;
  /** Positions of trees that can hold a wanted content, children first. */
  readonly #order: Uint32Array;
  readonly #treeAt: Int32Array;
  readonly #hitsOf: ReadonlyMap<number, number[]>;

  /** `also`: trees whose paths will be asked for, though they hold no wanted content. */
  constructor(graph: Graph, roots: readonly Root[], also: Iterable<number>) {
    this.#graph = graph;
    this.#roots = this.#resolve(roots);
    this.#ranks = this.#rankCommits();
    const head = this.#roots.find(({ root }) => root.isHead === true);
    this.#headTree = head === undefined || head.commit < 0 ? -1 : graph.commits.trees[head.commit]!;
    this.#treeAt = new Int32Array(graph.objects.size).fill(-1);
    graph.trees.ids.forEach((id, at) => (this.#treeAt[id] = at));
    const marked = new Int32Array(graph.objects.size);
    for (const tree of graph.hits.trees) marked[tree] = 1;
    for (const tree of also) marked[tree] = 1;
    const all = treesChildrenFirst(graph, this.#treeAt);
    this.#propagate(all, marked);
    this.#order = all.filter((at) => marked[graph.trees.ids[at]!] !== 0);
    this.paths = new TreePaths(graph, this.#order, marked);
    const hitsOf = new Map<number, number[]>();
    graph.hits.objects.forEach((object, i) => {
      append(hitsOf, object, i);
    });
    this.#hitsOf = hitsOf;
  }

  /** What history says of contents (numbers of objects), in their order. */
  *follow(contents: readonly number[]): Generator<Held> {
    for (let at = 0; at < contents.length; at += batchSize) yield* this.#batch(contents.slice(at, at + batchSize));
  }

  *#batch(contents: readonly number[]): Generator<Held> {
    const { commits, hits } = this.#graph;
    const masks = new Int32Array(this.#graph.objects.size);
    contents.forEach((content, bit) => {
      masks[content]! |= 1 << bit;
      for (const hit of this.#hitsOf.get(content) ?? []) masks[hits.trees[hit]!]! |= 1 << bit;
    });
    this.#propagate(this.#order, masks);
    const walk = this.#walkCommits(masks, contents.length);
    const ways = new Map<Reach, number>();
    const refs = contents.map((): string[] => []);
    // Contents of which more refs are to be told.
    let unfilled = -1;
    for (const { root, object, commit, tags } of this.#roots) {
      let bits = commit >= 0 ? walk.reached[commit]! : masks[object]!;
      for (const tag of tags) bits |= masks[tag]!;
      if (bits === 0) continue;
      ways.set(root.reach, (ways.get(root.reach) ?? 0) | bits);
      if (root.name === undefined) continue;
      for (let rest = bits & unfilled; rest !== 0; rest &= rest - 1) {
        const bit = 31 - Math.clz32(rest & -rest);
        if (refs[bit]!.at(-1) !== root.name) refs[bit]!.push(root.name);
        if (refs[bit]!.length === maxRefs) unfilled &= ~(1 << bit);
      }
    }
    const headMask = this.#headTree < 0 ? 0 : masks[this.#headTree]!;
    for (const [bit, content] of contents.entries()) {
      const introducedBy = walk.first[bit]!;
      const inHead = (headMask & (1 << bit)) !== 0;
      const entries = new Map<number, number[]>();
      const own = this.#hitsOf.get(content) ?? [];
      for (const hit of own) {
        append(entries, hits.trees[hit]!, hits.names[hit]!);
      }
      const holds = (tree: number): boolean => (masks[tree]! & (1 << bit)) !== 0;
      yield {
        introducedBy,
        removedBy: inHead ? -1 : walk.removed[bit]!,
        last: walk.last[bit]!,
        inHead,
        isSymlink: own.length > 0 && own.every((hit) => hits.forms[hit] === entryForms.symlink),
        reach: new Set([...ways].flatMap(([way, bits]) => ((bits & (1 << bit)) === 0 ? [] : [way]))),
        refs: refs[bit]!,
        paths:
          introducedBy < 0
            ? []
            : this.paths.below(commits.trees[introducedBy]!, entries, holds, (id) => this.#treeAt[id]!),
        allPaths: this.paths.ofEntries(entries),
      };
    }
  }

  /** Hands the bits of children on to the trees that hold them; `order` has children first. */
  #propagate(order: Uint32Array, masks: Int32Array): void {
    const { ids, first, children } = this.#graph.trees;
    for (const at of order) {
      let bits = masks[ids[at]!]!;
      const end = first[at + 1]!;
      for (let c = first[at]!; c < end; c++) bits |= masks[children[c]!]!;
      masks[ids[at]!] = bits;
    }
  }

  /** One walk over all commits, parents first: where each content comes and goes, and what can be reached from each commit. */
  #walkCommits(masks: Int32Array, count: number): CommitWalk {
    const { ids, trees, parents, sequence } = this.#graph.commits;
    const reached = new Int32Array(ids.length);
    const heldByChild = new Int32Array(ids.length);
    const first = new BestCommit(count, this.#ranks, false);
    const removed = new BestCommit(count, this.#ranks, true);
    const last = new BestCommit(count, this.#ranks, true);
    for (const at of sequence) {
      const held = masks[trees[at]!]!;
      let before = 0;
      let below = held | masks[ids[at]!]!;
      const from = parents.first[at]!;
      const to = parents.first[at + 1]!;
      for (let p = from; p < to; p++) {
        const parent = parents.nodes[p]!;
        before |= masks[trees[parent]!]!;
        below |= reached[parent]!;
        heldByChild[parent]! |= held;
      }
      reached[at] = below;
      if ((held & ~before) !== 0) first.offer(held & ~before, at);
      if (from < to) {
        const gone = masks[trees[parents.nodes[from]!]!]! & ~held;
        if (gone !== 0) removed.offer(gone, at);
      }
    }
    for (const at of sequence) {
      const ends = masks[trees[at]!]! & ~heldByChild[at]!;
      if (ends !== 0) last.offer(ends, at);
    }
    return { reached, first: first.commits, removed: removed.commits, last: last.commits };
  }

  #resolve(roots: readonly Root[]): ResolvedRoot[] {
    const { objects, tags, commitAt } = this.#graph;
    const sorted = roots.toSorted((a, b) => compare(a.name ?? "", b.name ?? ""));
    return sorted.flatMap((root) => {
      let object = objects.find(Buffer.from(root.oid, "hex"), 0);
      const passed: number[] = [];
      for (let next = tags.get(object); next !== undefined && !passed.includes(object); next = tags.get(object)) {
        passed.push(object);
        object = next;
      }
      return object < 0 ? [] : [{ root, object, commit: commitAt.get(object) ?? -1, tags: passed }];
    });
  }

  /** The best way by which each commit is reached. */
  #rankCommits(): Uint8Array {
    const { parents, sequence, ids } = this.#graph.commits;
    const ranks = new Uint8Array(ids.length);
    for (const { root, commit } of this.#roots) {
      if (commit < 0) continue;
      const own = root.isHead === true ? rank.head : root.name === undefined ? rank.log : rank.ref;
      ranks[commit] = Math.max(ranks[commit]!, own);
    }
    for (let i = sequence.length - 1; i >= 0; i--) {
      const at = sequence[i]!;
      for (let p = parents.first[at]!; p < parents.first[at + 1]!; p++) {
        const parent = parents.nodes[p]!;
        if (ranks[parent]! < ranks[at]!) ranks[parent] = ranks[at]!;
      }
    }
    return ranks;
  }
}

interface CommitWalk {
  /** All bits that each commit or one of its ancestors holds. */
  readonly reached: Int32Array;
  readonly first: Int32Array;
  readonly removed: Int32Array;
  readonly last: Int32Array;
}

/** Of the commits offered for each bit, the one that is reached best; of equals the first or the last. */
class BestCommit {
  readonly commits: Int32Array;
  readonly #ranks: Uint8Array;
  readonly #takesLast: boolean;

  constructor(count: number, ranks: Uint8Array, takesLast: boolean) {
    this.commits = new Int32Array(count).fill(-1);
    this.#ranks = ranks;
    this.#takesLast = takesLast;
  }

  offer(bits: number, commit: number): void {
    for (let rest = bits; rest !== 0; rest &= rest - 1) {
      const bit = 31 - Math.clz32(rest & -rest);
      const before = this.commits[bit]!;
      const gain = before < 0 ? 1 : this.#rank(commit) - this.#rank(before);
      if (gain > 0 || (gain === 0 && this.#takesLast)) this.commits[bit] = commit;
    }
  }

  /** For what comes first the line of HEAD is no better than others: a branch may have had it earlier. */
  #rank(commit: number): number {
    const own = this.#ranks[commit]!;
    return this.#takesLast ? own : Math.min(own, rank.ref);
  }
}

function treesChildrenFirst({ trees }: Graph, treeAt: Int32Array): Uint32Array {
  const count = trees.ids.length;
  const first = new Uint32Array(count + 2);
  const nodes: Uint32Array = new Uint32Array(trees.children.length);
  let filled = 0;
  for (let at = 0; at < count; at++) {
    first[at] = filled;
    for (let c = trees.first[at]!; c < trees.first[at + 1]!; c++) {
      const child = treeAt[trees.children[c]!]!;
      if (child >= 0) nodes[filled++] = child;
    }
  }
  first[count] = filled;
  first[count + 1] = filled;
  return childrenFirst(
    { first, nodes },
    Uint32Array.from({ length: count }, (_, at) => at),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
