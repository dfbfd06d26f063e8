import type { Finding } from "../model/finding.ts";
import type { Progress } from "../model/observer.ts";
import type { Problem } from "../model/problem.ts";
import type { Decision, DecisionChange, DecisionStep, Verdict } from "../model/decision.ts";
import type { FeedEvent } from "./feed.ts";
import type { Key } from "./key-input.ts";
import { layoutOf, type Size } from "./layout.ts";
import type { Line } from "./line-editor.ts";
import { parseQuery, type Query } from "./query.ts";
import { shownFindings, type Sorting } from "./shown.ts";

/** Everything that a frame shows. Plain data that is replaced, never changed. */
export interface ReviewState {
  readonly title: string;
  /** Name of the place where decisions go. */
  readonly place: string;
  readonly size: Size;
  readonly findings: ReadonlyMap<string, Finding>;
  /** Decisions by fingerprint: those found written, and those of this session. */
  readonly decisions: ReadonlyMap<string, Decision>;
  /** Comments on findings that are still open; each becomes the reason of the decision that follows. */
  readonly comments: ReadonlyMap<string, string>;
  readonly scan: ScanState;

  readonly filter: string;
  readonly query: Query;
  readonly sorting: Sorting;
  /** Fingerprints in the order of the list. */
  readonly shown: readonly string[];
  /** By fingerprint, never by row: what is selected stays so when others arrive. */
  readonly selected: string | undefined;
  /** Row of `shown` at the top of the list pane. */
  readonly top: number;
  readonly marked: ReadonlySet<string>;
  /** Where a range was begun, and what it has covered at the last move: what arrives later never slips into it. */
  readonly range: { readonly anchor: string; readonly covered: ReadonlySet<string> } | undefined;
  readonly focus: "list" | "detail";
  readonly detailTop: number;
  /** The one finding whose value is shown in the clear. */
  readonly revealed: string | undefined;
  readonly overlay: "help" | "problems" | undefined;
  readonly overlayTop: number;
  readonly prompt: Prompt | undefined;
  readonly toast: string;
  /** Offered again at the next `i`. */
  readonly lastReason: string;
  readonly past: readonly Step[];
  readonly future: readonly Step[];
}

export interface ScanState {
  readonly isRunning: boolean;
  readonly progress: Progress | undefined;
  /** The first ones; `problemCount` counts all. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** One line that says why the scan ended early; empty when it did not. */
  readonly failure: string;
}

/** A line being typed at the bottom of the screen. */
export interface Prompt {
  readonly kind: "filter" | "ignore" | "comment";
  readonly line: Line;
  /** For a filter: the list as it was, from which each letter looks for the nearest finding anew; half-typed filters hide everything. */
  readonly from: Pick<ReviewState, "selected" | "shown" | "top">;
}

/** One act of the reviewer. */
export interface Step extends DecisionStep {
  /** Where the cursor stood. */
  readonly selected: string | undefined;
}

export type Action =
  /** `now`: ISO 8601 in UTC, the date of a decision that the key may bring. */
  | { readonly kind: "key"; readonly key: Key; readonly now: string }
  /** Events of the feed in one go, with the decisions already written for the findings among them. */
  | {
      readonly kind: "fed";
      readonly events: readonly FeedEvent[];
      readonly known: ReadonlyMap<string, Decision>;
    }
  | { readonly kind: "resized"; readonly size: Size }
  /** Goes to one finding; nothing happens when the list does not show it. */
  | { readonly kind: "selected"; readonly fingerprint: string }
  /** A step could not be written: the file holds what it held before. */
  | { readonly kind: "not-written"; readonly step: Step; readonly reason: string }
  | { readonly kind: "copied" };

/** What the reducer wants done outside; run in order. */
export type Effect =
  | { readonly kind: "write"; readonly changes: readonly DecisionChange[]; readonly step: Step }
  | { readonly kind: "copy"; readonly text: string }
  | { readonly kind: "redraw" }
  | { readonly kind: "suspend" }
  | { readonly kind: "quit"; readonly by: "quit" | "interrupt" };

export interface Reduced {
  readonly state: ReviewState;
  readonly effects: readonly Effect[];
}

export function initialState(title: string, place: string, size: Size): ReviewState {
  return {
    title,
    place,
    size,
    findings: new Map(),
    decisions: new Map(),
    comments: new Map(),
    scan: { isRunning: true, progress: undefined, problems: [], problemCount: 0, failure: "" },
    filter: "",
    query: parseQuery(""),
    sorting: { by: "severity", isReversed: false },
    shown: [],
    selected: undefined,
    top: 0,
    marked: new Set(),
    range: undefined,
    focus: "list",
    detailTop: 0,
    revealed: undefined,
    overlay: undefined,
    overlayTop: 0,
    prompt: undefined,
    toast: "",
    lastReason: "",
    past: [],
    future: [],
  };
}

