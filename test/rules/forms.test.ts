import { parse } from "smol-toml";
import { expect, it } from "vitest";
import { formsRegex } from "../../src/rules/forms.ts";
import { readRuleFile } from "../../src/rules/toml.ts";

const rule = (forms: string) => `[[rules]]\nid = "a"\nkeywords = ["pass"]\n${forms}`;
const read = (forms: string) => readRuleFile(parse, rule(forms), "a.toml");

it("forms stand for one regex, with their parts in it", () => {
  const file = read(
    "[rules.forms]\nany = ['{name}=(\\w{2,9})', '<{name}>(\\w+)<']\n[rules.forms.parts]\nname = 'pass|pwd'",
  );
  expect(file.warnings).toEqual([]);
  expect(file.rules[0]?.regex).toBe(String.raw`(?:(?:pass|pwd)=(\w{2,9})|<(?:pass|pwd)>(\w+)<)`);
});

it("counts are no parts", () => {
  expect(formsRegex({ any: [String.raw`\d{4}`, "x{0,2}"], parts: {} }, "a")).toBe(String.raw`(?:\d{4}|x{0,2})`);
});

it.each([
  ["a part without a regex", "forms = { any = ['{name}='] }", "no part name"],
  ["a part that no form names", "forms = { any = ['a='], parts = { name = 'pass' } }", "no form names the part name"],
  ["forms beside a regex", "regex = 'a'\nforms = { any = ['a='] }", "forms stand for a regex"],
  ["no forms", "forms = { any = [] }", "any must be a list"],
])("refuses %s", (_name, forms, message) => {
  expect(() => read(forms)).toThrow(message);
});
