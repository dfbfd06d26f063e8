import { createHash } from "node:crypto";
import type { Rule, Ruleset } from "../model/rule.ts";

/** A ruleset of these rules: sorted by id, with the digest of its contents. */
export function finishRuleset(rules: Iterable<Rule>, allowlists: Ruleset["allowlists"], origin: string): Ruleset {
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const digest = createHash("sha256")
    .update(canonicalJson({ rules: sorted, allowlists }))
    .digest("hex");
  return { rules: sorted, allowlists, digest, origin };
}

/** JSON with sorted keys: the same value is the same text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
