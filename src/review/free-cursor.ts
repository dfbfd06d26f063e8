import type { Command } from "./command.ts";
import { bindings } from "./keys.ts";
import { select } from "./selection.ts";
import { isUnfinished, type ReviewState } from "./state.ts";

/** After findings came (`before`: the state without them): until the first key, the cursor is where the list begins. */
export function withFreeCursor(state: ReviewState, before: ReviewState): ReviewState {
  const [first] = state.list.rows;
  if (state.cursor === "held" || first === state.selected) return state;
  // A report comes faster than anybody reads; a scan takes its time.
  const isDrift = isUnfinished(before) && before.selected !== undefined;
  return { ...select(state, first), top: 0, cursor: isDrift ? "drifted" : state.cursor };
}

/** Whether a command decides or marks at once: with a cursor that has drifted, it might hit what nobody has looked at. */
export function actsOnSelected(command: Command): boolean {
  const group = bindings.find((one) => one.command === command)?.group;
  return (group === "decide" || group === "mark") && !harmless.has(command);
}

/** They act on something else, or show what they would do, and to what. */
const harmless: ReadonlySet<Command> = new Set(["undo", "redo", "elsewhere", "rule"]);
