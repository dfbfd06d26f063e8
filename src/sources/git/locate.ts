import { parseCommit, type Commit } from "../../content/git/commit.ts";
import { objectFields } from "../../content/git/object-fields.ts";
import type { ObjectReader } from "../../content/git/object-store.ts";
import { objectTypes } from "../../content/git/pack-entry.ts";
import {
  reaches,
  type CommitFacts,
  type CommitMark,
  type ContentId,
  type GitOrigin,
  type Reach,
} from "../../model/content.ts";
import type { Sighting } from "../../model/source.ts";
import { nameKey, type Graph } from "./graph.ts";
import { Reachability, type Held, type Root } from "./reachability.ts";

/** A content under one of its meanings: an object of the store, or the name of a file. */
interface Wanted {
  readonly content: ContentId;
  readonly number: number;
  readonly isName: boolean;
}

/** Tells for contents with findings which commits brought them in and took them out, under which paths, and how they can still be reached. */
export class Locator {
  readonly #repository: string;
  readonly #reader: ObjectReader;
  readonly #graph: Graph;
  readonly #reachability: Reachability;
  readonly #facts = new Map<number, CommitFacts | undefined>();
  readonly #staged: ReadonlyMap<string, readonly string[]>;

  /** `staged`: paths of indexes, by the id of the content. `also`: trees whose paths will be asked for. */
  constructor(
    repository: string,
    reader: ObjectReader,
    graph: Graph,
    roots: readonly Root[],
    staged: ReadonlyMap<string, readonly string[]>,
    also: Iterable<number>,
  ) {
    this.#repository = repository;
    this.#reader = reader;
    this.#graph = graph;
    this.#staged = staged;
    this.#reachability = new Reachability(graph, roots, also);
  }

