import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { createRepository, objectsByGit, type Workshop } from "../../../fixtures/git/workshop.ts";
import { readCommitGraph, type CommitGraph } from "../../../src/content/git/commit-graph.ts";
import { parseCommit } from "../../../src/content/git/commit.ts";
import type { IdBytes } from "../../../src/model/object-id.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { testWith } from "../../require-program.ts";
import { importHistory } from "../../sources/git/range/made-history.ts";
import { scratch } from "./everything.ts";

const test = testWith("git");
const folder = scratch();
let count = 0;

function newHistory(commits: number, ...options: readonly string[]): Workshop {
  const shop = createRepository(join(folder, `r${count++}`), ...options);
  importHistory(shop, createRandom(`graph ${count}`), { commits, tick: 60 });
  return shop;
}

const objectsOf = (shop: Workshop): string => join(shop.path, ".git/objects");

/** Checks each commit of a repository; gives how many the graph knows. */
function expectTrue(shop: Workshop, graph: CommitGraph | undefined): number {
  let known = 0;
  for (const [id, { type, bytes }] of objectsByGit(shop)) {
    const told = graph?.commit(id);
    if (type !== "commit") expect(told).toBeUndefined();
    if (told === undefined) continue;
    const { tree, parents, committerTime: time } = parseCommit(bytes)!;
    expect(told).toEqual({ tree, parents, time });
    known++;
  }
  return known;
}

describe.each([
  ["sha1", 20],
  ["sha256", 32],
] as const)("a commit-graph of %s ids", (format, idBytes) => {
  test("tells what the commits say, merges of many branches among them", () => {
    const shop = newHistory(200, `--object-format=${format}`);
    expect(readCommitGraph(objectsOf(shop), idBytes)).toBeUndefined();
    shop.git("commit-graph", "write", "--reachable");
    const reachable = Number(shop.git("rev-list", "--count", "--all"));
    expect(shop.git("rev-list", "--all", "--min-parents=3")).not.toBe("");
    expect(expectTrue(shop, readCommitGraph(objectsOf(shop), idBytes))).toBe(reachable);
    expect(readCommitGraph(objectsOf(shop), (52 - idBytes) as IdBytes)).toBeUndefined();
  });

  test("may lie in several files, each with the newer commits", () => {
    const shop = newHistory(120, `--object-format=${format}`);
    const [first = "", ...others] = shop.git("rev-list", "--reverse", "--topo-order", "--all").split("\n");
    const tips = [first, others[others.length >> 1]!, others.at(-1)!];
    for (const upTo of tips)
      shop.feed(Buffer.from(`${upTo}\n`), "commit-graph", "write", "--stdin-commits", "--split=no-merge");
    const files = readdirSync(join(objectsOf(shop), "info/commit-graphs"));
    expect(files.length).toBeGreaterThan(3);
    const graph = readCommitGraph(objectsOf(shop), idBytes);
    expect(graph?.commit(first)).toBeDefined();
    expect(expectTrue(shop, graph)).toBe(Number(shop.git("rev-list", "--count", ...tips)));
  });
});

describe("a commit-graph that is damaged", () => {
  const shop = newHistory(80);
  shop.git("commit-graph", "write", "--reachable");
  const path = join(objectsOf(shop), "info/commit-graph");
  const whole = readFileSync(path);
  const ids = shop.git("rev-list", "--all").split("\n");
  const reading = (bytes: Uint8Array): CommitGraph | undefined => {
    writeFileSync(path, bytes, { mode: 0o600 });
    return readCommitGraph(objectsOf(shop), 20);
  };
  rmSync(path);

  test("in any bit, or cut off anywhere, is none", () => {
    fc.assert(
      fc.property(fc.nat(whole.length * 8 - 1), fc.nat(whole.length - 1), (bit, length) => {
        const flipped = Buffer.from(whole);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        expect(reading(flipped)).toBeUndefined();
        expect(reading(whole.subarray(0, length))).toBeUndefined();
      }),
      { numRuns: 100 },
    );
    expect(expectTrue(shop, reading(whole))).toBe(ids.length);
  });

  test("and has the right hash all the same tells something or nothing, and ends", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 21), fc.nat(255)), { minLength: 1 }), (changes) => {
        const changed = Buffer.from(whole);
        for (const [at, byte] of changes) changed[at] = byte;
        createHash("sha1")
          .update(changed.subarray(0, -20))
          .digest()
          .copy(changed, changed.length - 20);
        const graph = reading(changed);
        for (const id of ids) {
          const told = graph?.commit(id);
          if (told !== undefined)
            for (const parent of [told.tree, ...told.parents]) expect(parent).toMatch(/^[0-9a-f]{40}$/);
        }
      }),
      { numRuns: 200 },
    );
  });
});
