import { existsSync } from "node:fs";
import { join } from "node:path";
import type { NewNames } from "../new-names.ts";
import type { OnFault } from "../push-commits.ts";
import type { PushObjects } from "../push-objects.ts";
import { shallowCommits } from "../push-remote.ts";
import { listRefs } from "../refs.ts";
import type { Repository } from "../repository.ts";
import { CommitReader } from "./commit-reader.ts";
import { findIntroduced, type Introduced } from "./introduced.ts";
import { readPathFilter } from "./path-filter.ts";
import { readRangeRequest, type RangeRequest } from "./request.ts";
import { RevisionNames } from "./revision-names.ts";
import { selectCommits, type SelectedCommits } from "./select-commits.ts";
import { readTextFilter } from "./text-filter.ts";
import { findTips } from "./tips.ts";
import { TreeComparer } from "./tree-changes.ts";
import { usageError } from "./usage.ts";

export interface OpenSelection {
  readonly commits: CommitReader;
  readonly names: RevisionNames;
  readonly found: SelectedCommits;
  /** What the selected commits bring in, by id, oldest first. */
  readonly introduced: ReadonlyMap<string, Introduced>;
  /** Names that they bring in, with the id of the commit. */
  readonly newNames: NewNames<string>;
}

export interface SelectionPlace {
  /** The repository as the user named it, and where its working tree is when it has one. */
  readonly target: string;
  readonly repository: Repository;
  readonly objects: PushObjects;
  readonly request: RangeRequest;
  /** Seconds since 1970, for relative dates. */
  readonly now: number;
  /** Hears of what belongs to the range and cannot be read. */
  readonly onFault: OnFault;
}

/** Finds the commits that are asked for, and what they bring in. Throws ToolError `usage` for what is not understood or not there. */
export async function openSelection({
  target,
  repository,
  objects,
  request,
  now,
  onFault,
}: SelectionPlace): Promise<OpenSelection> {
  const asked = readRangeRequest(request, now);
  const commits = new CommitReader(objects, shallowCommits(repository));
  const names = new RevisionNames(repository, commits, listRefs(repository), now);
  const { tips, paths } = await findTips(asked, {
    repository,
    names,
    commits,
    worktree: existsSync(join(target, ".git")) ? target : undefined,
    target,
    option: request.logOpts === undefined ? "--branch" : "--log-opts",
    onFault,
  });
  const { limits } = asked;
  if (!limits.hasWalk && tips.some(({ isNegative }) => isNegative)) {
    throw usageError(
      "--log-opts: --no-walk is not understood together with a range",
      "Name the commits one by one, or leave --no-walk out.",
    );
  }
  const filter = readPathFilter(paths);
  const comparer = new TreeComparer(objects, filter, onFault);
  const areSame = (a: string | undefined, b: string | undefined): boolean => comparer.areSame(a, b);
  const selection = {
    limits,
    takesText: readTextFilter(asked.text),
    areSame: filter === undefined ? undefined : areSame,
  };
  const found = selectTruly(commits, () => selectCommits(commits, tips, selection, onFault), onFault);
  const { introduced, names: newNames } = findIntroduced(commits, found.commits, tips, limits, filter, onFault);
  return { commits, names, found, introduced, newNames };
}

/** A commit-graph that lies of what is selected, or of a parent whose tree is compared, is told and not believed. */
function selectTruly(commits: CommitReader, select: () => SelectedCommits, onFault: OnFault): SelectedCommits {
  const found = select();
  const liar = found.commits.flatMap(({ id, parents }) => [id, ...parents]).find((id) => !commits.isTrue(id));
  if (liar === undefined) return found;
  onFault(
    "object-corrupt",
    liar,
    "the commit-graph tells something else of it than it says; git commit-graph verify tells more",
  );
  commits.forgetGraphs();
  return select();
}
