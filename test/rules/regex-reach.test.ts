import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../src/rules/random.ts";
import { keywordReach } from "../../src/rules/regex-reach.ts";
import { sampleRegex } from "../../src/rules/regex-sample.ts";
import { parseRegex } from "../../src/rules/regex-syntax.ts";

function reach(pattern: string, ...keywords: string[]): ReturnType<typeof keywordReach> {
  return keywordReach(parseRegex(pattern).root, keywords);
}

describe("keywords in every match", () => {
  test.each<[string, string[]]>([
    ["\\b(ghp_[0-9A-Za-z]{36})\\b", ["ghp_"]],
    ["(?i)secret", ["secret"]],
    ["(?:aws|amazon)_key", ["aws_", "amazon"]],
    ["(?:aws|amazon)_key", ["_key"]],
    ["[Kk]ey", ["key"]],
    ["api[_-]key", ["api_key", "api-key"]],
    ["api[_-]?key", ["apikey", "api_key", "api-key"]],
    ["a(?:bc)+d", ["bcd"]],
    ["(?:foo|bar)(?:baz|qux)", ["foobaz", "fooqux", "arb", "bq", "rqux"]],
    ["x*key", ["key"]],
    ["(?:k|K)(?:e|E)y", ["key"]],
    ["ab{2,3}c", ["bbc"]],
    ["aaaab", ["aab"]],
    ["abcabd", ["cabd"]],
    ["\\Qs.key\\E", ["s.key"]],
  ])("%s always holds one of %j", (pattern, keywords) => {
    expect(reach(pattern, ...keywords).holds).toBe(true);
  });

  test.each<[string, string[]]>([
    ["(?:aws|amazon)_key", ["aws"]],
    ["api[_-]?key", ["api_key", "api-key"]],
    ["(?:secret)?x", ["secret"]],
    ["[a-z]{6}", ["secret"]],
    ["secre[a-z]", ["secret"]],
    ["secret", []],
    ["a*", ["a"]],
    ["abx|aby", ["abx"]],
    [".{0,100}", ["key"]],
  ])("%s can do without any of %j", (pattern, keywords) => {
    expect(reach(pattern, ...keywords).holds).toBe(false);
  });

  test("the window is measured from a keyword that every match has", () => {
    expect(reach("ghp_[0-9a-z]{36}", "ghp_")).toMatchObject({ holds: true, before: 4, after: 36 });
    expect(reach("\\w{0,20}key=[0-9a-f]{32}", "key")).toMatchObject({ holds: true, before: 23, after: 33 });
    expect(reach("(?:a{1,5}key|bkey.)x", "key")).toMatchObject({ holds: true, before: 8, after: 5 });
    expect(reach("[a-c]{0,500}key[a-c]{40}", "key")).toMatchObject({ holds: true, before: 503, after: 40 });
    expect(reach("[a-c]{200}key[a-c]{0,500}key", "key")).toMatchObject({ holds: true, before: 203, after: 503 });
    expect(reach("\\w{0,20}(?:abc|defghij)=", "abc", "defghij")).toMatchObject({ holds: true, before: 27, after: 5 });
    expect(reach("key.*key", "key")).toMatchObject({ holds: true, before: 3, after: Infinity });
    expect(reach("\\s*key", "key")).toMatchObject({ holds: true, before: Infinity, after: 0 });
    expect(reach("\\s*key\\n?", "key")).toMatchObject({ holds: true, before: Infinity, after: 1 });
    expect(reach("(?:[a-z]{2}-){3}key", "key")).toMatchObject({ holds: true, before: 12, after: 0 });
  });

  test("what chance finds never contradicts a proof", () => {
    const letters = fc.constantFrom("a", "b", "A", "ab", "[ab]", "[^a]", ".", "(?i:b)", "c");
    const counts = fc.constantFrom("", "?", "*", "+", "{2}", "{1,3}");
    const part = fc
      .tuple(fc.array(letters, { minLength: 1, maxLength: 3 }), counts)
      .map(([all, count]) => `(?:${all.join("")})${count}`);
    const pattern = fc.array(
      fc.oneof(
        part,
        fc.tuple(part, part).map(([a, b]) => `(?:${a}|${b})`),
      ),
      { minLength: 1, maxLength: 4 },
    );
    const keywords = fc.uniqueArray(fc.constantFrom("a", "ab", "ba", "bb", "abc", "cab", "aab"), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(pattern, keywords, fc.integer(), (parts, words, seed) => {
        const { root } = parseRegex(parts.join(""));
        const proof = keywordReach(root, words);
        const random = createRandom(seed);
        let withoutKeyword = 0;
        for (let count = 0; count < 10; count++) {
          const sample = sampleRegex(root, random, { maxExtra: 4, beyondAscii: true });
          const ends = keywordEnds(sample, words);
          if (ends.length === 0) withoutKeyword++;
          else if (proof.holds) {
            const fits = ends.some(
              (end) =>
                Buffer.byteLength(sample.slice(0, end)) <= proof.before &&
                Buffer.byteLength(sample.slice(end)) <= proof.after,
            );
            expect(fits, sample).toBe(true);
          }
        }
        return !proof.holds || withoutKeyword === 0;
      }),
      { numRuns: 500 },
    );
  });

  test("a regex made to take for ever is given up, not proved", () => {
    const nested = (depth: number): string => (depth === 0 ? "[a-z]" : `(?:${nested(depth - 1)}){16}`);
    expect(reach(`${nested(12)}key`, "key").holds).toBe(false);
  });

  test("where only one end tells, what the other one took too long for counts for nothing", () => {
    const nested = (depth: number): string => (depth === 0 ? "[a-z]" : `(?:${nested(depth - 1)}){16}`);
    expect(reach(`key${nested(8)}`, "key")).toEqual({ holds: true, before: 3, after: 16 ** 8, which: "first" });
  });

  test("thousands of states and long counts are no trouble", () => {
    const words = Array.from({ length: 300 }, (_, index) => `keyword${index}suffix`);
    expect(reach(`(?:${words.join("|")})[\\s\\S]{0,1000}(?:[a-z]{1,30}){1,30}`, ...words).holds).toBe(true);
  });
});

function keywordEnds(text: string, words: readonly string[]): number[] {
  const lower = text.toLowerCase();
  const places = Array.from({ length: lower.length + 1 }, (_, place) => place);
  return places.filter((place) => words.some((word) => lower.slice(0, place).endsWith(word)));
}
