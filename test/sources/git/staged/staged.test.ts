import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
  const { changes } = stagedChanges(
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

  test("with folders of a sparse checkout is read as git reads it", () => {
    const shop = newRepository();
    shop.commit("base", { "in/a.txt": "a\n", "out/b.txt": "b\n", "out/deep/c.txt": "c\n", "top.txt": "t\n" });
    const side = shop.git("rev-parse", "HEAD");
    shop.commit("more", { "out/b.txt": "b2\n", "in/a.txt": "a2\n" });
    shop.git("sparse-checkout", "set", "--cone", "--sparse-index", "in");
    expect(listed(shop)).toContainEqual(expect.stringMatching(/^040000 \w+ 0 out\/$/));
    expect(staged(shop)).toEqual([]);
    // HEAD goes back, the index stays: the folder that is not checked out is staged as a whole.
    shop.git("reset", "-q", "--soft", side);
    expect(staged(shop)).toEqual(stagedByGit(shop));
    expect(staged(shop)).toHaveLength(2);
  });

  test("that is damaged is refused, wherever the damage is", () => {
    const shop = newRepository();
    busy(shop);
    shop.git("update-index", "--index-version", "4");
    const path = join(gitDir(shop), "index");
    const bytes = readFileSync(path);
    const random = createRandom("damage");
    for (let i = 0; i < 60; i++) {
      const damaged = Buffer.from(bytes);
      const at = random.integer(damaged.length);
      damaged[at] = damaged[at]! ^ (1 + random.integer(255));
      writeFileSync(path, i % 3 === 0 ? bytes.subarray(0, at) : damaged);
      expect(() => readIndex(path, 20), `${i} ${at}`).toThrow(/^(it|its|a|an|the) /);
    }
    // Without a checksum damage can look like another name, and nothing worse.
    for (let i = 0; i < 200; i++) {
      const damaged = Buffer.from(bytes).fill(0, bytes.length - 20);
      damaged[random.integer(damaged.length - 20)]! ^= 1 + random.integer(255);
      writeFileSync(path, damaged);
      try {
        readIndex(path, 20);
      } catch (error) {
        expect(String(error)).toMatch(/^Error: (it|its|a|an|the) /);
      }
    }
    rmSync(path);
    expect(readIndex(path, 20)).toEqual([]);
  });
});

