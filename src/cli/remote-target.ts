import { ToolError, type Problem } from "../model/problem.ts";
import type { Source } from "../model/source.ts";
import { FetchAhead } from "./fetch-ahead.ts";
import type { Address } from "../remote/index.ts";
import { withCopy } from "./copied-source.ts";
import type { ScanOptions } from "./options.ts";
import type { OpenContext } from "./request.ts";
import { openRepository } from "./targets.ts";

/**
 * Fetches a repository and opens what came as the one it is: by its address. The copy goes with the source. Throws ToolError where it cannot be fetched, or where
 * something is asked of it that only a repository at hand has.
 */
export async function openRemote(address: Address, options: ScanOptions, context: OpenContext): Promise<Source> {
  const { url } = address;
  const { selection, worktree } = options;
  if (selection !== undefined && selection.kind !== "range") {
    throw new ToolError("usage", `${url} is fetched: it has no changes that are not committed`, {
      hint: "--staged and --pre-commit look at a working tree.",
    });
  }
  const take = context.fetch ?? new FetchAhead([address], options, context.signal).take;
  const fetched = await take(address, context.received);
  context.fetched?.(fetched.refs);
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
