import { objectTypes } from "../../content/git/pack-entry.ts";
import { findNewCommits, missing, readObject, type NewCommit, type OnFault } from "./push-commits.ts";
import { NewNames } from "./new-names.ts";
import type { PushObjects } from "./push-objects.ts";

/** Where a content comes into the pushed history first. */
export interface Introduced {
  readonly type: "blob" | "commit" | "tag";
  /** Absent for tags, and for what a tag names that is no commit. */
  readonly commit: NewCommit | undefined;
  /** Path in the commit's tree; empty for commits and tags. */
  readonly path: string;
}

/** What a push brings to the remote. */
export interface PushSet {
  readonly commits: readonly NewCommit[];
  /** Blobs, commits and tags by id, in the order in which history brings them. */
  readonly contents: ReadonlyMap<string, Introduced>;
  readonly trees: ReadonlySet<string>;
  /** Names that folders did not hold before. */
  readonly names: NewNames<NewCommit | undefined>;
  /** What stands behind each pushed tag. */
  readonly tagged: ReadonlyMap<string, string>;
}

export interface TreeEntry {
  readonly name: string;
  readonly id: string;
  /** As it stands in the tree: `100644`, `40000`. */
  readonly mode: string;
  readonly kind: "tree" | "blob" | "submodule";
}

/**
 * Trees of the remote's side that are read as a whole, so that a file which was only moved is not taken for a new one. In repositories
 * with more folders only those are compared that lie at the same path: a moved file is then scanned once more, which costs time alone.
 */
const maxKnownTrees = 2000;
/** Six octal digits, and room for what is none. */
const longestMode = 8;

/**
 * Finds every object that can be reached from `locals` and that the remote does not have, going by what can be reached from `remotes`
 * (`git rev-list --objects <locals> --not <remotes>`). Submodules are other repositories. `shallow`: commits whose parents were not cloned.
 * `maxTrees`: how many of the remote's trees are read; with fewer the set can hold more than git's, never less than what is new.
 */
export function findPushSet(
  objects: PushObjects,
  locals: readonly string[],
  remotes: readonly string[],
  shallow: ReadonlySet<string>,
  onFault: OnFault,
  maxTrees = maxKnownTrees,
): PushSet {
  const found = findNewCommits(objects, locals, remotes, shallow, onFault);
  const contents = new Map<string, Introduced>();
  const trees = new Set<string>();
  const names = new NewNames<NewCommit | undefined>();
  /** Everything that the remote has or that was listed; what a tree in it holds is in it, or need not be looked at. */
  const settled = new Set<string>();
  const treeOf = new Map<string, string>();

  const entriesOf = (tree: string, onTreeFault: OnFault): TreeEntry[] => readTree(objects, tree, onTreeFault);
  const settleKnown = (): void => {
    const queue = found.knownTrees.slice();
    for (let read = 0; queue.length > 0 && read < maxTrees; read++) {
      const tree = queue.shift()!;
      settled.add(tree);
      for (const { id, kind } of entriesOf(tree, () => {})) {
        if (kind === "tree" && !settled.has(id)) queue.push(id);
        settled.add(id);
      }
    }
    for (const tree of found.knownTrees) settled.add(tree);
  };
  /** Lists what is new in a tree, beside trees that were at the same path before. */
  const list = (root: string, before: readonly string[], commit: NewCommit | undefined): void => {
    const stack = [{ tree: root, before, prefix: "" }];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (settled.has(at.tree)) continue;
      settled.add(at.tree);
      trees.add(at.tree);
      const old = at.before.map((tree) => new Map(entriesOf(tree, () => {}).map((entry) => [entry.name, entry])));
      for (const entries of old) for (const { id } of entries.values()) settled.add(id);
      const deeper: typeof stack = [];
      for (const { name, id, kind } of entriesOf(at.tree, onFault)) {
        const path = at.prefix + name;
        if (!old.some((entries) => entries.has(name))) names.add(name, path, commit);
        if (kind === "submodule" || settled.has(id)) continue;
        if (kind === "blob") {
          settled.add(id);
          contents.set(id, { type: "blob", commit, path });
          continue;
        }
        const same = old.map((entries) => entries.get(name)).filter((entry) => entry?.kind === "tree");
        deeper.push({ tree: id, before: same.map((entry) => entry!.id), prefix: `${path}/` });
      }
      stack.push(...deeper.reverse());
    }
  };

  if (found.commits.length + found.others.length > 0) settleKnown();
  for (const commit of found.commits) {
    contents.set(commit.id, { type: "commit", commit, path: "" });
    treeOf.set(commit.id, commit.tree);
    const before = commit.parents.map((parent) => treeOf.get(parent) ?? knownTreeOf(objects, parent));
    list(commit.tree, [...new Set(before.filter((tree) => tree !== undefined))], commit);
  }
  for (const { id } of found.tags) contents.set(id, { type: "tag", commit: undefined, path: "" });
  for (const { id, isTree } of found.others) {
    if (isTree) list(id, [], undefined);
    else if (!settled.has(id)) contents.set(id, { type: "blob", commit: undefined, path: "" });
  }
  for (const [id, { type, path }] of contents) {
    if (type === "blob" && !objects.has(id)) onFault(...missing(objects, id, path === "" ? "file" : `file ${path}`));
  }
  return {
    commits: found.commits,
    contents,
    trees,
    names,
    tagged: new Map(found.tags.map(({ id, target }) => [id, target])),
  };
}

