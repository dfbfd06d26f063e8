import { verdictWords, type Decision, type DecisionHistory, type DecisionStep } from "../model/decision.ts";
import type { Entry } from "./entry.ts";
import { append } from "../model/multimap.ts";

/** What the log says of one secret. */
export type Standing =
  /** Nobody has said anything, or what was said was taken back. */
  | { readonly kind: "open" }
  | { readonly kind: "decided"; readonly decision: Decision; readonly by: string }
  /** Reviewers who did not know of each other said different things: it is open until somebody who sees them all decides. */
  | { readonly kind: "conflict"; readonly sides: readonly Entry[] };

/**
 * The entries of one secret that no other replaces: more than one where people wrote without knowing of each other. Oldest first. An entry that nothing has replaced
 * stays one, whatever its time says: clocks differ.
 */
export function headsOf(entries: readonly Entry[]): readonly Entry[] {
  if (entries.length < 2) return entries;
  const replaced = new Set(entries.flatMap(({ replaces }) => replaces));
  return entries.filter(({ id }) => !replaced.has(id)).sort(compareEntries);
}

/** What the heads of one secret say together: the same, and then it is decided (the newest one speaks), or different things. */
export function standingOf(heads: readonly Entry[]): Standing {
  const newest = heads.at(-1);
  if (newest === undefined) return { kind: "open" };
  if (new Set(heads.map(effectOf)).size > 1) return { kind: "conflict", sides: heads };
  const { decision, by } = newest;
  return decision === undefined ? { kind: "open" } : { kind: "decided", decision, by };
}

/** Of a conflict, for people: `conflict: Ada says real, Bob says false positive`. */
export function conflictText(sides: readonly Entry[]): string {
  return `conflict: ${sides.map(({ by, decision }) => `${by} says ${sayingOf(decision)}`).join(", ")}`;
}

/** A verdict with its limits: `ignored until 2027-01-31 in test/`; `open` for one that was taken back. */
export function sayingOf(decision: Decision | undefined): string {
  if (decision === undefined) return "open";
  const { verdict, expires, path } = decision;
  const limits = [expires === undefined ? "" : ` until ${expires}`, path === undefined ? "" : ` in ${path}`];
  return `${verdictWords[verdict]}${limits.join("")}`;
}

/**
 * The steps of one reviewer, as they can be undone and done again: what was undone comes back by redo until something new is decided. The same for any order
 * in which the entries came here.
 */
export function historyOf(entries: readonly Entry[], reviewer: string): DecisionHistory {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const steps = new Map<string, Entry[]>();
  for (const entry of entries.toSorted(compareEntries)) {
    if (entry.by !== reviewer) continue;
    append(steps, entry.step, entry);
  }
  const past: DecisionStep[] = [];
  const future: DecisionStep[] = [];
  for (const step of steps.values()) {
    switch (step[0]!.act) {
      case "decide":
        past.push({ changes: step.map((entry) => changeOf(entry, byId)) });
        future.length = 0;
        break;
      case "undo":
        move(past, future);
        break;
      case "redo":
        move(future, past);
        break;
    }
  }
  return { past, future };
}

function move(from: DecisionStep[], to: DecisionStep[]): void {
  const step = from.pop();
  if (step !== undefined) to.push(step);
}

function changeOf(entry: Entry, byId: ReadonlyMap<string, Entry>): DecisionStep["changes"][number] {
  const replaced = entry.replaces.flatMap((id) => byId.get(id) ?? []);
  const before = standingOf(replaced.sort(compareEntries));
  return {
    fingerprint: entry.fingerprint,
    // What settled a conflict goes back to open: nobody can take back what others said.
    before: before.kind === "decided" ? before.decision : undefined,
    after: entry.decision,
  };
}

/** By time, then by id: no two entries are equal. */
export function compareEntries(a: Entry, b: Entry): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** What of a decision hides, lowers or leaves a secret; its reason does not. */
function effectOf({ decision }: Entry): string {
  return decision === undefined ? "open" : JSON.stringify([decision.verdict, decision.expires, decision.path]);
}
