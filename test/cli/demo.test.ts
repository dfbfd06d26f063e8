import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildRepository } from "../../fixtures/git/build-repository.ts";
import { tellStory } from "../../src/cli/demo/story.ts";
import { sit } from "../review/pty.ts";
import { hasProgram } from "../require-program.ts";

const program = join(import.meta.dirname, "../../bin/leaktrace.js");

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-demo-test-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the demo with a temporary folder of its own, so that what it leaves there can be seen. */
async function demo(
  ...args: string[]
): Promise<Ran & { readonly left: readonly string[]; readonly temporary: string }> {
  const temporary = await mkdtemp(join(folder, "tmp-"));
  const env = { ...process.env, TMPDIR: temporary };
  const ran = await new Promise<Ran>((resolve) => {
    const child = execFile(
      process.execPath,
      [program, "demo", ...args],
      { cwd: folder, env },
      (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
    child.stdin?.end();
  });
  return { ...ran, left: readdirSync(temporary), temporary };
}

describe("leaktrace demo", () => {
  test("finds every planted secret with its commit or layer, masked, and leaves nothing behind", async () => {
    const { code, stdout, stderr, left } = await demo();
    expect(stderr).toMatch(/^9 of 9 planted secrets found$/m);
    expect(code).toBe(0);
    expect(stdout).toContain("reached from no branch or tag, still in the repository");
    expect(stdout).toContain("not in HEAD, still in history · stash");
    expect(stdout).toContain("deleted in layer 2, still in the image");
    expect(stdout).toContain("config!Env[SENDGRID_API_KEY]");
    expect(stdout).toMatch(/^found {2}shop\.git/m);
    expect(left).toEqual([]);
  });

  test("--keep leaves the repository and the image where it says", async () => {
    const { code, stderr, left, temporary } = await demo("--keep");
    expect(code).toBe(0);
    const kept = /^kept: (.*)$/m.exec(stderr)?.[1] ?? "";
    expect(join(temporary, left[0] ?? "")).toBe(kept);
    expect(readdirSync(kept).sort()).toEqual(["shop.git", "shop.tar"]);
  });

  test("an unknown argument is named, with exit code 2, before anything is made", async () => {
    const { code, stderr, left } = await demo("--kep");
    expect(code).toBe(2);
    expect(stderr).toContain("unknown argument --kep");
    expect(left).toEqual([]);
  });

  test("--review opens the findings in the terminal, and cleans up", async () => {
    const temporary = await mkdtemp(join(folder, "tmp-"));
    using seat = sit(process.execPath, [program, "demo", "--review"], { cwd: folder, env: { TMPDIR: temporary } });
    await seat.sees("github-pat-classic");
    seat.press("q");
    expect((await seat.ended()).exitCode).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe("the demo's repository", () => {
  test("is a repository to git as well, with a merge, a stash, and a commit that nothing reaches", async ({ skip }) => {
    if (!hasProgram("git")) skip("git is not installed");
    const gitdir = join(folder, "shop.git");
    const ids = await buildRepository(tellStory("seed").repository, gitdir);
    const git = (...args: string[]): Promise<string> =>
      new Promise((resolve, reject) => {
        execFile("git", ["-C", gitdir, ...args], (error, stdout, stderr) =>
          error === null ? resolve(stdout + stderr) : reject(error),
        );
      });
    const checked = await git("fsck", "--full", "--strict", "--no-reflogs");
    expect(checked.match(/dangling commit/g)).toHaveLength(2);
    expect(checked).not.toMatch(/error|missing|broken/);
    expect(await git("rev-list", "--merges", "--count", "main")).toBe("1\n");
    expect(await git("rev-parse", "stash^2")).toBe(`${ids.get("index")}\n`);
    expect(await git("branch", "--all")).toBe("* main\n");
    expect(existsSync(join(gitdir, "logs/refs/stash"))).toBe(true);
  });

  test("depends on its seed alone", async () => {
    const [a, b, c] = await Promise.all(
      ["one", "one", "two"].map(async (seed, index) =>
        buildRepository(tellStory(seed).repository, join(folder, `seed-${index}.git`)),
      ),
    );
    expect(a).toEqual(b);
    expect(a?.get("head")).not.toBe(c?.get("head"));
  });
});
