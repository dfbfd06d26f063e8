import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../src/rules/random.ts";
import { leaktrace, probe, program, scratch, type Ran } from "./scan-program.ts";

const folder = scratch();
const target = join(folder, "target.txt");
writeFileSync(target, `token = ${probe(1)}\n`);

function scan(name: string, config: string | Uint8Array): Ran {
  const path = join(folder, name);
  writeFileSync(path, config);
  return leaktrace(["dir", "--no-color", "-c", path, target]);
}

function rule(regex: string, id = "odd"): string {
  return `[[rules]]\nid = '${id}'\ndescription = "d"\nregex = '''${regex}'''\n`;
}

const token = rule("\\bprb_[0-9A-Za-z]{30}\\b");

describe("rules that cannot be used are refused in one line, with a next step", () => {
  const refused: readonly (readonly [name: string, regex: string, advice: RegExp])[] = [
    ["look-ahead", "tok_(?=x)", /no look-ahead: match what follows/],
    ["negative look-ahead", "(?!x)tok_", /no look-ahead/],
    ["look-behind", "(?<=x)tok_", /no look-behind: match what stands before/],
    ["back-reference", "(a)\\1", /no back-references: write the forms out/],
    ["named back-reference", "(?P<q>a)(?P=q)", /no back-references/],
    ["atomic group", "(?>a)b", /never backtracks/],
    ["possessive repetition", "a++b", /never backtracks/],
    ["repetition without end", "a{1,1000000}", /counts to 1000 at most/],
    ["repetitions of repetitions", "((a{1,1000}){1,1000}){1,1000}", /counts to 1000 at most/],
    ["unclosed group", "(a", /the syntax is that of RE2/],
  ];
  for (const [name, regex, advice] of refused) {
    test(name, () => {
      const { code, stdout, stderr } = scan("refused.toml", rule(regex));
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/refused\.toml: rule odd: regex does not compile: /);
      expect(stderr).toMatch(advice);
      expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    });
  }

  test("bytes that are no UTF-8: the line is named", () => {
    const { code, stderr } = scan("latin.toml", Buffer.from(`# one\n${rule("tok_\xff")}`, "latin1"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/latin\.toml:5: these bytes are no text in UTF-8\n {2}save the file as UTF-8/);
  });

  test("an id, and a regex, of any length: the message stays a line of some hundred characters", () => {
    const long = scan("long.toml", rule("a", "i".repeat(100_000)));
    expect(long.code).toBe(2);
    expect(long.stderr).toContain("rule 1 has an id of more than 256 characters");
    const wide = scan("wide.toml", rule(`(${"a".repeat(100_000)}`));
    expect(wide.code).toBe(2);
    expect(wide.stderr.length).toBeLessThan(1_000);
  });
});

