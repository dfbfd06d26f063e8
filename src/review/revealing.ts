import { withoutFinding } from "./selection.ts";
import { selectedFinding, type Action, type Reduced, type ReviewState } from "./state.ts";

/** Shows the value of the selected finding, or masks it again. A value that is not in memory is asked for. */
export function shownOrMasked(state: ReviewState): Reduced {
  const finding = selectedFinding(state);
  if (finding === undefined) return only(withoutFinding(state));
  const { fingerprint, secret } = finding;
  if (state.revealed?.fingerprint === fingerprint) return only({ ...state, detailTop: undefined, revealed: undefined });
  if (secret !== undefined) return only({ ...state, detailTop: 0, revealed: { fingerprint, value: secret } });
  return { state: { ...state, toast: "reading it again" }, effects: [{ kind: "value", finding }] };
}

/** The value that `m` asked for; nothing where the cursor has moved on meanwhile. */
export function valueRead(state: ReviewState, { fingerprint, value }: Extract<Action, { kind: "value" }>): ReviewState {
  if (state.selected !== fingerprint || state.overlay !== undefined) return state;
  if (value === undefined)
    return { ...state, toast: "the value is not in memory, and its place cannot be read again here" };
  return { ...state, toast: "", detailTop: 0, revealed: { fingerprint, value } };
}

function only(state: ReviewState): Reduced {
  return { state, effects: [] };
}
