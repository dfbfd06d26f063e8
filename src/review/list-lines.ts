import type { Finding } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { verdictWords, type Verdict } from "../model/decision.ts";
import { fit } from "./fit.ts";
import { isMarked, verdictOf, type ReviewState } from "./state.ts";
import { span, type StyledLine } from "./styled.ts";

/** From here severity and verdict are words; below, their letters have to do. */
const wordsFromWidth = 66;
const widestRule = 32;

/** The visible rows of the list, each exactly `width` cells. */
export function listLines(state: ReviewState, width: number, height: number): readonly StyledLine[] {
  return state.shown.slice(state.top, state.top + height).flatMap((fingerprint) => {
    const finding = state.findings.get(fingerprint);
    return finding === undefined ? [] : [listLine(state, finding, width)];
  });
}

function listLine(state: ReviewState, finding: Finding, width: number): StyledLine {
  const hasWords = width >= wordsFromWidth;
  const verdict = verdictOf(state, finding);
  const isSelected = finding.fingerprint === state.selected;
  const pointer = isSelected ? ">" : " ";
  const mark = isMarked(state, finding.fingerprint) ? "*" : " ";
  const severity = `${finding.severity.charAt(0).toUpperCase()}${hasWords ? ` ${finding.severity}` : ""}`;
  const places = fit(`×${finding.sightings.length}`, 5);
  const decided = hasWords ? fit(verdict === undefined ? "" : verdictWords[verdict], 14) : verdictLetter(verdict);
  const severityWidth = hasWords ? 10 : 1;
  const room = Math.max(0, width - 2 - severityWidth - 1 - 1 - 1 - places.length - 1 - decided.length);
  const ruleWidth = Math.min(widestRule, Math.floor(room / 2));
  return {
    isSelected,
    spans: [
      span(pointer + mark, "strong"),
      span(`${fit(severity, severityWidth)} `, finding.severity),
      span(`${fit(sanitize(finding.rule.id), ruleWidth)} `),
      span(`${fit(sanitize(finding.masked), room - ruleWidth)} `, verdict === undefined ? "strong" : "dim"),
      span(`${places} `, "dim"),
      span(decided, "good"),
    ],
  };
}

/** The keys' own letters, in capitals: R real, F false positive, I ignored, X rotated. */
function verdictLetter(verdict: Verdict | undefined): string {
  switch (verdict) {
    case "real":
      return "R";
    case "false-positive":
      return "F";
    case "ignored":
      return "I";
    case "rotated":
      return "X";
    case undefined:
      return " ";
  }
}
