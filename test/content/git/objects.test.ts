import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { constants, inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  createRepository,
  objectsByGit,
  openWorkshop,
  versionsOf,
  type StoredObject,
  type Workshop,
} from "../../../fixtures/git/workshop.ts";
import type { IdBytes } from "../../../src/model/object-id.ts";
import { openObjectStore } from "../../../src/content/git/object-store.ts";
import { digest, readEverything, readOneByOne, sameBytes, scratch } from "./everything.ts";

const folder = scratch();
let count = 0;
const fresh = (): string => join(folder, `repository-${count++}`);

/** A history with files that grow, one large file, branches, a merge, an annotated tag, a tag on a blob, notes, a stash, nested tags. */
function history(path = fresh(), ...options: readonly string[]): Workshop {
  const shop = createRepository(path, ...options);
  const texts = versionsOf("notes", 40);
  for (const [i, text] of texts.entries()) {
    shop.commit(`Version ${i}`, {
      "src/deep/notes.txt": text,
      [`file-${i % 7}.txt`]: `${i}\n`,
      ...(i === 3 ? { "big.bin": Buffer.alloc(3 << 20, text) } : {}),
    });
  }
  shop.git("checkout", "-q", "-b", "side", "HEAD~20");
  shop.commit("Aside", { "side.txt": "only here\n", empty: "" });
  shop.git("checkout", "-q", "main");
  shop.git("merge", "-q", "-m", "Join", "side");
  shop.git("tag", "-a", "-m", "A tag", "v1");
  shop.git("tag", "-a", "-m", "A tag on a tag", "v1-again", "v1");
  shop.git("tag", "-a", "-m", "A tag on a blob", "blob-tag", "HEAD:side.txt");
  shop.git("tag", "plain-blob-tag", "HEAD:empty");
  shop.git("notes", "add", "-m", "A note", "HEAD");
  shop.write({ "file-0.txt": "changed, not committed\n" });
  shop.git("stash", "-q");
  shop.git("replace", "HEAD~1", "HEAD~2");
  return shop;
}

function objectsOf(shop: Workshop): string {
  return join(shop.path, shop.git("rev-parse", "--git-path", "objects"));
}

function expectWhole(
  shop: Workshop,
  objects = objectsOf(shop),
  idBytes: IdBytes = shop.git("rev-parse", "--show-object-format") === "sha256" ? 32 : 20,
  expected: ReadonlyMap<string, StoredObject> = objectsByGit(shop),
): void {
  const { objects: found, damaged } = readEverything(objects, idBytes);
  expect(Object.fromEntries(damaged)).toEqual({});
  expect(digest(found)).toEqual(digest(expected));
  expect(sameBytes(found, expected)).toBe(true);
  expect(sameBytes(readOneByOne(objects, expected.keys(), idBytes), expected)).toBe(true);
}