describe("rules that can be used, and were not made to be", () => {
  test("a configuration that extends itself, or what extends it, is told once and scanned with", () => {
    const itself = scan("itself.toml", `[extend]\npath = 'itself.toml'\n${token}`);
    expect(itself.code).toBe(1);
    expect(itself.stderr.match(/leads back to a file that extends it/g)).toHaveLength(1);
    writeFileSync(join(folder, "two.toml"), `[extend]\npath = 'one.toml'\n${rule("tok_", "two")}`);
    const other = scan("one.toml", `[extend]\npath = 'two.toml'\n${token}`);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/two\.toml: \[extend\] path one\.toml leads back/);
  });

  test("escape sequences in ids, descriptions and tags reach no output", () => {
    const config = `[[rules]]\nid = "e\\u001b[31m\\u001b]0;p\\u0007\\n"\ndescription = "\\u001b[2J"\nregex = 'prb_\\w{30}'\ntags = ["\\u001b[5m"]\n`;
    for (const format of ["text", "json", "jsonl", "sarif", "csv", "junit"]) {
      const path = join(folder, "escapes.toml");
      writeFileSync(path, config);
      const { code, stdout, stderr } = leaktrace(["dir", "-c", path, "-f", format, "-r", "-", target]);
      expect(code).toBe(1);
      for (const sequence of ["\u001b", "\u0007"]) expect(`${stdout}${stderr}`).not.toContain(sequence);
    }
    const refused = scan("refused.toml", `[[rules]]\nid = "e\\u001b[31m"\nregex = '(\\u001b'\n`);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("rule e\\x1b[31m: regex");
    expect(refused.stderr).not.toContain("\u001b");
  });

  test("names of JavaScript's own are names like any other", () => {
    const names = ["__proto__", "constructor", "toString"];
    const { code, stdout } = scan("names.toml", names.map((id) => rule("prb_[0-9A-Za-z]{30}", id)).join(""));
    expect(code).toBe(1);
    expect(stdout).toMatch(/rule +__proto__/);
  });

  test("empty keywords are none", () => {
    const { code } = scan("empty.toml", `${token}keywords = ["", ""]\n`);
    expect(code).toBe(1);
  });

  test("a thousand unknown keys are fifty lines", () => {
    const keys = Array.from({ length: 1_000 }, (_, i) => `unknown_${i} = 1\n`).join("");
    const { code, stderr } = scan("keys.toml", `${token}${keys}`);
    expect(code).toBe(1);
    expect(stderr.match(/unknown key/g)).toHaveLength(50);
    expect(stderr).toContain("and 950 more of its kind");
  });

  test("a keyword of 1,500 equal letters is looked for, and planted by the self-test, in no time", () => {
    const config = `${rule("a{750}a{750}")}keywords = ["${"a".repeat(1_500)}"]\n`;
    const clean = scan("letters.toml", config);
    expect([clean.code, clean.stderr]).toEqual([0, expect.not.stringContaining("self-test")]);
    const path = join(folder, "letters.txt");
    writeFileSync(path, `token = ${"a".repeat(1_500)}\n`);
    expect(leaktrace(["dir", "--no-color", "-c", join(folder, "letters.toml"), path]).code).toBe(1);
  });

  test("what takes a rule long is stopped by a signal all the same", async () => {
    writeFileSync(
      join(folder, "slow.toml"),
      `${rule("(?:a{900}b?)+c")}keywords = ["${"a".repeat(20)}"]\nwindow = 8000\n`,
    );
    const path = join(folder, "slow.txt");
    writeFileSync(path, "a".repeat(4_000_000));
    const child = spawn(process.execPath, [program, "dir", "-c", join(folder, "slow.toml"), path], { stdio: "ignore" });
    const ended = once(child, "exit");
    const started = once(child, "spawn");
    await started;
    setTimeout(() => child.kill("SIGTERM"), 2_000);
    const [code] = (await ended) as [number | null];
    expect(code).toBe(143);
  }, 60_000);

  test("ten thousand rules are read and asked", () => {
    const rules = Array.from(
      { length: 10_000 },
      (_, i) => `${rule(`\\bt${i}_[0-9a-f]{20}\\b`, `rule-${i}`)}keywords = ["t${i}_"]\n`,
    ).join("");
    const many = join(folder, "many.txt");
    writeFileSync(many, `x = t9999_0123456789abcdef0123\n`);
    const path = join(folder, "many.toml");
    writeFileSync(path, rules);
    const { code, stdout } = leaktrace(["dir", "--no-color", "-c", path, many]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/rule +rule-9999/);
  });

  test("nested repetition, and a regex that matches nothing but the empty text, end like any other", () => {
    const path = join(folder, "nested.txt");
    writeFileSync(path, `${"a".repeat(200_000)}!\n`);
    for (const regex of ["(a+)+$", "(a|a?)+z", "(|x)", "x*"]) {
      writeFileSync(join(folder, "nested.toml"), rule(regex));
      const { code, stderr } = leaktrace(["dir", "--no-color", "-c", join(folder, "nested.toml"), path]);
      expect([0, 1, 3], stderr).toContain(code);
    }
  });

  test("three thousand rules that share one keyword find what one of them finds", () => {
    const random = createRandom("shared keyword");
    const rules = Array.from(
      { length: 3_000 },
      (_, i) => `${rule(`token_${i}_[a-z]{10}`, `rule-${i}`)}keywords = ["token"]\n`,
    ).join("");
    const shared = join(folder, "shared.txt");
    const lines = Array.from({ length: 2_000 }, (_, i) => `token_x${i} = ${random.chars("abcdef", 10)}\n`);
    writeFileSync(shared, `${lines.join("")}token_2999_abcdefghij\n`);
    const path = join(folder, "shared.toml");
    writeFileSync(path, rules);
    const { code, stdout } = leaktrace(["dir", "--no-color", "-c", path, shared]);
    expect(code).toBe(1);
    expect(stdout.match(/^ +rule +rule-2999/gm)).toHaveLength(1);
  });
});
