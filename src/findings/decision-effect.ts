import { originPath } from "../model/content.ts";
import { verdictWords, type Decision } from "../model/decision.ts";
import type { Finding } from "../model/finding.ts";
import { IgnoreRules } from "../model/ignore-rules.ts";
import { suppress, withoutSightings } from "./decide.ts";

/**
 * What a decision does to a finding: `false-positive` and `ignored` hide it, or its places that match the decision's path; `rotated` lowers it to info where all of its
 * places match; `real` leaves it as it is. One that has expired does nothing, and the finding says so. `by`: where the decision is written; `today`: `2027-01-31`, in UTC.
 */
export function applyDecision(finding: Finding, decision: Decision, by: string, today: string): Finding {
  const { verdict, path, reason } = decision;
  if (!holdsOn(decision, today)) return withFact(finding, `${verdictWords[verdict]} until ${decision.expires}`);
  switch (verdict) {
    case "false-positive":
    case "ignored": {
      const why = reason === "" ? verdict : reason;
      return path === undefined
        ? suppress(finding, by, why)
        : withoutSightings(finding, ({ origin }) => isUnder(path, originPath(origin)), by, why);
    }
    case "rotated": {
      const isWhole = path === undefined || finding.sightings.every(({ origin }) => isUnder(path, originPath(origin)));
      return isWhole ? { ...finding, severity: "info" } : finding;
    }
    case "real":
      return finding;
  }
}

/** Whether a decision holds on a day: `expires` is the first one on which it does not. */
export function holdsOn({ expires }: Decision, today: string): boolean {
  return expires === undefined || today < expires;
}

/** The finding with one more fact, in its place among the others. */
export function withFact(finding: Finding, fact: string): Finding {
  return finding.facts.includes(fact) ? finding : { ...finding, facts: [...finding.facts, fact].sort() };
}

/** Whether the path of a decision means a place: a pattern that names a folder holds for all that is in it, as in ignore files. */
export function isUnder(pattern: string, path: string): boolean {
  let rules = compiled.get(pattern);
  if (rules === undefined) {
    if (compiled.size >= maxCompiled) compiled.clear();
    compiled.set(pattern, (rules = new IgnoreRules(pattern)));
  }
  const relative = path.replace(/^(?:\.?\/)+/, "");
  for (let slash = relative.indexOf("/"); slash >= 0; slash = relative.indexOf("/", slash + 1))
    if (rules.opinion(relative.slice(0, slash), true) === true) return true;
  return rules.opinion(relative, false) === true;
}

const compiled = new Map<string, IgnoreRules>();
/** Of patterns; beyond it they are read again. */
const maxCompiled = 1000;
