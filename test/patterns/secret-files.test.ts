import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readPatternFile } from "../../src/rules/build.ts";
import type { RuleEntry } from "../../src/rules/toml.ts";

/**
 * Every kind of file that is or holds a credential is told by its path, by its content, or not at all for a reason: secret-files.tsv has one kind a
 * line, then the ids of rules on its path, then those on its content; `- ` and a reason where there are none.
 */
const kinds = readFileSync(new URL("secret-files.tsv", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split("\t"));
const folder = new URL("../../patterns/", import.meta.url);
const rules = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".toml"))
    .flatMap((name) => readPatternFile(readFileSync(new URL(name, folder), "utf8"), name).rules)
    .map((rule): [string, RuleEntry] => [rule.id, rule]),
);
const isOnPath = ({ regex, path }: RuleEntry): boolean => regex === undefined && path !== undefined;

/** Ids of a cell that are no rules of the kind asked for, or a reason that is none. */
function wrongIn(cell: string, fits: (rule: RuleEntry) => boolean): string[] {
  if (cell.startsWith("- ")) return cell.length < 12 ? [cell] : [];
  return cell.split(" ").filter((id) => {
    const rule = rules.get(id);
    return rule === undefined || !fits(rule);
  });
}

test("every kind of file has rules that exist, or a reason", () => {
  expect(kinds.length).toBeGreaterThan(120);
  const wrong = kinds.flatMap(([, path = "", content = ""]) => [
    ...wrongIn(path, isOnPath),
    ...wrongIn(content, (rule) => !isOnPath(rule)),
  ]);
  expect(wrong).toEqual([]);
});

test("every rule on paths stands for a kind", () => {
  const named = new Set(kinds.flatMap(([, path = ""]) => path.split(" ")));
  expect([...rules.values()].filter(isOnPath).filter(({ id }) => !named.has(id))).toEqual([]);
});