describe.each(["sha1", "sha256"])("every object is read as git reads it, in a repository of %s", (format) => {
  // One history for all forms: each test brings it into another.
  const shop = history(undefined, `--object-format=${format}`);
  const idBytes = format === "sha256" ? 32 : 20;

  test("loose", () => {
    expect(readdirSync(join(objectsOf(shop), "pack"))).toEqual([]);
    expectWhole(shop);
  });

  test("loose, its first byte far behind the tables of its code", () => {
    // Every byte, each as often as no other, in no order: a block with long tables. Commits of some two hundred bytes have them by chance.
    const often = Array.from({ length: 256 }, (_, i) => Array<number>(1 + ((i * i * 7) % 97)).fill((i * 91) & 255));
    const bytes = often.flat();
    const text = Buffer.from(bytes.map((_, i) => bytes[(i * 7_919) % bytes.length]!));
    const id = shop.feed(text, "hash-object", "-w", "--stdin").toString().trim();
    const stored = readFileSync(join(objectsOf(shop), id.slice(0, 2), id.slice(2)));
    const soon = inflateSync(stored.subarray(0, 64), { finishFlush: constants.Z_SYNC_FLUSH });
    expect(soon.indexOf(0)).toBe(-1);
    expectWhole(shop);
  });

  test("packed and loose together", () => {
    shop.git("repack", "-q", "-d");
    shop.write({ "loose.txt": "not packed\n" });
    shop.git("hash-object", "-w", "loose.txt");
    expectWhole(shop);
  });

  test("in one pack with long delta chains", () => {
    shop.git("repack", "-qadfk", "--depth=250", "--window=250");
    const [index] = readdirSync(join(objectsOf(shop), "pack")).filter((name) => name.endsWith(".idx"));
    const chain = Number(
      /chain length = (\d+)/.exec(
        shop
          .git("verify-pack", "-v", `.git/objects/pack/${index}`)
          .split("\n")
          .reverse()
          .find((line) => line.startsWith("chain length"))!,
      )![1],
    );
    expect(chain).toBeGreaterThan(20);
    expectWhole(shop);
  });

  test("by deltas that name their base by id", () => {
    const pack = join(objectsOf(shop), "pack");
    const ids = [...objectsByGit(shop).keys()].join("\n");
    const name = shop
      .feed(
        Buffer.from(`${ids}\n`),
        "pack-objects",
        "-q",
        "--no-reuse-delta",
        "--window=50",
        join(".git/objects/pack", "pack"),
      )
      .toString()
      .trim();
    for (const file of readdirSync(pack)) if (!file.includes(name)) rmSync(join(pack, file), { force: true });
    expectWhole(shop);
    const table = openObjectStore(objectsOf(shop), idBytes).packs[0]!;
    expect(table.parents.filter((parent) => parent >= 0).length).toBeGreaterThan(30);
  });

  test("by an index of version 1", () => {
    shop.git("repack", "-qadfk");
    const pack = join(objectsOf(shop), "pack");
    const name = readdirSync(pack).find((file) => file.endsWith(".pack"))!;
    for (const file of readdirSync(pack)) if (file !== name) rmSync(join(pack, file), { force: true });
    shop.git("index-pack", "--index-version=1", join(".git/objects/pack", name));
    expectWhole(shop);
  });

  test("by an index whose offsets are written long", () => {
    const pack = join(objectsOf(shop), "pack");
    const name = readdirSync(pack).find((file) => file.endsWith(".pack"))!;
    rmSync(join(pack, name.replace(/pack$/, "idx")), { force: true });
    // From this offset on, the index keeps them in its table of 64-bit offsets.
    shop.git("index-pack", "--index-version=2,0x40", join(".git/objects/pack", name));
    expectWhole(shop);
  });

  test("in many packs that hold some objects twice", () => {
    shop.git("repack", "-qad");
    for (const ref of ["HEAD~30", "HEAD~10", "HEAD"]) {
      const list = shop.git("rev-list", "--objects", "--no-object-names", ref);
      shop.feed(Buffer.from(`${list}\n`), "pack-objects", "-q", ".git/objects/pack/pack");
    }
    expect(readdirSync(join(objectsOf(shop), "pack")).filter((name) => name.endsWith(".pack")).length).toBeGreaterThan(
      2,
    );
    expectWhole(shop);
  });

  test("with a multi-pack index, a bitmap and a reverse index beside the packs", () => {
    shop.git("-c", "pack.writeReverseIndex=true", "repack", "-qadb");
    shop.git("multi-pack-index", "write");
    expectWhole(shop);
  });

  test("in packs whose own indexes are gone, by the multi-pack index, or by reading them", () => {
    shop.write({ "late.txt": "in a second pack\n" });
    const late = shop.git("hash-object", "-w", "late.txt");
    shop.feed(Buffer.from(`${late}\n`), "pack-objects", "-q", ".git/objects/pack/pack");
    shop.git("multi-pack-index", "write");
    const expected = objectsByGit(shop);
    const pack = join(objectsOf(shop), "pack");
    const indexes = readdirSync(pack).filter((name) => name.endsWith(".idx"));
    expect(indexes.length).toBeGreaterThan(1);
    for (const name of indexes) renameSync(join(pack, name), join(folder, name));
    expectWhole(shop, objectsOf(shop), undefined, expected);
    // Nothing lies in two packs: the multi-pack index tells everything.
    expect(readEverything(objectsOf(shop), idBytes).notes).toEqual([]);
    rmSync(join(pack, "multi-pack-index"), { force: true });
    expectWhole(shop, objectsOf(shop), undefined, expected);
    expect(readEverything(objectsOf(shop), idBytes).notes.length).toBe(indexes.length);
    for (const name of indexes) renameSync(join(folder, name), join(pack, name));
  });

  test("after git gc, with what became unreachable", () => {
    shop.git("commit", "-q", "--amend", "-m", "Amended");
    shop.git("reflog", "expire", "--expire=now", "--all");
    shop.git("gc", "-q", "--prune=never");
    expectWhole(shop);
  });

  test("borrowed from another repository, and from one that borrows itself", () => {
    const second = fresh();
    shop.git("clone", "-q", "--shared", ".", second);
    const borrower = openWorkshop(second);
    borrower.commit("Mine", { "mine.txt": "in the borrower\n" });
    const third = fresh();
    borrower.git("clone", "-q", "--shared", ".", third);
    const last = openWorkshop(third);
    expect(objectsByGit(last).size).toBeGreaterThan(objectsByGit(shop).size);
    expectWhole(last);
    writeFileSync(
      join(third, ".git/objects/info/alternates"),
      `# a comment\n\n../../../${second.slice(folder.length + 1)}/.git/objects\n`,
    );
    expectWhole(last);
  });

  test("in a bare repository", () => {
    const bare = fresh();
    shop.git("clone", "-q", "--bare", ".", bare);
    expectWhole(openWorkshop(bare), join(bare, "objects"));
  });
});

