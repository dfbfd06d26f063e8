import type { Finding } from "../model/finding.ts";
import { originPath } from "../model/content.ts";
import { sanitize } from "../model/sanitize.ts";
import { verdictWords, type Verdict } from "../model/decision.ts";
import { fateText } from "../findings/index.ts";
import { clipStart, fit } from "./fit.ts";
import type { Group } from "./grouping.ts";
import { isMarked, isRowMarked } from "./selection.ts";
import { isUnfinished, verdictOf, type ReviewState } from "./state.ts";
import { span, type StyledLine } from "./styled.ts";

/** From here severity and verdict are words; below, their letters have to do. */
const wordsFromWidth = 66;
const widestRule = 32;

/** `false positive`, `deleted 2024-01`. */
const fateWidth = 15;

/** Where rule and value have so much room together, the file gets a part of it; most masked values are no longer than this. */
const roomForPath = 40;
const valueBesidePath = 13;

/** The visible rows of the list, each exactly `width` cells. */
export function listLines(state: ReviewState, width: number, height: number): readonly StyledLine[] {
  return state.list.rows.slice(state.top, state.top + height).flatMap((row) => {
    const group = state.list.groups.get(row);
    if (group !== undefined) return [headLine(state, group, width)];
    const finding = state.findings.get(row);
    return finding === undefined ? [] : [listLine(state, finding, width)];
  });
}

/** A head: whether it is folded, what holds its findings together, and how many of them are open. */
function headLine(state: ReviewState, { id, title, members }: Group, width: number): StyledLine {
  const isSelected = id === state.selected;
  const open = state.openIn.get(id) ?? 0;
  const fold = state.folded.has(id) ? "+ " : "- ";
  const count = ` ${open.toLocaleString("en")} open of ${members.length.toLocaleString("en")}`;
  const lead = `${isSelected ? ">" : " "}${isRowMarked(state, id) ? "*" : " "}${fold}`;
  return {
    isSelected,
    spans: [
      span(lead, "strong"),
      span(fit(sanitize(title), Math.max(0, width - lead.length - count.length)), open === 0 ? "dim" : "strong"),
      span(count, open === 0 ? "good" : "plain"),
    ],
  };
}

function listLine(state: ReviewState, finding: Finding, width: number): StyledLine {
  const hasWords = width >= wordsFromWidth;
  const verdict = verdictOf(state, finding);
  const isSelected = finding.fingerprint === state.selected;
  const pointer = isSelected ? ">" : " ";
  const mark = isMarked(state, finding.fingerprint) ? "*" : " ";
  const step = state.list.groups.size > 0 ? "  " : "";
  const severity = `${finding.severity.charAt(0).toUpperCase()}${hasWords ? ` ${finding.severity}` : ""}`;
  const places = fit(`×${finding.sightings.length}`, 5);
  const open = isUnfinished(state) ? "" : fateText(finding, 7);
  const fate = verdict === undefined ? open : verdictWords[verdict];
  const decided = hasWords ? fit(fate, fateWidth) : verdictLetter(verdict);
  const severityWidth = hasWords ? 10 : 1;
  const room = Math.max(0, width - 2 - step.length - severityWidth - 1 - 1 - 1 - places.length - 1 - decided.length);
  const hasPath = room >= roomForPath;
  const ruleWidth = Math.min(widestRule, Math.floor(room * (hasPath ? 0.4 : 0.5)));
  const valueWidth = hasPath ? valueBesidePath : room - ruleWidth;
  const path = hasPath
    ? `${fit(clipStart(pathOf(finding), room - ruleWidth - valueWidth - 1), room - ruleWidth - valueWidth - 1)} `
    : "";
  return {
    isSelected,
    spans: [
      span(pointer + mark + step, "strong"),
      span(`${fit(severity, severityWidth)} `, finding.severity),
      span(`${fit(sanitize(finding.rule.id), ruleWidth)} `),
      span(`${fit(sanitize(finding.masked), valueWidth)} `, verdict === undefined ? "strong" : "dim"),
      span(path, "dim"),
      span(`${places} `, "dim"),
      span(decided, verdict === undefined ? "dim" : "good"),
    ],
  };
}

/** Of its first place, without what names the target; of what is no file (the message of a commit), what it is. The name of a file is known once the scan has read the trees. */
function pathOf({ sightings: [first] }: Finding): string {
  if (first === undefined) return "";
  const { origin } = first;
  const path = originPath(origin);
  const isMessage = path === "" && origin.kind === "git" && origin.objectType !== "blob";
  return sanitize(isMessage ? origin.objectType : path);
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
