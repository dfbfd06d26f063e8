import { verdicts, verdictWords, type Verdict } from "../model/decision.ts";
import type { ReviewState } from "./state.ts";

export interface Counts {
  readonly total: number;
  readonly open: number;
  readonly byVerdict: Readonly<Record<Verdict, number>>;
}

export const noCounts: Counts = {
  total: 0,
  open: 0,
  byVerdict: { real: 0, "false-positive": 0, ignored: 0, rotated: 0 },
};

/** Counts verdicts; absent ones are open. */
export function countVerdicts(all: Iterable<Verdict | undefined>): Counts {
  const byVerdict = { ...noCounts.byVerdict };
  let [total, open] = [0, 0];
  for (const verdict of all) {
    total += 1;
    if (verdict === undefined) open += 1;
    else byVerdict[verdict] += 1;
  }
  return { total, open, byVerdict };
}

/** The counts after so many findings went from one verdict to another. */
export function recounted(
  counts: Counts,
  changes: Iterable<readonly [before: Verdict | undefined, after: Verdict | undefined]>,
): Counts {
  const byVerdict = { ...counts.byVerdict };
  let { open } = counts;
  for (const [before, after] of changes) {
    if (before === undefined) open -= 1;
    else byVerdict[before] -= 1;
    if (after === undefined) open += 1;
    else byVerdict[after] += 1;
  }
  return { total: counts.total, open, byVerdict };
}

/** The one line that is left on the terminal: `12 real, 40 false positive, 3 left; decisions in .leaktraceignore`. */
export function summaryLine(state: ReviewState): string {
  const { total, open, byVerdict } = state.counts;
  const { isRunning, isReading } = state.scan;
  if (total === 0 && isRunning) return `nothing found before the ${isReading ? "reading" : "scan"} was stopped`;
  if (total === 0) return "nothing to review";
  const parts = verdicts
    .filter((verdict) => byVerdict[verdict] > 0)
    .map((verdict) => `${byVerdict[verdict].toLocaleString("en")} ${verdictWords[verdict]}`);
  const stopped = isRunning ? `; the ${isReading ? "report was not read to its end" : "scan was not finished"}` : "";
  const lost = [...state.comments.keys()].filter((fingerprint) => !state.decisions.has(fingerprint)).length;
  const notKept = lost === 0 ? "" : `; ${lost === 1 ? "1 comment" : `${lost} comments`} without a decision not kept`;
  const where = parts.length === 0 ? "" : `; decisions in ${state.sink}`;
  return `${[...parts, `${open.toLocaleString("en")} left`].join(", ")}${where}${stopped}${notKept}`;
}
