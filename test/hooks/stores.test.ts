import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect } from "vitest";
import { gitEnvironment } from "../../fixtures/git/workshop.ts";
import { testWith } from "../require-program.ts";
import { madeSecret, makeDesk } from "./pushing.ts";
import { spawnSync } from "node:child_process";

const test = testWith("git");
const folder = mkdtempSync(join(tmpdir(), "leaktrace-hook-stores-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the hook", () => {
  test("reads repositories that keep their objects by SHA-256, loose and packed", { timeout: 30_000 }, () => {
    const desk = makeDesk(join(folder, "sha256"), "--object-format=sha256");
    expect(desk.leaktrace(["hook", "install"]).code).toBe(0);
    desk.commit("base", { "a.txt": "nothing here\n" });
    expect(desk.push("-q", "origin", "main")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("no secrets in 1 new commit, 1 new file"),
    });
    const bad = desk.commit("bad", { "conf/prod.env": `GITHUB_TOKEN=${madeSecret("sha256")}\n` });
    for (const command of [["status"], ["repack", "-qad"]]) {
      desk.git(...command);
      const { code, stderr } = desk.push("origin", "main");
      expect(code).not.toBe(0);
      expect(stderr).toContain(`conf/prod.env:1 in commit ${bad.slice(0, 10)}`);
    }
  });

  test("reads objects that git keeps apart while a push is under way", { timeout: 30_000 }, () => {
    const desk = makeDesk(join(folder, "quarantine"));
    const before = desk.commit("base", { "a.txt": "nothing here\n" });
    const apart = join(folder, "objects apart");
    mkdirSync(apart);
    const objects = join(desk.path, ".git/objects");
    const env = { GIT_OBJECT_DIRECTORY: apart, GIT_ALTERNATE_OBJECT_DIRECTORIES: `"${objects}"` };
    desk.write({ "prod.env": `GITHUB_TOKEN=${madeSecret("apart")}\n` });
    const git = (...args: string[]): string =>
      spawnSync("git", args, { cwd: desk.path, env: { ...gitEnvironment(), ...env }, encoding: "utf8" }).stdout.trim();
    git("add", "prod.env");
    const after = git("commit-tree", git("write-tree"), "-p", before, "-m", "apart");
    expect(after).toMatch(/^[0-9a-f]{40}$/);
    const line = `refs/heads/main ${after} refs/heads/main ${before}\n`;
    const hook = ["hook", "pre-push", "origin", desk.remote.path];
    const { code, stderr } = desk.leaktrace(hook, line, env);
    expect({ code, says: stderr.includes("prod.env:1 in commit") }).toEqual({ code: 1, says: true });
    // Without that folder nothing is known of the commit, and nothing is called clean.
    expect(desk.leaktrace(hook, line, {}).code).toBe(3);
  });
});
