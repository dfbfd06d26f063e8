import { verdictWords } from "../model/decision.ts";
import { sanitize } from "../model/sanitize.ts";
import { footer, messageOf } from "./bars.ts";
import { detailLines } from "./detail.ts";
import { overlayLines } from "./overlays.ts";
import { placeTitle } from "./place-lines.ts";
import { isRowMarked, rowOf, selectedGroup } from "./selection.ts";
import { selectedFinding, verdictOf, type ReviewState } from "./state.ts";
import { plainText } from "./styled.ts";

/** What a screen reader is to say of a state, a sentence a line: where the cursor is, what is open, what happened. */
export interface Spoken {
  readonly position: string;
  /** What the cursor is on. */
  readonly row: string;
  readonly isMarked: boolean;
  /** What was opened: the detail, an overlay. */
  readonly opened: readonly string[];
  /** A line being typed, or a message. */
  readonly message: string;
}

/** The state in words. Sanitised; never the value of a secret. */
export function spoken(state: ReviewState): Spoken {
  const { list, counts, selected } = state;
  const masked: ReviewState = { ...state, revealed: undefined };
  const opened =
    state.overlay !== undefined ? overlayLines(masked) : state.focus === "detail" ? detailLines(masked) : [];
  const { isRunning, isReading } = state.scan;
  const work = isRunning ? (isReading ? ", reading" : ", scanning") : "";
  return {
    position: `${rowOf(state) + 1} of ${list.rows.length}, ${counts.open} open${work}`,
    row: rowWords(state),
    isMarked: selected !== undefined && isRowMarked(state, selected),
    opened: opened.map(plainText).filter((text) => text.trim() !== ""),
    message: state.prompt !== undefined ? plainText(footer(state).line).trim() : sanitize(messageOf(state)),
  };
}

function rowWords(state: ReviewState): string {
  const group = selectedGroup(state);
  if (group !== undefined) {
    const open = state.openIn.get(group.id) ?? 0;
    const fold = state.folded.has(group.id) ? "folded" : "unfolded";
    return `${sanitize(group.title)}, ${group.members.length} findings, ${open} open, ${fold}`;
  }
  const finding = selectedFinding(state);
  if (finding === undefined) return state.findings.size > 0 ? "nothing passes the filter" : "nothing found";
  const [first] = finding.sightings;
  const verdict = verdictOf(state, finding);
  const count = finding.sightings.length;
  return [
    ...[finding.severity, sanitize(finding.rule.id), sanitize(finding.masked)],
    ...(first === undefined ? [] : [placeTitle(first)]),
    count === 1 ? "1 place" : `${count} places`,
    verdict === undefined ? "open" : verdictWords[verdict],
  ].join(", ");
}
