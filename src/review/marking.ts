import { isMarked, isRowMarked, membersOf, withoutFinding } from "./selection.ts";
import { moved } from "./moving.ts";
import { similarTo, similarityWords } from "./similar.ts";
import { selectedFinding, type ReviewState } from "./state.ts";

/** Marks what is selected (of a head all that is under it) or takes the marks away, and goes on. */
export function mark(state: ReviewState): ReviewState {
  const { selected, range } = state;
  if (selected === undefined) return state;
  const next = new Set(state.marked);
  if (range !== undefined) for (const fingerprint of range.covered) next.add(fingerprint);
  else {
    const isOn = isRowMarked(state, selected);
    for (const fingerprint of membersOf(state, selected)) {
      if (isOn) next.delete(fingerprint);
      else next.add(fingerprint);
    }
  }
  return moved({ ...state, marked: next, range: undefined }, "down");
}

/** Begins a range, or adds the one that is open to the marks. */
export function markRange(state: ReviewState): ReviewState {
  const { selected, range } = state;
  if (range !== undefined) return { ...state, marked: new Set([...state.marked, ...range.covered]), range: undefined };
  if (selected === undefined) return state;
  return { ...state, focus: "list", range: { anchor: selected, covered: new Set(membersOf(state, selected)) } };
}

/** Marks all that the filter shows; where all of it is marked, nothing of it. */
export function markAll(state: ReviewState): ReviewState {
  const { shown } = state.list;
  const isAll = shown.every((fingerprint) => isMarked(state, fingerprint));
  if (isAll && state.range === undefined && state.marked.size === shown.length) return { ...state, marked: new Set() };
  return {
    ...state,
    marked: isAll ? without(state.marked, shown) : new Set([...state.marked, ...shown]),
    range: undefined,
  };
}

/** Marks without those of the findings shown, all of which are marked or in the range. */
function without(marked: ReadonlySet<string>, shown: readonly string[]): ReadonlySet<string> {
  const hidden = new Set(shown);
  return new Set([...marked].filter((fingerprint) => !hidden.has(fingerprint)));
}

/** Marks the open findings that are like the selected one, among those shown; pressed again, it takes a wider view. What is marked beside them stays so. */
export function markSimilar(state: ReviewState): ReviewState {
  const finding = selectedFinding(state);
  if (finding === undefined) return withoutFinding(state);
  if (state.unread > 0) return { ...state, toast: "the places are still being read: try again in a moment" };
  const isAgain = state.similar?.fingerprint === finding.fingerprint;
  const found = similarTo(state, finding, isAgain ? state.similar.width + 1 : 0);
  const marked = new Set(state.marked);
  if (isAgain) for (const fingerprint of state.similar.marked) marked.delete(fingerprint);
  const added = found.fingerprints.filter((fingerprint) => !marked.has(fingerprint));
  for (const fingerprint of added) marked.add(fingerprint);
  const count = found.fingerprints.length;
  const words = `${count.toLocaleString("en")} open with ${similarityWords[found.width]}`;
  return {
    ...state,
    marked,
    range: undefined,
    focus: "list",
    similar: { fingerprint: finding.fingerprint, width: found.width, marked: added },
    toast: `${words} marked · * widens · Esc drops`,
  };
}
