/**
 * Built-in rules, made at build time: the texts of `patterns/*.toml` in, one checked ruleset out. Kept apart from the room's door, so that
 * the program itself loads no TOML parser unless a user brings rules.
 */
import { parse } from "smol-toml";
import type { Rule, RuleNotes, Ruleset } from "../model/rule.ts";
import { checkAllowlistPatterns, compileRule } from "./compile.ts";
import type { CompileCheck, CompileOptions } from "./compile.ts";
import { liveParts } from "./live-check.ts";
import { finishRuleset } from "./ruleset.ts";
import { invalid } from "./invalid.ts";
import { readRuleFile } from "./toml.ts";
import type { GlobalAllowlist, RuleFile } from "./toml.ts";

/** The example templates of a rule (patterns/README.md); only tests and `rules check` need them. */
interface RuleExamples {
  readonly id: string;
  readonly file: string;
  readonly examples: readonly string[];
  readonly counterExamples: readonly string[];
}

export interface Builtin {
  readonly ruleset: Ruleset;
  /** By rule: what the ruleset does without. */
  readonly notes: Readonly<Record<string, RuleNotes>>;
  readonly examples: readonly RuleExamples[];
}

/**
 * Compiles pattern files into the built-in ruleset; pure. Files may come in any order.
 * @param compile the regex engine's check; without it only our own parser looks at the patterns.
 * @throws ToolError `rules-invalid` for the first thing that is wrong: unknown keys, ids used twice and unprovable keywords too.
 */
export function compileBuiltin(
  files: readonly { readonly name: string; readonly text: string }[],
  compile?: CompileCheck,
): Builtin {
  const rules = new Map<string, Rule>();
  const notes: Record<string, RuleNotes> = {};
  const examples: RuleExamples[] = [];
  const allowlists: GlobalAllowlist[] = [];
  for (const { name, text } of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = readPatternFile(text, name);
    const options: CompileOptions = { policy: "built-in", file: name, ...(compile === undefined ? {} : { compile }) };
    for (const entry of file.rules) {
      if (rules.has(entry.id)) throw invalid(`${name}: rule ${entry.id}: the id is used twice`);
      const { live, liveNone, near, ...rule } = compileRule(entry, options);
      rules.set(entry.id, rule);
      notes[entry.id] = {
        ...(live === undefined ? {} : { live }),
        ...(liveNone === undefined ? {} : { liveNone }),
        ...(near === undefined ? {} : { near }),
      };
      examples.push({ id: entry.id, file: name, examples: entry.examples, counterExamples: entry.counterExamples });
    }
    checkAllowlistPatterns(file.allowlists, name, options);
    allowlists.push(...file.allowlists);
  }
  checkReferences(rules, notes, allowlists);
  examples.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { ruleset: finishRuleset(rules.values(), allowlists, "built-in"), notes, examples };
}

/** One of our own files: it extends nothing, and a key that we do not know is a mistake. */
export function readPatternFile(text: string, name: string): RuleFile {
  const file = readRuleFile(parse, text, name);
  const [warning] = file.warnings;
  if (warning !== undefined) throw invalid(warning);
  if (file.extend.useDefault || file.extend.path !== undefined)
    throw invalid(`${name}: a pattern file cannot extend another`);
  return file;
}

function checkReferences(
  rules: ReadonlyMap<string, Rule>,
  notes: Builtin["notes"],
  allowlists: readonly GlobalAllowlist[],
): void {
  for (const rule of rules.values()) {
    for (const part of rule.required) {
      if (!rules.has(part.id)) throw invalid(`rule ${rule.id}: required rule ${part.id} does not exist`);
    }
  }
  for (const [id, { live }] of Object.entries(notes)) {
    for (const part of live === undefined ? [] : liveParts(live))
      if (!rules.has(part)) throw invalid(`rule ${id}: live: rule ${part} does not exist`);
  }
  for (const id of allowlists.flatMap((allowlist) => allowlist.targetRules)) {
    if (!rules.has(id)) throw invalid(`allowlist: target rule ${id} does not exist`);
  }
}
