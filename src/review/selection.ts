import { groupIdOf, isGroupId, listing, refolded, type Group } from "./grouping.ts";
import type { Finding } from "../model/finding.ts";
import type { Verdict } from "../model/decision.ts";
import { layeredMap } from "./layered-map.ts";
import { layoutOf, type View } from "./layout.ts";
import { matches } from "./query.ts";
import { shownFindings } from "./shown.ts";
import { verdictOf, type ReviewState } from "./state.ts";
import { groupingNow, isAtHand, sortingNow } from "./unread.ts";

/** The head that is selected, if one is. */
export function selectedGroup(state: ReviewState): Group | undefined {
  return state.selected === undefined ? undefined : state.list.groups.get(state.selected);
}

/**
 * What a decision would touch: the marked findings that are shown, with the range; without any, what is selected. Of a head that is what is open under it, or all
 * where nothing is.
 */
export function targetsOf(state: ReviewState): readonly string[] {
  const marked = markedShown(state);
  if (marked.length > 0) return marked;
  if (state.selected === undefined) return [];
  const group = selectedGroup(state);
  if (group === undefined) return [state.selected];
  const open = group.members.filter((fingerprint) => isOpen(state, fingerprint));
  return open.length > 0 ? open : group.members;
}

export function isOpen(state: ReviewState, fingerprint: string): boolean {
  const finding = state.findings.get(fingerprint);
  return finding !== undefined && verdictOf(state, finding) === undefined;
}

type Marking = Pick<ReviewState, "marked" | "range" | "query" | "findings" | "decisions" | "conflicts">;

/** Each frame asks several times. */
let lastMarked: { readonly of: Marking; readonly shown: readonly string[] } | undefined;

/** Marked findings that the filter shows, with those of a range. Costs what is marked, not what is shown. */
function markedShown(state: ReviewState): readonly string[] {
  const { marked, range, query, findings } = state;
  if (marked.size === 0 && range === undefined) return [];
  if (lastMarked !== undefined && isSameMarking(lastMarked.of, state)) return lastMarked.shown;
  const all = range === undefined ? marked : new Set([...marked, ...range.covered]);
  const shown = [...all].filter((fingerprint) => {
    const finding = findings.get(fingerprint);
    if (finding === undefined || query.terms.length === 0) return finding !== undefined;
    return (!query.asksForPlaces || isAtHand(finding)) && matches(query, finding, verdictOf(state, finding));
  });
  lastMarked = { of: state, shown };
  return shown;
}

function isSameMarking(a: Marking, b: Marking): boolean {
  if (a.marked !== b.marked || a.range !== b.range || a.query !== b.query || a.findings !== b.findings) return false;
  return !a.query.asksForVerdicts || (a.decisions === b.decisions && a.conflicts === b.conflicts);
}

export function isMarked({ marked, range }: ReviewState, fingerprint: string): boolean {
  return marked.has(fingerprint) || range?.covered.has(fingerprint) === true;
}

/** Whether a row of the list is marked: a head is where everything under it is. */
export function isRowMarked(state: ReviewState, row: string): boolean {
  if (state.marked.size === 0 && state.range === undefined) return false;
  const group = state.list.groups.get(row);
  return group === undefined
    ? isMarked(state, row)
    : group.members.every((fingerprint) => isMarked(state, fingerprint));
}

/** Findings that a row stands for. */
export function membersOf(state: ReviewState, row: string): readonly string[] {
  return state.list.groups.get(row)?.members ?? (isGroupId(row) ? [] : [row]);
}

/** Filters, sorts and groups anew. The selection stays on its finding and its row; where that is no longer drawn, it goes to its head, else to the nearest after it, else before it. */
export function relist(state: ReviewState, folding: "as it is" | "all" = "as it is"): ReviewState {
  const verdict = (finding: Finding): Verdict | undefined => verdictOf(state, finding);
  const shown = shownFindings(state.findings, state.query, sortingNow(state), verdict, state.unread > 0);
  const { list, open } = listing(
    shown,
    groupingNow(state),
    folding === "all" ? folding : state.folded,
    (finding) => verdict(finding) === undefined,
  );
  const folded = folding === "all" ? new Set(list.groups.keys()) : state.folded;
  return placed({ ...state, folded, openIn: layeredMap(open) }, list);
}

/** After decisions on some findings that are shown: where the filter asks for decisions, those that no longer pass are gone. */
export function withoutDecided(state: ReviewState, acted: ReadonlySet<string>): ReviewState {
  const { query, list } = state;
  if (!query.asksForVerdicts) return state;
  if (list.groups.size > 0) return relist(state);
  const rows = list.shown.filter((fingerprint) => {
    const finding = acted.has(fingerprint) ? state.findings.get(fingerprint) : undefined;
    return finding === undefined || matches(query, finding, verdictOf(state, finding));
  });
  return placed(state, { ...list, shown: rows, rows });
}

