import { readFile } from "node:fs/promises";
import { asset } from "../content/asset.ts";
import type { Rule, RuleNotes } from "../model/rule.ts";
import { builtinRules } from "./builtin-rules.ts";

/**
 * What people read of rules and no scan loads: how a value can be checked, what a regex was made of. A rule's own notes count before those of the
 * built-in rule of its id, which hold for the same search alone. Throws ToolError `not-built` when there are none.
 */
export async function loadRuleNotes(): Promise<(rule: Rule) => RuleNotes> {
  // Written by our own build from checked rules, in the same package as this file.
  const notes = JSON.parse(await readFile(asset("rule-notes.json"), "utf8")) as Readonly<Record<string, RuleNotes>>;
  const builtin = new Map((await builtinRules()).rules.map((rule) => [rule.id, rule]));
  return (rule) => {
    const { id, regex, path, live, liveNone, near } = rule;
    const ours = builtin.get(id);
    const { near: ourNear, ...ourLive } =
      ours !== undefined && ours.regex === regex && ours.path === path ? (notes[id] ?? {}) : {};
    const wordsOf = near ?? ourNear;
    const own = { ...(live === undefined ? {} : { live }), ...(liveNone === undefined ? {} : { liveNone }) };
    return {
      ...(Object.keys(own).length > 0 ? own : ourLive),
      ...(wordsOf === undefined ? {} : { near: wordsOf }),
    };
  };
}
