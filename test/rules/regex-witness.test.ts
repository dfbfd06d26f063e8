import fc from "fast-check";
import RE2 from "re2";
import { describe, expect, test } from "vitest";
import { keywordReach } from "../../src/rules/regex-reach.ts";
import { parseRegex } from "../../src/rules/regex-syntax.ts";
import { textWithoutKeyword } from "../../src/rules/regex-witness.ts";

describe("a text without keyword", () => {
  test("there is one exactly when the proof fails, and it matches", () => {
    const part = fc.constantFrom(
      "a",
      "(?i:b)",
      "[abc]",
      "[A-C]",
      ".",
      "ab",
      "(?:ab|cA)",
      "(?:b|)",
      "c?",
      "a*",
      "(?:ab){2,3}",
      "[^a]{0,2}",
      "B",
    );
    const keywords = fc.uniqueArray(fc.constantFrom("a", "ab", "ba", "bb", "abc", "ca", "aab"), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), keywords, (parts, words) => {
        const pattern = parts.join("");
        const { root } = parseRegex(pattern);
        const text = textWithoutKeyword(root, words);
        if (keywordReach(root, words).holds) return text === undefined;
        if (text === undefined) return false;
        return (
          new RE2(`\\A(?:${pattern})\\z`, "u").test(text) && !words.some((word) => text.toLowerCase().includes(word))
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test("no keywords at all", () => {
    expect(textWithoutKeyword(parseRegex("abc").root, [])).toBe("abc");
  });
});
