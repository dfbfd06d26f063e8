import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

test("places in a repository that was cloned from a host with web pages have a link, as in gitleaks", () => {
  const folder = scratch();
  const rules = probeRules(folder);
  const repository = createRepository(join(folder, "shop"));
  const commit = repository.commit("one", { "a b.env": `one=${probe("link")}\n` });
  const run = (...args: string[]) => leaktrace(["git", "shop", "-c", rules, ...args], { cwd: folder });
  expect(run("-f", "json").stdout).not.toContain("Link");
  repository.git("remote", "add", "origin", "https://user:token@github.com/acme/shop.git");
  const link = `https://github.com/acme/shop/blob/${commit}/a%20b.env#L1`;
  expect(JSON.parse(run("-f", "json").stdout)).toEqual([expect.objectContaining({ Commit: commit, Link: link })]);
  expect(run("-f", "csv").stdout).toMatch(/,Tags,Link,Severity,/);
  expect(run("-f", "md").stdout).toContain(`<${link}>`);
  expect(run("-f", "html").stdout).toContain(`href="${link}"`);
  expect(run("-f", "json", "--platform", "none").stdout).not.toContain("Link");
  expect(run("-f", "json", "--platform", "svn")).toMatchObject({ code: 2 });
});

test("a template is read before the scan, and implies its format", () => {
  const folder = scratch();
  const rules = probeRules(folder);
  writeFileSync(join(folder, "x.env"), `one=${probe("template")}\n`);
  writeFileSync(join(folder, "good.tmpl"), "{{ range . }}{{ .File }} {{ .Secret }}\n{{ end }}");
  writeFileSync(join(folder, "bad.tmpl"), "{{ range . }}");
  const run = (...args: string[]) => leaktrace(["dir", "x.env", "-c", rules, ...args], { cwd: folder });
  expect(run("--report-template", "good.tmpl")).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^x\.env prb_\.+\w\w\n$/),
  });
  expect(run("--report-template", "good.tmpl", "-f", "template", "-r", "out.txt", "--redact").code).toBe(1);
  expect(readFileSync(join(folder, "out.txt"), "utf8")).toBe("x.env REDACTED\n");
  for (const [args, message] of [
    [["--report-template", "bad.tmpl"], /bad\.tmpl:1: a block is not closed/],
    [["--report-template", "none.tmpl"], /cannot read the template none\.tmpl \(ENOENT\)/],
    [["--report-template", "good.tmpl", "-f", "json"], /contradict each other/],
    [["-f", "template"], /needs a template/],
  ] as const) {
    const { code, stderr } = run(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  }
});

test("a report is written anew with what was decided in the current folder since", () => {
  const folder = scratch();
  const rules = probeRules(folder);
  for (const name of ["a", "b"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "x.env"), `one=${probe(`${name}1`)}\ntwo=${probe("both")}\n`);
  }
  const run = (...args: string[]) => leaktrace(args, { cwd: folder });
  expect(run("scan", "a", "b", "-c", rules, "-r", "found.jsonl").code).toBe(1);
  expect(run("report", "found.jsonl", "-r", "found.md").code).toBe(1);
  expect(readFileSync(join(folder, "found.md"), "utf8")).toMatch(/^# 3 secrets: 3 high\.\n[^]*\| `b` \| found \| 2 \|/);

  writeFileSync(join(folder, ".gitleaksignore"), "b/x.env:probe:1\nb/x.env:probe:2\nnonsense\n");
  const half = run("report", "found.jsonl", "-f", "md");
  expect(half.stdout).toMatch(/^# 2 secrets: 2 high\.\n[^]*\| `a` \| found \| 2 \|[^]*\| `b` \| clean \| 0 \|/);
  expect(half).toMatchObject({ code: 1, stderr: expect.stringContaining(".gitleaksignore:3") });
  writeFileSync(
    join(folder, ".gitleaksignore"),
    "a/x.env:probe:1\na/x.env:probe:2\nb/x.env:probe:1\nb/x.env:probe:2\n",
  );
  const none = run("report", "found.jsonl");
  expect(none).toMatchObject({ code: 0, stdout: expect.stringContaining("Hidden by decisions: 3.") });
  // The report itself is as it was.
  expect(readFileSync(join(folder, "found.jsonl"), "utf8")).not.toContain("gitleaksignore");
});
