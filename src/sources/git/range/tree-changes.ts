import { readTree, type TreeEntry } from "../push-walk.ts";
import type { OnFault } from "../push-commits.ts";
import type { PushObjects } from "../push-objects.ts";
import type { PathFilter } from "./path-filter.ts";

/** A file that a commit has and one of its parents has not, under this name and with these bytes. */
export interface Change {
  readonly path: string;
  readonly id: string;
  readonly mode: string;
  /** Modes of what the parents have there; empty where none has anything. */
  readonly before: readonly string[];
}

const nothing: readonly TreeEntry[] = [];
/** Folders of trees under false ids can hold themselves: no path is deeper than this. */
const maxDepth = 4096;
/** Entries of trees kept at hand: some twenty megabytes. */
const maxRecentEntries = 100_000;

/** Compares trees. Both can be undefined: no tree, nothing in it. */
export class TreeComparer {
  readonly #objects: PushObjects;
  readonly #filter: PathFilter | undefined;
  readonly #onFault: OnFault;
  readonly #recent = new Map<string, readonly TreeEntry[]>();
  #recentEntries = 0;

  constructor(objects: PushObjects, filter: PathFilter | undefined, onFault: OnFault) {
    this.#objects = objects;
    this.#filter = filter;
    this.#onFault = onFault;
  }

