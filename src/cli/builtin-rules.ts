import { readFile } from "node:fs/promises";
import type { Ruleset } from "../model/rule.ts";
import type { RuleExamples } from "../rules/canary.ts";
import { asset } from "../content/asset.ts";

/** The rules that the program brings, as the build wrote them. Throws ToolError `not-built` when there are none. */
export async function builtinRules(): Promise<Ruleset> {
  return (await readBuilt("rules.json")) as Ruleset;
}

/** Example templates of these rules. Throws ToolError as `builtinRules`. */
export async function builtinExamples(): Promise<RuleExamples> {
  return (await readBuilt("examples.json")) as RuleExamples;
}

/** Written by our own build from checked rules, in the same package as this file. */
async function readBuilt(name: string): Promise<unknown> {
  return JSON.parse(await readFile(asset(name), "utf8"));
}
