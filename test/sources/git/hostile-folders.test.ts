/** Git folders that were put together to stop who reads them: what is there is scanned, and the program ends. */
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository } from "../../../fixtures/git/workshop.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch, type Ran } from "../../cli/scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);
const original = join(folder, "original");
const secret = probe("here");
const repository = createRepository(original);
repository.commit("One", { "a.txt": `${secret}\n` });
repository.git("pack-refs", "--all");

let made = 0;
/** A copy of the repository, changed. `change` is told its `.git`. */
function changed(change: (git: string) => void): string {
  const path = join(folder, `${made++}`);
  cpSync(original, path, { recursive: true });
  change(join(path, ".git"));
  return path;
}

const git = (path: string, ...args: string[]): Ran =>
  leaktrace(["git", "-c", rules, "--no-cache", "-f", "json", "-r", "-", "--reveal", ...args, path]);

const isABug = /this is a bug/;

test.each([
  ["is a pipe", (path: string) => execFileSync("mkfifo", [path])],
  ["leads to a device that does not end", (path: string) => symlinkSync("/dev/zero", path)],
  ["leads to itself", (path: string) => symlinkSync("config", path)],
])("a configuration that %s", (_name, make) => {
  const path = changed((dir) => {
    rmSync(join(dir, "config"));
    make(join(dir, "config"));
  });
  const ran = git(path);
  expect([ran.code, entriesOf(ran).map(({ Secret }) => Secret)]).toEqual([1, [secret]]);
  // The name of what a branch follows stands in the configuration.
  expect(git(path, "--log-opts", "@{upstream}").code).toBe(2);
});

test("a .git file that names itself is no repository", () => {
  const path = changed((dir) => {
    rmSync(dir, { recursive: true });
    writeFileSync(dir, "gitdir: .git\n");
  });
  const ran = git(path);
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("is not a git repository")]);
});

test("working trees that are no folders", () => {
  const ran = git(
    changed((dir) => {
      mkdirSync(join(dir, "worktrees"));
      writeFileSync(join(dir, "worktrees/file"), "");
      symlinkSync("/proc", join(dir, "worktrees/link"));
    }),
  );
  expect([ran.code, entriesOf(ran).map(({ Secret }) => Secret)]).toEqual([1, [secret]]);
  expect(ran.stderr).not.toMatch(isABug);
});

test("refs and reflogs that lead to the root of the machine are told and not gone through", () => {
  for (const name of ["refs", "logs"]) {
    const ran = git(
      changed((dir) => {
        rmSync(join(dir, name), { recursive: true });
        symlinkSync("/", join(dir, name));
      }),
    );
    expect([ran.code, entriesOf(ran).map(({ Secret }) => Secret)]).toEqual([1, [secret]]);
    expect(ran.stderr).toContain(name === "refs" ? "is a link that leads to no refs" : "leads to no reflogs");
  }
});

test("refs that lead to those of another working tree are followed, as git-new-workdir makes them", () => {
  const path = changed((dir) => {
    rmSync(join(dir, "packed-refs"));
    rmSync(join(dir, "refs"), { recursive: true });
    symlinkSync(join(original, ".git/refs"), join(dir, "refs"));
  });
  writeFileSync(join(original, ".git/refs/heads/other"), `${repository.git("rev-parse", "HEAD").trim()}\n`);
  const ran = git(path, "--log-opts", "other");
  expect([ran.code, entriesOf(ran).length]).toEqual([1, 1]);
});

test("two hundred thousand refs to what is not there, and as many folders to borrow from", () => {
  const ran = git(
    changed((dir) => {
      const refs = Array.from({ length: 200_000 }, (_, i) => `${"1".repeat(40)} refs/heads/x${i}\n`);
      writeFileSync(join(dir, "packed-refs"), refs.join(""));
      writeFileSync(join(dir, "objects/info/alternates"), "x\n".repeat(200_000));
    }),
  );
  expect([ran.code, entriesOf(ran).map(({ Secret }) => Secret)]).toEqual([1, [secret]]);
  expect(ran.stderr).not.toMatch(isABug);
});
