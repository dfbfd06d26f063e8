import { NumberList } from "../../model/number-list.ts";
import { NumberSet } from "../../model/number-set.ts";
import type { IdBytes } from "../../model/object-id.ts";
import type { SharedIds } from "../../model/sorted-ids.ts";
import { entryForms, type EntryReading, type GraphReading } from "../../model/unit.ts";
import { ObjectNumbers } from "./object-numbers.ts";

/** Neighbours of nodes, in one array: those of node i are `nodes[first[i]] … nodes[first[i + 1] - 1]`. */
export interface Adjacency {
  readonly first: Uint32Array;
  readonly nodes: Uint32Array;
}

export interface CommitGraph {
  /** Numbers of commits and trees; the same ids in `Graph.objects`. */
  readonly ids: Uint32Array;
  readonly trees: Uint32Array;
  /** Neighbours are positions in this list; parents that are missing are left out. */
  readonly parents: Adjacency;
  /** All commits, parents first, oldest first where that leaves a choice. */
  readonly sequence: Uint32Array;
  /** Parents that no object of the store is: ids. */
  readonly missingParents: readonly string[];
}

/** Trees that hold trees. Position i: its number, and its children (numbers) with their names. */
export interface TreeGraph {
  readonly ids: Uint32Array;
  readonly first: Uint32Array;
  readonly children: Uint32Array;
  readonly names: Uint32Array;
}

/** Entries of trees: numbers of tree and object, name, and form (`entryForms`). */
export interface EntryTable {
  readonly trees: Uint32Array;
  readonly objects: Uint32Array;
  readonly names: Uint32Array;
  readonly forms: Uint8Array;
}

/** How commits, trees, tags and wanted contents hang together. Objects are numbers; `idOf` gives their ids. */
export interface Graph {
  readonly objects: ObjectNumbers;
  readonly commits: CommitGraph;
  /** Position of a commit by the number of its object. */
  readonly commitAt: ReadonlyMap<number, number>;
  readonly trees: TreeGraph;
  /** What each tag points at: both numbers. */
  readonly tags: ReadonlyMap<number, number>;
  /** Wanted contents and names, in the trees that hold them. */
  readonly hits: EntryTable;
  /** Missing objects, with a tree that names each. */
  readonly missing: EntryTable;
  /** Commits of other repositories: one for each name of a submodule. */
  readonly links: EntryTable;
  readonly names: readonly string[];
  readonly idOf: (number: number) => string;
}

class EntryTableBuilder {
  readonly #trees = new NumberList();
  readonly #objects = new NumberList();
  readonly #names = new NumberList();
  readonly #forms: number[] = [];

  push(tree: number, object: number, name: number, form: number): void {
    this.#trees.push(tree);
    this.#objects.push(object);
    this.#names.push(name);
    this.#forms.push(form);
  }

  take(): EntryTable {
    return {
      trees: this.#trees.take(),
      objects: this.#objects.take(),
      names: this.#names.take(),
      forms: Uint8Array.from(this.#forms),
    };
  }
}

/** Puts readings together, one after the other; each may be dropped once it was added. */
export class GraphAssembler {
  readonly #objects: ObjectNumbers;
  readonly #commitIds = new NumberList();
  readonly #commitTrees = new NumberList();
  readonly #times: number[] = [];
  readonly #parentOf = new NumberList();
  readonly #parentIds = new NumberList();
  readonly #commitAt = new Map<number, number>();
  readonly #treeIds = new NumberList();
  readonly #treeFirst = new NumberList();
  readonly #children = new NumberList();
  readonly #childNames = new NumberList();
  readonly #treesSeen = new NumberSet();
  readonly #tags = new Map<number, number>();
  readonly #hits = new EntryTableBuilder();
  readonly #missing = new EntryTableBuilder();
  readonly #missingSeen = new NumberSet();
  readonly #links = new EntryTableBuilder();
  readonly #linkNames = new NumberSet();
  readonly #names: string[] = [];
  readonly #nameAt = new Map<string, number>();

  /** `present`: all objects of the store. */
  constructor(present: SharedIds) {
    this.#objects = new ObjectNumbers(present);
  }

