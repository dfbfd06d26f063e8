import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { flipBit, growTo, truncate } from "../../../fixtures/git/damage.ts";
import { copyInstruction, insertInstruction, makeDelta, varint } from "../../../fixtures/git/delta.ts";
import { objectId, treeOf, whole, writeLoose, writePack, type PackItem } from "../../../fixtures/git/pack-writer.ts";
import { createRepository, objectsByGit, versionsOf, type StoredObject } from "../../../fixtures/git/workshop.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { readEverything, readOneByOne, sameBytes, scratch, type Reading } from "./everything.ts";

const folder = scratch();
let count = 0;
const fresh = (): string => join(folder, `objects-${count++}`);

/** A small repository in one pack, copied for each test that damages it. */
const shop = createRepository(join(folder, "repository"));
for (const [i, text] of versionsOf("growing", 12).entries())
  shop.commit(`Version ${i}`, { "src/growing.txt": text, [`other-${i % 3}`]: `${i}` });
shop.git("tag", "-a", "-m", "A tag", "v1");
shop.git("-c", "pack.writeReverseIndex=false", "repack", "-qadf");
const original = objectsByGit(shop);

function packed(): { objects: string; pack: string; index: string } {
  const objects = fresh();
  cpSync(join(shop.path, ".git/objects"), objects, { recursive: true });
  const files = readdirSync(join(objects, "pack"));
  for (const file of files) chmodSync(join(objects, "pack", file), 0o644);
  const name = (end: string): string =>
    join(
      objects,
      "pack",
      files.find((file) => file.endsWith(end))!,
    );
  return { objects, pack: name(".pack"), index: name(".idx") };
}

/** Each object is as it was, or something says that it is not: one line each, no object under a wrong content. */
function expectHonest({ objects, damaged }: Reading, from: ReadonlyMap<string, StoredObject> = original): void {
  for (const [subject, message] of damaged) {
    expect(subject).not.toBe("");
    expect(message).toMatch(/^[^\n]+$/);
  }
  const changed = [...objects]
    .filter(([id, { type, bytes }]) => from.get(id)?.type !== type || !from.get(id)!.bytes.equals(bytes))
    .map(([id]) => id);
  const missing = [...from.keys()].filter((id) => !objects.has(id));
  expect({ changed, silent: missing.length > 0 && damaged.size === 0 ? missing : [] }).toEqual({
    changed: [],
    silent: [],
  });
}

describe("a pack", () => {
  test("with one bit flipped, anywhere, is never read as if nothing were wrong", { timeout: 60_000 }, () => {
    const { objects, pack } = packed();
    const size = readFileSync(pack).length;
    const random = createRandom("flip");
    for (let i = 0; i < 400; i++) {
      // The first bytes of entries are where a flip does more than spoil a checksum.
      const byte = 12 + random.integer(size - 12 - 20);
      const undo = flipBit(pack, byte, random.integer(8));
      expectHonest(readEverything(objects));
      undo();
    }
    expect(readEverything(objects).damaged.size).toBe(0);
  });

  test("with a flipped bit in the header of any entry, too, and the rest is read", { timeout: 60_000 }, () => {
    const { objects, pack, index } = packed();
    for (const line of shop.git("verify-pack", "-v", index).split("\n")) {
      const [id = "", , , , offset] = line.split(/ +/);
      if (!/^[0-9a-f]{40}$/.test(id)) continue;
      for (let bit = 0; bit < 16; bit++) {
        const undo = flipBit(pack, Number(offset) + (bit >> 3), bit & 7);
        const reading = readEverything(objects);
        expectHonest(reading);
        expect(reading.damaged.size).toBeGreaterThan(0);
        undo();
      }
    }
  });

  test("that is cut off is named, and read as far as it goes", () => {
    const { objects, pack } = packed();
    const bytes = readFileSync(pack);
    for (const part of [0.9, 0.5, 0.1, 0]) {
      truncate(pack, Math.floor(bytes.length * part));
      const reading = readEverything(objects);
      expectHonest(reading);
      expect([...reading.damaged.keys()].some((subject) => subject.startsWith(pack))).toBe(true);
      if (part === 0.9) expect(reading.objects.size).toBeGreaterThan(10);
      writeFileSync(pack, bytes);
    }
  });

  test("that is something else is named", () => {
    const { objects, pack } = packed();
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from("hello"),
      Buffer.alloc(100_000),
      Buffer.concat([Buffer.from("PACK\0\0\0\x09"), Buffer.alloc(5000)]),
    ]) {
      writeFileSync(pack, bytes);
      const reading = readEverything(objects);
      expect(reading.damaged.get(pack)).toBeDefined();
      expect(reading.objects.size).toBe(0);
    }
  });

  test("whose index is cut off, or changed, is read without it, and that is noted", { timeout: 60_000 }, () => {
    const { objects, index } = packed();
    const bytes = readFileSync(index);
    for (const size of [0, 7, 8, 500, 1031, 1032, 1100, bytes.length - 41, bytes.length - 100]) {
      writeFileSync(index, bytes.subarray(0, size));
      const reading = readEverything(objects);
      expectAll(reading);
      expect({ size, notes: reading.notes }).toEqual({ size, notes: [expect.stringContaining(index)] });
    }
    const random = createRandom("index");
    for (let i = 0; i < 150; i++) {
      writeFileSync(index, bytes);
      flipBit(index, random.integer(bytes.length), random.integer(8));
      expectAll(readEverything(objects));
    }
  });
});

