import { verdictWords, type Decision, type DecisionAct, type DecisionChange, type Verdict } from "../model/decision.ts";
import { recounted } from "./counts.ts";
import { groupIdOf } from "./grouping.ts";
import { isOpen, relist, rowOf, select, targetsOf, withoutDecided } from "./selection.ts";
import { verdictOf, type Reduced, type ReviewState, type Step } from "./state.ts";

/** Failures that can be read again. */
const maxFailures = 20;

/** What a decision says beside its verdict. An absent reason is that of the comment, or of the decision before. */
export interface Terms {
  readonly reason?: string;
  readonly expires?: string;
  readonly path?: string;
}

/** Takes a decision on the marked findings, or on what is selected, and goes on to the next that is open. */
export function decide(state: ReviewState, verdict: Verdict, terms: Terms, now: string): Reduced {
  const targets = targetsOf(state);
  if (targets.length === 0) return { state: { ...state, toast: "nothing to decide here" }, effects: [] };
  const { reason, ...rest } = terms;
  const step = stepOf(state, targets, (fingerprint) => ({
    verdict,
    reason: reason ?? state.comments.get(fingerprint) ?? state.decisions.get(fingerprint)?.reason ?? "",
    date: now,
    ...rest,
  }));
  const toast = `${countOf(targets.length)} ${verdictWords[verdict]} · u undoes`;
  const advanced = advance(apply(state, step, "after"), state, targets);
  return {
    state: { ...advanced, toast, past: [...state.past, step], future: [] },
    effects: [write(step, "decide")],
  };
}

/** Gives decided findings another reason; keeps the words for open ones until they are decided. */
export function comment(state: ReviewState, text: string, now: string): Reduced {
  const targets = targetsOf(state);
  const decided = targets.filter((fingerprint) => state.decisions.has(fingerprint));
  const open = targets.filter((fingerprint) => !state.decisions.has(fingerprint));
  const kept: ReviewState = {
    ...state,
    comments: state.comments.with(open.map((fingerprint) => [fingerprint, text] as const)),
  };
  if (decided.length === 0)
    return { state: { ...kept, toast: "kept as the reason of the decision to come" }, effects: [] };
  const step = stepOf(kept, decided, (fingerprint) => ({
    ...(state.decisions.get(fingerprint) ?? { verdict: "ignored" }),
    ...{ reason: text, date: now },
  }));
  return {
    state: {
      ...apply(kept, step, "after"),
      toast: `${countOf(decided.length)} with a new reason · u undoes`,
      past: [...state.past, step],
      future: [],
    },
    effects: [write(step, "decide")],
  };
}

/** Takes the last step back, and the cursor to where it was taken. */
export function undo(state: ReviewState): Reduced {
  const step = state.past.at(-1) ?? writtenStep(state);
  if (step === undefined) return { state: { ...state, toast: "nothing to undo" }, effects: [] };
  const undone = apply({ ...state, past: state.past.slice(0, -1), future: [...state.future, step] }, step, "before");
  return {
    state: { ...returned(undone, step), toast: `undone: ${wordsOf(step)} · ^R redoes` },
    effects: [write(step, "undo")],
  };
}

/**
 * The last step of earlier sessions, where decisions are kept without their history: what was written at the same second, which is one act. Lines with a day alone, or with a name, were written by
 * hand or by somebody else.
 */
function writtenStep(state: ReviewState): Step | undefined {
  if (state.hasHistory) return undefined;
  const own = [...state.decisions.entries()].filter(([, { date, by }]) => date.includes("T") && by === undefined);
  const last = own.reduce((newest, [, { date }]) => (date > newest ? date : newest), "");
  const changes = own.flatMap(([fingerprint, after]) =>
    after.date === last ? [{ fingerprint, before: undefined, after }] : [],
  );
  return changes.length === 0 ? undefined : { changes, conflicts: [], selected: changes[0]?.fingerprint };
}

export function redo(state: ReviewState): Reduced {
  const step = state.future.at(-1);
  if (step === undefined) return { state: { ...state, toast: "nothing to redo" }, effects: [] };
  const redone = apply({ ...state, past: [...state.past, step], future: state.future.slice(0, -1) }, step, "after");
  return {
    state: { ...returned(redone, step), toast: `done again: ${wordsOf(step)}` },
    effects: [write(step, "redo")],
  };
}

/**
 * Puts right what the screen says after a step could not be written. Only where nothing newer has been said of a finding since:
 * that has a write of its own.
 */