/** Folds and unfolds heads. */
export function refold(state: ReviewState, folded: ReadonlySet<string>): ReviewState {
  return placed({ ...state, folded }, refolded(state.list, folded));
}

function placed(state: ReviewState, list: ReviewState["list"]): ReviewState {
  const before = rowOf(state);
  const selected = staySelected(state, list, before);
  const moved = selected === state.selected ? state : select({ ...state, list }, selected);
  const row = selected === undefined ? 0 : list.rows.indexOf(selected);
  return scrolled({ ...moved, list, top: row - (before - state.top) });
}

function staySelected(state: ReviewState, list: ReviewState["list"], row: number): string | undefined {
  const { selected } = state;
  const before = state.list.rows;
  const after = list.rows;
  if (selected === undefined) return after[0];
  if (after.includes(selected)) return selected;
  const finding = state.findings.get(selected);
  const head = finding === undefined ? undefined : list.groups.get(groupIdOf(finding, state.grouping));
  // Under its head it is where the filter shows it.
  if (finding !== undefined && head !== undefined && matches(state.query, finding, verdictOf(state, finding)))
    return head.id;
  const remaining = new Set(after);
  const next = before.slice(Math.max(0, row)).find((one) => remaining.has(one));
  return next ?? before.slice(0, Math.max(0, row)).findLast((one) => remaining.has(one)) ?? after[0];
}

const lastRows = new WeakMap<readonly string[], { readonly selected: string; readonly row: number }>();

/** The row of the selection; -1 without one. Asked many times for each frame, so the last answer is kept. */
export function rowOf({ selected, list }: Pick<ReviewState, "selected" | "list">): number {
  if (selected === undefined) return -1;
  const known = lastRows.get(list.rows);
  if (known?.selected === selected) return known.row;
  // Most keys move by a few rows.
  const near = known === undefined ? -1 : list.rows.slice(Math.max(0, known.row - 1), known.row + 2).indexOf(selected);
  const row = near < 0 || known === undefined ? list.rows.indexOf(selected) : Math.max(0, known.row - 1) + near;
  lastRows.set(list.rows, { selected, row });
  return row;
}

/** Moves the selection. A value that was shown is hidden, the detail starts at its top, and a range that is open grows or shrinks. */
export function select(state: ReviewState, selected: string | undefined): ReviewState {
  if (selected === state.selected) return state;
  const moved: ReviewState = { ...state, selected, detailTop: undefined, place: 0, revealed: undefined };
  return scrolled(
    state.range === undefined || selected === undefined
      ? moved
      : { ...moved, range: stretched(state, state.range.anchor, selected) },
  );
}

function stretched(state: ReviewState, anchor: string, selected: string): ReviewState["range"] {
  const { list } = state;
  const to = rowOf({ list, selected });
  const from = list.rows.indexOf(anchor);
  // The filter has taken the anchor away: begin anew here.
  if (from < 0) return { anchor: selected, covered: new Set(membersOf(state, selected)) };
  const rows = list.rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { anchor, covered: new Set(rows.flatMap((row) => (isGroupId(row) ? foldedMembers(state, row) : [row]))) };
}

/** A head in a range stands for what it hides; what is unfolded under it has rows of its own. */
function foldedMembers(state: ReviewState, row: string): readonly string[] {
  return state.folded.has(row) ? membersOf(state, row) : [];
}

/** The state, with what to do where a key needs a finding and none is selected. */
export function withoutFinding(state: ReviewState): ReviewState {
  const isHead = selectedGroup(state) !== undefined;
  return { ...state, toast: isHead ? "this is a head: enter unfolds it; go to a finding" : "go to a finding first" };
}

/** The list scrolled so that the selected row is on the screen and no room is wasted at its end. */
export function scrolled(state: ReviewState): ReviewState {
  const height = listHeight(state);
  const row = Math.max(0, rowOf(state));
  const last = Math.max(0, state.list.rows.length - height);
  const top = Math.max(0, Math.min(Math.max(Math.min(state.top, last), row - height + 1), row));
  return top === state.top ? state : { ...state, top };
}

/** Rows for findings at this size; at least 1, so that paging always moves. */
export function listHeight(view: View): number {
  const layout = layoutOf(view);
  return layout.kind === "small" ? 1 : Math.max(1, layout.list.height);
}

export function detailHeight(view: View): number {
  const layout = layoutOf(view);
  return layout.kind === "small" ? 1 : Math.max(1, layout.detail.height);
}