  /** Whether two trees are the same as far as the filter goes, kinds of files included. */
  areSame(a: string | undefined, b: string | undefined): boolean {
    const stack = [{ a, b, prefix: "", depth: 0 }];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (at.a === at.b || at.depth > maxDepth) continue;
      const others = byName(this.#read(at.b, () => {}));
      for (const one of this.#read(at.a, () => {})) {
        const other = others.get(one.name);
        others.delete(one.name);
        if (other?.id === one.id && other.mode === one.mode) continue;
        for (const folder of foldersOf(one, other, at.prefix, this.#filter))
          stack.push({ ...folder, depth: at.depth + 1 });
        if (isFileThatCounts(one, at.prefix, this.#filter) || isFileThatCounts(other, at.prefix, this.#filter))
          return false;
      }
      for (const other of others.values()) {
        for (const folder of foldersOf(undefined, other, at.prefix, this.#filter))
          stack.push({ ...folder, depth: at.depth + 1 });
        if (isFileThatCounts(other, at.prefix, this.#filter)) return false;
      }
    }
    return true;
  }

  /**
   * Files of a tree that none of the others has at the same path with the same bytes, in order of their paths. Submodules are none. `onName` hears of names
   * that none of the others has in the same folder.
   */
  *changes(tree: string, before: readonly string[], onName?: (name: string, path: string) => void): Generator<Change> {
    const stack = [{ tree, before, prefix: "", depth: 0 }];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const { prefix } = at;
      if (at.before.includes(at.tree) || at.depth > maxDepth) continue;
      const old = at.before.map((one) => new Lookup(this.#read(one, () => {})));
      const deeper: typeof stack = [];
      for (const { name, id, kind, mode } of this.#read(at.tree, this.#onFault)) {
        const same = old.flatMap((entries) => entries.find(name) ?? []);
        const path = prefix + name;
        if (same.length === 0 && this.#takesName(path, kind)) onName?.(name, path);
        if (kind === "submodule" || same.some((entry) => entry.id === id && entry.kind === kind)) continue;
        if (kind === "tree") {
          const folders = same.filter((entry) => entry.kind === "tree").map((entry) => entry.id);
          if (this.#filter?.canHold(`${path}/`) !== false)
            deeper.push({ tree: id, before: folders, prefix: `${path}/`, depth: at.depth + 1 });
        } else if (this.#filter?.takes(path) !== false)
          yield { path, id, mode, before: same.map((entry) => entry.mode) };
      }
      stack.push(...deeper.reverse());
    }
  }

  #takesName(path: string, kind: TreeEntry["kind"]): boolean {
    return kind === "tree" ? this.#filter?.canHold(`${path}/`) !== false : this.#filter?.takes(path) !== false;
  }

  /** How often each content stands in files that `tree` has and `after` has no longer, or as something else than a file. */
  removed(tree: string, after: string): Map<string, number> {
    const counts = new Map<string, number>();
    const stack: { a: string; b: string | undefined; prefix: string; depth: number }[] = [
      { a: tree, b: after, prefix: "", depth: 0 },
    ];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (at.a === at.b || at.depth > maxDepth) continue;
      const left = new Lookup(this.#read(at.b, () => {}));
      for (const { name, id, kind } of this.#read(at.a, () => {})) {
        const now = left.find(name);
        const path = at.prefix + name;
        if (kind === "tree") {
          if (this.#filter?.canHold(`${path}/`) !== false)
            stack.push({
              a: id,
              b: now?.kind === "tree" ? now.id : undefined,
              prefix: `${path}/`,
              depth: at.depth + 1,
            });
        } else if (kind === "blob" && now?.kind !== "blob" && this.#filter?.takes(path) !== false)
          counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    return counts;
  }

  /** All files of a tree; submodules are none. */
  *files(tree: string): Generator<{ readonly path: string; readonly id: string; readonly mode: string }> {
    const stack = [{ tree, prefix: "", depth: 0 }];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (at.depth > maxDepth) continue;
      for (const { name, id, kind, mode } of this.#read(at.tree, this.#onFault)) {
        if (kind === "tree") stack.push({ tree: id, prefix: `${at.prefix}${name}/`, depth: at.depth + 1 });
        else if (kind === "blob") yield { path: at.prefix + name, id, mode };
      }
    }
  }

  /** Trees of a commit are those of its parent but for a few: most were read a moment ago. */
  #read(tree: string | undefined, onFault: OnFault): readonly TreeEntry[] {
    if (tree === undefined) return nothing;
    const recent = this.#recent.get(tree);
    if (recent !== undefined) return recent;
    let isWhole = true;
    const entries = readTree(this.#objects, tree, (...fault) => {
      isWhole = false;
      onFault(...fault);
    });
    if (!isWhole) return entries;
    this.#recent.set(tree, entries);
    this.#recentEntries += entries.length;
    for (const [oldest, { length }] of this.#recent) {
      if (this.#recentEntries <= maxRecentEntries) break;
      this.#recent.delete(oldest);
      this.#recentEntries -= length;
    }
    return entries;
  }
}

/** Finds entries by name, quickest in the order in which they stand: two versions of a folder differ in few places. */
class Lookup {
  readonly #entries: readonly TreeEntry[];
  #next = 0;
  #byName: Map<string, TreeEntry> | undefined;

  constructor(entries: readonly TreeEntry[]) {
    this.#entries = entries;
  }

  find(name: string): TreeEntry | undefined {
    for (let at = this.#next; at < this.#next + 2; at++) {
      if (this.#entries[at]?.name !== name) continue;
      this.#next = at + 1;
      return this.#entries[at];
    }
    this.#byName ??= byName(this.#entries);
    return this.#byName.get(name);
  }
}

function byName(entries: readonly TreeEntry[]): Map<string, TreeEntry> {
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** What has to be compared below two entries of one name, of which one or both are folders. */
function foldersOf(
  a: TreeEntry | undefined,
  b: TreeEntry | undefined,
  prefix: string,
  filter: PathFilter | undefined,
): { a: string | undefined; b: string | undefined; prefix: string }[] {
  const [one, other] = [a?.kind === "tree" ? a : undefined, b?.kind === "tree" ? b : undefined];
  const folder = `${prefix}${(one ?? other)?.name ?? ""}/`;
  if ((one === undefined && other === undefined) || filter?.canHold(folder) === false) return [];
  return [{ a: one?.id, b: other?.id, prefix: folder }];
}

function isFileThatCounts(entry: TreeEntry | undefined, prefix: string, filter: PathFilter | undefined): boolean {
  return entry !== undefined && entry.kind !== "tree" && filter?.takes(prefix + entry.name) !== false;
}
