import { IdSet } from "../../model/id-set.ts";
import type { GraphReading } from "../../model/unit.ts";

/** Neighbours of nodes, in one array: those of node i are `nodes[first[i]] … nodes[first[i + 1] - 1]`. */
export interface Adjacency {
  readonly first: Uint32Array;
  readonly nodes: Uint32Array;
}

export interface CommitGraph {
  /** Numbers of commits and trees; the same ids in `Graph.objects`. */
  readonly ids: Uint32Array;
  readonly trees: Uint32Array;
  readonly times: Float64Array;
  /** Neighbours are positions in this list; parents that are missing are left out. */
  readonly parents: Adjacency;
  readonly children: Adjacency;
  /** Position of each commit in an order where parents come first, oldest first where that leaves a choice. */
  readonly order: Uint32Array;
  /** Parents that no object of the store is: ids. */
  readonly missingParents: readonly string[];
}

/** How commits, trees and wanted contents hang together. Objects are numbers; `idOf` gives their ids. */
export interface Graph {
  readonly objects: IdSet;
  readonly commits: CommitGraph;
  /** Of each object, the trees that name it: for trees and for wanted contents. */
  readonly holders: Adjacency;
  readonly commitsOfTree: ReadonlyMap<number, readonly number[]>;
  /** Missing objects, with a tree that names each. */
  readonly missing: ReadonlyMap<number, number>;
  idOf(number: number): string;
}

/** Grows by doubling; a plain array of numbers would take eight bytes and more each. */
class NumberList {
  #values = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Uint32Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  take(): Uint32Array {
    return this.#values.subarray(0, this.length);
  }
}

/** Puts readings together, one after the other; each may be dropped once it was added. */
export class GraphAssembler {
  readonly #objects = new IdSet();
  readonly #edgeFrom = new NumberList();
  readonly #edgeTo = new NumberList();
  readonly #commitIds = new NumberList();
  readonly #commitTrees = new NumberList();
  readonly #times: number[] = [];
  readonly #parentOf = new NumberList();
  readonly #parentIds = new NumberList();
  readonly #commitAt = new Map<number, number>();
  readonly #missing = new Map<number, number>();

  add(reading: GraphReading): void {
    const objects = this.#objects;
    const commits = reading.commitIds.length / 20;
    for (let i = 0; i < commits; i++) {
      const id = objects.number(reading.commitIds, 20 * i);
      if (this.#commitAt.has(id)) continue;
      const at = this.#commitIds.length;
      this.#commitAt.set(id, at);
      this.#commitIds.push(id);
      this.#commitTrees.push(objects.number(reading.commitTrees, 20 * i));
      this.#times.push(reading.commitTimes[i]!);
      for (let p = reading.parentFirst[i]!; p < reading.parentFirst[i + 1]!; p++) {
        this.#parentOf.push(at);
        this.#parentIds.push(objects.number(reading.parentIds, 20 * p));
      }
    }
    const trees = reading.treeIds.length / 20;
    for (let i = 0; i < trees; i++) {
      const holder = objects.number(reading.treeIds, 20 * i);
      for (let c = reading.childFirst[i]!; c < reading.childFirst[i + 1]!; c++) {
        this.#edgeFrom.push(objects.number(reading.childIds, 20 * c));
        this.#edgeTo.push(holder);
      }
    }
    for (let at = 0; at < reading.hitTrees.length; at += 20) {
      this.#edgeFrom.push(objects.number(reading.hitContents, at));
      this.#edgeTo.push(objects.number(reading.hitTrees, at));
    }
    for (let at = 0; at < reading.missingIds.length; at += 20) {
      const id = objects.number(reading.missingIds, at);
      const holder = objects.number(reading.missingTrees, at);
      if (this.#missing.has(id)) continue;
      this.#missing.set(id, holder);
      this.#edgeFrom.push(id);
      this.#edgeTo.push(holder);
    }
  }

  finish(): Graph {
    const objects = this.#objects;
    const ids = objects.ids();
    const idOf = (number: number): string => Buffer.from(ids.buffer, 20 * number, 20).toString("hex");
    const missingParents = new Set<string>();
    const from: number[] = [];
    const to: number[] = [];
    const parentOf = this.#parentOf.take();
    this.#parentIds.take().forEach((id, i) => {
      const at = this.#commitAt.get(id);
      if (at === undefined) missingParents.add(idOf(id));
      else {
        from.push(parentOf[i]!);
        to.push(at);
      }
    });
    const count = this.#commitIds.length;
    const times = Float64Array.from(this.#times);
    const parents = adjacency(count, from, to);
    const commitsOfTree = new Map<number, number[]>();
    this.#commitTrees.take().forEach((tree, at) => {
      const list = commitsOfTree.get(tree);
      if (list === undefined) commitsOfTree.set(tree, [at]);
      else list.push(at);
    });
    return {
      objects,
      holders: adjacency(objects.size, this.#edgeFrom.take(), this.#edgeTo.take()),
      commitsOfTree,
      missing: this.#missing,
      idOf,
      commits: {
        ids: this.#commitIds.take(),
        trees: this.#commitTrees.take(),
        times,
        parents,
        children: adjacency(count, to, from),
        order: parentsFirst(parents, times),
        missingParents: [...missingParents].sort(),
      },
    };
  }
}