  /** All places of contents in this repository; at least one for each that is an object of it. */
  sightings(contents: readonly ContentId[]): Sighting[] {
    const { objects } = this.#graph;
    const wanted = contents.flatMap((content): Wanted[] => {
      const bytes = Buffer.from(content, "hex");
      const own = { content, number: objects.find(bytes, 0), isName: false };
      const name = { content, number: objects.find(nameKey(bytes, 0, objects.idBytes), 0), isName: true };
      return [...(this.#reader.has(content) ? [own] : []), ...(name.number >= 0 ? [name] : [])];
    });
    const sightings: Sighting[] = [];
    let at = 0;
    for (const held of this.#reachability.follow(wanted.map(({ number }) => number)))
      for (const origin of this.#places(wanted[at++]!, held)) sightings.push({ content: origin.object, origin });
    return sightings;
  }

  /** A path in some commit of an entry of a tree. */
  pathOf(tree: number, name: number): string {
    return this.#reachability.paths.ofEntry(tree, name);
  }

  #places({ content, number, isName }: Wanted, held: Held): GitOrigin[] {
    const base = { kind: "git", repository: this.#repository, object: content } as const;
    if (isName) return this.#inTrees({ ...base, objectType: "tree" }, held, []);
    const commit = this.#graph.commitAt.get(number);
    if (commit !== undefined) {
      const fields = this.#fields(content);
      return [
        {
          ...base,
          objectType: "commit",
          path: "",
          ...this.#commit(commit),
          inHead: false,
          ...ways(held.reach, held.refs),
          fields,
        },
      ];
    }
    if (this.#typeOf(content, held) === objectTypes.tag) {
      const fields = this.#fields(content);
      return [{ ...base, objectType: "tag", path: "", inHead: false, ...ways(held.reach, held.refs), fields }];
    }
    const form = held.isSymlink ? ({ form: "symlink" } as const) : {};
    return this.#inTrees({ ...base, objectType: "blob", ...form }, held, this.#staged.get(content) ?? []);
  }

  #inTrees(
    base: Pick<GitOrigin, "kind" | "repository" | "object" | "objectType" | "form">,
    held: Held,
    staged: readonly string[],
  ): GitOrigin[] {
    const { introducedBy, removedBy, last, inHead, allPaths } = held;
    const isCommitted = introducedBy >= 0;
    const paths = isCommitted ? held.paths : allPaths;
    const onlyStaged = staged.filter((path) => !allPaths.includes(path));
    const history: GitOrigin[] = [];
    if (paths.length > 0 || isCommitted || staged.length === 0) {
      const reach = new Set(held.reach);
      if (staged.length > onlyStaged.length) reach.add("index");
      const otherPaths = allPaths.filter((path) => !paths.includes(path));
      const last_ = last >= 0 && last !== introducedBy ? { lastCommit: this.#idOf(last) } : {};
      for (const path of paths.length === 0 ? [""] : paths) {
        history.push({
          ...base,
          path,
          ...(isCommitted ? this.#commit(introducedBy) : {}),
          ...(removedBy >= 0 ? this.#removal(removedBy) : {}),
          ...last_,
          ...(otherPaths.length === 0 ? {} : { otherPaths }),
          inHead,
          ...ways(reach, held.refs),
        });
      }
    }
    return [
      ...history,
      ...onlyStaged.map((path) => ({ ...base, path, inHead: false, ...ways(new Set<Reach>(["index"]), []) })),
    ];
  }

  #typeOf(content: ContentId, held: Held): number {
    if (held.allPaths.length > 0) return objectTypes.blob;
    try {
      return this.#reader.read(content)?.type ?? objectTypes.blob;
    } catch {
      return objectTypes.blob;
    }
  }

  #fields(content: ContentId): NonNullable<GitOrigin["fields"]> {
    try {
      return objectFields(this.#reader.read(content)?.bytes ?? Buffer.alloc(0));
    } catch {
      return [];
    }
  }

  #idOf(commit: number): string {
    return this.#graph.idOf(this.#graph.commits.ids[commit]!);
  }

  #commit(at: number): { commit?: CommitFacts } {
    if (!this.#facts.has(at)) this.#facts.set(at, this.#readFacts(at));
    const commit = this.#facts.get(at);
    return commit === undefined ? {} : { commit };
  }

  #removal(at: number): { removedBy?: CommitMark } {
    const { commit } = this.#commit(at);
    if (commit === undefined) return {};
    const { id, author, email, date } = commit;
    return { removedBy: { id, author, email, date } };
  }

  #readFacts(at: number): CommitFacts | undefined {
    const id = this.#idOf(at);
    try {
      const object = this.#reader.read(id);
      const commit = object === undefined ? undefined : parseCommit(object.bytes);
      return commit === undefined ? undefined : factsOf(id, commit);
    } catch {
      return undefined;
    }
  }
}

/** Beyond it a message is no message: each finding of a commit tells it, so one of a hundred megabytes would make reports of any size. */
const maxMessage = 1 << 16;

function shownMessage(message: string): string {
  return message.length > maxMessage ? `${message.slice(0, maxMessage)}…` : message.trimEnd();
}

/** The facts of a commit that a sighting tells. */
function factsOf(id: string, commit: Commit): CommitFacts {
  const { author, email, authorTime, committer, committerEmail, committerTime } = commit;
  const isSame = committer === author && committerEmail === email && committerTime === authorTime;
  return {
    id,
    author,
    email,
    date: isoDate(authorTime),
    message: shownMessage(commit.message),
    ...(isSame ? {} : { committer: { id, author: committer, email: committerEmail, date: isoDate(committerTime) } }),
  };
}

/** How a content is reached, in the fixed order of all ways. */
function ways(reach: ReadonlySet<Reach>, refs: readonly string[]): Pick<GitOrigin, "refs" | "reachedBy"> {
  return { refs, reachedBy: reach.size === 0 ? ["unreachable"] : reaches.filter((way) => reach.has(way)) };
}

function isoDate(seconds: number): string {
  // Beyond this JavaScript has no dates; hostile commits do.
  return Math.abs(seconds) > 8_640_000_000_000 ? "" : new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
