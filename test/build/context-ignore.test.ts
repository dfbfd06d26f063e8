import { describe, expect, test } from "vitest";
import { isIgnored, parseContextIgnore } from "../../src/build/index.ts";

const ignored = (text: string, ...paths: string[]): string[] =>
  paths.filter((path) => isIgnored(parseContextIgnore(text), path));

describe("an ignore file of a context", () => {
  test("counts from the root, and takes all of a folder", () => {
    const paths = ["node_modules/a/b", "sub/node_modules/a", "node_modules", "node_modules2"];
    expect(ignored("node_modules\n", ...paths)).toEqual(["node_modules/a/b", "node_modules"]);
    expect(ignored("/node_modules/", ...paths)).toEqual(["node_modules/a/b", "node_modules"]);
    expect(ignored("**/node_modules", ...paths)).toEqual(["node_modules/a/b", "sub/node_modules/a", "node_modules"]);
  });

  test("goes from top to bottom: a later line takes back what an earlier one said", () => {
    expect(ignored("*\n!src\nsrc/secret.env", "a", "src/a", "src/secret.env")).toEqual(["a", "src/secret.env"]);
    expect(ignored("!src\n*", "src/a")).toEqual(["src/a"]);
    expect(ignored("**/*.env\n!app/kept.env", "a.env", "app/b.env", "app/kept.env")).toEqual(["a.env", "app/b.env"]);
  });

  test("has stars, classes and escapes as Docker has them", () => {
    expect(ignored("*.env", "a.env", "sub/a.env", ".env")).toEqual(["a.env", ".env"]);
    expect(ignored("*/*.env", "a.env", "sub/a.env", "a/b/c.env")).toEqual(["sub/a.env"]);
    expect(ignored("a**b", "ab", "ax/b", "axb")).toEqual(["ab", "ax/b"]);
    expect(ignored("**env", "env", "a/b.env", "envy")).toEqual(["env", "a/b.env"]);
    expect(ignored("a/**", "a", "a/b", "a/b/c")).toEqual(["a/b", "a/b/c"]);
    expect(ignored("[a-c]?[^x-z]\n", "a11", "d11", "a1x", "b1-")).toEqual(["a11", "b1-"]);
    expect(ignored("\\*.env\n\\#x", "*.env", "a.env", "#x")).toEqual(["*.env", "#x"]);
  });

  test("leaves out comments, blanks and what no pattern is", () => {
    expect(parseContextIgnore("\ufeff# a\n\n   \n!\n[\n \ta \t\n").map(({ line }) => line)).toEqual([6]);
    expect(ignored("\ufeffa\n # b\n", "a", "# b")).toEqual(["a", "# b"]);
    expect(ignored("./a/../b//c/.", "b/c", "a")).toEqual(["b/c"]);
  });

  test("costs no more than its length, whatever its stars", () => {
    expect(ignored(`${"*a".repeat(200)}\n${"**/a/".repeat(200)}b`, `${"a".repeat(5000)}b`)).toEqual([]);
  });
});
