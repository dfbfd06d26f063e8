import { reaches, type Reach } from "../../../model/content.ts";
import { append } from "../../../model/multimap.ts";
import type { Root } from "../reachability.ts";
import type { CommitReader } from "./commit-reader.ts";
import { NewestFirst } from "./newest-first.ts";
import type { RevisionNames } from "./revision-names.ts";

/** Names of refs listed for a commit. */
const maxRefs = 16;
/** Clocks go wrong by this much: commits that are older than what is looked for are walked so far. */
const marginSeconds = 86_400;
/** Commits walked for the names of refs; a finding without all its names is better than none in time. */
const maxWalked = 2_000_000;

/** How some commits are reached. */
export interface Reaching {
  /** Short names of refs, sorted. */
  readonly refs: readonly string[];
  /** Kinds of ways; undefined where that could not be told in time. */
  readonly reachedBy: readonly Reach[] | undefined;
}

/** A part of the history: what begins at each commit, and the commits above each. */
interface Walk {
  readonly rootsAt: ReadonlyMap<string, readonly Root[]>;
  readonly children: ReadonlyMap<string, readonly string[]>;
  /** Everything that can be reached was walked. */
  readonly isWhole: boolean;
}

/** Tells from where some commits can be reached. `roots`: all ways into the history. */
export function reachingRefs(
  commits: CommitReader,
  names: RevisionNames,
  roots: readonly Root[],
  wanted: ReadonlySet<string>,
): (commit: string) => Reaching {
  let oldest = Infinity;
  for (const id of wanted) oldest = Math.min(oldest, commits.read(id)?.time ?? Infinity);
  const walk = walkFrom(commits, names, roots, oldest - marginSeconds);
  // What nothing seems to reach may lie behind a clock that went wrong.
  let whole: Walk | undefined;
  const known = new Map<string, Reaching>();
  return (commit) => {
    let reaching = known.get(commit);
    if (reaching === undefined) {
      let found = rootsAbove(walk, commit);
      if (found.length === 0) found = rootsAbove((whole ??= walkFrom(commits, names, roots, -Infinity)), commit);
      const kinds = new Set(found.map(({ reach }) => reach));
      const isTold = kinds.size > 0 || whole?.isWhole === true;
      reaching = {
        refs: [...new Set(found.flatMap(({ name }) => name ?? []))].sort().slice(0, maxRefs),
        reachedBy: !isTold ? undefined : kinds.size === 0 ? ["unreachable"] : reaches.filter((kind) => kinds.has(kind)),
      };
      known.set(commit, reaching);
    }
    return reaching;
  };
}

function walkFrom(commits: CommitReader, names: RevisionNames, roots: readonly Root[], oldest: number): Walk {
  const rootsAt = new Map<string, Root[]>();
  const children = new Map<string, string[]>();
  const met = new Set<string>();
  const queue = new NewestFirst<{ id: string; time: number; parents: readonly string[] }>();
  const meet = (id: string): void => {
    if (met.has(id)) return;
    met.add(id);
    const commit = commits.read(id);
    if (commit !== undefined && commit.time >= oldest) queue.push(commit);
  };
  for (const root of roots) {
    const commit = names.commitOf(root.oid);
    if (commit === undefined) continue;
    append(rootsAt, commit, root);
    meet(commit);
  }
  let left = maxWalked;
  for (; queue.size > 0 && left > 0; left--) {
    const { id, parents } = queue.pop()!;
    for (const parent of parents) {
      append(children, parent, id);
      meet(parent);
    }
  }
  return { rootsAt, children, isWhole: queue.size === 0 && oldest === -Infinity };
}

function rootsAbove({ rootsAt, children }: Walk, commit: string): Root[] {
  const above = new Set([commit]);
  const found: Root[] = [];
  for (const id of above) {
    found.push(...(rootsAt.get(id) ?? []));
    for (const child of children.get(id) ?? []) above.add(child);
  }
  return found;
}