/** Nothing is lost, and nothing is added. */
function expectAll({ objects, damaged }: Reading): void {
  expect([...damaged]).toEqual([]);
  expect(sameBytes(objects, original)).toBe(true);
}

describe("hostile packs", () => {
  const text = Buffer.from("a base that deltas are built on, long enough to copy from\n".repeat(4));
  const base = whole("blob", text);
  const bystander = whole("blob", "somebody else's object\n");
  const target = (suffix: string): { id: string; data: Buffer } => {
    const made = Buffer.concat([text.subarray(0, 20), Buffer.from(suffix)]);
    const steps = [
      { bytes: copyInstruction(0, 20), makes: text.subarray(0, 20) },
      { bytes: insertInstruction(Buffer.from(suffix)), makes: Buffer.from(suffix) },
    ];
    return { id: objectId("blob", made), data: makeDelta(text.length, steps) };
  };

  function read(items: readonly PackItem[]): Reading & { readonly folder: string } {
    const objects = fresh();
    writePack(objects, "hostile", items);
    return { ...readEverything(objects), folder: objects };
  }

  test("the writer of these tests writes packs that are read", () => {
    const [one, two] = [target("one"), target("two")];
    const { objects, damaged } = read([
      base,
      { ...one, type: "ofs", base: 0 },
      { ...two, type: "ref", base: base.id },
      bystander,
    ]);
    expect([...damaged]).toEqual([]);
    expect([...objects.keys()].sort()).toEqual([base.id, one.id, two.id, bystander.id].sort());
    for (const [id, { bytes }] of objects) expect(objectId("blob", bytes)).toBe(id);
  });

  const bad: Readonly<Record<string, (id: string) => PackItem>> = {
    "a delta that copies from outside its base": (id) => ({
      id,
      type: "ofs",
      base: 0,
      data: Buffer.concat([varint(text.length), varint(9), copyInstruction(text.length - 3, 9)]),
    }),
    "a delta with the reserved instruction": (id) => ({
      id,
      type: "ofs",
      base: 0,
      data: Buffer.concat([varint(text.length), varint(9), Buffer.from([0])]),
    }),
    "a delta for another base": (id) => ({ id, type: "ofs", base: 0, data: makeDelta(7, []) }),
    "a delta that makes less than it says": (id) => ({
      id,
      type: "ofs",
      base: 0,
      data: Buffer.concat([varint(text.length), varint(500), copyInstruction(0, 9)]),
    }),
    "a delta that says it makes 2^40 bytes": (id) => ({
      id,
      type: "ofs",
      base: 0,
      data: Buffer.concat([varint(text.length), varint(2 ** 40), copyInstruction(0, 9)]),
    }),
    "a delta that says it makes 400 MB and does not": (id) => ({
      id,
      type: "ofs",
      base: 0,
      data: Buffer.concat([varint(text.length), varint(400e6), copyInstruction(0, 9)]),
    }),
    "a delta that is no delta": (id) => ({ id, type: "ofs", base: 0, data: Buffer.alloc(20, 0xff) }),
    "an empty delta": (id) => ({ id, type: "ofs", base: 0, data: Buffer.alloc(0) }),
    "a delta built on an object that is not there": (id) => ({
      id,
      type: "ref",
      base: "0123456789012345678901234567890123456789",
      data: makeDelta(1, []),
    }),
    "a delta built on itself": (id) => ({ id, type: "ref", base: id, data: makeDelta(1, []) }),
    "a blob that says it is smaller": (id) => ({ id, type: "blob", data: Buffer.alloc(5000), claimedSize: 10 }),
    "a blob that says it is larger": (id) => ({ id, type: "blob", data: Buffer.alloc(50), claimedSize: 5000 }),
    "a blob that says it has 2^45 bytes": (id) => ({ id, type: "blob", data: Buffer.alloc(50), claimedSize: 2 ** 45 }),
    "a blob that says it has 500 MB": (id) => ({ id, type: "blob", data: Buffer.alloc(50), claimedSize: 5e8 }),
    "a bomb: 300 MB of zeros that say they are 100 bytes": (id) => ({
      id,
      type: "blob",
      data: Buffer.alloc(0),
      stored: bomb(),
      claimedSize: 100,
    }),
    "a stream that is no zlib stream": (id) => ({
      id,
      type: "blob",
      data: Buffer.alloc(50),
      stored: Buffer.from("not deflated at all"),
    }),
    "no stream": (id) => ({ id, type: "blob", data: Buffer.alloc(50), stored: Buffer.alloc(0) }),
    "an unknown type": (id) => ({ id, type: 5, data: Buffer.alloc(50) }),
    "type 0": (id) => ({ id, type: 0, data: Buffer.alloc(50) }),
  };

  test.each(Object.keys(bad))("%s: it is named, everything else is read", (name) => {
    const id = "5555555555555555555555555555555555555555";
    const good = target("good");
    const { objects, damaged, folder: at } = read([base, bad[name]!(id), { ...good, type: "ofs", base: 0 }, bystander]);
    expect([...objects.keys()].sort()).toEqual([base.id, good.id, bystander.id].sort());
    expect(damaged.size).toBeGreaterThan(0);
    for (const message of damaged.values()) expect(message).toMatch(/^[^\n]+$/);
    expect(() => readOneByOne(at, [id])).toThrow(/^[^\n]+$/);
    expect(readOneByOne(at, [good.id, bystander.id]).size).toBe(2);
  });

  test("deltas built on one that is damaged are counted with it", () => {
    const lost = "5555555555555555555555555555555555555555";
    const above = "6666666666666666666666666666666666666666";
    const { damaged, objects } = read([
      base,
      { id: lost, type: "ofs", base: 0, data: Buffer.alloc(20, 0xff) },
      { id: above, type: "ofs", base: 1, data: makeDelta(1, []) },
      bystander,
    ]);
    expect([...damaged.keys()]).toEqual([lost]);
    expect(damaged.get(lost)).toMatch(/\(2\)$/);
    expect(objects.size).toBe(2);
  });

  test("very many deltas in one circle, or on one missing base, end at once", () => {
    const ids = Array.from({ length: 100_000 }, (_, i) => objectId("blob", Buffer.from(`circle ${i}`)));
    const stored = deflateSync(makeDelta(1, []));
    const ring = (first: string): PackItem[] =>
      ids.map((id, i) => ({ id, type: "ref", base: i === 0 ? first : ids[i - 1]!, data: makeDelta(1, []), stored }));
    for (const first of [ids.at(-1)!, "0123456789012345678901234567890123456789"]) {
      const { objects, damaged } = read([...ring(first), bystander]);
      expect([...objects.keys()]).toEqual([bystander.id]);
      expect([...damaged.values()].join()).toContain(`${ids.length} orphans`);
    }
  });

  test("a chain of thousands of deltas is followed", () => {
    const items: PackItem[] = [base];
    let bytes = text;
    for (let i = 1; i <= 5_000; i++) {
      const suffix = Buffer.from(`${i}`);
      const made = Buffer.concat([text, suffix]);
      items.push({
        id: objectId("blob", made),
        type: "ofs",
        base: i - 1,
        data: Buffer.concat([
          varint(bytes.length),
          varint(made.length),
          copyInstruction(0, text.length),
          insertInstruction(suffix),
        ]),
      });
      bytes = made;
    }
    const { objects, damaged, folder: at } = read(items);
    expect([...damaged]).toEqual([]);
    expect(objects.size).toBe(5_001);
    expect(
      readOneByOne(at, [items.at(-1)!.id])
        .get(items.at(-1)!.id)!
        .bytes.equals(bytes),
    ).toBe(true);
  });

  test("an index that names one entry in a huge file does not make it read as a whole", () => {
    const objects = fresh();
    const { pack } = writePack(objects, "sparse", [{ ...bystander, stored: deflateSync(bystander.data) }]);
    growTo(pack, 20 * 2 ** 30);
    // 20 GiB are more than there is memory for: it was not read.
    for (const { objects: found } of [readEverything(objects), { objects: readOneByOne(objects, [bystander.id]) }])
      expect([...found.keys()]).toEqual([bystander.id]);
    rmSync(pack);
  });
});