  add(reading: GraphReading): void {
    const objects = this.#objects;
    const { idBytes } = objects;
    const names = Uint32Array.from(reading.names, (name) => this.#name(name));
    this.#addCommits(reading);
    for (let at = 0; at < reading.tagIds.length; at += idBytes)
      this.#tags.set(objects.number(reading.tagIds, at), objects.number(reading.tagTargets, at));
    const childNumbers = new Uint32Array(reading.childIds.length / idBytes);
    for (let i = 0; i < childNumbers.length; i++) childNumbers[i] = objects.number(reading.childIds, idBytes * i);
    const trees = reading.treeIds.length / idBytes;
    for (let i = 0; i < trees; i++) {
      const tree = objects.number(reading.treeIds, idBytes * i);
      if (!this.#treesSeen.add(tree)) continue;
      this.#treeIds.push(tree);
      this.#treeFirst.push(this.#children.length);
      for (let c = reading.childFirst[i]!; c < reading.childFirst[i + 1]!; c++) {
        this.#children.push(childNumbers[reading.children[c]!]!);
        this.#childNames.push(names[reading.childNames[c]!]!);
      }
    }
    this.#addEntries(reading.hits, names, this.#hits, () => true);
    this.#addEntries(reading.missing, names, this.#missing, (object) => this.#missingSeen.add(object));
    this.#addEntries(reading.links, names, this.#links, (_, name) => this.#linkNames.add(name));
  }

  #addCommits(reading: GraphReading): void {
    const objects = this.#objects;
    const { idBytes } = objects;
    const commits = reading.commitIds.length / idBytes;
    for (let i = 0; i < commits; i++) {
      const id = objects.number(reading.commitIds, idBytes * i);
      if (this.#commitAt.has(id)) continue;
      const at = this.#commitIds.length;
      this.#commitAt.set(id, at);
      this.#commitIds.push(id);
      this.#commitTrees.push(objects.number(reading.commitTrees, idBytes * i));
      this.#times.push(reading.commitTimes[i]!);
      for (let p = reading.parentFirst[i]!; p < reading.parentFirst[i + 1]!; p++) {
        this.#parentOf.push(at);
        this.#parentIds.push(objects.number(reading.parentIds, idBytes * p));
      }
    }
  }

  #addEntries(
    { trees, ids, names: local, forms }: EntryReading,
    names: Uint32Array,
    to: EntryTableBuilder,
    isWanted: (object: number, name: number) => boolean,
  ): void {
    const { idBytes } = this.#objects;
    for (let i = 0; i < local.length; i++) {
      const form = forms[i]!;
      const object =
        form === entryForms.name
          ? this.#objects.number(nameKey(ids, idBytes * i, idBytes), 0)
          : this.#objects.number(ids, idBytes * i);
      const name = names[local[i]!]!;
      if (isWanted(object, name)) to.push(this.#objects.number(trees, idBytes * i), object, name, form);
    }
  }

  #name(name: string): number {
    let at = this.#nameAt.get(name);
    if (at === undefined) this.#nameAt.set(name, (at = this.#names.push(name) - 1));
    return at;
  }

  /** Gives a content a number though no tree may name it: a ref or an index can. */
  want(id: string): void {
    this.#objects.number(Buffer.from(id, "hex"), 0);
  }

  finish(): Graph {
    const objects = this.#objects;
    const idOf = objects.names();
    const missingParents = new Set<string>();
    const from = new NumberList();
    const to = new NumberList();
    const parentOf = this.#parentOf.take();
    this.#parentIds.take().forEach((id, i) => {
      const at = this.#commitAt.get(id);
      if (at === undefined) missingParents.add(idOf(id));
      else {
        from.push(parentOf[i]!);
        to.push(at);
      }
    });
    const parents = adjacency(this.#commitIds.length, from.take(), to.take());
    this.#treeFirst.push(this.#children.length);
    return {
      objects,
      commitAt: this.#commitAt,
      trees: {
        ids: this.#treeIds.take(),
        first: this.#treeFirst.take(),
        children: this.#children.take(),
        names: this.#childNames.take(),
      },
      tags: this.#tags,
      hits: this.#hits.take(),
      missing: this.#missing.take(),
      links: this.#links.take(),
      names: this.#names,
      idOf,
      commits: {
        ids: this.#commitIds.take(),
        trees: this.#commitTrees.take(),
        parents,
        sequence: parentsFirst(parents, Float64Array.from(this.#times)),
        missingParents: [...missingParents].sort(),
      },
    };
  }
}

/**
 * Under which key a name is numbered among ids of so many bytes: its id, filled up with zeros, with all bits turned over. A file can have the name
 * that another one holds as its content; the two are seen in different places.
 */
export function nameKey(ids: Uint8Array, at: number, idBytes: IdBytes): Uint8Array {
  return Uint8Array.from({ length: idBytes }, (_, i) => (ids[at + i] ?? 0) ^ 0xff);
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
  return childrenFirst(parents, byTime);
}

/** Depth-first from `starts`, in their order: a node comes once all its neighbours came. Circles are cut where they are met. */
export function childrenFirst({ first, nodes }: Adjacency, starts: Iterable<number>): Uint32Array {
  const count = first.length - 2;
  const order = new Uint32Array(count);
  const next = Uint32Array.from(first.subarray(0, count));
  const begun = new Uint8Array(count);
  let placed = 0;
  const stack: number[] = [];
  for (const start of starts) {
    if (begun[start] === 1) continue;
    begun[start] = 1;
    stack.push(start);
    while (stack.length > 0) {
      const at = stack[stack.length - 1]!;
      if (next[at]! < first[at + 1]!) {
        const neighbour = nodes[next[at]!++]!;
        if (begun[neighbour] === 0) {
          begun[neighbour] = 1;
          stack.push(neighbour);
        }
      } else {
        order[placed++] = at;
        stack.pop();
      }
    }
  }
  return order.subarray(0, placed);
}
