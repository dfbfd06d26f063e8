import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { createRepository, gitEnvironment, openWorkshop, type Workshop } from "../../../../fixtures/git/workshop.ts";
import { createRandom } from "../../../../src/rules/random.ts";
import { openSelection } from "../../../../src/sources/git/range/open-selection.ts";
import { findRepository } from "../../../../src/sources/git/repository.ts";
import { PushObjects } from "../../../../src/sources/git/push-objects.ts";
import { testWith } from "../../../require-program.ts";
import { importHistory } from "./made-history.ts";
const test = testWith("git");
/** 2024-02-01, where the made histories are. */
const now = 1_706_745_600;
let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-range-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newRepository(...options: readonly string[]): Workshop {
  return createRepository(join(folder, `r${count++}`), ...options);
}

function git(shop: Workshop, args: readonly string[]): string[] | undefined {
  const { status, stdout } = spawnSync("git", args, {
    cwd: shop.path,
    env: { ...gitEnvironment(), GIT_TEST_DATE_NOW: String(now), TZ: "UTC", GIT_NO_REPLACE_OBJECTS: "1" },
    encoding: "utf8",
  });
  if (status !== 0) return undefined;
  return stdout.split("\n").filter((line) => line !== "");
}

/** Commits as git selects them; undefined where it refuses. */
function byGit(shop: Workshop, words: readonly string[]): string[] | undefined {
  return git(shop, ["log", "--format=%H", "--no-decorate", ...words]);
}

async function select(shop: Workshop, words: readonly string[]) {
  using objects = new PushObjects(join(findRepository(shop.path)!.commonDir, "objects"));
  const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return openSelection({
    target: shop.path,
    repository: findRepository(shop.path)!,
    objects,
    request: { logOpts: line, branches: [] },
    now,
    onFault: (...fault) => {
      throw new Error(fault.join(" "));
    },
  });
}

async function ours(shop: Workshop, words: readonly string[]): Promise<string[]> {
  return (await select(shop, words)).found.commits.map(({ id }) => id);
}

/** Options that select commits, at random. */
function makeWords(pick: (count: number) => number, ids: readonly string[]): string[] {
  const one = <T>(choices: readonly T[]): T => choices[pick(choices.length)]!;
  const id = (): string =>
    one([one(ids), one(ids).slice(0, 10), ids.at(-1)!, "HEAD", "main", "b0", "side/x", "v1", "v3", "@"]);
  const revision = (): string => {
    const name = one([
      id(),
      id(),
      "origin/main",
      "refs/heads/b1",
      "tags/v2",
      "heads/b0",
      "b1@{0}",
      "b1@{1}",
      "main@{1}",
    ]);
    return name + one(["", "", "", "", "", "~1", "^", "^2", "~2", "^{commit}", "^{}", "^0"]);
  };
  // Without braces: git reads those of the left end of a range over its middle.
  const plain = (): string => revision().replaceAll(/[@^]\{.*\}/g, "");
  const words: string[] = [];
  for (let i = pick(4); i >= 0; i--) {
    switch (pick(12)) {
      case 0:
        words.push(`${plain()}..${one([plain(), ""])}`);
        break;
      case 1:
        words.push(`${one([plain(), ""])}...${plain()}`);
        break;
      case 2:
        words.push(`^${revision()}`);
        break;
      case 3:
        words.push("--not");
        break;
      case 4:
        words.push(
          one([
            "--all",
            "--branches",
            "--tags",
            "--remotes",
            "--branches=b*",
            "--remotes=origin",
            "--tags=v[12]",
            "--glob=heads/side",
            "--glob=refs/remotes/*/main",
            "--branches=side/?",
          ]),
        );
        break;
      case 5:
        words.push(
          one(["--exclude=b*", "--exclude=refs/heads/side/*", "--exclude=refs/tags/*"]),
          one(["--all", "--branches"]),
        );
        break;
      case 6:
        words.push(revision() + one(["^@", "^!", "^-", "^-2"]));
        break;
      default:
        words.push(revision());
    }
  }
  const maybe = (chance: number, ...more: readonly (() => readonly string[])[]): void => {
    if (pick(chance) === 0) words.push(...one(more)());
  };
  maybe(
    4,
    () => [`-n${pick(8)}`],
    () => ["--max-count", String(pick(8))],
    () => [`-${1 + pick(6)}`],
  );
  maybe(6, () => [`--skip=${pick(5)}`]);
  maybe(
    5,
    () => ["--no-merges"],
    () => ["--merges"],
    () => ["--min-parents=1"],
    () => ["--max-parents=0"],
  );
  maybe(6, () => ["--first-parent"]);
  maybe(
    6,
    () => ["--since=2024-01-01T06:00:00Z"],
    () => [`--after=@${now - 2_650_000}`],
    () => ["--since-as-filter=2024-01-01T05:00:00Z"],
  );
  maybe(
    8,
    () => ["--until=2024-01-01T08:00:00Z"],
    () => ["--before", "3.weeks.ago"],
  );
  maybe(
    8,
    () => ["--author=Ada"],
    () => ["--committer=bob", "-i"],
    () => ["--grep=^Fix"],
    () => ["--grep=thing", "--author=Bob", "--invert-grep"],
  );
  maybe(4, () => ["--full-history"]);
  // Not with ranges, which git takes for a wish to walk or not, depending on what stands first.
  if (!words.some((word) => /\.\.|^\^|--not|\^[-!]/.test(word))) maybe(8, () => ["--no-walk"]);
  maybe(
    3,
    () => [
      "--",
      one(["a.txt", "lib", "lib/deep/", "*.txt", ":!lib", ":(glob)lib/**/*.txt", ":(icase)docs/note.MD", "docs"]),
    ],
    () => ["--", "lib/a.txt", "x y.txt", ":(exclude)*.md"],
  );
  return words;
}