/** Whether the tree holds an object under a path. */
export function holdsAt(objects: PushObjects, tree: string, path: string, id: string): boolean {
  return entryAt(objects, tree, path)?.id === id;
}

/** Whether the tree holds anything under a path. */
export function namesAt(objects: PushObjects, tree: string, path: string): boolean {
  return entryAt(objects, tree, path) !== undefined;
}

function entryAt(objects: PushObjects, tree: string, path: string): TreeEntry | undefined {
  const parts = path.split("/");
  let at = tree;
  for (const [i, part] of parts.entries()) {
    const entry = readTree(objects, at, () => {}).find(({ name }) => name === part);
    if (entry === undefined || i === parts.length - 1) return entry;
    if (entry.kind !== "tree") return undefined;
    at = entry.id;
  }
  return undefined;
}

/** The tree of a parent that is not new; undefined where it cannot be read: then everything beside it counts as new. */
function knownTreeOf(objects: PushObjects, commit: string): string | undefined {
  const object = readObject(objects, commit, "commit", () => {});
  if (object?.type !== objectTypes.commit) return undefined;
  return /^tree ([0-9a-f]{40}|[0-9a-f]{64})\n/.exec(object.bytes.toString("latin1", 0, 70))?.[1];
}

/** Entries of a tree (`<mode> <name>\0<id>`, again and again); what follows damage is left out, and told. */
export function readTree(objects: PushObjects, id: string, onFault: OnFault): TreeEntry[] {
  const object = readObject(objects, id, "tree", onFault);
  if (object === undefined) return [];
  const { bytes } = object;
  const { idBytes } = objects;
  const entries: TreeEntry[] = [];
  if (object.type === objectTypes.tree) {
    for (let at = 0; at < bytes.length;) {
      const space = bytes.indexOf(0x20, at);
      const end = space < 0 ? -1 : bytes.indexOf(0, space);
      if (end < 0 || end + 1 + idBytes > bytes.length) {
        onFault("object-corrupt", id, "tree is damaged");
        break;
      }
      const mode = bytes.toString("latin1", at, Math.min(space, at + longestMode));
      entries.push({
        name: bytes.toString("utf8", space + 1, end),
        mode,
        id: bytes.toString("hex", end + 1, end + 1 + idBytes),
        kind: kindOf(mode),
      });
      at = end + 1 + idBytes;
    }
  } else onFault("object-corrupt", id, "is not a tree");
  return entries;
}

/** `40000` a folder, which some programs wrote as `040000`; `160000` a commit of another repository; all else is bytes. */
function kindOf(mode: string): TreeEntry["kind"] {
  const type = Number.parseInt(mode, 8) & 0o170000;
  return type === 0o40000 ? "tree" : type === 0o160000 ? "submodule" : "blob";
}
