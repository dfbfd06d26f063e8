import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { fillTemplate } from "../../src/rules/templates.ts";
import { createRandom } from "../../src/rules/random.ts";
import { entriesOf, leaktrace, scratch } from "./scan-program.ts";

const folder = scratch();
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const token = fillTemplate("${gen:github-pat}", createRandom("explain"));

test("a secret: rule, keyword, masked match, checksum, and the finding of a report", () => {
  const path = file("secret.env", `GH_USER=octo\nGH_TOKEN=${token}\n`);
  const { code, stdout } = leaktrace(["explain", `${path}:2`]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^REPORTED {2}github-pat/m);
  expect(stdout).toContain('keyword   "ghp_"');
  expect(stdout).toContain("checksum valid");
  expect(stdout).toContain("key GH_TOKEN · with GH_USER octo");
  expect(stdout).toMatch(/^In a report: .*github-pat.*lt1[0-9a-f]{32}$/m);
  expect(stdout).toMatch(
    /^ {2}whether it works: GET https:\/\/api\.github\.com\/\S* \(leaktrace rules show github-pat-classic\)$/m,
  );
  expect(stdout).not.toContain(token);
});

test("what a scan reports of a line, explain reports: on the first place of a value and on the second", () => {
  const path = file("twice.env", `GH=${token}\n\nAGAIN=${token}\n`);
  const lines = entriesOf(leaktrace(["dir", path, "-f", "json"])).map(({ StartLine }) => StartLine);
  expect(lines).toEqual([1, 3]);
  for (const line of [1, 3]) expect(leaktrace(["explain", `${path}:${line}`]).stdout).toMatch(/^In a report: ghp_/m);
  expect(leaktrace(["explain", `${path}:2`]).stdout).toContain("No keyword of any rule stands here");
});

test("a checksum that is wrong, a placeholder, a marked line: dropped, with the reason", () => {
  const wrong = `${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`;
  const path = file(
    "dropped.env",
    `GH=${wrong}\napi_key = "YOUR_API_KEY_HERE_1234"\nGH=${token} # gitleaks:allow\nmarker = "ghp_nothing"\n`,
  );
  const explained = (line: number): string => leaktrace(["explain", `${path}:${line}`]).stdout;
  expect(explained(1)).toMatch(/dropped {3}checksum/);
  expect(explained(1)).toContain("In a report: nothing.");
  expect(explained(2)).toMatch(/dropped {3}placeholder/);
  expect(explained(3)).toMatch(/dropped {3}inline-allow/);
  expect(explained(4)).toMatch(/NO MATCH {2}"ghp_"/);
  expect(leaktrace(["explain", `${path}:3`, "--ignore-gitleaks-allow"]).stdout).toMatch(/^REPORTED/m);
});

test("the parts of the score, the one that decided, and what the place adds", () => {
  const key = ["a8fK", "q02LmXz71P", "qoTn3Bv9"].join("");
  const password = ["barbut8", "chars"].join("");
  const line = `expected_api_key = "${key}"\n * master_password: "${password}",\n`;
  mkdirSync(join(folder, "test"), { recursive: true });
  const path = file(join("test", "score.js"), line);
  const first = leaktrace(["explain", `${path}:1`]).stdout;
  expect(first).toMatch(/score {5}\+\d+\.\d bits: at or above 0, a secret/);
  expect(first).toMatch(/\+\d+\.\d {2}value .* <- decided/);
  expect(first).toMatch(/-\d+\.\d {2}name .*expected/);
  expect(first).toMatch(/-1\.0 {2}place .*tests/);
  expect(first).not.toContain(key);
  const second = leaktrace(["explain", `${path}:2`]).stdout;
  expect(second).toMatch(/score {5}-\d+\.\d bits: below 0, dropped/);
  expect(second).toMatch(/-3\.0 {2}syntax .* <- decided/);
  expect(second).not.toContain(password);
  const never = leaktrace(["explain", `${file("never.env", "api_key = YOUR_API_KEY_HERE_1234\n")}:1`]).stdout;
  expect(never).toMatch(/score {5}one part outweighs all others/);
  expect(never).toMatch(/never {2}stand-in .* <- decided/);
});

