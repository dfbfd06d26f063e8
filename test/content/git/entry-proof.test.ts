import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository } from "../../../fixtures/git/workshop.ts";
import { flipBit } from "../../../fixtures/git/damage.ts";
import { EntryProofs, proofBytes, proveEntries } from "../../../src/content/git/entry-proof.ts";
import { openObjectStore } from "../../../src/content/git/object-store.ts";
import { walkPack } from "../../../src/content/git/pack-walk.ts";
import { deltaErrors } from "../../../src/detect/index.ts";
import { planPack } from "../../../src/sources/git/plan.ts";
import { detectorOf, probes } from "../../detect/rules-for-tests.ts";
import { scratch } from "./everything.ts";

const folder = scratch();
const memory = detectorOf(probes).kernel;

/** The keys of all packed objects, by their ids; made ahead of the walk, and on the way. */
function keysOf(path: string): { ahead: Map<string, string>; onTheWay: Map<string, string> } {
  const ahead = new Map<string, string>();
  const onTheWay = new Map<string, string>();
  for (const table of openObjectStore(join(path, ".git/objects")).packs) {
    for (const { pack, entries } of planPack("test", table, () => true)) {
      const before = proveEntries(pack, entries);
      const during = new EntryProofs(entries);
      const visitor = {
        object: () => undefined,
        damaged: () => undefined,
        bomb: () => undefined,
        tooLarge: () => undefined,
        cancelled: () => false,
      };
      walkPack(pack, entries, memory, visitor, deltaErrors, during);
      for (let entry = 0; entry < entries.count; entry++) {
        const id = Buffer.from(entries.oids.subarray(20 * entry, 20 * entry + 20)).toString("hex");
        if (before.has(entry)) ahead.set(id, before.text(entry)!);
        if (during.has(entry)) onTheWay.set(id, during.text(entry)!);
        expect(before.keys.length).toBe(entries.count * proofBytes);
      }
    }
  }
  return { ahead, onTheWay };
}

test("keys of entries are the same whenever they are made, the same in a clone, and no two objects have one", () => {
  const shop = createRepository(join(folder, "keys"));
  for (let i = 0; i < 30; i++)
    shop.commit(`Version ${i}`, {
      "a.txt": `${"a line of text\n".repeat(300)}${"x".repeat(i)}\n`,
      [`b/${i % 4}.txt`]: `${i} ${"words ".repeat(200)}`,
    });
  shop.git("repack", "-adfq");
  const { ahead, onTheWay } = keysOf(shop.path);
  expect(ahead.size).toBeGreaterThan(60);
  expect(onTheWay).toEqual(ahead);
  expect(new Set(ahead.values()).size).toBe(ahead.size);
  mkdirSync(join(folder, "clones"));
  shop.git("clone", "-q", "--no-local", `file://${shop.path}`, join(folder, "clones/one"));
  expect(keysOf(join(folder, "clones/one")).ahead).toEqual(ahead);
});

test("a bit that changes changes the keys of the entry and of all that is built on it, or leaves them without", () => {
  const shop = createRepository(join(folder, "bits"));
  for (let i = 0; i < 6; i++) shop.commit(`V${i}`, { "a.txt": `${"text ".repeat(400)}${"y".repeat(i)}\n` });
  shop.git("repack", "-adfq");
  const { ahead } = keysOf(shop.path);
  const [table] = openObjectStore(join(shop.path, ".git/objects")).packs;
  const root = table!.parents.findIndex((parent, entry) => parent === -1 && table!.types[entry] === 3);
  const family = [...table!.parents.keys()].filter((entry) => {
    let at = entry;
    while (table!.parents[at]! >= 0) at = table!.parents[at]!;
    return at === root;
  });
  flipBit(table!.pack, table!.endOf(root) - 2, 3);
  const after = keysOf(shop.path).ahead;
  const idOf = (entry: number): string => {
    const at = 20 * table!.inIndex[entry]!;
    return Buffer.from(table!.index.oids.subarray(at, at + 20)).toString("hex");
  };
  const changed = new Set(family.map(idOf));
  expect(changed.size).toBe(6);
  for (const [id, key] of ahead) expect(after.get(id) === key).toBe(!changed.has(id));
});
