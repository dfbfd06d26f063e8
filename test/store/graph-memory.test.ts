import { randomBytes } from "node:crypto";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository, openWorkshop, type Workshop } from "../../fixtures/git/workshop.ts";
import { openObjectStore } from "../../src/content/git/object-store.ts";
import { SortedIds } from "../../src/model/sorted-ids.ts";
import type { Unit, UnitResult } from "../../src/model/unit.ts";
import { Recogniser } from "../../src/pool/recogniser.ts";
import { ResultBuilder } from "../../src/pool/result.ts";
import { readGraph } from "../../src/pool/units/graph.ts";
import { planWalk, readHistory } from "../../src/sources/git/history.ts";
import { GraphMemory, keyOf, Store } from "../../src/store/index.ts";
import { scratch } from "../cli/scan-program.ts";
import { detectorOf, probes } from "../detect/rules-for-tests.ts";

const folder = scratch();
const detector = detectorOf(probes);
let places = 0;

/** A packed repository of its own. */
function repository(): Workshop {
  const shop = createRepository(join(folder, `repository-${places++}`));
  for (let i = 0; i < 8; i++) shop.commit(`Version ${i}`, { "a.txt": `${i}\n`, [`b/${i % 3}/c.txt`]: `c ${i}\n` });
  shop.git("repack", "-adq");
  return shop;
}

async function read(unit: Unit): Promise<UnitResult> {
  if (unit.kind !== "graph") throw new Error("only trees and commits are read");
  const out = new ResultBuilder("t");
  const task = {
    ...{ detector, listsClean: false, recogniser: new Recogniser(), archiveDepth: 0, inside: () => {} },
    ...{ begin: () => true, advance: () => undefined, cancelled: () => false },
  };
  readGraph(unit, task, out);
  return out.result();
}

/** Reads how a repository hangs together, with what is known and without; both are the same. Gives how many units were read. */
async function readTwice(
  shop: Workshop,
  store: Store,
  wanted: readonly string[] = [],
  more = new Uint8Array(),
  isCutOff = false,
): Promise<number> {
  const objects = join(shop.path, ".git/objects");
  let units = 0;
  const memory = new GraphMemory(store, keyOf("test", shop.path), [objects]);
  const planned = planWalk("t", openObjectStore(objects));
  const present = SortedIds.of(20, [new SortedIds(planned.present).ids(), more]).share();
  const walk = { ...planned, present };
  const counting = (unit: Unit): Promise<UnitResult> => {
    units++;
    return read(unit);
  };
  const known = await readHistory("t", walk, wanted, (unit) =>
    unit.kind === "graph" ? memory.read(unit, counting) : read(unit),
  );
  if (!isCutOff) memory.keep();
  const fresh = await readHistory("t", walk, wanted, read);
  const plain = ({ graph: { objects, idOf, ...rest }, names }: typeof fresh): unknown => ({
    ...rest,
    names,
    ids: Array.from({ length: objects.size }, (_, number) => idOf(number)),
  });
  expect(plain(known)).toEqual(plain(fresh));
  return units;
}

async function open(): Promise<Store> {
  const store = await Store.open(join(folder, `cache-${places++}`));
  if (typeof store === "string") throw new Error(store);
  return store;
}

test("after new commits only they are read", async () => {
  using store = await open();
  const shop = repository();
  const blob = shop.git("rev-parse", "HEAD:a.txt");
  expect(await readTwice(shop, store, [blob])).toBe(1);
  expect(await readTwice(shop, store, [blob])).toBe(0);
  shop.commit("New", { "new.txt": "new\n" });
  const fresh = shop.git("rev-parse", "HEAD:new.txt");
  // The unit of loose objects.
  expect(await readTwice(shop, store, [blob, fresh].sort())).toBe(1);
  shop.git("repack", "-dq");
  expect(await readTwice(shop, store, [blob, fresh].sort())).toBe(1);
  expect(await readTwice(shop, store, [blob, fresh].sort())).toBe(0);
  // The record, its two units, and what was there.
  expect(store.facts().entries.graph).toBe(4);
});