/**
 * The verdict that holds for a finding: the reviewer's, or that of another ignore file or baseline; none when it is open.
 * (A suppression that stems from the reviewer's own file was taken off when the finding arrived: there the decision itself is known.)
 */
export function verdictOf(state: ReviewState, finding: Finding): Verdict | undefined {
  return (
    state.decisions.get(finding.fingerprint)?.verdict ?? (finding.suppressed === undefined ? undefined : "ignored")
  );
}

export function selectedFinding(state: ReviewState): Finding | undefined {
  return state.selected === undefined ? undefined : state.findings.get(state.selected);
}

/** What a decision would touch: the marked findings that are shown, with the range; without any, the selected one. */
export function targetsOf(state: ReviewState): readonly string[] {
  const hasMarks = state.marked.size > 0 || state.range !== undefined;
  const marked = hasMarks ? state.shown.filter((fingerprint) => isMarked(state, fingerprint)) : [];
  if (marked.length > 0) return marked;
  return state.selected === undefined ? [] : [state.selected];
}

export function isMarked(state: ReviewState, fingerprint: string): boolean {
  return state.marked.has(fingerprint) || state.range?.covered.has(fingerprint) === true;
}

/** Filters and sorts anew. The selection stays on its finding and its row; where that is no longer shown, it goes to the nearest after it, else before it. */
export function relist(state: ReviewState): ReviewState {
  const shown = shownFindings(state.findings, state.query, state.sorting, (finding) => verdictOf(state, finding));
  const before = rowOf(state);
  const selected = staySelected(state.selected, state.shown, shown, before);
  const row = selected === undefined ? 0 : shown.indexOf(selected);
  const moved = selected === state.selected ? state : select({ ...state, shown }, selected);
  return scrolled({ ...moved, shown, top: row - (before - state.top) });
}

/** After a change of decisions: the list is made anew only where the filter asks for them, for a long one takes its time. */
export function relistForDecisions(state: ReviewState): ReviewState {
  return state.query.asksForVerdicts ? relist(state) : state;
}

function staySelected(
  selected: string | undefined,
  before: readonly string[],
  after: readonly string[],
  row: number,
): string | undefined {
  if (selected === undefined) return after[0];
  if (after.includes(selected)) return selected;
  const remaining = new Set(after);
  const next = before.slice(row).find((fingerprint) => remaining.has(fingerprint));
  return next ?? before.slice(0, Math.max(0, row)).findLast((fingerprint) => remaining.has(fingerprint)) ?? after[0];
}

export function rowOf(state: ReviewState): number {
  return state.selected === undefined ? -1 : state.shown.indexOf(state.selected);
}

/** Moves the selection. A value that was shown is hidden, the detail starts at its top, and a range that is open grows or shrinks. */
export function select(state: ReviewState, selected: string | undefined): ReviewState {
  if (selected === state.selected) return state;
  const moved: ReviewState = { ...state, selected, detailTop: 0, revealed: undefined };
  return scrolled(
    state.range === undefined || selected === undefined
      ? moved
      : { ...moved, range: stretched(state, state.range.anchor, selected) },
  );
}

function stretched(state: ReviewState, anchor: string, selected: string): ReviewState["range"] {
  const to = state.shown.indexOf(selected);
  const from = state.shown.indexOf(anchor);
  // The filter has taken the anchor away: begin anew here.
  if (from < 0) return { anchor: selected, covered: new Set([selected]) };
  return {
    anchor,
    covered: new Set(state.shown.slice(Math.min(from, to), Math.max(from, to) + 1)),
  };
}

/** The list scrolled so that the selected row is on the screen and no room is wasted at its end. */
export function scrolled(state: ReviewState): ReviewState {
  const height = listHeight(state.size);
  const row = Math.max(0, rowOf(state));
  const last = Math.max(0, state.shown.length - height);
  const top = Math.max(0, Math.min(Math.max(Math.min(state.top, last), row - height + 1), row));
  return top === state.top ? state : { ...state, top };
}

/** Rows for findings at this size; at least 1, so that paging always moves. */
export function listHeight(size: Size): number {
  const layout = layoutOf(size);
  return layout.kind === "small" ? 1 : Math.max(1, layout.list.height);
}

export function detailHeight(size: Size): number {
  const layout = layoutOf(size);
  return layout.kind === "small" ? 1 : Math.max(1, layout.detail.height);
}
