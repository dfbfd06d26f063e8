import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasRun } from "../../src/detect/byte-run.ts";
import { loadRe2js, type CompiledRegex, type RegexMatch } from "../../src/detect/engine.ts";
import { outlineOf } from "../../src/detect/outline.ts";
import { createRandom, type Random } from "../../src/rules/random.ts";
import { tellingRun } from "../../src/rules/regex-run.ts";
import { sampleRegex } from "../../src/rules/regex-sample.ts";
import { parseRegex } from "../../src/rules/regex-syntax.ts";
import { builtinRuleset, detectorOf, engine, plants, probes } from "./rules-for-tests.ts";

const rules = builtinRuleset().rules.flatMap(({ id, regex, before, run, inside }) =>
  regex === undefined ? [] : [{ id, regex, before, run, inside }],
);
const port = await loadRe2js();

/** All matches, one behind the other. */
function all(regex: CompiledRegex, bytes: Buffer): RegexMatch[] {
  const found: RegexMatch[] = [];
  for (let at = 0; at <= bytes.length;) {
    const match = regex.exec(bytes, at);
    if (match === undefined) break;
    found.push(match);
    at = Math.max(match.end, match.start + 1);
  }
  return found;
}

/** Texts of the regex's language with something around them, cut or changed now and then, so that some match and some nearly do. */
function textFor(regex: string, random: Random): Buffer {
  const { root } = parseRegex(regex);
  const parts: string[] = [];
  for (let i = 0; i < 1 + random.integer(3); i++) {
    const sample = sampleRegex(root, random, { beyondAscii: random.integer(3) === 0 });
    const border = random.pick(["", " ", "\n", "x", '"', "=", "é", ";"]);
    parts.push(random.integer(4) === 0 ? sample.slice(0, random.integer(sample.length + 1)) : sample, border);
  }
  const text = Buffer.from(random.pick(["", "\n", "key = ", "abc"]) + parts.join(""));
  if (random.integer(4) === 0 && text.length > 0) text[random.integer(text.length)] = random.integer(256);
  return text;
}

