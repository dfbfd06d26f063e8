import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FollowProgram } from "../../src/model/rule.ts";
import { followOf } from "../../src/rules/follow-program.ts";
import { createRandom } from "../../src/rules/random.ts";
import { keywordReach } from "../../src/rules/regex-reach.ts";
import { sampleRegex } from "../../src/rules/regex-sample.ts";
import { parseRegex } from "../../src/rules/regex-syntax.ts";
import { builtinRuleset, followAsPacked } from "../detect/rules-for-tests.ts";

/** What the sieve does behind a keyword that ends at `end`, however far it has to read. */
function passes(program: FollowProgram | undefined, bytes: Buffer, end: number): boolean {
  if (program === undefined) return true;
  let state = 2;
  for (let at = end; state > 1 && at < bytes.length; at++)
    state = program.table[state * program.width + program.classes[bytes[at]!]!]!;
  return state === 1;
}

/** Whether some keyword inside a match passes. */
function isSeen(
  keywords: readonly string[],
  programs: readonly (FollowProgram | undefined)[],
  bytes: Buffer,
  from: number,
  to: number,
): boolean {
  const lower = Buffer.from(
    bytes.toString("latin1").replace(/[A-Z]/g, (one) => one.toLowerCase()),
    "latin1",
  );
  return keywords.some((keyword, i) => {
    const word = Buffer.from(keyword);
    for (let at = lower.indexOf(word, from); at >= 0 && at + word.length <= to; at = lower.indexOf(word, at + 1))
      if (passes(programs[i], bytes, at + word.length)) return true;
    return false;
  });
}

describe("what must follow a keyword", () => {
  test("lets through every match of a built-in rule", { timeout: 60_000 }, () => {
    let matches = 0;
    const missed: string[] = [];
    for (const rule of builtinRuleset().rules) {
      if (rule.regex === undefined || rule.reach === "whole") continue;
      const { root } = parseRegex(rule.regex);
      const programs = followAsPacked(rule);
      const random = createRandom(rule.id);
      for (let i = 0; i < 30; i++) {
        const border = random.pick(["", " ", "\n", '"', "=", "é"]);
        const sample = sampleRegex(root, random, { beyondAscii: i % 3 === 0 });
        const bytes = Buffer.from(sample + border);
        const end = Buffer.byteLength(sample);
        if (!isSeen(rule.keywords, programs, bytes, 0, end)) missed.push(`${rule.id}: ${sample}`);
        matches++;
      }
    }
    expect(missed).toEqual([]);
    expect(matches).toBeGreaterThan(30_000);
  });

  test("turns away what is no match, soon behind the keyword", () => {
    const [program] = followOf({ regex: "\\bprb_([0-9a-z]{30})\\b", keywords: ["prb_"], reach: "window" });
    expect(passes(program, Buffer.from("prb_0123456789abcdefghijklmnopqrst"), 4)).toBe(true);
    expect(passes(program, Buffer.from("prb_id = prb_name + 1; and so on for a while"), 4)).toBe(false);
    expect(passes(program, Buffer.from("prb_0123"), 4)).toBe(false);
  });

  test("is asked of the first keyword, or the last one, as the window is", () => {
    const first = { regex: "(?:key|token)\\w{0,20}=([0-9]{6})", keywords: ["key", "token"], reach: "window" } as const;
    expect(isSeen(first.keywords, followOf(first), Buffer.from("key_token=123456"), 0, 16)).toBe(true);
    const last = { regex: "\\w{0,200}key=([0-9]{6})", keywords: ["key"], reach: "window" } as const;
    expect(keywordReach(parseRegex(last.regex).root, last.keywords).which).toBe("last");
    expect(isSeen(last.keywords, followOf(last), Buffer.from("key_of_key=123456"), 0, 17)).toBe(true);
    expect(passes(followOf(last)[0], Buffer.from("key_of_key=123456"), 3)).toBe(false);
  });

  test("also of rules that nobody would write", () => {
    const letters = fc.constantFrom("a", "b", "A", "ab", "[ab]", "[^a]", ".", "(?i:b)", "c", "é", "[é-ю]");
    const counts = fc.constantFrom("", "?", "*", "+", "{2}", "{1,3}", "{0,9}", "{14}");
    const part = fc
      .tuple(fc.array(letters, { minLength: 1, maxLength: 3 }), counts)
      .map(([all, count]) => `(?:${all.join("")})${count}`);
    const pattern = fc.array(
      fc.oneof(
        part,
        fc.tuple(part, part).map(([a, b]) => `(?:${a}|${b})`),
      ),
      { minLength: 1, maxLength: 5 },
    );
    const keywords = fc.uniqueArray(fc.constantFrom("a", "ab", "ba", "bb", "abc", "cab", "é", "aé"), {
      minLength: 1,
      maxLength: 3,
    });
    let seen = 0;
    fc.assert(
      fc.property(pattern, keywords, fc.integer(), (parts, words, seed) => {
        const regex = parts.join("");
        const { root } = parseRegex(regex);
        if (!keywordReach(root, words).holds) return;
        const programs = followOf({ regex, keywords: words, reach: "window" });
        const random = createRandom(seed);
        for (let count = 0; count < 10; count++) {
          const bytes = Buffer.from(sampleRegex(root, random, { maxExtra: 4, beyondAscii: true }));
          expect(isSeen(words, programs, bytes, 0, bytes.length), `${regex} ${bytes.toString()}`).toBe(true);
          seen++;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(seen).toBeGreaterThan(1_000);
  });

  test("costs little for rules made to cost much", () => {
    const nested = (depth: number): string => (depth === 0 ? "[a-z]" : `(?:${nested(depth - 1)}){1,16}`);
    expect(followOf({ regex: `key${nested(8)}`, keywords: ["key"], reach: "window" })).toHaveLength(1);
    const wide = { regex: "key(?:a?b?c?d?e?f?g?h?){16}[xyz]", keywords: ["key"], reach: "window" } as const;
    expect(passes(followOf(wide)[0], Buffer.from("keyabcabcz"), 3)).toBe(true);
  });
});
