import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRepository, openWorkshop, type Workshop } from "../../../fixtures/git/workshop.ts";
import { leaktrace, probe, probeRules, scratch, type Ran } from "../../cli/scan-program.ts";
import { flipBit } from "../../../fixtures/git/damage.ts";

const folder = scratch();
const rules = probeRules(folder);
let count = 0;

interface Place {
  readonly objectType: string;
  readonly path: string;
  readonly reachedBy?: readonly string[];
  readonly refs: readonly string[];
  readonly inHead: boolean;
  readonly commit?: { readonly id: string };
}

/** A token as reports show it, in paths as well. */
const masked = (seed: string): string => probe(seed).replace(/^(.{4}).*(..)$/, "$1......$2");

function repository(): Workshop {
  const shop = createRepository(join(folder, `r${count++}`));
  shop.commit("One", { "a.txt": "a\n", "old/b.txt": "b\n" });
  return shop;
}

function scan(shop: Workshop, ...options: readonly string[]): Ran {
  return leaktrace(["git", shop.path, "-f", "jsonl", "-c", rules, ...options]);
}

/** Places of all findings, by the value's seed. */
function places({ stdout }: Ran): Place[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; sightings?: { origin: Place }[] })
    .flatMap(({ sightings }) => (sightings ?? []).map(({ origin }) => origin));
}

describe("names that hold secrets", () => {
  test("are found in a range, where a file has a new name, and where a folder has", () => {
    const shop = repository();
    const base = shop.git("rev-parse", "HEAD");
    renameSync(join(shop.path, "a.txt"), join(shop.path, `${probe("file")}.txt`));
    const moved = shop.commit("Only moved");
    shop.commit("Folder", { [`new/${probe("folder")}/deep/x.txt`]: "x\n" });
    const found = places(scan(shop, "--log-opts", `${base}..HEAD`));
    expect(found.map(({ objectType, path, inHead }) => ({ objectType, path, inHead }))).toEqual(
      expect.arrayContaining([
        { objectType: "tree", path: `${masked("file")}.txt`, inHead: true },
        { objectType: "tree", path: `new/${masked("folder")}`, inHead: true },
      ]),
    );
    expect(found).toHaveLength(2);
    expect(found.find(({ path }) => path.startsWith("prb"))?.commit?.id).toBe(moved);
    // They were not new later.
    shop.commit("Later", { [`new/${probe("folder")}/deep/y.txt`]: "y\n" });
    expect(places(scan(shop, "--log-opts", "HEAD~1..HEAD"))).toEqual([]);
    expect(scan(shop, "--log-opts", `${base}..HEAD -- old`).code).toBe(0);
  });

  test("are found among what is staged", () => {
    const shop = repository();
    shop.write({ [`${probe("staged")}/c.txt`]: "c\n", "a.txt": "other\n" });
    shop.git("add", ".");
    const ran = scan(shop, "--staged");
    expect(places(ran)).toMatchObject([{ objectType: "tree", path: masked("staged"), reachedBy: ["index"] }]);
    shop.git("commit", "-qm", "Now in HEAD");
    shop.write({ [`${probe("staged")}/d.txt`]: "d\n" });
    shop.git("add", ".");
    expect(scan(shop, "--staged").code).toBe(0);
  });
});

describe("ways to what a range brings in", () => {
  test("are told as for a whole history", () => {
    const shop = repository();
    shop.commit("Kept", { "kept.txt": probe("kept") });
    shop.git("tag", "v1");
    shop.git("checkout", "-q", "-b", "gone");
    shop.commit("Gone", { "gone.txt": probe("gone") });
    const gone = shop.git("rev-parse", "HEAD");
    shop.git("checkout", "-q", "main");
    shop.git("branch", "-q", "-D", "gone");
    const ways = (...options: readonly string[]): string[] =>
      places(scan(shop, ...options))
        .map(({ path, reachedBy, refs }) => `${path}: ${reachedBy?.join(" ")}; ${refs.join(" ")}`)
        .sort();
    const inRange = ways("--log-opts", `HEAD~1..${gone}`, "--no-cache");
    expect(inRange).toEqual(ways("--no-cache"));
    expect(inRange).toEqual(["gone.txt: reflog; ", "kept.txt: HEAD branch tag reflog index; main v1"]);
    shop.git("reflog", "expire", "--expire=now", "--all");
    expect(ways("--log-opts", `HEAD~1..${gone}`)).toEqual([
      "gone.txt: unreachable; ",
      "kept.txt: HEAD branch tag index; main v1",
    ]);
  });
});

test("an index that is damaged is told, not passed over", () => {
  const shop = repository();
  expect(scan(shop).code).toBe(0);
  const index = join(shop.path, ".git/index");
  flipBit(index, 3, 2);
  const ran = scan(shop);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain("the index is not read");
  writeFileSync(index, readFileSync(index).subarray(0, 20));
  expect(scan(openWorkshop(shop.path)).code).toBe(3);
});