test("an empty repository holds nothing", () => {
  const shop = createRepository(fresh());
  expect(readEverything(objectsOf(shop))).toEqual({ objects: new Map(), damaged: new Map(), notes: [] });
});

test("a submodule's commit lies elsewhere and is not looked for", () => {
  const shop = createRepository(fresh());
  const sub = createRepository(fresh());
  sub.commit("Inside", { "inner.txt": "inside\n" });
  shop.git("submodule", "--quiet", "add", sub.path, "module");
  shop.commit("With a submodule");
  expectWhole(shop);
});

test("an object that is not there is undefined, without an error", () => {
  const shop = createRepository(fresh());
  shop.commit("One", { a: "1" });
  expect(readOneByOne(objectsOf(shop), ["0123456789012345678901234567890123456789"]).size).toBe(0);
});

test("alternates that lead nowhere, or in a circle, are named or end", () => {
  const shop = createRepository(fresh());
  shop.commit("One", { a: "1" });
  const objects = objectsOf(shop);
  writeFileSync(join(objects, "info/alternates"), `${join(folder, "nowhere")}\n`);
  expect([...readEverything(objects).damaged]).toEqual([[join(folder, "nowhere"), "object folder is missing"]]);
  writeFileSync(join(objects, "info/alternates"), `${objects}\n../objects\n`);
  expectWhole(shop, objects);
});

test("a pack that is moved away while its index stays is named; one without an index is read", () => {
  const shop = createRepository(fresh());
  shop.commit("One", { a: "1" });
  shop.git("repack", "-qad");
  const expected = objectsByGit(shop);
  const pack = join(objectsOf(shop), "pack");
  const name = readdirSync(pack).find((file) => file.endsWith(".pack"))!;
  renameSync(join(pack, name), join(folder, name));
  const { objects, damaged } = readEverything(objectsOf(shop));
  expect(objects.size).toBe(0);
  expect([...damaged.keys()].join()).toContain(name.replace(/\.pack$/, ""));
  renameSync(join(folder, name), join(pack, name));
  rmSync(join(pack, name.replace(/pack$/, "idx")));
  expectWhole(shop, objectsOf(shop), undefined, expected);
  expect(readEverything(objectsOf(shop)).notes).toEqual([
    `${join(pack, name)}: has no index: it was read from front to back`,
  ]);
});
