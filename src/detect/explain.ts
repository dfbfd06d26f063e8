import type { Detection } from "../model/detection.ts";
import { append } from "../model/multimap.ts";
import type { Rule } from "../model/rule.ts";
import type { RunOutcomes } from "./collector.ts";
import type { Detector } from "./detector.ts";
import type { Outcome } from "./outcome.ts";
import { unlimitedTrace } from "./trace.ts";

/** How far a rule came at one keyword. */
export type StepEnd =
  /** What follows the keyword cannot be the rule's format. */
  | "sieve"
  /** The regex does not match around it. */
  | "regex"
  /** It matches, and an allowlist or the judge drops the value. */
  | "judge"
  /** The value stands, but the rule is a part of others, or misses a part of its own. */
  | "parts"
  | "reported";

/** What one rule made of one keyword. */
export interface Step {
  readonly rule: Rule;
  readonly keyword: string;
  /** Offset of the keyword in the content; -1 for rules that need none. */
  readonly at: number;
  readonly end: StepEnd;
  /** Present from `judge` on. */
  readonly outcome?: Outcome;
  /** Layers of encoding that were taken off before; then `at` is where the encoded value begins. */
  readonly depth: number;
  /** Names of these encodings. */
  readonly encodings: readonly string[];
}

export interface Explanation {
  /** In the order of their places; of one place those that came furthest first. */
  readonly steps: readonly Step[];
  /** What a scan reports of the stretch. */
  readonly detections: readonly Detection[];
}

/** Of bytes as they are. */
const plain = { depth: 0, encodings: [] } as const;

const order: readonly StepEnd[] = ["reported", "parts", "judge", "regex", "sieve"];

/** Bytes before and behind a stretch that are gone through again: further than any rule looks, and than most encoded texts are long. */
const around = 1 << 20;

/**
 * What a scan does around the bytes `[from, to)` of a content, rule by rule: every rule of which a keyword or a value lies there. It asks the
 * detector itself, so that it tells what a scan does, and not what it should do. `detections`: what a scan of all bytes reported.
 */
export function explain(
  detector: Detector,
  bytes: Buffer,
  from: number,
  to: number,
  detections: readonly Detection[] = detector.scan(bytes).detections,
): Explanation {
  const first = Math.max(0, from - around);
  const near = detections.filter(({ start, end }) => end > from && start < to);
  const moved = near.map((one) => ({ ...one, start: one.start - first, end: one.end - first }));
  const steps = stepsIn(detector, bytes.subarray(first, to + around), from - first, to - first, moved);
  return { steps: steps.map((step) => ({ ...step, at: step.at + (step.at < 0 ? 0 : first) })), detections: near };
}

function stepsIn(
  detector: Detector,
  bytes: Buffer,
  from: number,
  to: number,
  detections: readonly Detection[],
): readonly Step[] {
  const low = detector.kernel.arena;
  detector.kernel.reserve(bytes.length);
  detector.kernel.bytes.set(bytes, low);
  const trace = detector.trace(low, bytes.length, unlimitedTrace);
  const text = bytes.toString("latin1").toLowerCase();
  const { rules } = detector;
  const reported = (outcome: Outcome, at: number): boolean =>
    detections.some(({ ruleId, start }) => ruleId === outcome.ready.rule.id && start === at);
  const endOf = (outcome: Outcome, isReported: boolean): StepEnd =>
    outcome.suppressed !== undefined ? "judge" : isReported ? "reported" : "parts";

  const steps: Step[] = [];
  const passed = new Set<string>();
  const outcomes = new Map<string, Outcome[]>();
  for (const { hit, action, outcome } of trace.outcomes) append(outcomes, `${hit} ${action}`, outcome);
  for (let i = 0; i < trace.hits.length; i++) {
    const hit = trace.hits.ends[i]!;
    const action = trace.hits.actions[i]!;
    const { rule, isMirror } = rules.actions[action]!.ready;
    const keyword = rule.keywords.find((word) => text.endsWith(word, hit)) ?? "";
    passed.add(`${hit} ${rule.id}`);
    for (const outcome of outcomes.get(`${hit} ${action}`) ?? [undefined]) {
      const first = outcome === undefined ? hit - keyword.length : Math.min(hit - keyword.length, hit + outcome.start);
      const last = outcome === undefined ? hit : Math.max(hit, hit + outcome.end);
      if (last <= from || first >= to) continue;
      const end = outcome === undefined ? "regex" : endOf(outcome, reported(outcome, hit + outcome.secretStart));
      steps.push({
        rule,
        keyword,
        at: hit - keyword.length,
        end,
        ...(isMirror ? { depth: 1, encodings: ["reversed"] } : plain),
        ...(outcome === undefined ? {} : { outcome }),
      });
    }
  }
  steps.push(...sievedOut(detector, text, from, to, passed));
  for (const run of trace.runs)
    if (run.end > from && run.start < to) steps.push(...decodedSteps(run, from, to, detections, endOf));
  steps.push(...everywhere(detector, detections, from, to));
  steps.sort((a, b) => a.at - b.at || order.indexOf(a.end) - order.indexOf(b.end) || (a.rule.id < b.rule.id ? -1 : 1));
  return steps;
}

/** Keywords in the stretch that a scan passes by, because of what follows them. */
function sievedOut(detector: Detector, text: string, from: number, to: number, passed: ReadonlySet<string>): Step[] {
  const steps: Step[] = [];
  const seen = new Set<string>();
  for (const { ready } of detector.rules.actions) {
    const { rule } = ready;
    if (rule.reach === "whole" || seen.has(rule.id)) continue;
    seen.add(rule.id);
    for (const keyword of rule.keywords) {
      let at = text.indexOf(keyword, Math.max(0, from - keyword.length + 1));
      for (; at >= 0 && at < to; at = text.indexOf(keyword, at + 1)) {
        if (!passed.has(`${at + keyword.length} ${rule.id}`)) steps.push({ rule, keyword, at, end: "sieve", ...plain });
      }
    }
  }
  return steps;
}

function decodedSteps(
  run: RunOutcomes,
  from: number,
  to: number,
  detections: readonly Detection[],
  endOf: (outcome: Outcome, isReported: boolean) => StepEnd,
): Step[] {
  return run.outcomes.flatMap(({ outcome, depth, kinds, start, end }): Step[] => {
    const at = run.start + start;
    if (at >= to || run.start + end <= from) return [];
    const { rule } = outcome.ready;
    const isReported = detections.some(({ ruleId, secret }) => ruleId === rule.id && secret === outcome.secret);
    return [{ rule, keyword: "", at, end: endOf(outcome, isReported), outcome, depth, encodings: kinds }];
  });
}

/** Rules that look at whole contents: what they report here. */
function everywhere(detector: Detector, detections: readonly Detection[], from: number, to: number): Step[] {
  const byId = new Map(detector.rules.everywhere.map(({ rule }) => [rule.id, rule]));
  return detections.flatMap(({ ruleId, start, end }): Step[] => {
    const rule = byId.get(ruleId);
    return rule === undefined || end <= from || start >= to
      ? []
      : [{ rule, keyword: "", at: start, end: "reported", ...plain }];
  });
}
