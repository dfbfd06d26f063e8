import type { Rule, RuleNotes } from "../../model/rule.ts";
import { sanitize } from "../../model/sanitize.ts";
import { loadWidths, writeLines } from "../../report/index.ts";
import { loadRules, ruleOf } from "../load-rules.ts";
import { loadRuleNotes } from "../rule-notes.ts";
import { ruleLines } from "../rule-text.ts";
import { columnsOf } from "../text-output.ts";

/** `rules list` and `rules show <id>`: what is looked for, and how. `config` as in a scan; `regex`: shown as a whole. */
export async function run(
  args: readonly string[],
  options: { readonly config?: string; readonly regex?: boolean },
): Promise<number> {
  const { ruleset, warnings } = await loadRules(options);
  for (const warning of warnings) process.stderr.write(`leaktrace: ${sanitize(warning)}\n`);
  const [what, id = ""] = args;
  const notesOf = await loadRuleNotes();
  if (what === "list") {
    await writeLines(listLines(ruleset.rules), process.stdout);
    process.stderr.write(`leaktrace: ${countsText(ruleset.rules.map(notesOf))}\n`);
    return 0;
  }
  const rule = ruleOf(ruleset, id);
  const width = columnsOf(process.stdout);
  await loadWidths();
  await writeLines(ruleLines(rule, notesOf(rule), width, options.regex === true), process.stdout);
  return 0;
}

function* listLines(rules: readonly Rule[]): Iterable<string> {
  const width = Math.max(0, ...rules.map(({ id }) => id.length));
  for (const { id, severity, description } of rules) {
    yield `${sanitize(id).padEnd(width)}  ${severity.padEnd(8)}  ${sanitize(description)}`;
  }
}

/** How many rules say how their values can be checked. */
function countsText(notes: readonly RuleNotes[]): string {
  const asked = notes.filter(({ live }) => live !== undefined).length;
  const none = notes.filter(({ liveNone }) => liveNone !== undefined).length;
  const silent = notes.length - asked - none;
  const rest = silent === 0 ? "" : `, ${silent} say neither`;
  return `${notes.length} rules: ${asked} say how a value can be checked, ${none} why none can${rest}`;
}
