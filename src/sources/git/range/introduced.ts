import { NewNames } from "../new-names.ts";
import type { OnFault } from "../push-commits.ts";
import type { RangeLimits } from "./arguments.ts";
import type { CommitLinks, CommitReader } from "./commit-reader.ts";
import type { PathFilter } from "./path-filter.ts";
import type { Tip } from "./tips.ts";
import { TreeComparer, type Change } from "./tree-changes.ts";

/** Where a content comes into a range first. */
export interface Introduced {
  readonly type: "blob" | "commit" | "tag";
  /** The commit; of a tag, the one that it stands on. */
  readonly commit: string;
  /** Paths in the commit's tree, at most `maxPaths`; one empty path for commits and tags. */
  readonly paths: readonly string[];
}

/** Paths listed for one content in one commit; a file copied more often than this is known by then. */
const maxPaths = 16;

/**
 * What selected commits bring in: names that folders did not hold, their messages, the tags on the way to them, and the files that differ from those of all their parents
 * (`git log -p`; `limits.merges` can ask otherwise). A file that was moved and not changed brings nothing in. `newestFirst`: as selected.
 */
export function findIntroduced(
  commits: CommitReader,
  newestFirst: readonly CommitLinks[],
  tips: readonly Tip[],
  limits: RangeLimits,
  filter: PathFilter | undefined,
  onFault: OnFault,
): { introduced: Map<string, Introduced>; names: NewNames<string> } {
  const comparer = new TreeComparer(commits.objects, limits.isFullDiff ? undefined : filter, onFault);
  const found = new Map<string, { type: "blob" | "commit" | "tag"; commit: string; paths: string[] }>();
  const names = new NewNames<string>();
  for (const commit of newestFirst.toReversed()) {
    found.set(commit.id, { type: "commit", commit: commit.id, paths: [""] });
    for (const { id, path } of changesOf(commit, commits, comparer, limits, names)) {
      const known = found.get(id);
      if (known === undefined) found.set(id, { type: "blob", commit: commit.id, paths: [path] });
      else if (known.commit === commit.id && known.paths.length < maxPaths && !known.paths.includes(path))
        known.paths.push(path);
    }
  }
  for (const { id, isNegative, tags } of tips) {
    if (isNegative || !found.has(id)) continue;
    for (const tag of tags) found.set(tag, { type: "tag", commit: id, paths: [""] });
  }
  return { introduced: found, names };
}

function* changesOf(
  commit: CommitLinks,
  commits: CommitReader,
  comparer: TreeComparer,
  limits: RangeLimits,
  names: NewNames<string>,
): Generator<Change> {
  const onName = (name: string, path: string): void => names.add(name, path, commit.id);
  const trees = commit.parents.flatMap((parent) => commits.read(parent)?.tree ?? []);
  const isMerge = commit.parents.length > 1;
  const merges = limits.merges ?? (limits.isFirstParent ? "first-has-not" : "none-has");
  if (!isMerge || merges === "none-has") yield* kept(comparer, commit.tree, trees, limits, onName);
  else if (merges === "first-has-not") yield* kept(comparer, commit.tree, trees.slice(0, 1), limits, onName);
  else if (merges === "any-has-not")
    for (const tree of trees) yield* kept(comparer, commit.tree, [tree], limits, onName);
}

/** Without files that were only moved, and kinds of changes that are not asked for. */
function* kept(
  comparer: TreeComparer,
  tree: string,
  before: readonly string[],
  { findsMoves, skipsTypeChanges }: RangeLimits,
  onName: (name: string, path: string) => void,
): Generator<Change> {
  let removed: Map<string, number>[] | undefined;
  for (const change of comparer.changes(tree, before, onName)) {
    const { id, mode, before: modes } = change;
    if (skipsTypeChanges && modes.length > 0 && modes.every((one) => one.slice(0, 2) !== mode.slice(0, 2))) continue;
    if (findsMoves && modes.length === 0) {
      removed ??= before.map((one) => comparer.removed(one, tree));
      const from = removed.find((counts) => (counts.get(id) ?? 0) > 0);
      if (from !== undefined) {
        from.set(id, from.get(id)! - 1);
        continue;
      }
    }
    yield change;
  }
}