test("a decoded value, and a baseline that hides a finding", () => {
  const encoded = Buffer.from(`export GH=${token} # and more text`).toString("base64");
  const path = file("encoded.yaml", `data: ${encoded}\n`);
  const before = leaktrace(["explain", `${path}:1`]);
  expect(before.stdout).toMatch(/decoded {3}base64/);
  expect(before.stdout).not.toContain(encoded.slice(0, 24));
  const id = /lt1[0-9a-f]{32}/.exec(before.stdout)?.[0] ?? "";
  expect(id).not.toBe("");
  const baseline = join(folder, "baseline.json");
  leaktrace(["dir", path, "-r", baseline]);
  const after = leaktrace(["explain", `${path}:1`, "-b", baseline]);
  expect(after.stdout).toContain("hidden by baseline");
});

test("a finding of a repository by its id, by gitleaks' fingerprint, and a line of a commit", () => {
  const repository = join(folder, "repository");
  mkdirSync(repository);
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...args], {
      cwd: repository,
      encoding: "utf8",
    });
  git("init", "-q");
  mkdirSync(join(repository, "src"));
  writeFileSync(join(repository, "src", "a:b.env"), `# one\nGH=${token}\n`);
  git("add", ".");
  git("commit", "-qm", "first");
  git("rm", "-q", "src/a:b.env");
  git("commit", "-qm", "second");
  const [entry] = entriesOf(leaktrace(["git", repository, "-f", "json"]));
  const commit = entry?.Commit ?? "";
  const byFingerprint = leaktrace(["explain", entry?.Fingerprint ?? "", repository]);
  expect(byFingerprint.stdout).toMatch(/^REPORTED {2}github-pat/m);
  expect(leaktrace(["explain", `${commit}:src/a:b.env:2`, repository]).stdout).toMatch(/^REPORTED/m);
  const id = /lt1[0-9a-f]{32}/.exec(byFingerprint.stdout)?.[0] ?? "";
  const byId = leaktrace(["explain", id, repository]);
  expect(byId.stdout).toMatch(/a:b\.env:2/);
  expect(byId.stdout).toMatch(/^REPORTED/m);
  expect(leaktrace(["explain", `${commit}:src/none:2`, repository])).toMatchObject({ code: 2, stdout: "" });
});

test("places that are not there are told", () => {
  const path = file("short.txt", "one line");
  for (const [place, message] of [
    [`${path}:2`, "has no line 2"],
    [`${path}x:1`, "does not exist\n  What only a history or an image holds: leaktrace explain ID TARGET"],
    ["what", "cannot tell what to explain"],
    [`lt1${"0".repeat(32)}`, "has no finding"],
  ] as const) {
    const { code, stderr } = leaktrace(["explain", place, folder]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  }
  expect(leaktrace(["explain", `${basename(path)}:1`, folder]).code).toBe(0);
});

test("control characters of a line and of a name reach no terminal", () => {
  const path = file("esc\x1b[2J.env", `GH=${token} \x1b]0;owned\x07\n`);
  const { stdout } = leaktrace(["explain", `${path}:1`]);
  expect(stdout).toContain("\\x1b");
  expect(stdout).not.toMatch(/[^\n -~\u00a0-\uffff]/);
});

test.each(["github-pat-classic", "aws-access-key-id", "private-key-pkcs8"])(
  "rules test %s finds its own example",
  (id) => {
    const { code, stdout } = leaktrace(["rules", "test", id]);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^REPORTED {2}${id}`, "m"));
  },
);

test("rules test reads files and standard input, and says where no keyword stands", () => {
  const path = file("in.txt", `a\nb ${token}\n`);
  expect(leaktrace(["rules", "test", "github-pat-classic", path])).toMatchObject({ code: 1 });
  const { code, stdout } = leaktrace(["rules", "test", "github-pat-classic", "-"], { input: `x\ny\n${token}` });
  expect(code).toBe(1);
  expect(stdout).toContain("line      3");
  expect(leaktrace(["rules", "test", "github-pat-classic", "-"], { input: "nothing" })).toMatchObject({ code: 0 });
  expect(leaktrace(["rules", "test", "no-such-rule"])).toMatchObject({ code: 2 });
});
