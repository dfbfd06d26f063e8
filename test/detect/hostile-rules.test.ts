import { describe, expect, test } from "vitest";
import { buildAutomaton } from "../../src/detect/kernel/automaton.ts";
import type { CompiledRegex, RegexEngine } from "../../src/detect/engine.ts";
import { maxAnywhere } from "../../src/detect/collector.ts";
import { compileRule } from "../../src/rules/compile.ts";
import { maxProvedWindow } from "../../src/rules/limits.ts";
import type { RuleEntry } from "../../src/rules/toml.ts";
import { detectorOf, engine, rulesetOf } from "./rules-for-tests.ts";

interface Work {
  calls: number;
  bytes: number;
}

/** The engine, and how often and on how many bytes it was asked: what a rule costs, on any machine. */
function counting(): { engine: RegexEngine; work: Work } {
  const work: Work = { calls: 0, bytes: 0 };
  const counted = (regex: CompiledRegex): CompiledRegex => ({
    exec: (bytes, from) => {
      work.calls++;
      work.bytes += bytes.length - from;
      return regex.exec(bytes, from);
    },
    test: (text) => regex.test(text),
  });
  const tester = (pattern: string): ((bytes: Buffer) => boolean) => {
    const test = engine.tester(pattern);
    return (bytes) => {
      work.calls++;
      work.bytes += bytes.length;
      return test(bytes);
    };
  };
  const finder = (pattern: string): ReturnType<RegexEngine["finder"]> => {
    const find = engine.finder(pattern);
    return (bytes, from) => {
      work.calls++;
      work.bytes += bytes.length - from;
      return find(bytes, from);
    };
  };
  const compile: RegexEngine["compile"] = (...given) => counted(engine.compile(...given));
  return { work, engine: { name: engine.name, compile, tester, finder } };
}

function workOf(rule: Partial<RuleEntry>, text: string): Work & { limited: boolean } {
  const { engine: asked, work } = counting();
  const { limited } = detectorOf(rulesetOf([{ id: "hostile", ...rule }]), { engine: asked, decodeDepth: 0 }).scan(
    Buffer.from(text),
  );
  return { ...work, limited };
}

describe("what a hostile rule costs", () => {
  test("nested repetition around a keyword: twice the text is twice the work", () => {
    const rule = { regex: "(a+)+\\$", keywords: ["a"], window: 64 };
    const once = workOf(rule, `${"a".repeat(20_000)}!\n`);
    const twice = workOf(rule, `${"a".repeat(40_000)}!\n`);
    expect(once.calls).toBeGreaterThan(0);
    expect(twice.bytes).toBeLessThan(2.1 * once.bytes);
  });

  test("nested repetition without a keyword is read once", () => {
    expect(workOf({ regex: "(a+)+\\$" }, "a".repeat(100_000)).calls).toBe(1);
  });

  test("a regex that reads to the end after each match is asked so often at most, and that is told", () => {
    const rule = { regex: "x(?s:.*y)?" };
    expect(workOf(rule, "x".repeat(2 * maxAnywhere))).toMatchObject({ calls: maxAnywhere + 1, limited: true });
    expect(workOf(rule, "x".repeat(maxAnywhere))).toMatchObject({ limited: false });
  });

  test("so does one inside of encoded text", () => {
    const text = Buffer.from(`${"x".repeat(4 * maxAnywhere)}`).toString("base64");
    const { engine: asked, work } = counting();
    detectorOf(rulesetOf([{ id: "hostile", regex: "x(?s:.*y)?" }]), { engine: asked, decodeDepth: 1 }).scan(
      Buffer.from(text),
    );
    expect(work.calls).toBeLessThan(2 * maxAnywhere + 10);
  });

  test("a regex that matches the empty text reports nothing empty, and ends", () => {
    const { detections } = detectorOf(rulesetOf([{ id: "hostile", regex: "(|q)" }])).scan(Buffer.from("some text\n"));
    expect(detections).toEqual([]);
  });

  test("a rule whose window would be wide is tried on whole contents instead", () => {
    const entry = (width: number): RuleEntry => ({
      id: "wide",
      regex: "a".repeat(width),
      keywords: ["a".repeat(width)],
      tags: [],
      allowlists: [],
      required: [],
      examples: [],
      counterExamples: [],
    });
    const options = { policy: "user", file: "test" } as const;
    expect(compileRule(entry(maxProvedWindow + 1), options).reach).toBe("whole");
    expect(compileRule(entry(100), options).reach).toBe("window");
  });

  test("keywords that no table could hold are told by fewer bytes", () => {
    const letters = "0123456789abcdefghijklmnopqrstuvwxyz_-+=.,:;!?";
    const keywords: Buffer[] = [];
    for (const a of letters)
      for (const b of letters) for (const c of letters) keywords.push(Buffer.from(a + b + c + a));
    expect(buildAutomaton(keywords).longest).toBe(2);
  });
});