describe("loose objects", () => {
  const good = Buffer.from("blob 4\0good");
  const id = "5555555555555555555555555555555555555555";

  test.each<[string, (objects: string) => void]>([
    ["an empty file", (objects) => replace(objects, Buffer.alloc(0))],
    ["no zlib stream", (objects) => replace(objects, Buffer.from("hello there"))],
    [
      "a stream that is cut off",
      (objects) => replace(objects, deflateSync(Buffer.concat([good, Buffer.alloc(500, "x")])).subarray(0, 12)),
    ],
    ["a flipped byte", (objects) => flipBit(replaceWith(objects, good), 5, 3)],
    ["no header", (objects) => replaceWith(objects, Buffer.from("hello"))],
    ["a type that is none", (objects) => replaceWith(objects, Buffer.from("blub 4\0good"))],
    ["another size", (objects) => replaceWith(objects, Buffer.from("blob 5\0good"))],
    ["a size that never ends", (objects) => replaceWith(objects, Buffer.from(`blob ${"9".repeat(100)}\0good`))],
    [
      "a bomb that says it is small",
      (objects) =>
        replace(objects, deflateSync(Buffer.concat([Buffer.from("blob 10\0"), Buffer.alloc(300e6)]), { level: 1 })),
    ],
    ["a folder in its place", (objects) => void mkdirSync(join(objects, "55", id.slice(2)), { recursive: true })],
  ])("%s: it is named, everything else is read", (_name, make) => {
    const objects = fresh();
    const other = Buffer.from("blob 5\0other");
    writeLoose(objects, objectId("blob", Buffer.from("other")), other);
    make(objects);
    const { objects: found, damaged } = readEverything(objects);
    expect([...found.keys()]).toEqual([objectId("blob", Buffer.from("other"))]);
    expect([...damaged.keys()]).toEqual([id]);
    expect(damaged.get(id)).toMatch(/^[^\n]+$/);
  });

  test("a bomb that says it is small takes no memory to speak of", () => {
    const objects = fresh();
    replace(objects, deflateSync(Buffer.concat([Buffer.from("blob 10\0"), Buffer.alloc(200e6)]), { level: 1 }));
    const before = process.resourceUsage().maxRSS;
    for (let i = 0; i < 5; i++) readEverything(objects);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
  });

  test("other files in the folders are passed over", () => {
    const objects = fresh();
    writeLoose(objects, objectId("blob", Buffer.from("other")), Buffer.from("blob 5\0other"));
    for (const name of ["55/tmp_obj_x", "55/README", "info/packs", "zz/whatever", "pack/tmp_pack_1", "pack/x.keep"]) {
      mkdirSync(join(objects, name, ".."), { recursive: true });
      writeFileSync(join(objects, name), "something");
    }
    const { objects: found, damaged } = readEverything(objects);
    expect({ found: found.size, damaged: [...damaged] }).toEqual({ found: 1, damaged: [] });
  });

  test("a folder that cannot be listed is named", () => {
    const objects = fresh();
    writeLoose(objects, objectId("blob", Buffer.from("other")), Buffer.from("blob 5\0other"));
    for (const name of ["pack", "55"]) symlinkSync(name, join(objects, name));
    const { objects: found, damaged } = readEverything(objects);
    expect({ found: found.size, damaged: [...damaged.keys()].sort() }).toEqual({
      found: 1,
      damaged: [join(objects, "55"), join(objects, "pack")],
    });
  });

  function replace(objects: string, bytes: Uint8Array): string {
    mkdirSync(join(objects, "55"), { recursive: true });
    const path = join(objects, "55", id.slice(2));
    writeFileSync(path, bytes);
    return path;
  }

  function replaceWith(objects: string, inflated: Uint8Array): string {
    return replace(objects, deflateSync(inflated));
  }
});

test("trees are made by the writer as git makes them", () => {
  const tree = treeOf([{ mode: "100644", name: "a", id: objectId("blob", Buffer.from("a")) }]);
  const id = shop.feed(tree, "hash-object", "-t", "tree", "--stdin").toString().trim();
  expect(objectId("tree", tree)).toBe(id);
});

let bombBytes: Buffer | undefined;
function bomb(): Buffer {
  return (bombBytes ??= deflateSync(Buffer.alloc(300e6), { level: 1 }));
}
