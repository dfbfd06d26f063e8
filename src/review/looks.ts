import { aroundSteps, fingerprintIn, showsLines, type LookRow } from "./look.ts";
import type { ReviewState } from "./state.ts";

/** Some of what was read last is kept: going back and forth reads nothing again. */
const maxLooks = 40;

/** What was read of findings that are the same still: while a scan runs, a finding comes first without commits and layers. */
export function looksStill(
  looks: ReviewState["looks"],
  isSame: (fingerprint: string) => boolean,
): ReviewState["looks"] {
  const kept = [...looks].filter(([id]) => isSame(fingerprintIn(id)));
  return kept.length === looks.size ? looks : new Map(kept);
}

/** Adds what was read. */
export function withLook(looks: ReviewState["looks"], id: string, rows: readonly LookRow[]): ReviewState["looks"] {
  const kept = [...looks].filter(([known]) => known !== id).slice(1 - maxLooks);
  return new Map([...kept, [id, rows]]);
}

/** One step more lines around a place, or one less. The place stays in sight. */
export function withAround(state: ReviewState, step: 1 | -1): ReviewState {
  if (!showsLines(state.tab)) return { ...state, toast: "2 text, 3 change and 6 blame show lines around it" };
  const next = aroundSteps[aroundSteps.findIndex((lines) => lines === state.around) + step];
  if (next === undefined)
    return { ...state, toast: step > 0 ? "no more lines than these" : "no fewer lines than these" };
  return {
    ...state,
    around: next,
    detailTop: undefined,
    toast: `${next} lines around it, ${next / 4} around a change`,
  };
}