test("of a scan that is cut off nothing counts, and what it wrote is forgotten by the next one", async () => {
  using store = await open();
  const shop = repository();
  expect(await readTwice(shop, store, [], undefined, true)).toBe(1);
  expect(await readTwice(shop, store)).toBe(1);
  expect(await readTwice(shop, store)).toBe(0);
  expect(store.facts().entries.graph).toBe(3);
  // Rows under no record, as a scan leaves them that was killed.
  const scope = keyOf("test", shop.path);
  for (const name of ["1", "2"]) store.write([{ kind: "graph", scope, name: keyOf(name), value: Buffer.alloc(1000) }]);
  shop.commit("New", { "new.txt": "new\n" });
  shop.git("repack", "-dq");
  expect(await readTwice(shop, store)).toBe(1);
  expect(store.facts().entries.graph).toBe(4);
});

test("a row that is damaged or gone is read again, and nothing else", async () => {
  using store = await open();
  const shop = repository();
  await readTwice(shop, store);
  const scope = keyOf("test", shop.path);
  expect(store.facts().entries.graph).toBe(3);
  // Each time the row of the unit comes first, then what was there, then the record.
  for (let row = 0; row < 3; row++) {
    const name = store.names("graph", scope)[row]!;
    const value = store.readOne("graph", scope, name)!;
    store.write([{ kind: "graph", scope, name, value: Buffer.from(value).fill(0x55, 40) }]);
    expect(await readTwice(shop, store)).toBe(1);
    expect(await readTwice(shop, store)).toBe(0);
  }
});

test("all of two hundred thousand objects that were there have to be there still", async () => {
  using store = await open();
  const shop = repository();
  const more = new Uint8Array(randomBytes(200_000 * 20));
  expect(await readTwice(shop, store, [], more)).toBe(1);
  expect(await readTwice(shop, store, [], more)).toBe(0);
  expect(await readTwice(shop, store, [], Buffer.concat([more, randomBytes(20)]))).toBe(0);
  expect(await readTwice(shop, store, [], more.subarray(20))).toBe(1);
});

test("all is read again where something else is looked for, where something is gone, and where packs are others", async () => {
  using store = await open();
  const shop = repository();
  const [one, two] = ["HEAD:a.txt", "HEAD~1:a.txt"].map((name) => shop.git("rev-parse", name)) as [string, string];
  await readTwice(shop, store, [one]);
  expect(await readTwice(shop, store, [one, two].sort())).toBe(1);
  expect(await readTwice(shop, store, [two])).toBe(1);
  shop.git("repack", "-adfq", "--depth", "0");
  expect(await readTwice(shop, store, [two])).toBe(1);
});

test("what is missing, or is there again, is told", async () => {
  using store = await open();
  const shop = repository();
  const whole = repository();
  const blob = shop.git("rev-parse", "HEAD:a.txt");
  const loose = join(shop.path, ".git/objects", blob.slice(0, 2), blob.slice(2));
  // All but one object packed, that one loose.
  const packs = join(shop.path, ".git/objects/pack");
  const ids = shop.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split("\n");
  const pack = shop.feed(Buffer.from(ids.filter((id) => id !== blob).join("\n")), "pack-objects", "--stdout", "-q");
  rmSync(packs, { recursive: true });
  openWorkshop(shop.path).feed(pack, "index-pack", "--stdin", "-v");
  expect(await readTwice(shop, store)).toBe(1);
  expect(await readTwice(shop, store)).toBe(0);
  openWorkshop(shop.path).feed(whole.feed(Buffer.alloc(0), "cat-file", "blob", blob), "hash-object", "-w", "--stdin");
  expect(await readTwice(shop, store, [blob])).toBe(2);
  expect(await readTwice(shop, store, [blob])).toBe(1);
  rmSync(loose);
  expect(await readTwice(shop, store)).toBe(1);
});

test("what is kept of one repository says nothing of another one", async () => {
  using store = await open();
  const shop = repository();
  await readTwice(shop, store);
  const copy = join(folder, "copy");
  cpSync(shop.path, copy, { recursive: true });
  const objects = join(copy, ".git/objects");
  // The same scope, but other files.
  const memory = new GraphMemory(store, keyOf("test", shop.path), [objects]);
  let units = 0;
  await readHistory("t", planWalk("t", openObjectStore(objects)), [], (unit) => {
    if (unit.kind !== "graph") throw new Error("only trees and commits are read");
    return memory.read(unit, (asked) => {
      units++;
      return read(asked);
    });
  });
  expect({ units, packs: readdirSync(join(objects, "pack")).length > 0 }).toEqual({ units: 1, packs: true });
});
