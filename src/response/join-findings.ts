import { compareFindings, compareSightings } from "../findings/index.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import { append } from "../model/multimap.ts";

/**
 * Joins findings of several targets: one for each value, with all its places. What counts most among them (severity, confidence, rule)
 * speaks for the whole. A value that is hidden in one target and open in another is open, with its open places alone.
 * Gives the same for any order of the same findings.
 */
export function joinFindings(findings: Iterable<Finding>): Finding[] {
  const byValue = new Map<string, Finding[]>();
  for (const finding of findings) {
    append(byValue, finding.fingerprint, finding);
  }
  return [...byValue.values()].map(join).sort(compareFindings);
}

function join(all: readonly Finding[]): Finding {
  const open = all.filter((finding) => finding.suppressed === undefined);
  const parts = (open.length > 0 ? open : all).toSorted(
    (a, b) => compareFindings(a, b) || compareTexts(JSON.stringify(a), JSON.stringify(b)),
  );
  const [first] = parts;
  if (first === undefined) throw new Error("a value without findings");
  if (parts.length === 1) return first;
  const rules = new Set(parts.flatMap(({ rule, otherRules }) => [rule.id, ...otherRules]));
  rules.delete(first.rule.id);
  const { aside: _, ...rest } = first;
  return {
    ...rest,
    ...(parts.every(({ aside }) => aside === true) ? { aside: true } : {}),
    otherRules: [...rules].sort(),
    facts: [...new Set(parts.flatMap(({ facts }) => facts))].sort(),
    sightings: distinct(parts.flatMap(({ sightings }) => sightings)).sort(compareSightings),
  };
}

function distinct(sightings: readonly FindingSighting[]): FindingSighting[] {
  const byText = new Map(sightings.map((sighting) => [JSON.stringify(sighting), sighting]));
  return [...byText].sort(([a], [b]) => compareTexts(a, b)).map(([, sighting]) => sighting);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
