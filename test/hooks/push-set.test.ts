import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { createRepository, openWorkshop, type Workshop } from "../../fixtures/git/workshop.ts";
import { PushObjects } from "../../src/sources/git/push-objects.ts";
import { findPushSet, type PushSet } from "../../src/sources/git/push-walk.ts";
import { testWith } from "../require-program.ts";
import { histories, makeHistory } from "./history.ts";

const test = testWith("git");
let folder: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-push-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newRepository(): Workshop {
  return createRepository(join(folder, `r${count++}`));
}

function pushSet(
  shop: Workshop,
  locals: readonly string[],
  remotes: readonly string[],
  shallow: readonly string[] = [],
  maxTrees?: number,
): PushSet & { faults: string[] } {
  const faults: string[] = [];
  using objects = new PushObjects(join(shop.path, ".git/objects"));
  const set = findPushSet(
    objects,
    locals,
    remotes,
    new Set(shallow),
    (...fault) => void faults.push(fault.join(" ")),
    maxTrees,
  );
  return { ...set, faults };
}

/** Every object of the set: contents and trees. */
function ids(set: PushSet): string[] {
  return [...set.contents.keys(), ...set.trees].sort();
}

function revList(shop: Workshop, locals: readonly string[], remotes: readonly string[]): string[] {
  const lines = shop
    .feed(Buffer.from([...locals, ...remotes.map((id) => `^${id}`), ""].join("\n")), "rev-list", "--objects", "--stdin")
    .toString();
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.slice(0, 40))
    .sort();
}

