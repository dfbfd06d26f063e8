import { execFileSync } from "node:child_process";
import { mkdtemp, mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ToolError } from "../../src/model/problem.ts";
import { compileBuiltin } from "../../src/rules/build.ts";
import { loadRuleset } from "../../src/rules/index.ts";
import type { LoadRulesetOptions } from "../../src/rules/index.ts";

const { ruleset: builtin } = compileBuiltin([
  {
    name: "a.toml",
    text: `[[rules]]\nid = "built-in-rule"\nregex = "bbbb"\nkeywords = ["bbbb"]\n[[rules]]\nid = "other-rule"\nregex = "oooo"\nkeywords = ["oooo"]\n`,
  },
]);

let cwd = "";
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "leaktrace-rules-"));
});
afterEach(() => rm(cwd, { recursive: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(cwd, path, ".."), { recursive: true });
  await writeFile(join(cwd, path), text);
}

function config(id: string): string {
  return `[[rules]]\nid = "${id}"\nregex = "aaaa"\n`;
}

async function load(
  options: Partial<LoadRulesetOptions> = {},
): Promise<{ ids: string[]; warnings: readonly string[]; origin: string }> {
  const { ruleset, warnings } = await loadRuleset({
    cwd,
    env: {},
    builtin: async () => builtin,
    compile: () => undefined,
    ...options,
  });
  return { ids: ruleset.rules.map(({ id }) => id), warnings, origin: ruleset.origin };
}

async function failure(options: Partial<LoadRulesetOptions>): Promise<ToolError> {
  const error: unknown = await load(options).catch((reason: unknown) => reason);
  if (!(error instanceof ToolError)) throw new Error(`not a ToolError: ${String(error)}`);
  return error;
}

describe("which rules a scan uses", () => {
  test("the first of flag, environment, target, built-in", async () => {
    await put("flag.toml", config("flag"));
    await put("lt.toml", config("lt"));
    await put("gl.toml", config("gl"));
    await put("repo/.leaktrace.toml", config("repo-lt"));
    await put("repo/.gitleaks.toml", config("repo-gl"));
    const env = { LEAKTRACE_CONFIG: "lt.toml", GITLEAKS_CONFIG: "gl.toml", GITLEAKS_CONFIG_TOML: config("inline") };
    expect((await load({ config: "flag.toml", env, target: "repo" })).ids).toEqual(["flag"]);
    expect((await load({ env, target: "repo" })).ids).toEqual(["lt"]);
    expect((await load({ env: { ...env, LEAKTRACE_CONFIG: "" }, target: "repo" })).ids).toEqual(["gl"]);
    expect((await load({ env: { GITLEAKS_CONFIG_TOML: config("inline") }, target: "repo" })).ids).toEqual(["inline"]);
    expect((await load({ target: "repo" })).ids).toEqual(["repo-lt"]);
    await rm(join(cwd, "repo/.leaktrace.toml"));
    expect((await load({ target: "repo" })).ids).toEqual(["repo-gl"]);
    await rm(join(cwd, "repo/.gitleaks.toml"));
    expect(await load({ target: "repo" })).toEqual({
      ids: ["built-in-rule", "other-rule"],
      warnings: [],
      origin: "built-in",
    });
  });

  test("rules that come with the target are told; a file or a stream as target has none", async () => {
    await put(".gitleaks.toml", config("here"));
    await put("file.txt", "");
    expect((await load()).warnings).toEqual([expect.stringContaining("these rules come with what is scanned")]);
    expect((await load({ target: "-" })).ids).toEqual(["here"]);
    expect((await load({ target: "file.txt" })).ids).toEqual(["built-in-rule", "other-rule"]);
    expect((await load({ target: "registry/name:tag" })).ids).toEqual(["built-in-rule", "other-rule"]);
    expect((await load({ config: ".gitleaks.toml" })).warnings).toEqual([]);
  });

  test("extend.path is beside the file, else in the working directory", async () => {
    await put("conf/main.toml", `[extend]\npath = "base.toml"\n${config("main")}`);
    await put("base.toml", config("from-cwd"));
    expect((await load({ config: "conf/main.toml" })).ids).toEqual(["from-cwd", "main"]);
    await put("conf/base.toml", config("beside"));
    expect((await load({ config: "conf/main.toml" })).ids).toEqual(["beside", "main"]);
    expect((await load({ env: { GITLEAKS_CONFIG_TOML: `[extend]\npath = "base.toml"\n` } })).ids).toEqual(["from-cwd"]);
  });

  test.skipIf(process.platform === "win32")(
    "devices and pipes that a target's configuration extends are not read",
    async () => {
      execFileSync("mkfifo", [join(cwd, "pipe")]);
      for (const path of ["/dev/zero", "pipe"]) {
        await put(".gitleaks.toml", `[extend]\npath = "${path}"\n`);
        await expect(load({ target: "." })).rejects.toThrow(/\[extend\] path .*: is no file/);
      }
      await put("large.toml", config("large"));
      await truncate(join(cwd, "large.toml"), 2 ** 40);
      await expect(load({ config: "large.toml" })).rejects.toThrow(/large\.toml: is larger than/);
    },
  );

  test("what kept rules from being loaded is said", async () => {
    await put("own.toml", '[extend]\nurl = "https://host.invalid/rules.toml"\n');
    await expect(load({ config: "own.toml" })).rejects.toMatchObject({
      message: "own.toml: no rules are loaded",
      hint: "own.toml: [extend] url is not supported and was ignored",
    });
  });

  test("what cannot be read is named", async () => {
    expect(await failure({ config: "nope.toml" })).toMatchObject({
      code: "rules-unreadable",
      message: "nope.toml: cannot be read (ENOENT)",
    });
    await put("a.toml", `[extend]\npath = "nope.toml"\n`);
    expect((await failure({ config: "a.toml" })).message).toBe(
      "a.toml: [extend] path nope.toml: cannot be read (ENOENT)",
    );
  });

  test("a built-in set without rules is an error", async () => {
    expect((await failure({ builtin: async () => ({ ...builtin, rules: [] }) })).message).toBe("no rules are loaded");
  });
});

describe("--enable-rule", () => {
  test("only these rules are kept", async () => {
    expect((await load({ enableRules: ["other-rule"] })).ids).toEqual(["other-rule"]);
  });

  test("the parts of a composite rule come along, unreported", async () => {
    await put(
      "c.toml",
      `[[rules]]\nid = "whole"\nregex = "a"\n[[rules.required]]\nid = "part"\n[[rules]]\nid = "part"\nregex = "b"\n[[rules]]\nid = "else"\nregex = "c"\n`,
    );
    const { ruleset } = await loadRuleset({
      cwd,
      env: {},
      config: "c.toml",
      enableRules: ["whole"],
      builtin: async () => builtin,
      compile: () => undefined,
    });
    expect(ruleset.rules.map(({ id, skipReport }) => [id, skipReport])).toEqual([
      ["part", true],
      ["whole", false],
    ]);
  });

  test("an unknown id is an error with the nearest one", async () => {
    expect(await failure({ enableRules: ["bulit-in-rule"] })).toMatchObject({
      code: "rules-invalid",
      hint: "did you mean built-in-rule?",
    });
    expect((await failure({ enableRules: ["zzzz"] })).hint).toBe("`leaktrace rules list` shows all rules");
  });
});
