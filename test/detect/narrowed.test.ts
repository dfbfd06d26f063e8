import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadRe2js, type RegexEngine } from "../../src/detect/engine.ts";
import { NarrowedRegex } from "../../src/detect/narrowed.ts";
import { outlineOf } from "../../src/detect/outline.ts";
import { createRandom } from "../../src/rules/random.ts";
import { sampleRegex } from "../../src/rules/regex-sample.ts";
import { parseRegex } from "../../src/rules/regex-syntax.ts";
import { builtinRuleset, engine } from "./rules-for-tests.ts";

describe("a regex narrowed by its outline", () => {
  test("finds what the regex finds, for built-in rules that look far back", { timeout: 60_000 }, () => {
    const random = createRandom("narrowed");
    let found = 0;
    for (const { id, regex, before, reach } of builtinRuleset().rules) {
      const outline = regex === undefined || before <= 200 || reach === "whole" ? undefined : outlineOf(regex);
      if (regex === undefined || outline === undefined) continue;
      const syntax = parseRegex(regex).root;
      const sample = (): string => sampleRegex(syntax, random, { maxExtra: 60 });
      const plain = engine.compile(regex);
      const narrowed = new NarrowedRegex(engine, regex, outline, Infinity, 8);
      for (let i = 0; i < 3; i++) {
        const [first, second, third] = [sample(), sample(), sample()];
        const half = first.length >> 1;
        // One that breaks off, one with too much in its middle, and one that stands.
        const text = Buffer.from(
          `${first.slice(0, -3)}${second.slice(0, half)}${"a".repeat(90)}${second.slice(half)} ${third}`,
        );
        for (const from of [0, random.integer(text.length)]) {
          const expected = plain.exec(text, from);
          if (expected !== undefined) found++;
          expect({ id, found: narrowed.exec(text, from) }).toEqual({ id, found: expected });
        }
      }
    }
    expect(found).toBeGreaterThan(100);
  });

  test("and for any regex, in both engines, however few begins are tried", async () => {
    const engines = [engine, await loadRe2js()];
    const atom = fc.constantFrom(
      "a",
      "[ab]",
      "[^c]",
      "(\\w)",
      "(?:ab|c)",
      "(?P<n>b)",
      "[(]",
      "\\(",
      "\\b",
      "(?i:B)",
      "^",
    );
    const count = fc
      .tuple(fc.nat(3), fc.nat(40), fc.constantFrom("", "?"))
      .map(([least, more, lazy]) => `{${least},${least + more}}${lazy}`);
    const part = fc
      .tuple(atom, fc.oneof(fc.constant(""), count))
      .map(([one, times]) => (/^(?:\^|\\b|\(\?P)/.test(one) ? one : one + times));
    const pattern = fc.array(part, { minLength: 1, maxLength: 6 }).map((all) => all.join(""));
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom("a", "b", "c", "B", "(", " ", "\n"), maxLength: 40 }),
        fc.nat(40),
        fc.integer({ min: 1, max: 5 }),
        (regex, text, place, most) => {
          fc.pre((regex.match(/\?P</g) ?? []).length < 2);
          const bytes = Buffer.from(text);
          const from = Math.min(place, bytes.length);
          for (const one of engines) {
            const narrowed = new NarrowedRegex(one, regex, outlineOf(regex) ?? regex, Infinity, most);
            expect(narrowed.exec(bytes, from)).toEqual(one.compile(regex).exec(bytes, from));
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test("begins beside each other are all tried", () => {
    const pattern = "a{1,40}c";
    const one = new NarrowedRegex(engine, pattern, outlineOf(pattern)!, Infinity, 8);
    for (const more of [0, 1, 2, 3, 9, 30]) {
      const bytes = Buffer.from(`${"a".repeat(40 + more)}c`);
      expect(one.exec(bytes, 0)).toEqual({ start: more, end: bytes.length, groups: [] });
    }
  });

  const regex = "\\bey[0-9a-z]{20,150}\\.[0-9a-z]{0,500}mark[0-9a-z]{20,900}\\.([0-9a-z]{86,700})";
  const asks = { anywhere: 0, begins: 0 };
  const counting: RegexEngine = {
    ...engine,
    compile: (pattern, within) => {
      const plain = engine.compile(pattern, within);
      const exec: typeof plain.exec = (bytes, from) => {
        asks[within === 0 ? "begins" : "anywhere"]++;
        return plain.exec(bytes, from);
      };
      return { exec, test: (text) => plain.test(text) };
    },
  };
  const narrowed = new NarrowedRegex(counting, regex, outlineOf(regex)!, 10_000, 8);
  const token = (header: number): string =>
    `ey${"h".repeat(header)}.${"mark".repeat(60)}${"p".repeat(30)}.${"s".repeat(90)}`;

  test.each([
    ["once where the first begin holds", `x = ${token(30)}`, { begins: 1, anywhere: 0 }, 1],
    [
      "once more for each begin that does not",
      `${token(160)} ${token(160)} ${token(30)}`,
      { begins: 3, anywhere: 0 },
      3,
    ],
    ["from anywhere behind so many", `${token(160)} `.repeat(12), { begins: 8, anywhere: 1 }, 9],
    ["not at all behind where a match may begin", `${" ".repeat(10_001)}${token(30)}`, { begins: 0, anywhere: 0 }, 1],
    ["not at all where the outline does not match", "ey.mark.", { begins: 0, anywhere: 0 }, 1],
  ])("is asked %s", (_name, text, expected, asked) => {
    Object.assign(asks, { anywhere: 0, begins: 0 });
    narrowed.exec(Buffer.from(text), 0);
    expect([asks, narrowed.asked]).toEqual([expected, asked]);
  });
});
