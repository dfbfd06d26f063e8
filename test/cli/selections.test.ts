import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createRepository, gitEnvironment, type Workshop } from "../../fixtures/git/workshop.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch, type Ran } from "./scan-program.ts";

const places = scratch();
let rules: string;
let shop: Workshop;
const ids: string[] = [];

beforeAll(() => {
  rules = probeRules(places);
  shop = createRepository(join(places, "repo"));
  ids.push(shop.commit("One", { "one.txt": `k = ${probe("one")}\n` }));
  ids.push(shop.commit(`Two, with ${probe("message")}`, { "two.txt": `k = ${probe("two")}\n` }));
  shop.git("checkout", "-qb", "side");
  ids.push(shop.commit("Three", { "lib/three.txt": `k = ${probe("three")}\n` }));
  shop.git("checkout", "-q", "main");
  shop.git("tag", "-a", "-m", `Tag with ${probe("tag")}`, "v1");
  ids.push(shop.commit("Four", { "four.txt": `k = ${probe("four")}\n`, "one.txt": "clean\n" }));
});

function scan(...args: readonly string[]): Ran {
  const env = { ...process.env, ...gitEnvironment() };
  return leaktrace(["git", "-c", rules, "-f", "json", "--reveal", ...args], { cwd: shop.path, env });
}

function found(ran: Ran): string[] {
  const names = ["one", "two", "three", "four", "message", "tag", "staged", "changed", "untracked", "side"];
  return entriesOf(ran)
    .map(({ Secret, File }) => `${names.find((name) => probe(name) === Secret)} ${File}`.trim())
    .sort();
}

describe("a part of a history", () => {
  test.each([
    [["--log-opts=HEAD~1.."], ["four four.txt"]],
    [
      ["--log-opts", `${"HEAD~2"}..HEAD~1`],
      ["message", "two two.txt"],
    ],
    [["--log-opts=-1 v1"], ["message", "tag", "two two.txt"]],
    [["--log-opts=--all --not main"], ["three lib/three.txt"]],
    [["--log-opts=main...side"], ["four four.txt", "three lib/three.txt"]],
    [["--log-opts=--all -- lib 'one.txt'"], ["one one.txt", "three lib/three.txt"]],
    [["--log-opts=-- ':!*.txt'"], []],
    [["--log-opts=--grep=Three --all"], ["three lib/three.txt"]],
    [
      ["--branch=side"],
      ["message", "one one.txt", "tag", "three lib/three.txt", "two two.txt"].filter((name) => name !== "tag"),
    ],
    [["--branch", "side", "--log-opts", "^main"], ["three lib/three.txt"]],
    [["--branch", "s*", "--log-opts", "^main"], ["three lib/three.txt"]],
    [["--since", "2024-01-01T00:00:00Z", "--until", "2023-12-31"], []],
  ])("%j scans what its commits bring in", (args, expected) => {
    const ran = scan(...args);
    expect(found(ran)).toEqual(expected);
    expect(ran.code).toBe(expected.length === 0 ? 0 : 1);
  });

  test("names the commit, and is said in every report", () => {
    const [entry] = entriesOf(scan("--log-opts=HEAD~1.."));
    expect(entry).toMatchObject({ Commit: ids[3], File: "four.txt", Message: "Four", StartLine: 1 });
    const text = leaktrace(["git", "-c", rules, "--log-opts=HEAD~1.."], { cwd: shop.path });
    expect(text.stdout).toContain("Only a part of . was scanned: 1 commit: HEAD~1...");
    expect(text.stderr).toContain("of 1 commit: HEAD~1..");
    const lines = leaktrace(["git", "-c", rules, "--since=2020-01-01", "-f", "jsonl"], { cwd: shop.path }).stdout;
    expect(lines).toContain('"selection":"4 commits: --since=2020-01-01"');
  });

  test("can be scanned by scan, beside other repositories", () => {
    const other = createRepository(join(places, "other"));
    other.commit("Other", { "o.txt": `k = ${probe("side")}\n` });
    const ran = leaktrace(["scan", "-c", rules, "-f", "json", "--reveal", "--since", "2020-01-01", "repo", "other"], {
      cwd: places,
    });
    expect(found(ran)).toContain("side o.txt");
    expect(ran.code).toBe(1);
  });

  test.each([
    [["--log-opts=nothing..HEAD"], /--log-opts: nothing\.\.HEAD is no revision in \./],
    [["--log-opts=--follow"], /--log-opts: --follow is not understood/],
    [["--log-opts=HEAD:one.txt"], /HEAD:one\.txt is no revision/],
    [["--log-opts=HEAD^{tree}"], /\^\{tree\}/],
    [["--log-opts=1234567"], /1234567 is no revision/],
    [["--since=soon"], /--since: "soon" is no date/],
    [["--branch=gone"], /--branch=gone: there is no such branch/],
    [["--staged", "--log-opts=HEAD"], /--staged looks at no commits, and --log-opts selects some/],
    [["--pre-commit", "--since=yesterday"], /--pre-commit looks at no commits, and --since selects some/],
  ])("%j is refused with a word on what to do", (args, message) => {
    const ran = scan(...args);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr.trim().split("\n")).toHaveLength(2);
  });

  test("is refused where there are no commits to select from", () => {
    mkdirSync(join(places, "folder"));
    const folder = leaktrace(["scan", "-c", rules, "--since=yesterday", "folder"], { cwd: places });
    expect(folder.code).toBe(2);
    expect(folder.stderr).toContain("not a git repository");
    expect(leaktrace(["git", "-c", rules, "--staged", "folder"], { cwd: places }).code).toBe(2);
  });

  test("that cannot be read whole is not called clean", () => {
    const damaged = createRepository(join(places, "damaged"));
    damaged.commit("One", { "a.txt": "a\n" });
    damaged.commit("Two", { "b.txt": "b\n" });
    const id = damaged.git("rev-parse", "HEAD:b.txt");
    rmSync(join(damaged.path, ".git/objects", id.slice(0, 2), id.slice(2)));
    expect(leaktrace(["git", "-c", rules, "--log-opts=HEAD~1"], { cwd: damaged.path }).code).toBe(0);
    const ran = leaktrace(["git", "-c", rules, "--log-opts=HEAD~1.."], { cwd: damaged.path });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("object-missing");
  });
});

