import type { Rule } from "../model/rule.ts";
import { builtinRules } from "./builtin-rules.ts";

/** Where a rule comes from: ours as it is, ours with something changed by a configuration, or the configuration's own. */
export type RuleOrigin = "built-in" | "changed" | "own";

export interface RuleOrigins {
  readonly of: (rule: Rule) => RuleOrigin;
  /** Ids of all built-in rules. */
  readonly builtinIds: readonly string[];
}

/** Compares rules with those that the program brings. */
export async function ruleOrigins(): Promise<RuleOrigins> {
  const builtin = new Map((await builtinRules()).rules.map((rule) => [rule.id, JSON.stringify(rule)]));
  return {
    builtinIds: [...builtin.keys()],
    of: (rule) => {
      const ours = builtin.get(rule.id);
      return ours === undefined ? "own" : ours === JSON.stringify(rule) ? "built-in" : "changed";
    },
  };
}
