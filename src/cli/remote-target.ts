import { ToolError, type Problem } from "../model/problem.ts";
import type { Source } from "../model/source.ts";
import { fetchRepository, type Address, type FetchedRepository } from "../remote/index.ts";
import type { ScanOptions } from "./options.ts";
import type { OpenContext } from "./request.ts";
import { openRepository } from "./targets.ts";

/**
 * Fetches a repository and opens what came as the one it is: by its address. The copy goes with the source. Throws ToolError where it cannot be fetched, or where
 * something is asked of it that only a repository at hand has.
 */
export async function openRemote(address: Address, options: ScanOptions, context: OpenContext): Promise<Source> {
  const { url } = address;
  const { selection, worktree, fetcher, maxFetchBytes } = options;
  if (selection !== undefined && selection.kind !== "range") {
    throw new ToolError("usage", `${url} is fetched: it has no changes that are not committed`, {
      hint: "--staged and --pre-commit look at a working tree.",
    });
  }
  context.received({ bytes: 0, objects: 0 });
  const fetched = await fetchRepository(address, {
    ...{ fetcher, maxBytes: maxFetchBytes, signal: context.signal, env: process.env },
    onReceived: context.received,
  });
  context.received(undefined);
  try {
    const source = await openRepository(url, { ...options, worktree: false }, context, fetched.folder);
    const noTree: Problem = {
      ...{ code: "unsupported", effect: "note", target: url, subject: url },
      message: "a repository that was fetched has no working tree",
    };
    return withCopy(source, fetched, [...fetched.problems, ...(worktree ? [noTree] : [])]);
  } catch (error) {
    fetched[Symbol.dispose]();
    throw error;
  }
}

/** The source, with the problems of the fetch before its own; disposing of it removes the copy. Where the copy lay is no one's concern. */
function withCopy(source: Source, fetched: FetchedRepository, problems: readonly Problem[]): Source {
  const placed = (problem: Problem): Problem => ({
    ...problem,
    subject: problem.subject.replace(`${fetched.folder}/`, ""),
  });
  return {
    target: source.target,
    kind: source.kind,
    get selection() {
      return source.selection!;
    },
    async *units() {
      yield* problems;
      for await (const item of source.units()) yield "code" in item ? placed(item) : item;
    },
    done: (unit, result) => source.done(unit, result),
    async locate(contents, run) {
      const { sightings, problems: met } = await source.locate(contents, run);
      return { sightings, problems: met.map(placed) };
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      fetched[Symbol.dispose]();
    },
  };
}
