/** Pipes, devices and links in a circle where a target has files that are read beside its contents. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { testWith } from "../require-program.ts";
import { leaktrace, probe, probeRules, scratch } from "./scan-program.ts";

const folder = scratch();
const rules = probeRules(folder);
const at = (): string => mkdtempSync(join(folder, "odd-"));
const fifo = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  spawnSync("mkfifo", [path]);
};
const scan = (path: string) => leaktrace(["scan", path, "--no-cache"]);

describe("in a folder that is scanned", () => {
  for (const name of [".gitleaksignore", ".leaktraceignore", ".leaktrace.toml", ".gitleaks.toml"])
    testWith("mkfifo")(`${name} that cannot be read ends nothing, and is told`, () => {
      const [pipe, circle] = [at(), at()];
      fifo(join(pipe, name));
      symlinkSync(name, join(circle, name));
      for (const path of [pipe, circle]) {
        const { code, stderr } = scan(path);
        expect([code, stderr.includes(`${join(path, name)}`)]).toEqual([0, true]);
      }
    });

  test("decisions that nobody can understand decide nothing, and are told", () => {
    const path = at();
    writeFileSync(join(path, ".leaktraceignore"), "no decisions\n");
    const { code, stderr } = scan(path);
    expect(code).toBe(0);
    expect(stderr).toContain("it decides nothing");
    // One's own are another matter: whoever relies on them has to know.
    expect(leaktrace(["scan", ".", "--no-cache"], { cwd: path }).code).toBe(2);
  });
});

describe("in a repository", () => {
  const repository = (): string => {
    const shop = createRepository(at());
    shop.commit("One", { "a.txt": "a" });
    return shop.path;
  };

  testWith("mkfifo")("pipes in the git folder are told; as configuration or ref they make the scan incomplete", () => {
    for (const [name, expected] of [
      ["config", 3],
      ["refs/heads/pipe", 3],
      ["description", 0],
    ] as const) {
      const path = repository();
      fifo(join(path, ".git", name));
      const { code, stderr } = leaktrace(["git", path, "--no-cache"]);
      expect([name, code]).toEqual([name, expected]);
      expect(stderr).toContain(name);
    }
  });

  test("a pack that is a link in a circle, or a folder of packs that is a file, is named", () => {
    const circle = repository();
    const pack = join(circle, ".git/objects/pack", `pack-${"1".repeat(40)}.pack`);
    symlinkSync(pack, pack);
    const file = repository();
    rmSync(join(file, ".git/objects/pack"), { recursive: true, force: true });
    writeFileSync(join(file, ".git/objects/pack"), "");
    for (const path of [circle, file]) {
      const { code, stderr } = leaktrace(["git", path, "--no-cache"]);
      expect(stderr).not.toContain("bug");
      expect([0, 3]).toContain(code);
    }
  });
});

test("names of a megabyte are told by their beginning and their end, in every format", () => {
  const shop = createRepository(at());
  const id = shop
    .feed(Buffer.from(`${probe("long names")}\n`), "hash-object", "-w", "--stdin")
    .toString()
    .trim();
  const tree = Buffer.concat([Buffer.from(`100644 ${"n".repeat(1 << 20)}.txt\0`), Buffer.from(id, "hex")]);
  shop.feed(tree, "hash-object", "-w", "-t", "tree", "--stdin", "--literally");
  for (const format of ["json", "jsonl", "sarif", "csv", "text"]) {
    const { stdout } = leaktrace(["git", shop.path, "-f", format, "-r", "-", "-c", rules, "--no-cache"]);
    expect(stdout.length).toBeLessThan(200_000);
    expect(stdout).toContain("characters left out");
  }
});

test("a repository without its HEAD is none for git, but its history is not passed over", () => {
  const shop = createRepository(at());
  shop.commit("One", { "a.txt": `${probe("no HEAD")}\n` });
  shop.commit("Two", { "a.txt": "gone\n" });
  rmSync(join(shop.path, ".git/HEAD"));
  for (const command of ["scan", "git"]) {
    const { code, stdout, stderr } = leaktrace([command, shop.path, "-c", rules, "--no-cache", "-f", "json"]);
    expect([command, code, JSON.parse(stdout).length]).toEqual([command, 1, 1]);
    expect(stderr).toContain("HEAD: is gone");
  }
  // Old versions of git made it a link, which leads nowhere where the branch is packed.
  symlinkSync("refs/heads/packed", join(shop.path, ".git/HEAD"));
  expect(leaktrace(["scan", shop.path, "-c", rules, "--no-cache"]).code).toBe(1);
});

describe.skipIf(process.platform !== "linux")("files that the kernel makes up while they are read", () => {
  test("say that they are empty, and are not called clean for it", () => {
    for (const [path, ...commands] of [
      ["/proc/version", "dir", "scan"],
      ["/proc/self", "dir", "scan"],
    ] as const)
      for (const command of commands) {
        const { code, stderr } = leaktrace([command, path, "--no-cache"]);
        expect([path, command, code]).toEqual([path, command, 3]);
        expect(stderr).toContain("is made up by the kernel");
      }
    for (const command of ["git", "image"]) expect(leaktrace([command, "/proc/version"]).code).toBe(2);
  });
});

test("a file with holes is scanned as the one with zeros that it reads as, to its git id", () => {
  const [sparse, dense] = [at(), at()];
  const line = `K=${probe("behind a hole")}\n`;
  const size = 70 << 20;
  writeFileSync(join(sparse, "log"), line);
  truncateSync(join(sparse, "log"), size);
  writeFileSync(join(sparse, "log"), line, { flag: "a" });
  writeFileSync(join(dense, "log"), readFileSync(join(sparse, "log")));
  expect(statSync(join(sparse, "log")).blocks * 512).toBeLessThan(1 << 20);
  const reports = [sparse, dense].map((path) => {
    const { code, stdout } = leaktrace(["dir", path, "-c", rules, "--no-cache", "-f", "jsonl", "-r", "-"]);
    expect(code).toBe(1);
    return stdout.replaceAll(path, "").replace(/^.*"kind":"run".*$/gm, "");
  });
  expect(reports[0]).toBe(reports[1]);
  const id = createHash("sha1")
    .update(`blob ${size + line.length}\0`)
    .update(readFileSync(join(dense, "log")));
  expect(reports[0]).toContain(`"content":"${id.digest("hex")}"`);
});
