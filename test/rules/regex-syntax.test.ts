import RE2 from "re2";
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { createRandom } from "../../src/rules/random.ts";
import { matchWidth } from "../../src/rules/regex-reach.ts";
import { sampleRegex } from "../../src/rules/regex-sample.ts";
import { parseRegex, RegexSyntaxError } from "../../src/rules/regex-syntax.ts";

/** Patterns with their widths, and one text that they match; RE2 is asked whether it agrees. */
const patterns: readonly (readonly [pattern: string, min: number, max: number, example: string])[] = [
  ["abc", 3, 3, "abc"],
  ["", 0, 0, ""],
  ["a|bcd", 1, 3, "bcd"],
  ["(a|)b", 1, 2, "b"],
  ["a{2,4}", 2, 4, "aaa"],
  ["a{3}", 3, 3, "aaa"],
  ["a{2,}", 2, Infinity, "aaaaa"],
  ["a{,4}", 5, 5, "a{,4}"],
  ["a{x}", 4, 4, "a{x}"],
  ["{", 1, 1, "{"],
  ["}]", 2, 2, "}]"],
  ["a*?b+?c??", 1, Infinity, "aab"],
  ["(?i)key", 3, 3, "KeY"],
  ["p-(?i)ab", 4, 4, "p-AB"],
  ["(?i:a)b", 2, 2, "Ab"],
  ["(?i)a(?-i:b)c", 3, 3, "AbC"],
  ["x(?i)a|b", 1, 2, "B"],
  ["(x(?i)a)b", 3, 3, "xAb"],
  ["(?s).", 1, 4, "\n"],
  [".", 1, 4, "ä"],
  ["[^a]", 1, 4, "b"],
  ["[a-f0-9]{8}", 8, 8, "0a1b2c3d"],
  ["[]a]+", 1, Infinity, "]a"],
  ["[^]a]", 1, 4, "b"],
  ["[a\\]b-]", 1, 1, "-"],
  ["[\\w.-]", 1, 1, "-"],
  ["[\\w-.]", 1, 1, "."],
  ["[[:alnum:]_]", 1, 1, "z"],
  ["[[:^alnum:]]", 1, 4, "!"],
  ["[^[:space:]]", 1, 4, "a"],
  ["\\d\\D\\s\\S\\w\\W", 6, 15, "1a b_!"],
  ["\\x60\\x{e9}\\t\\n\\r\\f\\v\\a", 9, 9, "`é\t\n\r\f\v\x07"],
  ["\\07\\101", 2, 2, "\x07A"],
  ["\\Qa.b*\\E+", 4, Infinity, "a.b**"],
  ["\\A\\bab\\z", 2, 2, "ab"],
  ["^a$", 1, 1, "a"],
  ["(?m)^a$", 1, 1, "a"],
  ["(?P<name>a)(b)", 2, 2, "ab"],
  ["(?:(?P<x>a)|b)c", 2, 2, "bc"],
  ["\\pL\\p{Lu}\\p{Greek}", 4, 12, "äÄα"],
  ["\\PN", 1, 4, "a"],
  ["[\\p{Nd}x]", 1, 4, "x"],
  ["(?U)a+b", 2, Infinity, "aab"],
  ["(?U-i)a+?b", 2, Infinity, "aab"],
  ["日本{2}", 9, 9, "日本本"],
  ["(?i)ä", 2, 2, "Ä"],
  ["\\_\\-\\/\\.\\{", 5, 5, "_-/.{"],
];

describe("RE2 syntax", () => {
  for (const [pattern, min, max, example] of patterns) {
    test(`${pattern} has its widths, and its samples match in RE2`, () => {
      const { root } = parseRegex(pattern);
      expect(matchWidth(root)).toEqual({ min, max });
      const whole = new RE2(`\\A(?:${pattern})\\z`, "u");
      expect(whole.test(example)).toBe(true);
      const random = createRandom(pattern);
      for (let count = 0; count < 30; count++) {
        // Our Unicode tables are Node's, and may be newer than RE2's.
        const sample = sampleRegex(root, random, { beyondAscii: !/\\p/i.test(pattern) });
        expect(whole.test(sample), JSON.stringify(sample)).toBe(true);
        expect(Buffer.byteLength(sample)).toBeGreaterThanOrEqual(min);
        expect(Buffer.byteLength(sample)).toBeLessThanOrEqual(max);
      }
    });
  }

  test.each([
    "(",
    ")",
    "a**",
    "*a",
    "[a",
    "[b-a]",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "\\1",
    "a{1001}",
    "a{3,2}",
    "\\p{Nonsense}",
    "[[:nope:]]",
    "\\y",
    "\\",
    "(?z)a",
  ])("%s is rejected, with its place", (pattern) => {
    expect(() => parseRegex(pattern)).toThrow(RegexSyntaxError);
    expect(() => new RE2(pattern)).toThrow();
  });

  test("groups are counted in order of their opening", () => {
    expect(parseRegex("(a)(?:b)(?P<c>(d))").groups).toBe(3);
  });

  test("deep nesting is an error, not a crash", () => {
    expect(() => parseRegex("(".repeat(100_000))).toThrow(RegexSyntaxError);
  });

  test("\\Q without \\E quotes to the end", () => {
    expect(matchWidth(parseRegex("a\\Q(b|").root)).toEqual({ min: 4, max: 4 });
  });

  test("what RE2 compiles can be parsed, and anything else is rejected in order", () => {
    const piece = fc.constantFrom(
      "a",
      "(",
      ")",
      "[",
      "]",
      "^",
      "-",
      "\\",
      "{2}",
      "{1,}",
      "*",
      "?",
      "+",
      "|",
      "(?i)",
      "(?:",
      "\\Q",
      "\\E",
      "[:alpha:]",
      "x41",
      ".",
      "ü",
      "1",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const pattern = pieces.join("");
        try {
          parseRegex(pattern);
        } catch (error) {
          expect(error).toBeInstanceOf(RegexSyntaxError);
          expect(() => new RE2(pattern, "u"), JSON.stringify(pattern)).toThrow();
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("samples of random patterns match in RE2", () => {
    const atom = fc.constantFrom("a", "B", ".", "[a-c]", "[^x]", "\\d", "\\W", "(?i:q)", "[[:upper:]-]", "\\x41", "é");
    const { pattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
      piece: fc.oneof(
        { maxDepth: 4 },
        atom,
        fc
          .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "{0,2}?", "+?"))
          .map(([inner, count]) => `(?:${inner})${count}`),
        tie("pattern").map((inner) => `(${inner})`),
        tie("pattern").map((inner) => `(?i:${inner})`),
      ),
      pattern: fc.oneof(
        fc.array(tie("piece"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
        fc.tuple(tie("piece"), tie("piece")).map(([a, b]) => `${a}|${b}`),
      ),
    }));
    fc.assert(
      fc.property(pattern, fc.integer(), (source, seed) => {
        const { root } = parseRegex(source);
        const whole = new RE2(`\\A(?:${source})\\z`, "u");
        const sample = sampleRegex(root, createRandom(seed), { beyondAscii: true, maxExtra: 3 });
        const width = matchWidth(root);
        const bytes = Buffer.byteLength(sample);
        return whole.test(sample) && width.min <= bytes && bytes <= width.max;
      }),
      { numRuns: 400 },
    );
  });
});
