import type { Rule, Ruleset } from "../model/rule.ts";

const known = new WeakMap<Ruleset, ReadonlyMap<string, Rule>>();

/** The rules by their ids. Made once for a ruleset: a sweep asks for each of its targets. */
export function rulesById(ruleset: Ruleset): ReadonlyMap<string, Rule> {
  let rules = known.get(ruleset);
  if (rules === undefined) known.set(ruleset, (rules = new Map(ruleset.rules.map((rule) => [rule.id, rule]))));
  return rules;
}
