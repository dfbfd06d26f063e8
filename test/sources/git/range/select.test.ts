import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { createRepository, gitEnvironment, type Workshop } from "../../../../fixtures/git/workshop.ts";
import { createRandom } from "../../../../src/rules/random.ts";
import { openSelection } from "../../../../src/sources/git/range/open-selection.ts";
import { findRepository } from "../../../../src/sources/git/repository.ts";
import { PushObjects } from "../../../../src/sources/git/push-objects.ts";
import { testWith } from "../../../require-program.ts";
import { importHistory } from "./made-history.ts";
import { spawnSync } from "node:child_process";

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
    return name + one(["", "", "", "~1", "^", "^2", "~3", "^{commit}", "^{}", "~2^2", "^0"]);
  };
  const words: string[] = [];
  for (let i = pick(4); i >= 0; i--) {
    switch (pick(12)) {
      case 0:
        words.push(`${revision()}..${one([revision(), ""])}`);
        break;
      case 1:
        words.push(`${one([revision(), ""])}...${revision()}`);
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
            "--reflog",
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
  maybe(20, () => ["--no-walk"]);
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

describe("commits of a range", () => {
  test("are those that git log lists, in its order", { timeout: 120_000 }, async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 2, 3600),
        fc.boolean(),
        async (seed, commits, tick, isPacked) => {
          const shop = newRepository();
          const random = createRandom(seed);
          const ids = importHistory(shop, random, { commits, tick });
          if (isPacked) shop.git("repack", "-adq");
          for (let i = 0; i < 15; i++) {
            const words = makeWords((below) => random.integer(below), ids);
            const listed = byGit(shop, words);
            const context = words.join(" ");
            if (listed === undefined) await expect(ours(shop, words), context).rejects.toThrow();
            else expect(await ours(shop, words), context).toEqual(listed);
            if (listed !== undefined && listed.length > 0) compared++;
          }
          rmSync(shop.path, { recursive: true });
        },
      ),
      { numRuns: Number(process.env["RUNS"] ?? 20) },
    );
    expect(compared).toBeGreaterThan(50);
  });
});
