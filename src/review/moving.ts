import { detailLineCount, detailTopOf } from "./detail.ts";
import type { Command } from "./command.ts";
import { isGroupId, groupIdOf } from "./grouping.ts";
import { detailHeight, listHeight, refold, rowOf, select, selectedGroup } from "./selection.ts";
import { selectedFinding, type ReviewState } from "./state.ts";

/** Moves the cursor of the list. */
export function moved(state: ReviewState, command: Command): ReviewState {
  const { rows } = state.list;
  const next = goneTo(command, rowOf(state), listHeight(state), rows.length - 1);
  return next === undefined || rows.length === 0 ? state : select(state, rows[next]);
}

/** Scrolls the detail. */
export function scrolledDetail(state: ReviewState, command: Command): ReviewState {
  const height = detailHeight(state);
  const last = Math.max(0, detailLineCount(state) - height);
  const next = goneTo(command, detailTopOf(state, height), height, last);
  return next === undefined ? state : { ...state, detailTop: next };
}

/** Where a command leads from a row; nothing for commands that do not move. */
function goneTo(command: Command, row: number, height: number, last: number): number | undefined {
  const to = (next: number): number => Math.max(0, Math.min(last, next));
  switch (command) {
    case "down":
      return to(row + 1);
    case "up":
      return to(row - 1);
    case "half-down":
      return to(row + Math.ceil(height / 2));
    case "half-up":
      return to(row - Math.ceil(height / 2));
    case "page-down":
      return to(row + height);
    case "page-up":
      return to(row - height);
    case "top":
      return to(0);
    case "bottom":
      return to(last);
    default:
      return undefined;
  }
}

/** Into what is selected: a head unfolds, or folds again; of a finding the detail takes the keys. */
export function goInto(state: ReviewState): ReviewState {
  const group = selectedGroup(state);
  if (group === undefined) return { ...state, focus: "detail" };
  const folded = new Set(state.folded);
  if (!folded.delete(group.id)) folded.add(group.id);
  return refold(state, folded);
}

/** Out of it: from the detail to the list, from a finding to its head, and a head folds. */
export function goOut(state: ReviewState): ReviewState {
  if (state.focus === "detail") return { ...state, focus: "list" };
  const { selected } = state;
  if (selected === undefined) return state;
  if (isGroupId(selected)) return refold(state, new Set([...state.folded, selected]));
  const finding = selectedFinding(state);
  const head = finding === undefined ? "" : groupIdOf(finding, state.grouping);
  return state.list.groups.has(head) ? select(state, head) : state;
}

/** Folds or unfolds all heads; the selection goes to its head, or stays. */
export function foldAll(state: ReviewState, isFolded: boolean): ReviewState {
  if (state.list.groups.size === 0) return { ...state, toast: "nothing to fold; t puts findings under heads" };
  return refold(state, new Set(isFolded ? state.list.groups.keys() : []));
}
