import { loadEngine, type RegexEngine } from "../detect/index.ts";
import { ToolError } from "../model/problem.ts";
import type { Rule, Ruleset } from "../model/rule.ts";
import { loadRuleset, type LoadRulesetOptions } from "../rules/index.ts";
import { builtinRules } from "./builtin-rules.ts";

export interface LoadedRules {
  readonly ruleset: Ruleset;
  /** For people, unescaped. */
  readonly warnings: readonly string[];
  readonly engine: RegexEngine;
}

/** The rules of a command that scans nothing: those of `draft` or `config`, else what a scan of `target` (or the current folder) would use. Throws ToolError. */
export async function loadRules(
  options: Pick<LoadRulesetOptions, "config" | "target" | "draft">,
): Promise<LoadedRules> {
  const engine = await loadEngine();
  const loaded = await loadRuleset({
    ...options,
    cwd: process.cwd(),
    env: process.env,
    builtin: builtinRules,
    compile: (pattern) => patternFault(engine, pattern),
  });
  return { ...loaded, engine };
}

/** The rule of this id. Throws ToolError where there is none. */
export function ruleOf({ rules }: Ruleset, id: string): Rule {
  const rule = rules.find((one) => one.id === id);
  if (rule !== undefined) return rule;
  throw new ToolError("rule-unknown", `there is no rule ${id}`, { hint: "leaktrace rules list names all of them." });
}

/** What is wrong with a pattern, in the engine's words; undefined when it compiles. */
export function patternFault(engine: RegexEngine, pattern: string): string | undefined {
  try {
    engine.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "does not compile";
  }
}
