import type { Rule } from "../../model/rule.ts";
import { sanitize } from "../../model/sanitize.ts";
import { writeLines } from "../../report/index.ts";
import { liveLines } from "../../rules/live-check.ts";
import { loadRules, ruleOf } from "../load-rules.ts";

/** `rules list` and `rules show <id>`: what is looked for, and how. `config` as in a scan. */
export async function run(args: readonly string[], options: { readonly config?: string }): Promise<number> {
  const { ruleset, warnings } = await loadRules(options);
  for (const warning of warnings) process.stderr.write(`leaktrace: ${sanitize(warning)}\n`);
  const [what, id = ""] = args;
  if (what === "list") {
    await writeLines(listLines(ruleset.rules), process.stdout);
    return 0;
  }
  await writeLines(ruleLines(ruleOf(ruleset, id)), process.stdout);
  return 0;
}

function* listLines(rules: readonly Rule[]): Iterable<string> {
  const width = Math.max(0, ...rules.map(({ id }) => id.length));
  for (const { id, severity, description } of rules) {
    yield `${sanitize(id).padEnd(width)}  ${severity.padEnd(8)}  ${sanitize(description)}`;
  }
}

/** What a file has to be beside its path. */
function fileText({ file }: Rule): string {
  if (file === undefined) return "";
  const { heads, at, text, check, most } = file;
  const parts = [
    ...(heads.length === 0 ? [] : [`begins with ${heads.join(" or ")}${at === 0 ? "" : ` at byte ${at}`}`]),
    ...(text === undefined ? [] : [`matches ${text}`]),
    ...(check === undefined ? [] : [`is ${check}`]),
    ...(most === 0 ? [] : [`has ${most} bytes at most`]),
  ];
  return parts.join(", ");
}

function* ruleLines(rule: Rule): Iterable<string> {
  yield `${sanitize(rule.id)}: ${sanitize(rule.description)}`;
  const facts: readonly (readonly [string, string])[] = [
    ["severity", rule.severity],
    ["kind", `${rule.kind}, ${rule.confidence}`],
    ["keywords", rule.keywords.join(", ")],
    ["regex", rule.regex ?? ""],
    ["path", rule.path ?? ""],
    ["file", fileText(rule)],
    ["entropy", rule.entropy === 0 ? "" : `above ${rule.entropy} bits a character`],
    ["check", rule.check ?? ""],
    ["needs", rule.required.map((part) => part.id).join(", ")],
    [
      "looks at",
      rule.regex === undefined
        ? ""
        : rule.reach === "whole"
          ? "whole contents"
          : `${rule.before} bytes before a keyword's end, ${rule.after} after`,
    ],
    ...(rule.live === undefined ? [] : [...liveLines(rule.live)].map((line) => ["live", line] as const)),
    ["revoke", rule.revoke],
    ...rule.references.map((reference) => ["see", reference] as const),
  ];
  for (const [label, value] of facts) if (value !== "") yield `  ${label.padEnd(9)} ${sanitize(value)}`;
}
