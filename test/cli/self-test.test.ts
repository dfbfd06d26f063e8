import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { leaktrace, probe, scratch, type Ran } from "./scan-program.ts";

const folder = scratch();
writeFileSync(join(folder, "clean.txt"), "nothing to see here\n");

function scan(config: string, args: readonly string[] = []): Ran {
  const path = join(folder, "rules.toml");
  writeFileSync(path, config);
  return leaktrace(["dir", folder, "-c", path, ...args]);
}

const builtin = "[extend]\nuseDefault = true\n";
const ownRule = `[[rules]]\nid = "acme"\ndescription = "of the tests"\nregex = '''acme_[0-9a-f]{32}'''\nkeywords = ["acme_"]\n`;

describe("a scan that finds nothing", () => {
  test("is clean where the rules report what is planted", () => {
    expect(leaktrace(["dir", folder]).code).toBe(0);
    expect(scan(builtin).code).toBe(0);
    expect(scan(ownRule).code).toBe(0);
    expect(scan(`${builtin}[[allowlists]]\npaths = ['''\\.(md|txt|py)$''', '''(^|/)tests?/''']\n`).code).toBe(0);
  });

  test.each([
    ["values", builtin, "regexes = ['''.*''']"],
    ["lines", builtin, `regexTarget = "line"\nregexes = ['''.''']`],
    ["paths", builtin, "paths = ['''.*''']"],
    ["values of own rules", ownRule, "regexes = ['''acme''']\nregexTarget = \"match\""],
    ["paths of own rules", ownRule, "paths = ['''.?''']"],
  ])("is not clean where an allowlist covers all %s", (_name, rules, list) => {
    const { code, stderr, stdout } = scan(`${rules}[[allowlists]]\n${list}\n`);
    expect(code).toBe(3);
    expect(stderr).toContain("the allowlists of the configuration hide everything");
    expect(stdout).toContain("self-test");
  });

  test("is not clean in a sweep either", () => {
    const list = join(folder, "list");
    writeFileSync(list, `${join(folder, "clean.txt")}\n`);
    const rules = join(folder, "hide.toml");
    writeFileSync(rules, `${builtin}[[allowlists]]\npaths = ['''.*''']\n`);
    const { code, stderr } = leaktrace(["scan", "--targets", list, "-c", rules]);
    expect(code).toBe(3);
    expect(stderr).toContain("the allowlists of the configuration hide everything");
  });
});

test("own rules that refuse what was drawn for them are not called broken", () => {
  const strict = `[[rules]]\nid = "strict"\ndescription = "of the tests"\nregex = '''acme_[ab]{8}'''\nentropy = 4.5\nkeywords = ["acme_"]\n[[allowlists]]\npaths = ['''never''']\n`;
  expect(scan(strict).code).toBe(0);
  const byPath = `[[rules]]\nid = "key-file"\ndescription = "of the tests"\npath = '''\\.pem$'''\n`;
  expect(scan(byPath).code).toBe(0);
});

test("what is planted is in no report and in no count", () => {
  const { stdout } = leaktrace(["dir", join(folder, "clean.txt"), "-f", "jsonl"]);
  const [ledger] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; ledger?: { planned: number; scanned: number } })
    .filter(({ ledger: counts }) => counts !== undefined);
  expect(ledger?.ledger).toMatchObject({ planned: 1, scanned: 1 });
  expect(stdout).not.toContain("canary");
});

test("an allowlist that hides all but a finding is the user's own business", () => {
  const hit = join(folder, "hit");
  writeFileSync(hit, `key ${probe("self-test")}\n`);
  const path = join(folder, "own.toml");
  writeFileSync(
    path,
    `[[rules]]\nid = "probe"\ndescription = "of the tests"\nregex = '''\\b(prb_[0-9A-Za-z]{30})\\b'''\nkeywords = ["prb_"]\n[[allowlists]]\npaths = ['''canary''']\n`,
  );
  expect(leaktrace(["dir", hit, "-c", path]).code).toBe(1);
});