export function notWritten(state: ReviewState, step: Step, act: DecisionAct, reason: string): ReviewState {
  const [claimed, held] = act === "undo" ? (["before", "after"] as const) : (["after", "before"] as const);
  const stands = step.changes.filter((change) => state.decisions.get(change.fingerprint) === change[claimed]);
  const without = (steps: readonly Step[]): readonly Step[] => steps.filter((one) => one !== step);
  return relistForDecisions({
    ...apply(state, { ...step, changes: stands }, held),
    past: act === "undo" && state.future.includes(step) ? [...state.past, step] : without(state.past),
    future: act === "redo" && state.past.includes(step) ? [...state.future, step] : without(state.future),
    toast: `not written: ${reason}`,
    failures: [...state.failures, `not written: ${reason}`].slice(-maxFailures),
  });
}

function stepOf(state: ReviewState, targets: readonly string[], decisionFor: (fingerprint: string) => Decision): Step {
  const conflicts = targets.flatMap((fingerprint) => {
    const said = state.conflicts.get(fingerprint);
    return said === undefined ? [] : [[fingerprint, said] as const];
  });
  return {
    selected: state.selected,
    conflicts,
    changes: targets.map((fingerprint) => ({
      fingerprint,
      before: state.decisions.get(fingerprint),
      after: decisionFor(fingerprint),
    })),
  };
}

/** The state after a step, or before it. Counts follow by what changes, not by counting all anew. */
function apply(state: ReviewState, step: Step, side: "before" | "after"): ReviewState {
  const next = {
    today: state.today,
    decisions: state.decisions.with(step.changes.map((change) => [change.fingerprint, change[side]] as const)),
    conflicts:
      step.conflicts.length === 0
        ? state.conflicts
        : state.conflicts.with(step.conflicts.map(([id, said]) => [id, side === "before" ? said : undefined] as const)),
  };
  const verdicts: (readonly [before: Verdict | undefined, after: Verdict | undefined])[] = [];
  const open = new Map<string, number>();
  for (const { fingerprint } of step.changes) {
    const finding = state.findings.get(fingerprint);
    if (finding === undefined) continue;
    const [before, after] = [verdictOf(state, finding), verdictOf(next, finding)];
    verdicts.push([before, after]);
    const head = groupIdOf(finding, state.grouping);
    if ((before === undefined) !== (after === undefined) && state.list.groups.has(head))
      open.set(head, (open.get(head) ?? state.openIn.get(head) ?? 0) + (after === undefined ? 1 : -1));
  }
  return { ...state, ...next, counts: recounted(state.counts, verdicts), openIn: state.openIn.with(open) };
}

function write(step: Step, act: DecisionAct): Reduced["effects"][number] {
  const side = act === "undo" ? "before" : "after";
  const changes = step.changes.map((change): DecisionChange => {
    const decision = change[side];
    return decision === undefined ? { fingerprint: change.fingerprint } : { fingerprint: change.fingerprint, decision };
  });
  return { kind: "write", changes, act, step };
}

/** To the next open row below the cursor, else the first one from the top; the marks that were acted on are gone. */
function advance(state: ReviewState, before: ReviewState, acted: readonly string[]): ReviewState {
  const hadMarks = before.marked.size > 0;
  const done = new Set(acted);
  const marked = hadMarks ? new Set([...state.marked].filter((fingerprint) => !done.has(fingerprint))) : state.marked;
  const next = nextOpen(state, 1) ?? state.selected;
  return withoutDecided(select({ ...state, marked, range: undefined, focus: "list" }, next), done);
}

/** The list is made anew only where the filter asks for decisions, for a long one takes its time. */
function relistForDecisions(state: ReviewState): ReviewState {
  return state.query.asksForVerdicts ? relist(state) : state;
}

/** The nearest row in one direction that is open, going round at the end; none when all that is shown is decided. Of heads only folded ones count: the others have rows below them. */
export function nextOpen(state: ReviewState, direction: 1 | -1): string | undefined {
  const { rows } = state.list;
  const start = rowOf(state);
  for (let distance = 1; distance <= rows.length; distance++) {
    const row = rows[(start + direction * distance + rows.length * 2) % rows.length];
    if (row === undefined) continue;
    const isHead = state.list.groups.has(row);
    if (isHead ? state.folded.has(row) && (state.openIn.get(row) ?? 0) > 0 : isOpen(state, row)) return row;
  }
  return undefined;
}

function returned(state: ReviewState, step: Step): ReviewState {
  const listed = relistForDecisions(state);
  const { selected } = step;
  return selected !== undefined && listed.list.rows.includes(selected) ? select(listed, selected) : listed;
}

function wordsOf(step: Step): string {
  const verdict = step.changes[0]?.after?.verdict;
  return `${countOf(step.changes.length)}${verdict === undefined ? "" : ` ${verdictWords[verdict]}`}`;
}

function countOf(count: number): string {
  return count === 1 ? "1 finding" : `${count.toLocaleString("en")} findings`;
}
