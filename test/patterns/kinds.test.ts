import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readPatternFile } from "../../src/rules/build.ts";

/**
 * Every kind of credential that is known of has a rule, or a reason why it has none: kinds.tsv holds one kind a line, a tab, and the ids of
 * its rules, or `- ` and the reason.
 */
const kinds = readFileSync(new URL("kinds.tsv", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split("\t"));
const folder = new URL("../../patterns/", import.meta.url);
const ids = new Set(
  readdirSync(folder)
    .filter((name) => name.endsWith(".toml"))
    .flatMap((name) => readPatternFile(readFileSync(new URL(name, folder), "utf8"), name).rules.map(({ id }) => id)),
);

test("every kind has rules that exist, or a reason", () => {
  expect(kinds.length).toBeGreaterThan(1_600);
  const wrong = kinds.filter(([, what = ""]) =>
    what.startsWith("- ") ? what.length < 12 : what === "" || what.split(" ").some((id) => !ids.has(id)),
  );
  expect(wrong).toEqual([]);
});

test("a comment in a pattern file names each kind that has no rule", () => {
  const comments = readdirSync(folder)
    .filter((name) => name.endsWith(".toml"))
    .flatMap((name) => readFileSync(new URL(name, folder), "utf8").split("\n"))
    .filter((line) => line.startsWith("#"))
    .flatMap((line) => line.split(/[\s,;:().]+/));
  const named = new Set(comments);
  const none = kinds.filter(([, what = ""]) => what.startsWith("- ")).map(([name = ""]) => name);
  expect(none.filter((name) => !named.has(name))).toEqual([]);
});

test("kinds are listed once, in order", () => {
  const names = kinds.map(([name = ""]) => name);
  expect(names).toEqual([...new Set(names)].sort((a, b) => (a < b ? -1 : 1)));
});
