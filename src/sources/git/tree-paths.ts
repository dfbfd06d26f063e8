import type { Graph } from "./graph.ts";

/** Paths listed for one content; a file copied more often than this is known by then. */
const maxPaths = 16;
/** Paths remembered for one tree, of all commits. */
const maxTreePaths = 16;
/** Tree entries looked at for the paths of one content: trees under false ids can hold themselves. */
const maxSteps = 1_000_000;
/** Different paths of folders that are told apart. */
const maxFolders = 1 << 22;

/** The folder at the top; paths are numbers, each a name behind another path. */
const top = 0;

/** Tells under which paths trees hang, in which commit ever, and where below a tree a content lies. */
export class TreePaths {
  readonly #graph: Graph;
  readonly #parents: number[] = [top];
  readonly #names: number[] = [-1];
  readonly #known = new Map<number, number>();
  /** The path of each tree that has one; -1: none. */
  readonly #first: Int32Array;
  readonly #others = new Map<number, number[]>();

  /** `order`: positions of the trees that matter, children first; `matters`: not 0 for the numbers of these and of trees without sub-trees. */
  constructor(graph: Graph, order: Uint32Array, matters: Int32Array) {
    this.#graph = graph;
    this.#first = new Int32Array(graph.objects.size).fill(-1);
    const { ids, first, children, names } = graph.trees;
    for (const tree of graph.commits.trees) if (matters[tree] !== 0) this.#add(tree, top);
    for (let i = order.length - 1; i >= 0; i--) {
      const at = order[i]!;
      const tree = ids[at]!;
      for (let c = first[at]!; c < first[at + 1]!; c++) {
        const child = children[c]!;
        if (matters[child] !== 0) for (const path of this.#of(tree)) this.#add(child, this.#below(path, names[c]!));
      }
    }
  }

  /** Paths of entries (names by the numbers of their trees) in all trees that hold them, sorted. */
  ofEntries(entries: ReadonlyMap<number, readonly number[]>): string[] {
    const seen = new Set<number>();
    for (const [tree, names] of entries) {
      for (const path of this.#of(tree)) for (const name of names) seen.add(this.#below(path, name));
      if (seen.size >= maxPaths) break;
    }
    return [...seen]
      .slice(0, maxPaths)
      .map((path) => this.#text(path))
      .sort();
  }

  /** The path of an entry in one of the commits that hold its tree. */
  ofEntry(tree: number, name: number): string {
    return this.ofEntries(new Map([[tree, [name]]]))[0] ?? "";
  }

  /** Paths at which entries lie below the tree `root`, sorted. `holds` tells which trees lead to one; `positionOf` where a tree stands in the graph. */
  below(
    root: number,
    entries: ReadonlyMap<number, readonly number[]>,
    holds: (tree: number) => boolean,
    positionOf: (tree: number) => number,
  ): string[] {
    const { first, children, names } = this.#graph.trees;
    const found: number[] = [];
    const take = (tree: number, path: number): void => {
      for (const name of entries.get(tree) ?? []) found.push(this.#below(path, name));
    };
    take(root, top);
    // A stack of our own: trees may be nested deeper than calls can be.
    const stack: { at: number; next: number; path: number }[] = [];
    const enter = (tree: number, path: number): void => {
      const at = positionOf(tree);
      if (at >= 0) stack.push({ at, next: first[at]!, path });
    };
    enter(root, top);
    for (let steps = 0; stack.length > 0 && found.length < maxPaths && steps < maxSteps; steps++) {
      const frame = stack[stack.length - 1]!;
      if (frame.next >= first[frame.at + 1]!) {
        stack.pop();
        continue;
      }
      const child = children[frame.next]!;
      const name = names[frame.next++]!;
      if (!holds(child)) continue;
      const path = this.#below(frame.path, name);
      take(child, path);
      enter(child, path);
    }
    return found
      .slice(0, maxPaths)
      .map((path) => this.#text(path))
      .sort();
  }

  /** A tree in no commit and in no other tree is a top by itself. */
  #of(tree: number): readonly number[] {
    const first = this.#first[tree]!;
    if (first < 0) return [top];
    return this.#others.get(tree) ?? [first];
  }

  #add(tree: number, path: number): void {
    const first = this.#first[tree]!;
    if (first < 0) this.#first[tree] = path;
    else if (first !== path) {
      const others = this.#others.get(tree);
      if (others === undefined) this.#others.set(tree, [first, path]);
      else if (others.length < maxTreePaths && !others.includes(path)) others.push(path);
    }
  }

  #below(path: number, name: number): number {
    const key = path * this.#graph.names.length + name;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#parents.length >= maxFolders) return top;
    const number = this.#parents.push(path) - 1;
    this.#names.push(name);
    this.#known.set(key, number);
    return number;
  }

  #text(path: number): string {
    const parts: string[] = [];
    for (let at = path; at !== top; at = this.#parents[at]!) parts.push(this.#graph.names[this.#names[at]!]!);
    return parts.reverse().join("/");
  }
}