describe("the regex engine", () => {
  test("is RE2 here", () => {
    expect({ engine: engine.name, port: port.name }).toEqual({ engine: "re2", port: "re2js" });
  });

  test("and its JavaScript port match the same, with the same groups", { timeout: 60_000 }, () => {
    for (const [i, { id, regex }] of rules.entries()) {
      if (i % 23 !== 0) continue;
      const random = createRandom(`engines ${id}`);
      const [native, ported] = [engine.compile(regex), port.compile(regex)];
      for (let n = 0; n < 6; n++) {
        const text = textFor(regex, random);
        // Bytes that are no UTF-8 are the one thing in which they may differ.
        const clean = Buffer.from(text.toString("utf8"));
        expect({ id, text: clean.toString("latin1"), found: all(ported, clean) }).toEqual({
          id,
          text: clean.toString("latin1"),
          found: all(native, clean),
        });
        expect(ported.test(clean.toString("utf8"))).toBe(native.test(clean.toString("utf8")));
      }
    }
  });

  test("told how far a match may be finds the same as without", { timeout: 60_000 }, () => {
    for (const [i, { id, regex, before }] of rules.entries()) {
      if (i % 3 !== 0) continue;
      const random = createRandom(`near ${id}`);
      const text = textFor(regex, random);
      const plain = engine.compile(regex);
      const near = engine.compile(regex, before);
      for (const from of new Set([0, random.integer(text.length + 1), random.integer(Math.min(text.length + 1, 40))])) {
        const expected = plain.exec(text, from);
        const found = near.exec(text, from);
        if (expected === undefined || found !== undefined || expected.start - from < before) {
          expect({ id, from, text: text.toString("latin1"), found }).toEqual({
            id,
            from,
            text: text.toString("latin1"),
            found: expected,
          });
        }
      }
    }
  });

  test("told a short distance gives every match within it, and no match that is not one", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("a+b", "\\bab", "(a)|(b+)", "(?i)aB{1,3}$", "[^a]b", "^a", "(?m)^a", "é?b"),
        fc.string({ unit: fc.constantFrom("a", "b", "B", " ", "\n", "é"), maxLength: 30 }),
        fc.integer({ min: 0, max: 12 }),
        fc.nat(40),
        (pattern, text, within, place) => {
          const bytes = Buffer.from(text);
          const from = Math.min(place, bytes.length);
          const expected = engine.compile(pattern).exec(bytes, from);
          const found = engine.compile(pattern, within).exec(bytes, from);
          if (expected === undefined) expect(found).toBeUndefined();
          else if (expected.start - from < within) expect(found).toEqual(expected);
          else if (found !== undefined) expect(found).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("that does not take a pattern says what is wrong with it", () => {
    for (const pattern of ["(", "a{2000}", "(?=a)", "\\1", "[z-a]"]) {
      expect(() => engine.compile(pattern)).toThrow(/\w/);
      expect(() => port.compile(pattern)).toThrow(/\w/);
    }
  });

  test("stays linear on patterns that make others hang", () => {
    const text = Buffer.alloc(200_000, "a");
    expect(engine.compile("(a+)+$x").exec(text, 0)).toBeUndefined();
    expect(port.compile("(?:a?){20}a{20}x").exec(text.subarray(0, 2000), 0)).toBeUndefined();
  });

  test("detects the same through the port", () => {
    const random = createRandom("port");
    const content = Buffer.from(
      `probe-anywhere ${Array.from({ length: 60 }, () => random.pick(Object.values(plants))(random)).join("\n")}`,
    );
    expect(detectorOf(probes, { engine: port }).scan(content)).toEqual(detectorOf(probes).scan(content));
  });
});

describe("the outline that is tried before a regex", () => {
  test("matches wherever a built-in rule does", { timeout: 120_000 }, () => {
    let matched = 0;
    for (const [i, { id, regex }] of rules.entries()) {
      const outline = outlineOf(regex);
      if (outline === undefined || i % 2 !== 0) continue;
      const random = createRandom(`outline ${id}`);
      const [whole, mayMatch] = [engine.compile(regex), engine.tester(outline)];
      for (let n = 0; n < 4; n++) {
        const text = textFor(regex, random);
        if (whole.exec(text, 0) === undefined) continue;
        matched++;
        expect({ id, text: text.toString("latin1"), found: mayMatch(text) }).toMatchObject({ found: true });
      }
    }
    expect(matched).toBeGreaterThan(500);
  });
});

describe("the run of bytes that is looked for before a regex is tried", () => {
  test("stands in every match of every built-in rule", { timeout: 60_000 }, () => {
    let matched = 0;
    for (const { id, regex, run, inside } of rules) {
      // Where a rule looks inside of a block, its regex matches the block's begin: any value may follow.
      const telling = inside === undefined ? tellingRun(parseRegex(regex).root) : undefined;
      expect({ id, least: telling?.least }).toEqual({ id, least: run?.least });
      if (telling === undefined) continue;
      const random = createRandom(`run ${id}`);
      const compiled = engine.compile(regex);
      for (let n = 0; n < 2; n++) {
        const text = textFor(regex, random);
        for (const { start, end } of all(compiled, text)) {
          matched++;
          expect({
            id,
            holds: hasRun(text, start, end, telling.members, telling.least),
            match: text.toString("latin1", start, end),
          }).toMatchObject({ holds: true });
        }
      }
    }
    expect(matched).toBeGreaterThan(rules.length);
  });

  test("stands in every match of regexes made at random", () => {
    const atom = fc.constantFrom(
      "a",
      "[a-c]",
      "[^a]",
      ".",
      "\\d",
      "\\w",
      "é",
      "[à-ü]",
      "\\b",
      "(?i)k",
      "x?",
      "(?:ab|c)",
      "\\n",
    );
    const piece = fc
      .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{2,5}", "{12}", "{8,}"))
      .map(([one, times]) => (one === "\\b" || one.startsWith("(?i)") ? one : `(?:${one})${times}`));
    const pattern = fc
      .array(
        fc.oneof(
          piece,
          fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => `(${parts.join("|")})`),
        ),
        { minLength: 1, maxLength: 6 },
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, fc.nat(), (regex, seed) => {
        const telling = tellingRun(parseRegex(regex).root);
        if (telling === undefined) return;
        const compiled = engine.compile(regex);
        const text = textFor(regex, createRandom(seed));
        for (const { start, end } of all(compiled, text))
          expect(hasRun(text, start, end, telling.members, telling.least)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("is found wherever it is, and only there", () => {
    const members = Uint8Array.from({ length: 256 }, (_, byte) => (byte === 97 ? 1 : 0));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(97, 97, 97, 98), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(20),
        fc.nat(60),
        (list, least, from, length) => {
          const bytes = Uint8Array.from(list);
          const to = Math.min(bytes.length, from + length);
          const text = Buffer.from(bytes.subarray(Math.min(from, to), to)).toString("latin1");
          expect(hasRun(bytes, from, to, members, least)).toBe(text.includes("a".repeat(least)));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
