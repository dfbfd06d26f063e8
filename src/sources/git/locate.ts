import { parseCommit } from "../../content/git/commit.ts";
import type { ObjectReader } from "../../content/git/object-store.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import type { CommitFacts, ContentId, GitOrigin } from "../../model/content.ts";
import type { Sighting } from "../../model/source.ts";
import { reach, reachSet, type Graph } from "./graph.ts";
import { shortName, type Ref } from "./refs.ts";

/** Paths listed for one content in one commit; a file copied more often than this is known by then. */
const maxPaths = 16;
/** Tree entries looked at for the paths of one content: trees under false ids can hold themselves. */
const maxSteps = 1_000_000;
/** Refs listed for a commit. */
const maxRefs = 16;

/** Tells for contents with findings which commit brought them in, under which paths, and who can still reach it. */
export class Locator {
  readonly #repository: string;
  readonly #reader: ObjectReader;
  readonly #graph: Graph;
  readonly #refs: readonly Ref[];
  readonly #commitAt = new Map<string, number>();
  readonly #reachable: Uint8Array;
  readonly #headTree: number;
  readonly #refsAt = new Map<number, string[]>();
  readonly #facts = new Map<number, CommitFacts>();
  readonly #refsOf = new Map<number, readonly string[]>();
  readonly #staged: ReadonlyMap<string, readonly string[]>;