describe("what is staged", () => {
  test("is everything before the first commit", () => {
    const shop = newRepository();
    expect(staged(shop)).toEqual([]);
    shop.write({ "a.txt": "a\n", "lib/b.txt": "b\n", "announced.txt": "x\n" });
    shop.git("add", "a.txt", "lib");
    shop.git("add", "-N", "announced.txt");
    expect(
      staged(shop)
        .map((line) => line.slice(41))
        .sort(),
    ).toEqual(["a.txt", "lib/b.txt"]);
    expect(staged(shop)).toEqual(stagedByGit(shop));
  });

  test("holds every side of a conflict that HEAD does not have", () => {
    const shop = newRepository();
    shop.commit("base", { "a.txt": "1\n2\n3\n", "gone.txt": "base\n" });
    shop.git("checkout", "-qb", "side");
    shop.commit("side", { "a.txt": "1\nside\n3\n", "gone.txt": "changed at the side\n", "both.txt": "theirs\n" });
    shop.git("checkout", "-q", "main");
    shop.git("rm", "-q", "gone.txt");
    shop.commit("main", { "a.txt": "1\nmain\n3\n", "both.txt": "ours\n" });
    expect(() => shop.git("merge", "-q", "side")).toThrow();
    expect(listed(shop)).toEqual(listedByGit(shop));
    expect(staged(shop)).toEqual(stagedByGit(shop));
    expect(
      staged(shop)
        .map((line) => line.slice(41))
        .sort(),
    ).toEqual(["a.txt", "a.txt", "both.txt", "gone.txt", "gone.txt"]);
    expect(unstaged(shop)).toContain("a.txt");
  });

  test("of a linked worktree is its own; submodules hold nothing", () => {
    const shop = newRepository();
    shop.commit("base", { "a.txt": "a\n" });
    const inner = newRepository();
    inner.commit("inner", { "secret.txt": "inner\n" });
    shop.git("submodule", "--quiet", "add", inner.path, "sub");
    shop.git("worktree", "add", "-q", `${shop.path}-linked`);
    const linked = openWorkshop(`${shop.path}-linked`);
    linked.write({ "b.txt": "b\n" });
    linked.git("add", "b.txt");
    expect(staged(linked).map((line) => line.slice(41))).toEqual(["b.txt"]);
    expect(
      staged(shop)
        .map((line) => line.slice(41))
        .sort(),
    ).toEqual([".gitmodules"]);
    inner.write({ "more.txt": "more\n" });
    expect(unstaged(shop)).toEqual([]);
  });

  test("is what git diff --cached adds, whatever was done before", { timeout: 120_000 }, () => {
    const names = ["a.txt", "b.txt", "lib/a.txt", "lib/deep/c.txt", "x y.txt"];
    for (let seed = 0; seed < 12; seed++) {
      const random = createRandom(`staged ${seed}`);
      const shop = newRepository();
      if (seed % 3 === 0) shop.git("config", "index.version", "4");
      if (seed % 4 === 0) shop.git("config", "core.splitIndex", "true");
      for (let step = 0; step < 25; step++) {
        const name = random.pick(names);
        switch (random.integer(9)) {
          case 0:
            shop.git("commit", "-q", "--allow-empty", "-m", `step ${step}`);
            break;
          case 1:
            shop.git("rm", "-q", "-f", "--ignore-unmatch", name);
            break;
          case 2:
            shop.git("add", "-A");
            break;
          case 3:
            rmSync(join(shop.path, name), { force: true, recursive: true });
            break;
          case 4: {
            const tracked = listed(shop).map((line) => line.split(" ").slice(3).join(" "));
            const from = tracked.length === 0 ? undefined : random.pick(tracked);
            if (
              from !== undefined &&
              from !== name &&
              existsSync(join(shop.path, from)) &&
              !existsSync(join(shop.path, name))
            ) {
              mkdirSync(dirname(join(shop.path, name)), { recursive: true });
              shop.git("mv", from, name);
            }
            break;
          }
          default:
            shop.write({ [name]: `text ${random.integer(4)}\n` });
            if (random.integer(2) === 0) shop.git("add", name);
        }
      }
      expect(listed(shop), `seed ${seed}`).toEqual(listedByGit(shop));
      expect(staged(shop), `seed ${seed}`).toEqual(stagedByGit(shop));
      expect(unstaged(shop), `seed ${seed}`).toEqual(unstagedByGit(shop));
    }
  });
});

describe("what is changed and not staged", () => {
  test("is read where size and times cannot tell", () => {
    const shop = newRepository();
    shop.commit("base", { "a.txt": "one\n", "b.txt": "two\n" });
    // Changed within the moment in which the index was written, to the same length.
    shop.write({ "a.txt": "eno\n" });
    expect(unstaged(shop)).toEqual(["a.txt"]);
    // Written again as it was.
    shop.write({ "a.txt": "one\n" });
    expect(unstaged(shop)).toEqual([]);
  });

  test("believes sizes and times only where the index is younger than they are", () => {
    const shop = newRepository();
    shop.commit("base", { "a.txt": "one\n" });
    // An entry with another content, and the times and size of the file as it is.
    const entries = readIndex(join(gitDir(shop), "index"), 20).map((entry) => ({ ...entry, id: "0".repeat(40) }));
    const written = statSync(join(shop.path, "a.txt"), { bigint: true }).mtimeNs;
    expect([...worktreeChanges(shop.path, entries, written + 1n, "sha1")]).toEqual([]);
    expect([...worktreeChanges(shop.path, entries, written, "sha1")]).toMatchObject([{ kind: "file", path: "a.txt" }]);
  });

  test("never leads through a link to another place", () => {
    const shop = newRepository();
    shop.commit("base", { "lib/a.txt": "a\n", "b.txt": "b\n" });
    const other = mkdtempSync(join(folder, "other-"));
    writeFileSync(join(other, "a.txt"), "elsewhere\n");
    rmSync(join(shop.path, "lib"), { recursive: true });
    symlinkSync(other, join(shop.path, "lib"));
    rmSync(join(shop.path, "b.txt"));
    symlinkSync(join(other, "a.txt"), join(shop.path, "b.txt"));
    const index = join(gitDir(shop), "index");
    const [change, ...more] = worktreeChanges(shop.path, readIndex(index, 20), 0n, "sha1");
    expect(more).toEqual([]);
    expect(change).toMatchObject({ kind: "link", path: "b.txt" });
  });
});