describe("the set of a push", () => {
  test("is what git rev-list --objects <locals> --not <remotes> lists", () => {
    fc.assert(
      fc.property(
        histories,
        fc.array(fc.tuple(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), fc.array(fc.nat(), { maxLength: 3 })), {
          minLength: 4,
          maxLength: 4,
        }),
        fc.boolean(),
        (history, picks, isPacked) => {
          const shop = newRepository();
          const made = makeHistory(shop, history);
          if (isPacked) shop.git("repack", "-adfq", "--depth=20");
          for (const [localPicks, remotePicks] of picks) {
            const locals = localPicks.map((pick) => made[pick % made.length]!);
            const remotes = remotePicks.map((pick) => made[pick % made.length]!);
            const set = pushSet(shop, locals, remotes);
            expect(set.faults).toEqual([]);
            const listed = revList(shop, locals, remotes);
            expect(ids(set)).toEqual(listed);
            // Where the remote's side is too large to be read as a whole: nothing less, and nothing that is not pushed.
            const compared = new Set(ids(pushSet(shop, locals, remotes, [], 0)));
            expect(listed.filter((id) => !compared.has(id))).toEqual([]);
            const reached = new Set(revList(shop, locals, []));
            expect([...compared].filter((id) => !reached.has(id))).toEqual([]);
          }
          rmSync(shop.path, { recursive: true });
        },
      ),
      { numRuns: 8, seed: 7 },
    );
  });

  test("names the commit that brings a content in, and its path", () => {
    const shop = newRepository();
    const base = shop.commit("base", { "a.txt": "a\n" });
    const first = shop.commit("first", { "lib/b.txt": "b\n" });
    const tip = shop.commit("second", { "lib/c.txt": "b\n", "d.txt": "d\n" });
    const { contents } = pushSet(shop, [tip], [base]);
    const blob = shop.git("rev-parse", `${first}:lib/b.txt`);
    expect(contents.get(blob)).toMatchObject({ type: "blob", path: "lib/b.txt", commit: { id: first } });
    expect([...contents.values()].filter(({ type }) => type === "blob")).toHaveLength(2);
  });

  test("a file that was only moved is not new", () => {
    const shop = newRepository();
    const base = shop.commit("base", { "deep/er/a.txt": "a\n" });
    shop.git("mv", "deep/er/a.txt", "b.txt");
    const tip = shop.commit("moved");
    expect([...pushSet(shop, [tip], [base]).contents.values()].map(({ type }) => type)).toEqual(["commit"]);
  });

  test("holds annotated tags, tags of tags, and tags of blobs and trees", () => {
    const shop = newRepository();
    const base = shop.commit("base", { "a.txt": "a\n" });
    shop.git("tag", "-a", "-m", "one", "v1");
    shop.git("tag", "-a", "-m", "two", "v2", "v1");
    const blob = shop.feed(Buffer.from("loose words\n"), "hash-object", "-w", "--stdin").toString().trim();
    shop.git("tag", "-a", "-m", "blob", "v3", blob);
    const tree = shop
      .feed(Buffer.from(`100644 blob ${blob}\tx\n`), "mktree")
      .toString()
      .trim();
    shop.git("tag", "-a", "-m", "tree", "v4", tree);
    for (const names of [["v1"], ["v2"], ["v3"], ["v4"], ["v1", "v2", "v3", "v4"]]) {
      const locals = names.map((name) => shop.git("rev-parse", name));
      expect(ids(pushSet(shop, locals, [base]))).toEqual(revList(shop, locals, [base]));
      expect(ids(pushSet(shop, locals, []))).toEqual(revList(shop, locals, []));
    }
    expect(ids(pushSet(shop, [shop.git("rev-parse", "v2")], [shop.git("rev-parse", "v1")]))).toEqual([
      shop.git("rev-parse", "v2"),
    ]);
  });

  test("does not go into submodules, and knows ids of the remote that are not here", () => {
    const shop = newRepository();
    const base = shop.commit("base", { "a.txt": "a\n" });
    shop.git("update-index", "--add", "--cacheinfo", `160000,${"1".repeat(40)},sub`);
    shop.git("commit", "-qm", "submodule");
    const tip = shop.git("rev-parse", "HEAD");
    const set = pushSet(shop, [tip], [base, "2".repeat(40)]);
    expect(set.faults).toEqual([]);
    expect(ids(set)).toEqual(revList(shop, [tip], [base]));
  });

  test("objects that are missing are told, whatever they are", () => {
    for (const victim of ["HEAD:lib/b.txt", "HEAD:lib", "HEAD~1", "HEAD"]) {
      const shop = newRepository();
      shop.commit("base", { "a.txt": "a\n" });
      shop.commit("first", { "lib/b.txt": "b\n" });
      const tip = shop.commit("second", { "c.txt": "c\n" });
      const id = shop.git("rev-parse", victim);
      rmSync(join(shop.path, ".git/objects", id.slice(0, 2), id.slice(2)));
      expect(pushSet(shop, [tip], []).faults.join("\n")).toContain(`object-missing ${id}`);
    }
  });

  test("an object that is damaged is told", () => {
    const shop = newRepository();
    const tip = shop.commit("base", { "lib/a.txt": "a\n" });
    const id = shop.git("rev-parse", "HEAD:lib");
    const path = join(shop.path, ".git/objects", id.slice(0, 2), id.slice(2));
    rmSync(path);
    writeFileSync(path, "not deflated");
    expect(pushSet(shop, [tip], []).faults.join("\n")).toContain(`object-corrupt ${id}`);
  });

  test("a shallow commit that is new is told; one that the remote has is not", () => {
    const origin = newRepository();
    origin.commit("one", { "a.txt": "a\n" });
    origin.commit("two", { "b.txt": "b\n" });
    const path = join(folder, `r${count++}`);
    origin.git("clone", "-q", "--depth", "1", `file://${origin.path}`, path);
    const clone = openWorkshop(path);
    const base = clone.git("rev-parse", "HEAD");
    const tip = clone.commit("three", { "c.txt": "c\n" });
    expect(pushSet(clone, [tip], [base], [base]).faults).toEqual([]);
    expect(ids(pushSet(clone, [tip], [base], [base]))).toEqual(revList(clone, [tip], [base]));
    expect(pushSet(clone, [tip], [], [base]).faults.join("\n")).toContain(`shallow ${base}`);
  });

  test("objects borrowed from another repository are found", () => {
    const origin = newRepository();
    const base = origin.commit("one", { "a.txt": "a\n" });
    const path = join(folder, `r${count++}`);
    origin.git("clone", "-q", "--shared", origin.path, path);
    const clone = openWorkshop(path);
    const tip = clone.commit("two", { "b.txt": "b\n" });
    expect(ids(pushSet(clone, [tip], []))).toEqual(revList(clone, [tip], []));
    expect(ids(pushSet(clone, [tip], [base]))).toEqual(revList(clone, [tip], [base]));
  });
});
