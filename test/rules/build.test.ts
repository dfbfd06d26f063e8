import { describe, expect, test } from "vitest";
import { compileBuiltin } from "../../src/rules/build.ts";

function build(...texts: string[]): ReturnType<typeof compileBuiltin> {
  return compileBuiltin(texts.map((text, index) => ({ name: `${"abc"[index]}.toml`, text })));
}

function ruleText(id: string, more = ""): string {
  return `[[rules]]\nid = "${id}"\nregex = '''${id}[0-9]{4}'''\nkeywords = ["${id}"]\n${more}\n`;
}

describe("built-in rules", () => {
  test("kinds give their defaults, and examples are kept apart", () => {
    const { ruleset, examples } = build(
      ruleText("ctx", `kind = "context"\nexamples = ["x"]\ncounter_examples = ["y"]`) +
        ruleText("gen", `kind = "generic"`),
      ruleText("tok"),
    );
    expect(ruleset.rules.map(({ id, specificity, confidence }) => [id, specificity, confidence])).toEqual([
      ["ctx", 50, "possible"],
      ["gen", 0, "possible"],
      ["tok", 100, "likely"],
    ]);
    expect(examples[0]).toEqual({ id: "ctx", file: "a.toml", examples: ["x"], counterExamples: ["y"] });
    expect(JSON.stringify(ruleset)).not.toContain("examples");
    expect(ruleset.origin).toBe("built-in");
  });

  test("the order of files does not matter", () => {
    const a = { name: "a.toml", text: ruleText("one") };
    const b = { name: "b.toml", text: ruleText("two") };
    expect(compileBuiltin([a, b])).toEqual(compileBuiltin([b, a]));
  });

  test("unbounded regexes get the clamped window, `window` asks for more", () => {
    const text = (more: string): string =>
      `[[rules]]\nid = "a"\nregex = '''\\s*begin[\\s\\S]*end'''\nkeywords = ["begin"]\n${more}`;
    expect(build(text("")).ruleset.rules[0]).toMatchObject({ reach: "window", before: 520, after: 1_032 });
    expect(build(text("window = 16384")).ruleset.rules[0]).toMatchObject({
      reach: "window",
      before: 520,
      after: 16_392,
    });
    expect(() => build(text("window = 16385"))).toThrow("window is at most 16384 bytes");
  });

  test.each<[string, string[], string]>([
    ["an id used twice", [ruleText("one"), ruleText("one")], "b.toml: rule one: the id is used twice"],
    ["a key that is not known", [ruleText("one", `colour = "red"`)], "unknown key colour"],
    [
      "keywords that a match can do without",
      [`[[rules]]\nid = "a"\nregex = "(?:ab|cd)x"\nkeywords = ["ab"]\n`],
      'a match can be without any of its keywords, as "cdx"',
    ],
    ["no keywords", [`[[rules]]\nid = "a"\nregex = "abcd"\n`], "a match can be without any of its keywords"],
    [
      "look-around",
      [`[[rules]]\nid = "a"\nregex = "ab(?=x)"\nkeywords = ["ab"]\n`],
      "rule a: regex: group kind (?=x is not in RE2's syntax at 2",
    ],
    ["extending", [`[extend]\nuseDefault = true\n`], "a pattern file cannot extend another"],
    ["a missing part", [ruleText("one", `[[rules.required]]\nid = "two"`)], "required rule two does not exist"],
  ])("%s is an error", (_name, texts, message) => {
    expect(() => build(...texts)).toThrow(message);
  });
});
