import { verdicts, verdictWords, type Verdict } from "../model/decision.ts";
import { verdictOf, type ReviewState } from "./state.ts";

export interface Counts {
  readonly total: number;
  readonly open: number;
  readonly byVerdict: Readonly<Record<Verdict, number>>;
}

/** How far the review has come. */
export function countsOf(state: ReviewState): Counts {
  const byVerdict: Record<Verdict, number> = {
    real: 0,
    "false-positive": 0,
    ignored: 0,
    rotated: 0,
  };
  let decided = 0;
  for (const finding of state.findings.values()) {
    const verdict = verdictOf(state, finding);
    if (verdict === undefined) continue;
    byVerdict[verdict] += 1;
    decided += 1;
  }
  return { total: state.findings.size, open: state.findings.size - decided, byVerdict };
}

/** The one line that is left on the terminal: `12 real, 40 false positive, 3 left; decisions in .leaktraceignore`. */
export function summaryLine(state: ReviewState): string {
  const { total, open, byVerdict } = countsOf(state);
  if (total === 0) return state.scan.isRunning ? "nothing found before the scan was stopped" : "nothing to review";
  const parts = verdicts
    .filter((verdict) => byVerdict[verdict] > 0)
    .map((verdict) => `${byVerdict[verdict].toLocaleString("en")} ${verdictWords[verdict]}`);
  const stopped = state.scan.isRunning ? "; the scan was not finished" : "";
  const lost = [...state.comments.keys()].filter((fingerprint) => !state.decisions.has(fingerprint)).length;
  const notKept = lost === 0 ? "" : `; ${lost === 1 ? "1 comment" : `${lost} comments`} without a decision not kept`;
  const where = parts.length === 0 ? "" : `; decisions in ${state.place}`;
  return `${[...parts, `${open.toLocaleString("en")} left`].join(", ")}${where}${stopped}${notKept}`;
}
