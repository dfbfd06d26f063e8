import { invalid } from "./invalid.ts";
import type { TableReader } from "./toml-reader.ts";

/** A rule whose value stands in several forms (languages, file formats) that have parts in common. */
export interface Forms {
  /** A regex for each form; `{name}` stands for the part of that name. */
  readonly any: readonly string[];
  readonly parts: Readonly<Record<string, string>>;
}

/** The name of a part in braces: letters and `_`, so that it is no count of a regex. */
const PART = /\{([a-z_]+)\}/g;

/** The regex that `forms` stand for: one form or another. @throws ToolError for a part that has no regex, or that no form names */
export function formsRegex({ any, parts }: Forms, where: string): string {
  const named = new Set<string>();
  const forms = any.map((form) =>
    form.replaceAll(PART, (_, name: string) => {
      const part = parts[name];
      if (part === undefined) throw invalid(`${where}: there is no part ${name}`, "forms.parts has a regex for each");
      named.add(name);
      return `(?:${part})`;
    }),
  );
  const unused = Object.keys(parts).find((name) => !named.has(name));
  if (unused !== undefined) throw invalid(`${where}: no form names the part ${unused}`);
  return `(?:${forms.join("|")})`;
}

/** Reads `forms = { any, parts }` of a rule. */
export function readForms(rule: TableReader): Forms | undefined {
  const table = rule.table("forms");
  if (table === undefined) return undefined;
  if (rule.has("regex") || rule.has("near"))
    throw invalid(`${rule.where}: forms stand for a regex, and for that of near`, "give one of them");
  const parts = table.table("parts");
  const forms = { any: table.texts("any"), parts: parts?.all() ?? {} };
  if (forms.any.length === 0) throw invalid(`${table.where}: any must be a list of regexes`);
  parts?.finish();
  table.finish();
  return forms;
}
