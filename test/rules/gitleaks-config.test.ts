import { parse } from "smol-toml";
import RE2 from "re2";
import { describe, expect, test } from "vitest";
import { ToolError } from "../../src/model/problem.ts";
import type { Ruleset } from "../../src/model/rule.ts";
import { compileBuiltin } from "../../src/rules/build.ts";
import { loadConfig } from "../../src/rules/gitleaks-config.ts";

const builtinFile = `
[[rules]]
id = "alpha-token"
description = "Alpha."
regex = '''\\balp_[0-9a-z]{8}\\b'''
keywords = ["alp_"]
tags = ["one"]
entropy = 2
[[rules]]
id = "beta-token"
description = "Beta."
regex = '''\\bbet_[0-9a-z]{8}\\b'''
keywords = ["bet_"]
[[allowlists]]
description = "built-in"
stopwords = ["example"]
`;
const { ruleset: builtin } = compileBuiltin([{ name: "builtin.toml", text: builtinFile }]);

async function load(
  text: string,
  files: Record<string, string> = {},
): Promise<{ ruleset: Ruleset; warnings: readonly string[] }> {
  return loadConfig(text, "c.toml", {
    parse,
    builtin: async () => builtin,
    compile: (pattern) => {
      try {
        new RE2(pattern, "u");
        return undefined;
      } catch (error) {
        return String(error);
      }
    },
    readExtended: async (path) => {
      const found = files[path];
      if (found === undefined) throw new ToolError("rules-unreadable", `${path}: cannot be read`);
      return { text: found, name: path };
    },
  });
}

