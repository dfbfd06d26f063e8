import { readRangeArguments, type RangeArguments } from "./arguments.ts";
import { readDate } from "./dates.ts";
import { usageError } from "./usage.ts";
import { splitWords } from "./words.ts";

/** Which part of a history the user asks for; each as it was written. */
export interface RangeRequest {
  /** Arguments for `git log`, in one line. */
  readonly logOpts?: string;
  readonly since?: string;
  readonly until?: string;
  readonly branches: readonly string[];
}

/**
 * Reads a request. Where only dates are asked for, all refs count. `now`: seconds since 1970, for relative dates. Throws ToolError `usage`,
 * which names the argument.
 */
export function readRangeRequest({ logOpts, since, until, branches }: RangeRequest, now: number): RangeArguments {
  const words = logOpts === undefined ? [] : splitWords(logOpts, "--log-opts");
  const asked = readRangeArguments(words, now, "--log-opts");
  const items = [...asked.items, ...branches.map((text) => ({ kind: "branch", text }) as const)];
  if (logOpts === undefined && branches.length === 0)
    items.push({ kind: "refs", prefix: "", excluded: [], isNegative: false });
  const limits = { ...asked.limits };
  // Both count: the narrower one decides.
  if (since !== undefined) limits.since = Math.max(limits.since ?? -Infinity, dateOf("--since", since, now));
  if (until !== undefined) limits.until = Math.min(limits.until ?? Infinity, dateOf("--until", until, now));
  return { ...asked, items, limits };
}

/** The request as the user wrote it, for reports. */
export function requestText({ logOpts, since, until, branches }: RangeRequest): string {
  return [
    ...branches.map((branch) => `--branch=${branch}`),
    ...(since === undefined ? [] : [`--since=${since}`]),
    ...(until === undefined ? [] : [`--until=${until}`]),
    ...(logOpts === undefined ? [] : [logOpts.trim() === "" ? "HEAD" : logOpts.trim()]),
  ].join(" ");
}

function dateOf(option: string, text: string, now: number): number {
  const seconds = readDate(text, now);
  if (seconds !== undefined) return seconds;
  throw usageError(
    `${option}: "${text}" is no date`,
    "Dates are 2024-01-31, 2024-01-31T12:00:00Z, 1706702400, yesterday, 2.weeks.ago and the like.",
  );
}
