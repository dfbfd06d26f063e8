import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository } from "../../../fixtures/git/workshop.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { IgnoreRules } from "../../../src/model/ignore-rules.ts";
import { WorkingTree } from "../../../src/sources/git/working-tree.ts";
import { scratch } from "../../cli/scan-program.ts";
import { seed } from "../../property-seed.ts";

const folder = scratch();

test("what git ignores is ignored, for random patterns in files of several folders", { timeout: 120_000 }, () => {
  const random = createRandom(`${seed} ignore`);
  const names = ["a", "b", "ab", "a.b", "ba", "-", "c d", "[x", "A"];
  const name = (): string => random.pick(names);
  const parts = [
    "a",
    "b",
    "*",
    "?",
    "**",
    "[ab]",
    "[!a]",
    "[a-b]*",
    ".",
    "ab",
    "c d",
    "\\[x",
    "[",
    "-",
    "*a*",
    "a*b",
    "A",
  ];
  const pattern = (): string => {
    const inside = Array.from({ length: 1 + random.integer(3) }, () =>
      random.integer(4) === 0 ? random.pick(parts) + random.pick(parts) : random.pick(parts),
    ).join("/");
    return `${random.integer(5) === 0 ? "!" : ""}${random.integer(4) === 0 ? "/" : ""}${inside}${random.pick(["", "", "", "/", " ", "\\ "])}`;
  };
  const patterns = (): string => `${Array.from({ length: 1 + random.integer(5) }, pattern).join("\n")}\n`;
  for (let round = 0; round < 60; round++) {
    const shop = createRepository(join(folder, `r${round}`));
    // A file cannot lie where a folder does.
    for (let i = 0; i < 25; i++) {
      const depth = random.integer(3);
      const path = [...Array.from({ length: depth }, () => `${name()}-`), name()].join("/").replaceAll("-/", "_/");
      shop.write({ [path]: "" });
    }
    shop.write({ ".gitignore": patterns().replaceAll("a/", "a_/").replaceAll("b/", "b_/") });
    if (random.integer(2) === 0) shop.write({ "a_/.gitignore": patterns() });
    if (random.integer(3) === 0) writeFileSync(join(shop.path, ".git/info/exclude"), patterns());
    const files = [...new WorkingTree(shop.path, join(shop.path, ".git"), new Set()).files()].flatMap((file) =>
      "code" in file ? [] : [file],
    );
    const list = shop.git("ls-files", "-z", "--others", "--ignored", "--exclude-standard").split("\0");
    const ignored = list.filter((path) => path !== "").sort();
    const ours = files.filter(({ reach }) => reach.includes("ignored")).map((file) => file.name);
    expect(ours.sort(), `round ${round}`).toEqual(ignored);
  }
});

test("a pattern made to backtrack takes no longer than others", () => {
  const rules = new IgnoreRules(`${"a*".repeat(60)}b\n${"**/".repeat(60)}x\n`);
  expect(rules.opinion("a".repeat(4000), false)).toBe(undefined);
  expect(rules.opinion(`${"a".repeat(4000)}b`, false)).toBe(true);
  expect(rules.opinion(`${"d/".repeat(1000)}x`, false)).toBe(true);
});
