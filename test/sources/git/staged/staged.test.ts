import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { createRepository, gitEnvironment, openWorkshop, type Workshop } from "../../../../fixtures/git/workshop.ts";
import { createRandom } from "../../../../src/rules/random.ts";
import { PushObjects } from "../../../../src/sources/git/push-objects.ts";
import { readIndex } from "../../../../src/sources/git/staged/index-file.ts";
import { stagedChanges } from "../../../../src/sources/git/staged/staged-changes.ts";
import { worktreeChanges } from "../../../../src/sources/git/staged/worktree-changes.ts";
import { testWith } from "../../../require-program.ts";

const test = testWith("git");
let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-staged-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newRepository(...options: readonly string[]): Workshop {
  return createRepository(join(folder, `r${count++}`), ...options);
}

function gitDir(shop: Workshop): string {
  return shop.git("rev-parse", "--absolute-git-dir");
}

/** `<mode> <id> <stage> <path>` of each entry, as git lists them. */
function listedByGit(shop: Workshop): string[] {
  return shop
    .git("ls-files", "--stage", "-z")
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => line.replace("\t", " "));
}

function listed(shop: Workshop): string[] {
  return readIndex(join(gitDir(shop), "index"), 20).map(
    ({ mode, id, stage, path }) => `${mode.toString(8).padStart(6, "0")} ${id} ${stage} ${path}`,
  );
}

/** Ids and paths of what is staged. */
function staged(shop: Workshop): string[] {
  using objects = new PushObjects(join(shop.git("rev-parse", "--path-format=absolute", "--git-common-dir"), "objects"));
  const { status, stdout } = spawnSync("git", ["rev-parse", "-q", "--verify", "HEAD^{tree}"], {
    cwd: shop.path,
    env: gitEnvironment(),
    encoding: "utf8",
  });
  const changes = stagedChanges(
    objects,
    readIndex(join(gitDir(shop), "index"), 20),
    status === 0 ? stdout.trim() : undefined,
    (...fault) => {
      throw new Error(fault.join(" "));
    },
  );
  return [...changes].flatMap(([id, paths]) => paths.map((path) => `${id} ${path}`)).sort();
}

/** The same by `git diff --cached`: what a commit would add; of conflicts every side that HEAD does not have. */
function stagedByGit(shop: Workshop): string[] {
  const out = shop
    .git("diff", "--cached", "--raw", "-z", "--no-abbrev", "-M100%", "--ita-invisible-in-index")
    .split("\0");
  const found = new Set<string>();
  const head = new Map<string, string>();
  if (spawnSync("git", ["rev-parse", "-q", "--verify", "HEAD"], { cwd: shop.path, env: gitEnvironment() }).status === 0)
    for (const line of shop.git("ls-tree", "-r", "-z", "HEAD").split("\0")) {
      const [, id = "", path = ""] = /^\d+ \w+ (\w+)\t(.*)$/s.exec(line) ?? [];
      head.set(path, id);
    }
  for (let at = 0; at + 1 < out.length;) {
    const [, mode = "", before = "", after = "", status = ""] = out[at++]!.split(" ");
    const path = out[at++]!;
    if (/^[RC]/.test(status)) {
      at++;
      continue;
    }
    if (status === "D" || status === "U" || mode === "160000" || before === after) continue;
    found.add(`${after} ${path}`);
  }
  for (const line of shop.git("ls-files", "--unmerged", "-z").split("\0")) {
    const [, id = "", path = ""] = /^\d+ (\w+) \d\t(.*)$/s.exec(line) ?? [];
    if (id !== "" && head.get(path) !== id) found.add(`${id} ${path}`);
  }
  return [...found].sort();
}

function unstaged(shop: Workshop): string[] {
  const index = join(gitDir(shop), "index");
  const written = statSync(index, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? 0n;
  return [...worktreeChanges(shop.path, readIndex(index, 20), written, "sha1")].map(({ path }) => path).sort();
}

/** Paths that `git diff` shows something added in. */
function unstagedByGit(shop: Workshop): string[] {
  const out = shop.git("diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--ignore-submodules=all").split("\0");
  const found = new Set<string>();
  for (let at = 0; at + 1 < out.length;) {
    const [, , before = "", , status = ""] = out[at++]!.split(" ");
    const path = out[at++]!;
    if (status === "D") continue;
    // A change of the kind alone leaves the content as it is.
    const id = shop.git("ls-files", "--stage", path).split(" ")[1];
    if (status !== "U" && id === before && shop.git("hash-object", "--no-filters", "--", path) === before) continue;
    found.add(path);
  }
  return [...found].sort();
}

/** A repository with something of everything staged and changed. */
function busy(shop: Workshop): void {
  shop.commit("base", {
    "a.txt": "a\n",
    "b.txt": "b\n",
    "moved/from.txt": "moved\n",
    "lib/deep/c.txt": "c\n",
    "lib/d.txt": "d\n",
    "tool.sh": "echo\n",
    "é.txt": "accent\n",
    "gone.txt": "gone\n",
  });
  shop.write({
    "a.txt": "a2\n",
    "lib/deep/c.txt": "c2\n",
    "new/file.txt": "new\n",
    "copy.txt": "b\n",
    "empty.txt": "",
  });
  mkdirSync(join(shop.path, "to"));
  renameSync(join(shop.path, "moved/from.txt"), join(shop.path, "to/there.txt"));
  symlinkSync("somewhere/else", join(shop.path, "link"));
  rmSync(join(shop.path, "gone.txt"));
  shop.git("add", "-A");
  shop.git("update-index", "--chmod=+x", "tool.sh");
  shop.write({ "announced.txt": "announced\n", "a.txt": "a3\n", "lib/d.txt": "d2\n", "untracked.txt": "u\n" });
  shop.git("add", "-N", "announced.txt");
  rmSync(join(shop.path, "b.txt"));
}

describe("the index", () => {
  for (const [name, change] of [
    ["of version 2", () => {}],
    ["of version 4", (shop: Workshop) => shop.git("update-index", "--index-version", "4")],
    ["with sparse entries", (shop: Workshop) => shop.git("update-index", "--skip-worktree", "lib/deep/c.txt")],
    [
      "that is split",
      (shop: Workshop) => {
        shop.git("config", "splitIndex.maxPercentChange", "100");
        shop.git("update-index", "--split-index");
        shop.write({ "tool.sh": "echo 2\n", "later.txt": "later\n" });
        shop.git("add", "tool.sh", "later.txt");
        shop.git("rm", "-q", "--cached", "copy.txt");
      },
    ],
    ["with caches of untracked files", (shop: Workshop) => shop.git("update-index", "--untracked-cache")],
    [
      "without a checksum",
      (shop: Workshop) => {
        shop.git("config", "index.skipHash", "true");
        shop.git("update-index", "--force-write-index");
      },
    ],
  ] satisfies [string, (shop: Workshop) => void][]) {
    test(`${name} is read as git reads it`, () => {
      const shop = newRepository();
      busy(shop);
      change(shop);
      expect(listed(shop)).toEqual(listedByGit(shop));
      expect(staged(shop)).toEqual(stagedByGit(shop));
      expect(staged(shop).length).toBeGreaterThan(3);
      expect(unstaged(shop)).toEqual(unstagedByGit(shop));
      expect(unstaged(shop)).toContain("announced.txt");
    });
  }
});
