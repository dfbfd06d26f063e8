import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

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