/** Blobs that git shows as added by the commits it selects, without those that one of the compared trees has under the same name. */
function blobsByGit(shop: Workshop, words: readonly string[]): string[] {
  const found = new Set<string>();
  for (const line of git(shop, ["log", "--raw", "--no-abbrev", "--root", "--format=%H", ...words]) ?? []) {
    const parents = /^:+/.exec(line)?.[0].length ?? 0;
    if (parents === 0) continue;
    const ids = line
      .slice(parents)
      .split(/[ \t]/)
      .slice(parents + 1, 2 * parents + 2);
    const id = ids.at(-1)!;
    if (!/^0+$/.test(id) && !ids.slice(0, -1).includes(id)) found.add(id);
  }
  return [...found].sort();
}

function withOptions(words: readonly string[], ...options: readonly string[]): string[] {
  const paths = words.indexOf("--");
  const cut = paths < 0 ? words.length : paths;
  return [...words.slice(0, cut), ...options, ...words.slice(cut)];
}

describe("a range", () => {
  test(
    "has the commits that git log lists, in its order, and brings in what it shows",
    { timeout: 300_000 },
    async () => {
      let commits = 0;
      let blobs = 0;
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.constantFrom(0, 2, 3600), fc.boolean(), async (seed, tick, isPacked) => {
          const shop = newRepository();
          const random = createRandom(seed);
          const ids = importHistory(shop, random, { commits: 5 + random.integer(40), tick });
          if (isPacked) shop.git("repack", "-adq");
          for (let i = 0; i < 14; i++) {
            const words = makeWords((below) => random.integer(below), ids);
            const context = words.join(" ");
            const listed = byGit(shop, words);
            if (listed === undefined) {
              await expect(ours(shop, words), context).rejects.toThrow();
              continue;
            }
            const selected = await ours(shop, words);
            // With --first-parent git passes over changes beside an excluded first parent: those commits are kept here.
            if (words.includes("--first-parent") && words.includes("--"))
              expect(selected, context).toEqual(expect.arrayContaining(listed));
            else expect(selected, context).toEqual(listed);
            commits += listed.length;
            const merges = words.includes("--first-parent")
              ? []
              : [random.pick(["-c", "-m", "--diff-merges=first-parent"])];
            const moves = random.pick(["-M", "--no-renames"]);
            const expected = blobsByGit(shop, withOptions(words, ...merges, moves === "-M" ? "-M100%" : moves));
            const { introduced } = await select(shop, withOptions(words, ...merges, moves));
            const found = [...introduced].flatMap(([id, { type }]) => (type === "blob" ? [id] : [])).sort();
            if (words.includes("--first-parent") && words.includes("--"))
              expect(found).toEqual(expect.arrayContaining(expected));
            else expect(found, context).toEqual(expected);
            blobs += expected.length;
          }
          rmSync(shop.path, { recursive: true });
        }),
        { numRuns: 20, endOnFailure: true },
      );
      expect(commits).toBeGreaterThan(200);
      expect(blobs).toBeGreaterThan(200);
    },
  );

  test("never misses a commit where clocks went wrong", { timeout: 120_000 }, async () => {
    for (let seed = 0; seed < 6; seed++) {
      const shop = newRepository();
      const random = createRandom(`skew ${seed}`);
      const ids = importHistory(shop, random, { commits: 40, tick: 3600, skew: true });
      for (let i = 0; i < 8; i++) {
        const [a, b] = [random.pick(ids), random.pick(ids)];
        // What is really behind each, whatever dates say.
        const behind = (id: string): Set<string> => new Set(git(shop, ["rev-list", "--topo-order", id]));
        const [left, right] = [behind(a), behind(b)];
        const selected = await ours(shop, [`${a}..${b}`]);
        expect(selected).toEqual(expect.arrayContaining([...right].filter((id) => !left.has(id))));
        const both = await ours(shop, [`${a}...${b}`]);
        expect(both).toEqual(
          expect.arrayContaining([
            ...[...right].filter((id) => !left.has(id)),
            ...[...left].filter((id) => !right.has(id)),
          ]),
        );
      }
    }
  });

  test("names what a commit brings in first, with all its paths", async () => {
    const shop = newRepository();
    shop.commit("base", { "old.txt": "old\n" });
    const first = shop.commit("first", { "a.txt": "same\n", "lib/b.txt": "same\n" });
    shop.git("rm", "-q", "a.txt", "lib/b.txt");
    shop.commit("gone");
    shop.commit("again", { "c.txt": "same\n" });
    const { introduced } = await select(shop, ["HEAD~3.."]);
    const blob = shop.git("rev-parse", "HEAD:c.txt");
    expect(introduced.get(blob)).toEqual({ type: "blob", commit: first, paths: ["a.txt", "lib/b.txt"] });
    expect([...introduced.values()].filter(({ type }) => type === "blob")).toHaveLength(1);
  });

  test("brings in what a merge made up, and tags that stand on its commits", async () => {
    const shop = newRepository();
    shop.commit("base", { "a.txt": "1\n2\n3\n" });
    shop.git("checkout", "-qb", "side");
    shop.commit("side", { "a.txt": "1\nside\n3\n" });
    shop.git("checkout", "-q", "main");
    shop.commit("main", { "a.txt": "1\nmain\n3\n" });
    expect(() => shop.git("merge", "-q", "side")).toThrow();
    shop.write({ "evil.txt": "evil\n", "a.txt": "1\nboth\n3\n" });
    const merge = shop.commit("merge");
    shop.git("tag", "-a", "-m", "one", "v1");
    shop.git("tag", "-a", "-m", "two", "v2", "v1");
    const { introduced } = await select(shop, ["--tags", "-n", "1"]);
    const kinds = [...introduced.values()].map(({ type, commit, paths }) => `${type} ${commit === merge} ${paths[0]}`);
    expect(kinds.sort()).toEqual(["blob true a.txt", "blob true evil.txt", "commit true ", "tag true ", "tag true "]);
    expect((await select(shop, ["--tags", "-n", "1", "--diff-merges=off"])).introduced.size).toBe(3);
  });

  test("of a shallow clone says where it is cut off, unless enough was found before", async () => {
    const shop = newRepository();
    for (let i = 0; i < 5; i++) shop.commit(`c${i}`, { [`${i}.txt`]: `${i}\n` });
    const path = join(folder, "shallow");
    shop.git("clone", "-q", "--depth", "2", `file://${shop.path}`, path);
    const clone = openWorkshop(path);
    const edge = clone.git("rev-parse", "HEAD~1");
    expect((await select(clone, ["HEAD"])).found.boundary).toEqual([edge]);
    expect((await select(clone, ["-n", "2"])).found.boundary).toEqual([]);
    expect((await select(clone, ["HEAD~1.."])).found.boundary).toEqual([]);
    expect(await ours(clone, ["HEAD~1.."])).toHaveLength(1);
  });

  test("is the set of commits of a push", async () => {
    const shop = newRepository();
    shop.commit("base", { "a.txt": "a\n" });
    shop.git("update-ref", "refs/remotes/origin/main", "HEAD");
    const next = shop.commit("next", { "b.txt": "b\n" });
    expect(await ours(shop, ["HEAD", "--not", "--remotes"])).toEqual([next]);
    expect(await ours(shop, ["--branches", "--not", "--remotes=origin"])).toEqual([next]);
  });

  test("follows the branch at the remote, what was checked out before, and words of a message", async () => {
    const shop = newRepository();
    const base = shop.commit("base of it all", { "a.txt": "a\n" });
    const remote = createRepository(join(folder, "upstream.git"), "--bare");
    shop.git("remote", "add", "origin", remote.path);
    shop.git("push", "-q", "-u", "origin", "main");
    const next = shop.commit("fix(login): less", { "b.txt": "b\n" });
    shop.git("checkout", "-qb", "topic.x");
    shop.git("checkout", "-q", "main");
    const other = shop.commit("more", { "c.txt": "c\n" });
    for (const words of [["@{u}.."], ["@{upstream}..main"], ["main@{u}..HEAD"], ["origin/main.."], ["origin.."]]) {
      if (words[0] === "origin..") shop.git("remote", "set-head", "origin", "main");
      expect(await ours(shop, words), words[0]).toEqual([other, next]);
    }
    expect(await ours(shop, ["@{-1}"])).toEqual([next, base]);
    expect(await ours(shop, [":/login", "-1"])).toEqual([next]);
    expect(await ours(shop, ["HEAD^{/base of}", "-1"])).toEqual([base]);
    expect(await ours(shop, ["ORIG_HEAD"]).catch(String)).toContain("ORIG_HEAD is no revision");
    shop.git("reset", "-q", "--hard", "HEAD~1");
    expect(await ours(shop, ["ORIG_HEAD", "-1"])).toEqual([other]);
    shop.git("tag", "-a", "-m", "v1", "v1", base);
    expect(await ours(shop, [`${shop.git("describe")}`, "-1"])).toEqual([next]);
  });

  test("takes nothing from replaced objects and grafts", async () => {
    const shop = newRepository();
    const base = shop.commit("base", { "a.txt": "a\n" });
    const hidden = shop.commit("hidden", { "b.txt": "b\n" });
    const tip = shop.commit("tip", { "c.txt": "c\n" });
    shop.git("replace", "--graft", tip, base);
    writeFileSync(join(shop.path, ".git/info/grafts"), `${tip} ${base}\n`);
    expect(await ours(shop, ["HEAD"])).toEqual([tip, hidden, base]);
  });

  test("shows a merge that took back what its excluded side brought", async () => {
    const shop = newRepository();
    shop.commit("base", { "a.txt": "a\n", "b.txt": "b\n" });
    shop.git("checkout", "-qb", "side");
    shop.commit("side", { "a.txt": "side\n" });
    const side = shop.git("rev-parse", "HEAD");
    const tree = shop.git("rev-parse", "main^{tree}");
    const merge = shop.git("commit-tree", tree, "-p", side, "-p", "main", "-m", "as it was");
    for (const words of [[`${merge}^-`], [`${side}..${merge}`]])
      for (const paths of [[], ["--", "a.txt"]]) {
        const asked = [...words, ...paths];
        expect(byGit(shop, asked), asked.join(" ")).toEqual([merge]);
        expect(await ours(shop, asked), asked.join(" ")).toEqual([merge]);
      }
  });

  test("looks into folders that an odd program wrote", async () => {
    const shop = newRepository();
    shop.commit("base", { "lib/a.txt": "a\n" });
    const [folder, file] = [shop.git("rev-parse", "HEAD:lib"), shop.git("rev-parse", "HEAD:lib/a.txt")];
    const entry = Buffer.concat([Buffer.from("040000 lib\0"), Buffer.from(folder, "hex")]);
    const tree = shop.feed(entry, "hash-object", "-w", "-t", "tree", "--literally", "--stdin").toString().trim();
    const commit = shop.git("commit-tree", tree, "-m", "odd");
    const { introduced } = await select(shop, [commit]);
    expect(introduced.get(file)).toEqual({ type: "blob", commit, paths: ["lib/a.txt"] });
    expect(introduced.size).toBe(2);
  });

  test("of a repository without commits is empty", async () => {
    const shop = newRepository();
    expect(await ours(shop, [])).toEqual([]);
    expect(await ours(shop, ["--all"])).toEqual([]);
    await expect(ours(shop, ["main"])).rejects.toThrow("main is no revision");
  });
});