describe("changes that no commit holds", () => {
  test("are scanned as they are staged, or as they are in the working tree", () => {
    expect(scan("--staged").code).toBe(0);
    shop.write({ "staged.txt": `k = ${probe("staged")}\n`, "four.txt": `k = ${probe("four")}\n\n` });
    shop.git("add", "staged.txt");
    shop.write({
      "staged.txt": "clean\n",
      "two.txt": `k = ${probe("changed")}\n`,
      "new.txt": `k = ${probe("untracked")}\n`,
    });
    const staged = scan("--staged");
    expect(found(staged)).toEqual(["staged staged.txt"]);
    expect(entriesOf(staged)[0]).toMatchObject({ Commit: "", StartLine: 1 });
    expect(staged.code).toBe(1);
    expect(found(scan("--pre-commit", "--staged"))).toEqual(["staged staged.txt"]);
    expect(found(scan("--pre-commit"))).toEqual(["changed two.txt", "four four.txt"]);
    expect(leaktrace(["protect", "-c", rules, "-s", "repo", "-f", "json", "--staged"], { cwd: places }).code).toBe(1);
    const text = leaktrace(["git", "-c", rules, "--staged"], { cwd: shop.path });
    expect(text.stdout).toContain("Only a part of . was scanned: 1 file staged.");
    shop.git("reset", "-q", "--hard");
    rmSync(join(shop.path, "new.txt"));
  });

  test("of a commit of some paths are those that git tells a hook", () => {
    const own = createRepository(join(places, "partial"));
    own.commit("One", { "a.txt": "a\n", "b.txt": "b\n" });
    own.write({ "a.txt": `k = ${probe("one")}\n`, "b.txt": `k = ${probe("two")}\n` });
    own.git("add", "b.txt");
    const hook = join(own.path, ".git/hooks/pre-commit");
    const bin = join(import.meta.dirname, "../../bin/leaktrace.js");
    writeFileSync(
      hook,
      `#!/bin/sh\n'${process.execPath}' '${bin}' git --staged -c '${rules}' -f json --reveal -r out.json\n`,
      {
        mode: 0o755,
      },
    );
    expect(() => own.git("commit", "-q", "-m", "Some", "a.txt")).toThrow();
    const ran = leaktrace(["git", "--staged", "-c", rules, "-f", "json", "--reveal"], { cwd: own.path });
    expect(found(ran)).toEqual(["two b.txt"]);
  });

  test("an index that cannot be read is not called clean; a bare repository has no working tree", () => {
    const own = createRepository(join(places, "broken"));
    own.commit("One", { "a.txt": "a\n" });
    writeFileSync(join(own.path, ".git/index"), "DIRCnot an index at all, but long enough");
    const ran = leaktrace(["git", "-c", rules, "--staged"], { cwd: own.path });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("the index is not read");
    createRepository(join(places, "bare.git"), "--bare");
    const bare = leaktrace(["git", "-c", rules, "--pre-commit", "bare.git"], { cwd: places });
    expect(bare.code).toBe(2);
    expect(bare.stderr).toContain("has no working tree");
  });
});
