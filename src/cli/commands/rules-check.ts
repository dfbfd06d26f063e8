import { readFile } from "node:fs/promises";
import { ToolError } from "../../model/problem.ts";
import type { Ruleset } from "../../model/rule.ts";
import { sanitize } from "../../model/sanitize.ts";
import { writeLines } from "../../report/index.ts";
import { ownExamples } from "../../rules/own-examples.ts";
import { lintRule } from "../../rules/lint.ts";
import { exitCodes } from "../exit.ts";
import { loadRules } from "../load-rules.ts";
import { openDetector } from "../own-detector.ts";
import { exampleFaults } from "../rule-examples.ts";
import { ruleOrigins } from "../rule-origins.ts";

/**
 * `rules check <config>`: reads a configuration as a scan does, and tells of each of its own rules what is odd, and whether its examples are found
 * and its counter-examples are not. Exit code 0; 1 where an example says otherwise; ToolError for what a scan would not take.
 */
export async function run([config]: readonly string[]): Promise<number> {
  if (config === undefined) throw new ToolError("usage", "rules check needs a configuration");
  const { ruleset, warnings, engine } = await loadRules({ config });
  const examples = ownExamples(await readFile(config, "utf8"), config);
  const origins = await ruleOrigins();
  const own = ruleset.rules.filter((rule) => origins.of(rule) !== "built-in");
  const matches = (pattern: string, text: string): boolean => engine.compile(pattern).test(text);
  const detector = await openDetector({ ruleset, engine, decodeDepth: 0 });
  let faults = 0;
  const lines: string[] = [];
  for (const rule of own) {
    const failed = exampleFaults(rule, examples.get(rule.id), detector, matches);
    faults += failed.length;
    const notes = lintRule(rule, matches);
    const word = failed.length > 0 ? "FAILS" : notes.length > 0 ? "note" : "ok";
    lines.push(`${word.padEnd(5)}  ${sanitize(rule.id)}`);
    for (const line of [...failed, ...notes]) lines.push(`       ${sanitize(line)}`);
  }
  for (const warning of warnings) lines.push(`note   ${sanitize(warning)}`);
  lines.push(countsText(ruleset, own.length, origins.builtinIds.length, faults));
  await writeLines(lines, process.stdout);
  return faults === 0 ? exitCodes.clean : exitCodes.found;
}

function countsText({ rules }: Ruleset, own: number, builtin: number, faults: number): string {
  const kept = rules.length - own;
  const base = kept === 0 ? "without the built-in rules" : `with ${kept} of ${builtin} built-in rules as they are`;
  return `${own} rules of its own or changed, ${base}; ${faults === 0 ? "all examples hold" : `${faults} examples fail`}.`;
}
