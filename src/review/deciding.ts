import { verdictWords, type Decision, type DecisionChange, type Verdict } from "../model/decision.ts";
import {
  relistForDecisions,
  select,
  targetsOf,
  verdictOf,
  type Reduced,
  type ReviewState,
  type Step,
} from "./state.ts";

/** Takes a decision on the marked findings, or on the selected one, and goes on to the next that is open. */
export function decide(state: ReviewState, verdict: Verdict, reason: string | undefined, now: string): Reduced {
  const targets = targetsOf(state);
  if (targets.length === 0) return { state: { ...state, toast: "nothing to decide here" }, effects: [] };
  const step = stepOf(state, targets, (fingerprint) => ({
    verdict,
    reason: reason ?? state.comments.get(fingerprint) ?? state.decisions.get(fingerprint)?.reason ?? "",
    date: now,
  }));
  const toast = `${countOf(targets.length)} ${verdictWords[verdict]} · u undoes`;
  const advanced = advance(apply(state, step, "after"), targets);
  return {
    state: { ...advanced, toast, past: [...state.past, step], future: [] },
    effects: [write(step, "after")],
  };
}

/** Gives decided findings another reason; keeps the words for open ones until they are decided. */
export function comment(state: ReviewState, text: string, now: string): Reduced {
  const targets = targetsOf(state);
  const decided = targets.filter((fingerprint) => state.decisions.has(fingerprint));
  const comments = new Map(state.comments);
  for (const fingerprint of targets) if (!state.decisions.has(fingerprint)) comments.set(fingerprint, text);
  const kept: ReviewState = { ...state, comments };
  if (decided.length === 0)
    return { state: { ...kept, toast: "kept as the reason of the decision to come" }, effects: [] };
  const step = stepOf(kept, decided, (fingerprint) => {
    const before = state.decisions.get(fingerprint);
    return { verdict: before?.verdict ?? "ignored", reason: text, date: now };
  });
  return {
    state: {
      ...apply(kept, step, "after"),
      toast: `${countOf(decided.length)} with a new reason · u undoes`,
      past: [...state.past, step],
      future: [],
    },
    effects: [write(step, "after")],
  };
}

/** Takes the last step back, and the cursor to where it was taken. */
export function undo(state: ReviewState): Reduced {
  const step = state.past.at(-1);
  if (step === undefined) return { state: { ...state, toast: "nothing to undo" }, effects: [] };
  const undone = apply({ ...state, past: state.past.slice(0, -1), future: [...state.future, step] }, step, "before");
  return {
    state: { ...returned(undone, step), toast: `undone: ${wordsOf(step)} · ^R redoes` },
    effects: [write(step, "before")],
  };
}

export function redo(state: ReviewState): Reduced {
  const step = state.future.at(-1);
  if (step === undefined) return { state: { ...state, toast: "nothing to redo" }, effects: [] };
  const redone = apply({ ...state, past: [...state.past, step], future: state.future.slice(0, -1) }, step, "after");
  return {
    state: { ...returned(redone, step), toast: `done again: ${wordsOf(step)}` },
    effects: [write(step, "after")],
  };
}

/**
 * Puts right what the screen says after a step could not be written. Only where nothing newer has been said of a finding since:
 * that has a write of its own.
 */
export function notWritten(state: ReviewState, step: Step, reason: string): ReviewState {
  const decisions = new Map(state.decisions);
  for (const { fingerprint, before, after } of step.changes) {
    if (decisions.get(fingerprint) === after) set(decisions, fingerprint, before);
  }
  return relistForDecisions({
    ...state,
    decisions,
    past: state.past.filter((one) => one !== step),
    future: state.future.filter((one) => one !== step),
    toast: `not written: ${reason}`,
  });
}

function stepOf(state: ReviewState, targets: readonly string[], decisionFor: (fingerprint: string) => Decision): Step {
  return {
    selected: state.selected,
    changes: targets.map((fingerprint) => ({
      fingerprint,
      before: state.decisions.get(fingerprint),
      after: decisionFor(fingerprint),
    })),
  };
}

function apply(state: ReviewState, step: Step, side: "before" | "after"): ReviewState {
  const decisions = new Map(state.decisions);
  for (const change of step.changes) set(decisions, change.fingerprint, change[side]);
  return { ...state, decisions };
}

function set(decisions: Map<string, Decision>, fingerprint: string, decision: Decision | undefined): void {
  if (decision === undefined) decisions.delete(fingerprint);
  else decisions.set(fingerprint, decision);
}

function write(step: Step, side: "before" | "after"): Reduced["effects"][number] {
  const changes = step.changes.map((change): DecisionChange => {
    const decision = change[side];
    return decision === undefined ? { fingerprint: change.fingerprint } : { fingerprint: change.fingerprint, decision };
  });
  // An undo that fails must put back what the step had made, so its own before and after are the other way round.
  const written =
    side === "after"
      ? step
      : {
          ...step,
          changes: step.changes.map(({ fingerprint, before, after }) => ({
            fingerprint,
            before: after,
            after: before,
          })),
        };
  return { kind: "write", changes, step: written };
}

/** To the next open finding below the cursor, else the first one from the top; the marks that were acted on are gone. */
function advance(state: ReviewState, acted: readonly string[]): ReviewState {
  const done = new Set(acted);
  const marked = new Set([...state.marked].filter((fingerprint) => !done.has(fingerprint)));
  const next = nextOpen(state, 1) ?? state.selected;
  return relistForDecisions(select({ ...state, marked, range: undefined, focus: "list" }, next));
}

/** The nearest open finding in one direction, going round at the end; none when all that is shown is decided. */
export function nextOpen(state: ReviewState, direction: 1 | -1): string | undefined {
  const { shown } = state;
  const start = state.selected === undefined ? -1 : shown.indexOf(state.selected);
  for (let distance = 1; distance <= shown.length; distance++) {
    const fingerprint = shown[(start + direction * distance + shown.length * 2) % shown.length];
    const finding = fingerprint === undefined ? undefined : state.findings.get(fingerprint);
    if (finding !== undefined && verdictOf(state, finding) === undefined) return finding.fingerprint;
  }
  return undefined;
}

function returned(state: ReviewState, step: Step): ReviewState {
  const listed = relistForDecisions(state);
  return step.selected !== undefined && listed.shown.includes(step.selected) ? select(listed, step.selected) : listed;
}

function wordsOf(step: Step): string {
  const verdict = step.changes[0]?.after?.verdict;
  return `${countOf(step.changes.length)}${verdict === undefined ? "" : ` ${verdictWords[verdict]}`}`;
}

function countOf(count: number): string {
  return count === 1 ? "1 finding" : `${count.toLocaleString("en")} findings`;
}