function adjacency(count: number, from: ArrayLike<number>, to: ArrayLike<number>): Adjacency {
  const first = new Uint32Array(count + 2);
  for (let i = 0; i < from.length; i++) first[from[i]! + 2]!++;
  for (let i = 2; i < count + 2; i++) first[i]! += first[i - 1]!;
  const nodes = new Uint32Array(from.length);
  for (let i = 0; i < from.length; i++) nodes[first[from[i]! + 1]!++] = to[i]!;
  return { first, nodes };
}

/** Depth-first from the oldest commits: a commit gets its place once all its parents have theirs. */
function parentsFirst(parents: Adjacency, times: Float64Array): Uint32Array {
  const count = times.length;
  const byTime = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
  const order = new Uint32Array(count);
  const next = Uint32Array.from(parents.first.subarray(0, count));
  const begun = new Uint8Array(count);
  let placed = 0;
  for (const start of byTime) {
    if (begun[start] === 1) continue;
    begun[start] = 1;
    const stack = [start];
    while (stack.length > 0) {
      const at = stack[stack.length - 1]!;
      if (next[at]! < parents.first[at + 1]!) {
        const parent = parents.nodes[next[at]!++]!;
        if (begun[parent] === 0) {
          begun[parent] = 1;
          stack.push(parent);
        }
      } else {
        order[at] = placed++;
        stack.pop();
      }
    }
  }
  return order;
}

/** All nodes that can be reached from the starting ones, themselves included; 1 where reached. */
export function reach(graph: Adjacency, starts: Iterable<number>): Uint8Array {
  const reached = new Uint8Array(graph.first.length - 2);
  const stack: number[] = [];
  for (const start of starts) {
    if (reached[start] === 1) continue;
    reached[start] = 1;
    stack.push(start);
  }
  while (stack.length > 0) {
    const at = stack.pop()!;
    for (let i = graph.first[at]!; i < graph.first[at + 1]!; i++) {
      const node = graph.nodes[i]!;
      if (reached[node] === 1) continue;
      reached[node] = 1;
      stack.push(node);
    }
  }
  return reached;
}

/** The same as a set, for walks that reach few of very many nodes. */
export function reachSet(graph: Adjacency, start: number): Set<number> {
  const reached = new Set([start]);
  for (const at of reached) for (let i = graph.first[at]!; i < graph.first[at + 1]!; i++) reached.add(graph.nodes[i]!);
  return reached;
}
