/** Repositories of every shape, made from seeds: what a scan sees is what git itself holds, and what it says of it is what git says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { anyRepository } from "../../../fixtures/git/any-repository.ts";
import type { Workshop } from "../../../fixtures/git/workshop.ts";
import type { GitOrigin } from "../../../src/model/content.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { probe, probeRules, scratch } from "../../cli/scan-program.ts";
import { seed as propertySeed } from "../../property-seed.ts";
import { scanPlaces } from "./scan-places.ts";

const folder = scratch();
const rules = probeRules(folder);
const perScan = 20;

function make(seed: number): { shop: Workshop; linked: Workshop[] } {
  const random = createRandom(`${propertySeed} ${seed}`);
  let tokens = 0;
  return anyRepository(join(folder, `r${seed}`), {
    pick: (below) => random.integer(below),
    token: () => probe(`${propertySeed} ${seed} ${tokens++}`),
  });
}

const tokensIn = (text: string): string[] => text.match(/\bprb_[0-9A-Za-z]{30}\b/g) ?? [];

/** Every token that git itself can show: objects of all kinds, names in trees and indexes, logs, refs, configuration. */
function tokensByGit(shop: Workshop, linked: readonly Workshop[]): Set<string> {
  const ask = (...args: string[]): string => shop.git("--no-replace-objects", ...args);
  const objects = shop
    .feed(Buffer.alloc(0), "--no-replace-objects", "cat-file", "--batch-all-objects", "--batch", "--buffer")
    .toString("latin1");
  return new Set([
    ...tokensIn(objects),
    ...[shop, ...linked].flatMap((at) => tokensIn(at.git("ls-files", "-z"))),
    ...tokensIn(ask("reflog", "--all", "--format=%gs")),
    ...tokensIn(ask("for-each-ref")),
    ...tokensIn(ask("config", "--list", "--local")),
    ...tokensIn(fileText(join(shop.path, ".git/COMMIT_EDITMSG"))),
  ]);
}

function fileText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

describe("a hundred generated repositories", () => {
  test.each([0, 1, 2, 3, 4])("hold what git says they hold (part %i)", { timeout: 180_000 }, (part) => {
    const made = Array.from({ length: perScan }, (_, i) => make(part * perScan + i));
    const seen = scanPlaces(["scan", ...made.map(({ shop }) => shop.path)], rules);
    const found = new Map<string, Set<string>>();
    for (const secret of seen.sightings.keys())
      for (const { repository } of seen.origins(secret)) {
        if (!found.has(repository)) found.set(repository, new Set());
        found.get(repository)!.add(secret);
      }
    for (const { shop, linked } of made)
      expect([...(found.get(shop.path) ?? [])].sort(), shop.path).toEqual([...tokensByGit(shop, linked)].sort());
    expect(seen.ledger.problems.filter(({ code }) => code !== "submodule")).toEqual([]);
    expect(seen.ledger.ledger.scanned).toBe(seen.ledger.ledger.planned);
  });
});

/** A token in a path is masked like everywhere. */
const isMasked = (path: string): boolean => path.includes("......");

/** History as git tells it: what each commit holds, where it comes from, and from which refs it is reached. */
function historyByGit(shop: Workshop): {
  holds: Map<string, Map<string, string>>;
  parents: Map<string, string[]>;
  refs: Map<string, Set<string>>;
} {
  const ask = (...args: string[]): string[] =>
    shop
      .git("--no-replace-objects", "-c", "advice.graftFileDeprecated=false", ...args)
      .split("\n")
      .filter((line) => line !== "");
  const everything = ask("cat-file", "--batch-all-objects", "--batch-check");
  const ids = everything.filter((line) => line.split(" ")[1] === "commit").map((line) => line.slice(0, 40));
  const holds = new Map<string, Map<string, string>>();
  const parents = new Map<string, string[]>();
  for (const id of ids) {
    parents.set(
      id,
      ask("cat-file", "-p", id).flatMap((line) => /^parent ([0-9a-f]{40})$/.exec(line)?.[1] ?? []),
    );
    const list = shop
      .git("--no-replace-objects", "ls-tree", "-r", "-z", id)
      .split("\0")
      .filter((line) => line !== "");
    holds.set(id, new Map(list.map((line) => [line.slice(line.indexOf("\t") + 1), line.split(/[ \t]/)[2]!])));
  }
  const refs = new Map<string, Set<string>>();
  for (const line of ask("for-each-ref", "--format=%(objectname) %(*objectname) %(refname)")) {
    const [id = "", peeled = "", name = ""] = line.split(" ");
    const above = new Set([peeled === "" ? id : peeled]);
    for (const commit of above) for (const parent of parents.get(commit) ?? []) above.add(parent);
    refs.set(name.replace(/^refs\/(?:heads\/|remotes\/|tags\/)?/, ""), above);
  }
  return { holds, parents, refs };
}

test("commits that bring in and take out, refs and paths are those of git", { timeout: 180_000 }, () => {
  const made = Array.from({ length: 12 }, (_, i) => make(1000 + i));
  const seen = scanPlaces(["scan", ...made.map(({ shop }) => shop.path)], rules);
  let looked = 0;
  for (const { shop } of made) {
    const { holds, parents, refs } = historyByGit(shop);
    const has = (commit: string, origin: GitOrigin): boolean =>
      [...(holds.get(commit)?.values() ?? [])].includes(origin.object);
    const head = holds.size === 0 ? "" : shop.git("rev-parse", "HEAD");
    for (const origin of [...seen.sightings.keys()].flatMap((secret) => seen.origins(secret))) {
      if (origin.repository !== shop.path || origin.objectType !== "blob") continue;
      looked++;
      const holders = [...holds.keys()].filter((commit) => has(commit, origin));
      expect(origin.commit === undefined).toBe(holders.length === 0);
      if (origin.commit === undefined) continue;
      const first = origin.commit.id;
      expect(has(first, origin)).toBe(true);
      expect(parents.get(first)!.some((parent) => has(parent, origin))).toBe(false);
      if (!isMasked(origin.path)) expect(holds.get(first)!.get(origin.path)).toBe(origin.object);
      expect(origin.inHead).toBe(has(head, origin));
      const names = [...refs].filter(([, above]) => holders.some((commit) => above.has(commit))).map(([name]) => name);
      expect(origin.refs.filter((name) => !name.startsWith("worktrees/"))).toEqual(names.sort().slice(0, 16));
      const paths = new Set(
        holders.flatMap((commit) =>
          [...holds.get(commit)!].filter(([, id]) => id === origin.object).map(([path]) => path),
        ),
      );
      const told = [...(origin.otherPaths ?? []), origin.path];
      expect(told.filter((path) => !paths.has(path) && !isMasked(path))).toEqual([]);
      if (origin.removedBy !== undefined) {
        const { id } = origin.removedBy;
        expect({ held: has(parents.get(id)![0]!, origin), holds: has(id, origin) }).toEqual({
          held: true,
          holds: false,
        });
      }
      if (origin.lastCommit !== undefined) expect(has(origin.lastCommit, origin)).toBe(true);
    }
  }
  expect(looked).toBeGreaterThan(50);
});