  constructor(
    repository: string,
    reader: ObjectReader,
    graph: Graph,
    refs: readonly Ref[],
    staged: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#repository = repository;
    this.#reader = reader;
    this.#graph = graph;
    this.#refs = refs;
    this.#staged = staged;
    graph.commits.ids.forEach((id, at) => this.#commitAt.set(graph.idOf(id), at));
    const tips: number[] = [];
    for (const ref of this.#refs) {
      const at = this.#commitAt.get(ref.peeled ?? ref.oid) ?? this.#commitAt.get(this.#peel(ref.oid));
      if (at === undefined) continue;
      tips.push(at);
      if (ref.name === "HEAD") continue;
      const names = this.#refsAt.get(at);
      if (names === undefined) this.#refsAt.set(at, [shortName(ref.name)]);
      else names.push(shortName(ref.name));
    }
    this.#reachable = reach(graph.commits.parents, tips);
    const head = this.#refs.find((ref) => ref.name === "HEAD");
    const headAt = head === undefined ? undefined : this.#commitAt.get(head.oid);
    this.#headTree = headAt === undefined ? -1 : graph.commits.trees[headAt]!;
  }

  /** All places of one content in this repository; at least one. */
  sightings(content: ContentId): Sighting[] {
    const base = { kind: "git", repository: this.#repository, object: content } as const;
    const own = this.#commitAt.get(content);
    if (own !== undefined) {
      return [this.#sighting({ ...base, objectType: "commit", path: "", ...this.#commit(own), inHead: false })];
    }
    const number = this.#graph.objects.find(Buffer.from(content, "hex"), 0);
    const holders = number < 0 ? new Set<number>() : reachSet(this.#graph.holders, number);
    const first = this.#introducedBy(holders);
    if (first === undefined) return this.#withoutCommit(content, base);
    const inHead = holders.has(this.#headTree);
    const paths = this.#paths(this.#graph.commits.trees[first]!, number, holders);
    return paths.map((path) => this.#sighting({ ...base, objectType: "blob", path, ...this.#commit(first), inHead }));
  }

  /** A path under which a tree that names a missing object hangs in some commit; the object's id where none is known. */
  pathOf(object: number): string {
    const holders = reachSet(this.#graph.holders, object);
    const first = this.#introducedBy(holders);
    return first === undefined ? "" : (this.#paths(this.#graph.commits.trees[first]!, object, holders)[0] ?? "");
  }

  #withoutCommit(content: ContentId, base: { kind: "git"; repository: string; object: string }): Sighting[] {
    const type = this.#typeOf(content);
    const paths = this.#staged.get(content) ?? [""];
    return paths.map((path) => this.#sighting({ ...base, objectType: type, path, inHead: false, refs: [] }));
  }

  #sighting(origin: GitOrigin): Sighting {
    return { content: origin.object, origin };
  }

  #typeOf(content: ContentId): "blob" | "tag" {
    try {
      return this.#reader.read(content)?.type === objectTypes.tag ? "tag" : "blob";
    } catch {
      return "blob";
    }
  }

  /** The first commit, parents before children, that holds the content while none of its parents does; reachable ones before others. */
  #introducedBy(holders: ReadonlySet<number>): number | undefined {
    const { commits, commitsOfTree } = this.#graph;
    let best: number | undefined;
    for (const holder of holders) {
      for (const commit of commitsOfTree.get(holder) ?? []) {
        if (this.#parentHolds(commit, holders)) continue;
        if (best === undefined || this.#isBefore(commit, best)) best = commit;
      }
    }
    // A circle of parents cannot be, but damaged history can: then any commit that holds it will do.
    return (
      best ??
      [...holders]
        .flatMap((holder) => commitsOfTree.get(holder) ?? [])
        .sort((a, b) => commits.order[a]! - commits.order[b]!)[0]
    );
  }

  #parentHolds(commit: number, holders: ReadonlySet<number>): boolean {
    const { parents, trees } = this.#graph.commits;
    for (let i = parents.first[commit]!; i < parents.first[commit + 1]!; i++)
      if (holders.has(trees[parents.nodes[i]!]!)) return true;
    return false;
  }

  #isBefore(a: number, b: number): boolean {
    if (this.#reachable[a] !== this.#reachable[b]) return this.#reachable[a] === 1;
    return this.#graph.commits.order[a]! < this.#graph.commits.order[b]!;
  }

  /** Paths of an object in a commit's tree, found by going down through trees that hold it. */
  #paths(root: number, object: number, holders: ReadonlySet<number>): string[] {
    const found: string[] = [];
    const target = this.#graph.idOf(object);
    // A stack of our own: trees may be nested deeper than calls can be.
    const stack = [{ entries: this.#entries(root), prefix: "", next: 0 }];
    for (let steps = 0; stack.length > 0 && found.length < maxPaths && steps < maxSteps; steps++) {
      const frame = stack[stack.length - 1]!;
      const entry = frame.entries[frame.next++];
      if (entry === undefined) {
        stack.pop();
        continue;
      }
      const { name, oid } = entry;
      if (oid === target) found.push(frame.prefix + name);
      const number = this.#graph.objects.find(Buffer.from(oid, "hex"), 0);
      if (number >= 0 && number !== object && holders.has(number)) {
        stack.push({ entries: this.#entries(number), prefix: `${frame.prefix}${name}/`, next: 0 });
      }
    }
    return found.length > 0 ? found.sort() : [""];
  }

  #entries(tree: number): { name: string; oid: string }[] {
    let bytes: Buffer;
    try {
      bytes = this.#reader.read(this.#graph.idOf(tree))?.bytes ?? Buffer.alloc(0);
    } catch {
      return [];
    }
    const entries: { name: string; oid: string }[] = [];
    for (let at = 0; at < bytes.length;) {
      const space = bytes.indexOf(0x20, at);
      const end = bytes.indexOf(0, at);
      if (space < 0 || end < space || end + 21 > bytes.length) break;
      entries.push({ name: bytes.toString("utf8", space + 1, end), oid: bytes.toString("hex", end + 1, end + 21) });
      at = end + 21;
    }
    return entries;
  }

  #commit(at: number): { commit: CommitFacts; refs: readonly string[] } | { refs: readonly string[] } {
    const facts = this.#factsOf(at);
    return facts === undefined ? { refs: this.#refsThatReach(at) } : { commit: facts, refs: this.#refsThatReach(at) };
  }

  #factsOf(at: number): CommitFacts | undefined {
    const known = this.#facts.get(at);
    if (known !== undefined) return known;
    const id = this.#graph.idOf(this.#graph.commits.ids[at]!);
    let object;
    try {
      object = this.#reader.read(id);
    } catch {
      return undefined;
    }
    const commit = object === undefined ? undefined : parseCommit(object.bytes);
    if (commit === undefined) return undefined;
    const facts = {
      id,
      author: commit.author,
      email: commit.email,
      date: isoDate(commit.authorTime),
      message: commit.message.trimEnd(),
    };
    this.#facts.set(at, facts);
    return facts;
  }

  #refsThatReach(at: number): readonly string[] {
    const known = this.#refsOf.get(at);
    if (known !== undefined) return known;
    const descendants = this.#reachable[at] === 1 ? reach(this.#graph.commits.children, [at]) : undefined;
    const names: string[] = [];
    if (descendants !== undefined)
      for (const [tip, refs] of this.#refsAt) if (descendants[tip] === 1) names.push(...refs);
    const refs = names.sort().slice(0, maxRefs);
    this.#refsOf.set(at, refs);
    return refs;
  }

  /** The commit behind an annotated tag; the id itself when it is none. */
  #peel(oid: string): string {
    let current = oid;
    for (let depth = 0; depth < 8; depth++) {
      let object;
      try {
        object = this.#reader.read(current);
      } catch {
        return current;
      }
      if (object?.type !== objectTypes.tag) return current;
      const target = /^object ([0-9a-f]{40})$/m.exec(object.bytes.toString("latin1", 0, 64))?.[1];
      if (target === undefined) return current;
      current = target;
    }
    return current;
  }
}

function isoDate(seconds: number): string {
  // Beyond this JavaScript has no dates; hostile commits do.
  return Math.abs(seconds) > 8_640_000_000_000 ? "" : new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
