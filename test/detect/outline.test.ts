import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { outlineOf } from "../../src/detect/outline.ts";
import { engine } from "./rules-for-tests.ts";

describe("outlines of regexes", () => {
  test.each([
    ["key[^\\n]{0,90}?=\\s{0,8}([0-9a-f]{32})", "key[^\\n]*?=\\s*([0-9a-f]{32})"],
    ["a{2,80}b{3,}c{4}", "a{2,}b{3,}c{4}"],
    ["\\{0,90}x{1,60}", "\\{0,90}x{1,}"],
    ["[{0,90}]{1,60}", "[{0,90}]{1,}"],
    ["[]{0,90}]{1,60}", "[]{0,90}]{1,}"],
    ["[^]{0,90}]{1,60}", "[^]{0,90}]{1,}"],
    ["[\\]{0,90}]{1,60}", "[\\]{0,90}]{1,}"],
    ["[[:alpha:]{0,90}]{1,60}", "[[:alpha:]{0,90}]{1,}"],
    ["\\Q{0,90}\\E{1,60}", "\\Q{0,90}\\E{1,}"],
    ["\\x{41}{1,60}\\pL{0,40}\\p{Greek}{0,40}", "\\x{41}{1,}\\pL*\\p{Greek}*"],
  ])("%s becomes %s", (pattern, outline) => {
    expect(outlineOf(pattern)).toBe(outline);
    expect(() => engine.tester(outline)).not.toThrow();
  });

  test("little that is counted stands as it is", () => {
    expect(outlineOf("ghp_[0-9A-Za-z]{36}")).toBeUndefined();
    expect(outlineOf("key\\s{0,8}=\\s{0,8}[0-9a-f]{32,40}")).toBeUndefined();
  });

  test("what a regex with counts matches, its outline matches", () => {
    const atom = fc.constantFrom("a", "[ab]", "[^c]", "\\w", "(?:ab|c)", "\\{", "[{}]", "\\x{62}", "(?i:B)", ".");
    const count = fc
      .tuple(fc.nat(3), fc.nat(40), fc.constantFrom("", "?"))
      .map(([least, more, lazy]) => `{${least},${least + more}}${lazy}`);
    const part = fc.tuple(atom, fc.oneof(fc.constant(""), count)).map(([one, times]) => one + times);
    const pattern = fc.array(part, { minLength: 1, maxLength: 6 }).map((all) => all.join(""));
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom("a", "b", "c", "B", "{", "}", "0", ",", " ", "\n"), maxLength: 40 }),
        (regex, text) => {
          const outline = outlineOf(regex);
          fc.pre(outline !== undefined);
          const bytes = Buffer.from(text);
          if (engine.compile(regex).exec(bytes, 0) !== undefined) expect(engine.tester(outline)(bytes)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