function rule(ruleset: Ruleset, id: string): Ruleset["rules"][number] {
  const found = ruleset.rules.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no rule ${id}`);
  return found;
}

const gamma = `[[rules]]\nid = "gamma"\nregex = '''gam_[a-z]{4}'''\nkeywords = ["GAM_"]\n`;

describe("gitleaks configurations", () => {
  test("a rule with every key, in any case", async () => {
    const { ruleset, warnings } = await load(`
title = "mine"
minVersion = "v8.25.0"
[[rules]]
ID = "full"
Description = "Full."
REGEX = '''key_(a)([0-9a-f]{8})'''
path = '''\\.env$'''
secretgroup = 2
Entropy = 3.5
Keywords = ["KEY_"]
tags = ["x", "x", "y"]
[[rules.allowlists]]
condition = "&&"
regextarget = "line"
regexes = ["(?i)^true|false$", "b"]
stopwords = ["Word"]
[[rules.allowlists]]
paths = ['''test/''']
commits = [" ABCDEF0123 "]
[[rules.required]]
id = "part"
withinLines = 5
withinColumns = 9
[[rules]]
id = "part"
regex = "part"
skipReport = true
`);
    expect(warnings).toEqual([]);
    expect(rule(ruleset, "full")).toMatchObject({
      description: "Full.",
      path: "\\.env$",
      secretGroup: 2,
      entropy: 3.5,
      keywords: ["key_"],
      tags: ["x", "y"],
      severity: "high",
      confidence: "likely",
      kind: "custom",
      specificity: 100,
      reach: "window",
      before: 4 + 8,
      after: 9 + 8,
      required: [{ id: "part", withinLines: 5, withinColumns: 9 }],
      allowlists: [
        {
          condition: "AND",
          regexTarget: "line",
          regexes: ["(?i)^true|false$", "b"],
          stopwords: ["word"],
          paths: [],
          commits: [],
        },
        { condition: "OR", regexTarget: "secret", paths: ["test/"], commits: ["abcdef0123"] },
      ],
    });
    expect(rule(ruleset, "part")).toMatchObject({ skipReport: true, reach: "whole", keywords: [] });
    expect(ruleset.rules.map(({ id }) => id)).toEqual(["full", "part"]);
    expect(ruleset.origin).toBe("c.toml");
  });

  test("the old forms of allowlists, on a rule and globally", async () => {
    const { ruleset } = await load(
      `${gamma}[rules.allowlist]\nregexes = ["gam_test"]\n[allowlist]\npaths = ["vendor/"]\n`,
    );
    expect(rule(ruleset, "gamma").allowlists).toHaveLength(1);
    expect(ruleset.allowlists).toMatchObject([{ paths: ["vendor/"], targetRules: [] }]);
  });

  test("useDefault keeps the built-in rules, disabledRules takes some away", async () => {
    const { ruleset, warnings } = await load(
      `[extend]\nuseDefault = true\ndisabledRules = ["beta-token", "nope"]\n${gamma}`,
    );
    expect(ruleset.rules.map(({ id }) => id)).toEqual(["alpha-token", "gamma"]);
    expect(warnings).toEqual(["c.toml: disabledRules names nope, which is not among the extended rules"]);
    expect(ruleset.origin).toBe("c.toml and built-in");
    expect(ruleset.allowlists).toMatchObject([{ description: "built-in" }]);
  });

  test("a rule of the same id changes the extended one: values replace, lists are appended", async () => {
    const { ruleset } = await load(`
[extend]
useDefault = true
[[rules]]
id = "alpha-token"
entropy = 0
description = ""
tags = ["two"]
severity = "low"
skipReport = true
[[rules.allowlists]]
stopwords = ["abc"]
`);
    const base = rule(builtin, "alpha-token");
    const { allowlists, ...rest } = rule(ruleset, "alpha-token");
    expect(rest).toMatchObject({
      regex: base.regex,
      entropy: 2,
      description: "Alpha.",
      tags: ["one", "two"],
      severity: "low",
      skipReport: true,
    });
    expect([rest.reach, rest.before, rest.after]).toEqual([base.reach, base.before, base.after]);
    expect(allowlists).toHaveLength(1);
  });

  test("a new regex gets a window of its own", async () => {
    const { ruleset } = await load(
      `[extend]\nuseDefault = true\n[[rules]]\nid = "alpha-token"\nregex = '''alp_[0-9]{100}'''\n`,
    );
    expect(rule(ruleset, "alpha-token")).toMatchObject({ reach: "window", after: 108, keywords: ["alp_"] });
  });

  test("extend.path is followed twice, then no more", async () => {
    const files = {
      "b.toml": `[extend]\npath = "c2.toml"\n[[rules]]\nid = "b"\nregex = "bbbb"\n[[allowlists]]\nstopwords = ["b"]\n`,
      "c2.toml": `[extend]\npath = "d.toml"\n[[rules]]\nid = "c"\nregex = "cccc"\n[[allowlists]]\nstopwords = ["c"]\n`,
      "d.toml": `[[rules]]\nid = "d"\nregex = "dddd"\n`,
    };
    const { ruleset, warnings } = await load(
      `[extend]\npath = "b.toml"\n[[rules]]\nid = "a"\nregex = "aaaa"\n[[allowlists]]\nstopwords = ["a"]\n`,
      files,
    );
    expect(ruleset.rules.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(ruleset.allowlists.map(({ stopwords }) => stopwords[0])).toEqual(["a", "b", "c"]);
    expect(warnings.join()).toContain("c2.toml: [extend]");
  });

  test("what is strange but harmless is told", async () => {
    const { warnings } = await load(
      `colour = "red"\n[extend]\nuseDefault = true\nurl = "x"\n${gamma}vaildate = 1\n${gamma}`,
    );
    expect(warnings).toEqual([
      "c.toml: [extend] url is not supported and was ignored",
      "c.toml: rule gamma: unknown key vaildate".replace("c.toml: rule", "c.toml: rules: rule"),
      "c.toml: unknown key colour",
      "c.toml: rule gamma is given twice; the last counts",
    ]);
  });

  test("ids that only gitleaks has are no errors where the built-in rules are extended", async () => {
    const { ruleset, warnings } = await load(`
[extend]
useDefault = true
[[rules]]
id = "generic-api-key"
[[rules.allowlists]]
stopwords = ["x"]
[[allowlists]]
targetRules = ["generic-api-key"]
stopwords = ["y"]
[[allowlists]]
targetRules = ["generic-api-key", "alpha-token"]
stopwords = ["z"]
`);
    expect(warnings).toHaveLength(3);
    // An allowlist whose only target is gone must not become one for every rule.
    expect(ruleset.allowlists.map(({ targetRules, stopwords }) => [targetRules, stopwords])).toEqual([
      [["alpha-token"], ["z"]],
      [[], ["example"]],
    ]);
  });

  test.each<[string, string, RegExp]>([
    ["no rules at all", ``, /no rules are loaded/],
    ["only an allowlist", `[allowlist]\npaths = ["a"]\n`, /no rules are loaded/],
    [
      "everything disabled",
      `[extend]\nuseDefault = true\ndisabledRules = ["alpha-token", "beta-token"]\n`,
      /no rules are loaded/,
    ],
    ["broken TOML", `[[rules]\n`, /^c\.toml:1: /],
    ["a rule without id", `[[rules]]\nregex = "a"\n`, /rule 1 has no id/],
    ["a rule without regex and path", `[[rules]]\nid = "a"\n`, /rule a: neither regex nor path/],
    ["a regex that does not compile", `[[rules]]\nid = "a"\nregex = "a(?=b)"\n`, /rule a: regex does not compile: /],
    ["a path that does not compile", `[[rules]]\nid = "a"\npath = "a("\n`, /rule a: path does not compile/],
    [
      "a group that is not there",
      `[[rules]]\nid = "a"\nregex = "(a)"\nsecretGroup = 2\n`,
      /rule a: secretGroup 2, but the regex has 1 groups/,
    ],
    [
      "an allowlist regex",
      `${gamma}[[rules.allowlists]]\nregexes = ["("]\n`,
      /rule gamma: allowlist regexes does not compile/,
    ],
    ["a global allowlist path", `${gamma}[[allowlists]]\npaths = ["("]\n`, /allowlist paths does not compile/],
    ["an empty allowlist", `${gamma}[[rules.allowlists]]\ndescription = "x"\n`, /needs at least one of/],
    [
      "both allowlist forms",
      `${gamma}[allowlist]\npaths = ["a"]\n[[allowlists]]\npaths = ["a"]\n`,
      /cannot stand together/,
    ],
    [
      "a wrong condition",
      `${gamma}[[rules.allowlists]]\npaths = ["a"]\ncondition = "XOR"\n`,
      /condition must be OR or AND/,
    ],
    ["a wrong target", `${gamma}[[rules.allowlists]]\nregexes = ["a"]\nregexTarget = "file"\n`, /regexTarget must be/],
    ["a missing part", `${gamma}[[rules.required]]\nid = "nope"\n`, /required rule nope does not exist/],
    [
      "an unknown target rule",
      `${gamma}[[allowlists]]\ntargetRules = ["nope"]\npaths = ["a"]\n`,
      /rule nope does not exist/,
    ],
    ["default and path together", `[extend]\nuseDefault = true\npath = "x"\n`, /both useDefault and path/],
    ["a path that is not there", `[extend]\npath = "x"\n`, /x: cannot be read/],
    [
      "a wrong type",
      `[[rules]]\nid = "a"\nregex = "a"\nkeywords = 3.5\nentropy = "much"\n`,
      /rule a: entropy must be a number/,
    ],
    ["a wrong severity", `${gamma}severity = "huge"\n`, /rule gamma: severity must be one of critical, /],
  ])("%s is an error that says where", async (_name, text, message) => {
    const error: unknown = await load(text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ToolError);
    expect(String(error instanceof Error && error.message)).toMatch(message);
  });

  test("weak types are taken as gitleaks takes them", async () => {
    const { ruleset } = await load(
      `[[rules]]\nid = "a"\nregex = "abcd"\nentropy = "3.5"\nkeywords = "ab,CD"\nskipReport = "false"\n`,
    );
    expect(rule(ruleset, "a")).toMatchObject({ entropy: 3.5, keywords: ["ab", "cd"], skipReport: false });
  });

  test("users' regexes go by window only where that cannot lose a match", async () => {
    const { ruleset } = await load(`
[[rules]]
id = "endless"
regex = "abcd.*"
keywords = ["abcd"]
[[rules]]
id = "endless-window"
regex = "abcd.*"
keywords = ["abcd"]
window = 16384
[[rules]]
id = "no-proof"
regex = "abcd[0-9]{4}"
keywords = ["other"]
[[rules]]
id = "wide"
regex = "abcd[0-9]{900}[0-9]{900}"
keywords = ["abcd"]
`);
    expect(ruleset.rules.map(({ id, reach, after }) => [id, reach, after])).toEqual([
      ["endless", "whole", 0],
      ["endless-window", "window", 16_392],
      ["no-proof", "whole", 0],
      ["wide", "window", 1_808],
    ]);
  });

  test("the digest is of contents, not of order", async () => {
    const delta = gamma.replaceAll("gam", "del");
    const one = await load(gamma + delta);
    const other = await load(delta + gamma);
    expect(one.ruleset.digest).toBe(other.ruleset.digest);
    expect(one.ruleset.digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await load(gamma)).ruleset.digest).not.toBe(one.ruleset.digest);
    expect(structuredClone(one.ruleset)).toEqual(one.ruleset);
  });
});
