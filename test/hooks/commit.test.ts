import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { testWith } from "../require-program.ts";
import { madeSecret, makeDesk, openDesk, type Desk } from "./pushing.ts";

const test = testWith("git");
let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-commit-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function deskWithHook(): Desk {
  const desk = makeDesk(join(folder, `d${count++}`));
  expect(desk.leaktrace(["hook", "install", "--pre-commit"]).code).toBe(0);
  return desk;
}

describe("a commit", () => {
  test("is stopped for a secret that is staged, and goes through without it; the first one too", () => {
    const desk = deskWithHook();
    const secret = madeSecret("commit");
    desk.write({ ".env": `TOKEN=${secret}\n`, "a.txt": "a\n" });
    desk.git("add", "-A");
    expect(() => desk.git("commit", "-q", "-m", "first")).toThrow(
      /commit stopped: it holds a secret[^]*\.env:1\n[^]*--no-verify/,
    );
    desk.write({ ".env": "TOKEN=\n" });
    // What counts is what is staged.
    expect(() => desk.git("commit", "-q", "-m", "first")).toThrow("commit stopped");
    desk.git("add", "-A");
    desk.git("commit", "-q", "-m", "first");
    expect(desk.git("rev-list", "--count", "HEAD")).toBe("1");
  });

  test("of some paths is looked at as it will be", () => {
    const desk = deskWithHook();
    desk.commit("base", { "a.txt": "a\n", "b.txt": "b\n" });
    desk.write({ "a.txt": `token: ${madeSecret("a")}\n`, "b.txt": "b2\n" });
    desk.git("commit", "-q", "-m", "b alone", "b.txt");
    expect(() => desk.git("commit", "-q", "-m", "a alone", "a.txt")).toThrow(/a\.txt:1\n/);
    expect(() => desk.git("commit", "-q", "-a", "-m", "all")).toThrow("commit stopped");
  });

  test("in a linked worktree is checked by the same hook, with that worktree's index", () => {
    const desk = deskWithHook();
    desk.commit("base", { "a.txt": "a\n" });
    desk.git("worktree", "add", "-q", "../linked");
    const linked = openDesk(join(desk.path, "../linked"), desk.remote);
    linked.write({ "b.txt": `token: ${madeSecret("linked")}\n` });
    linked.git("add", "b.txt");
    expect(() => linked.git("commit", "-q", "-m", "bad")).toThrow("b.txt:1");
    desk.write({ "c.txt": "c\n" });
    desk.git("add", "c.txt");
    desk.git("commit", "-q", "-m", "good");
  });

  test("is stopped where its index cannot be read", () => {
    const desk = deskWithHook();
    desk.commit("base", { "a.txt": "a\n" });
    writeFileSync(join(desk.path, ".git/index"), "DIRC");
    const { code, stderr } = desk.leaktrace(["hook", "pre-commit"]);
    expect(code).toBe(3);
    expect(stderr).toContain("commit stopped: not everything in it could be checked");
  });
});

describe("the hook for commits", () => {
  test("is a hook of its own beside the one for pushes; a former one runs first and comes back", () => {
    const desk = makeDesk(join(folder, `d${count++}`));
    const former = join(desk.path, ".git/hooks/pre-commit");
    writeFileSync(former, "#!/bin/sh\necho was here >> ran.txt\n", { mode: 0o755 });
    expect(desk.leaktrace(["hook", "install", "--pre-commit"]).stderr).toContain(
      "commits in this repository are checked",
    );
    expect(desk.leaktrace(["hook", "status", "--pre-commit"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("runs first"),
    });
    expect(desk.leaktrace(["hook", "status"]).code).toBe(1);
    expect(existsSync(join(desk.path, ".git/hooks/pre-push"))).toBe(false);
    desk.commit("base", { "a.txt": "a\n" });
    expect(readFileSync(join(desk.path, "ran.txt"), "utf8")).toBe("was here\n");
    expect(desk.leaktrace(["hook", "uninstall", "--pre-commit", "--repo", "."]).code).toBe(0);
    expect(readFileSync(former, "utf8")).toContain("was here");
    expect(desk.leaktrace(["hook", "pre-commit", "argument"]).code).toBe(2);
  });
});
