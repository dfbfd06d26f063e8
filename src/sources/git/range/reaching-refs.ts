import { append } from "../../../model/multimap.ts";
import { shortName } from "../refs.ts";
import type { CommitReader } from "./commit-reader.ts";
import { NewestFirst } from "./newest-first.ts";
import type { RevisionNames } from "./revision-names.ts";

/** Names of refs listed for a commit. */
const maxRefs = 16;
/** Clocks go wrong by this much: commits that are older than what is looked for are walked so far. */
const marginSeconds = 86_400;
/** Commits walked for the names of refs; a finding without all its names is better than none in time. */
const maxWalked = 2_000_000;

/** Tells from which refs (short names, sorted) some commits can be reached. */
export function reachingRefs(
  commits: CommitReader,
  names: RevisionNames,
  wanted: ReadonlySet<string>,
): (commit: string) => readonly string[] {
  const refsAt = new Map<string, string[]>();
  const children = new Map<string, string[]>();
  const met = new Set<string>();
  const queue = new NewestFirst<{ id: string; time: number; parents: readonly string[] }>();
  let oldest = Infinity;
  for (const id of wanted) oldest = Math.min(oldest, commits.read(id)?.time ?? Infinity);
  const meet = (id: string): void => {
    if (met.has(id)) return;
    met.add(id);
    const commit = commits.read(id);
    if (commit !== undefined && commit.time >= oldest - marginSeconds) queue.push(commit);
  };
  for (const ref of names.refs) {
    if (ref.name === "HEAD") continue;
    const commit = names.commitOf(ref.oid);
    if (commit === undefined) continue;
    append(refsAt, commit, shortName(ref.name));
    meet(commit);
  }
  for (let left = maxWalked; queue.size > 0 && left > 0; left--) {
    const { id, parents } = queue.pop()!;
    for (const parent of parents) {
      append(children, parent, id);
      meet(parent);
    }
  }
  const known = new Map<string, readonly string[]>();
  return (commit) => {
    let refs = known.get(commit);
    if (refs === undefined) {
      const above = new Set([commit]);
      const found = new Set<string>();
      for (const id of above) {
        for (const name of refsAt.get(id) ?? []) found.add(name);
        for (const child of children.get(id) ?? []) above.add(child);
      }
      refs = [...found].sort().slice(0, maxRefs);
      known.set(commit, refs);
    }
    return refs;
  };
}
