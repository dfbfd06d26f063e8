import { fingerprintIn, type LookRow } from "./look.ts";
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
