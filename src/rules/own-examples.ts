import { parse } from "smol-toml";
import { readRuleFile, type RuleEntry } from "./toml.ts";

/** The examples and counter-examples that a configuration gives for its rules, by rule id. Throws ToolError for what is no configuration. */
export function ownExamples(
  text: string,
  name: string,
): ReadonlyMap<string, Pick<RuleEntry, "examples" | "counterExamples">> {
  return new Map(readRuleFile(parse, text, name).rules.map((entry) => [entry.id, entry]));
}
