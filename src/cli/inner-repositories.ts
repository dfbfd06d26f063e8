import type { InnerRepositories, RepositoriesAtHand, Source } from "../model/source.ts";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../model/problem.ts";
import { openTemporaryFolder } from "../remote/temporary-folder.ts";
import type { OpenContext } from "./request.ts";
import type { TargetTally } from "./tally.ts";
import { unreachable } from "./targets.ts";

/**
 * Scans the repositories that lie inside of a target: each is put into a private folder, read by the git source, and removed, or read where it lies. What is wrong with one of
 * them is a problem of the target. `scan` scans an opened one.
 */
export async function scanInner(
  repositories: readonly (InnerRepositories | RepositoriesAtHand)[],
  context: OpenContext,
  tally: TargetTally,
  scan: (source: Source) => Promise<unknown>,
): Promise<void> {
  for (const inner of repositories) {
    if (context.signal.aborted) return;
    if ("atHand" in inner) {
      for (const folder of inner.atHand) await scanOne(folder, folder, context, tally, scan);
      continue;
    }
    const { names, layOut } = inner;
    using root = openTemporaryFolder();
    const folders = names.map((_, i) => join(root.path, String(i)));
    for (const folder of folders) mkdirSync(folder);
    for (const problem of await layOut(folders)) tally.problem(problem);
    for (const [i, name] of names.entries()) await scanOne(name, folders[i]!, context, tally, scan);
  }
}

async function scanOne(
  name: string,
  folder: string,
  context: OpenContext,
  tally: TargetTally,
  scan: (source: Source) => Promise<unknown>,
): Promise<void> {
  if (context.signal.aborted) return;
  const inTarget = (problem: Problem): Problem => ({
    ...problem,
    target: tally.target,
    subject: `${name}: ${problem.subject.replace(`${folder}/`, "")}`,
  });
  try {
    const { openGit } = await import("../sources/git/index.ts");
    await using source = await openGit(name, context, { worktree: false, folder });
    await scan(withProblems(source, inTarget));
  } catch (error) {
    tally.problem(inTarget(unreachable(error, name)));
  }
}

/** The source, with its problems told as those of the target that it lies in. */
function withProblems(source: Source, told: (problem: Problem) => Problem): Source {
  return {
    target: source.target,
    kind: source.kind,
    async *units() {
      for await (const item of source.units()) yield "code" in item ? told(item) : item;
    },
    done: (unit, result) => source.done(unit, result),
    async locate(contents, run) {
      const located = await source.locate(contents, run);
      return { ...located, problems: located.problems.map(told) };
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}
