import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { flipBit } from "../../../fixtures/git/damage.ts";
import { copyInstruction, insertInstruction, makeDelta, varint } from "../../../fixtures/git/delta.ts";
import { objectId, whole, writeLoose, writePack, type PackItem } from "../../../fixtures/git/pack-writer.ts";
import {
  createRepository,
  objectsByGit,
  openWorkshop,
  versionsOf,
  type Workshop,
} from "../../../fixtures/git/workshop.ts";
import { readEverything, readOneByOne, sameBytes, scratch } from "./everything.ts";

const folder = scratch();
let count = 0;
const fresh = (): string => join(folder, `objects-${count++}`);

const text = Buffer.from("a base that deltas are built on, long enough to copy from\n".repeat(4));
const base = whole("blob", text);

/** A delta on `text` that makes it end otherwise, and the id of what it makes. */
function version(suffix: string): { readonly id: string; readonly data: Buffer; readonly made: Buffer } {
  const made = Buffer.concat([text.subarray(0, 20), Buffer.from(suffix)]);
  const steps = [
    { bytes: copyInstruction(0, 20), makes: text.subarray(0, 20) },
    { bytes: insertInstruction(Buffer.from(suffix)), makes: Buffer.from(suffix) },
  ];
  return { id: objectId("blob", made), data: makeDelta(text.length, steps), made };
}

function packsOf(shop: Workshop): string[] {
  const at = join(shop.path, ".git/objects/pack");
  const names = readdirSync(at).map((name) => join(at, name));
  for (const name of names) chmodSync(name, 0o644);
  return names.filter((name) => name.endsWith(".pack"));
}

describe("an object that lies in several places", () => {
  const shop = createRepository(join(folder, "twice"));
  for (const [i, body] of versionsOf("file", 20).entries())
    shop.commit(`Version ${i}`, { "file.txt": body, [`n${i}`]: `${i}` });
  const loose = join(folder, "loose-copies");
  const expected = objectsByGit(shop);

  test.each(["a pack", "loose"])(
    "is read from the other copy when that in a pack is damaged: the other lies in %s",
    (where) => {
      const objects = join(shop.path, ".git/objects");
      if (where === "a pack") {
        shop.git("repack", "-qadf");
        for (const [id] of expected) writeLoose(loose, id, looseBytes(expected.get(id)!));
        const list = [...expected.keys()].join("\n");
        shop.feed(Buffer.from(`${list}\n`), "pack-objects", "-q", "--window=0", ".git/objects/pack/pack");
      } else {
        for (const pack of packsOf(shop).slice(1)) rmSync(pack);
        for (const name of readdirSync(join(objects, "pack"))) {
          const path = join(objects, "pack", name);
          if (!packsOf(shop).some((pack) => basename(pack, ".pack") === name.replace(/\..*$/, ""))) rmSync(path);
        }
        for (const name of readdirSync(loose)) renameSync(join(loose, name), join(objects, name));
      }
      const [pack = ""] = packsOf(shop);
      const size = readFileSync(pack).length;
      for (let at = 14; at < size - 20; at += Math.ceil(size / 40)) {
        const undo = flipBit(pack, at, at % 8);
        const reading = readEverything(objects);
        expect({ at, damaged: [...reading.damaged] }).toEqual({ at, damaged: [] });
        expect(sameBytes(reading.objects, expected)).toBe(true);
        expect(sameBytes(readOneByOne(objects, expected.keys()), expected)).toBe(true);
        undo();
      }
    },
  );

  function looseBytes({ type, bytes }: { readonly type: string; readonly bytes: Buffer }): Buffer {
    return Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]);
  }

  test("is read from the pack when the loose copy is damaged", () => {
    const objects = fresh();
    writePack(objects, "good", [base]);
    writeLoose(objects, base.id, Buffer.from("blob 4\0evil"));
    writeFileSync(join(objects, base.id.slice(0, 2), base.id.slice(2)), "garbage");
    expect(readOneByOne(objects, [base.id]).get(base.id)!.bytes.equals(text)).toBe(true);
  });

  test("under a false content counts only where its bytes hash to its id", () => {
    const objects = fresh();
    writePack(objects, "a-lies", [{ ...whole("blob", "something else"), id: base.id }]);
    writePack(objects, "b-true", [base]);
    expect(readOneByOne(objects, [base.id]).get(base.id)!.bytes.equals(text)).toBe(true);
  });
});

describe("thin packs", () => {
  const made = version("thin");
  const thin: PackItem = { id: made.id, type: "ref", base: base.id, data: made.data };

  test.each<[string, (objects: string) => void]>([
    ["another pack", (objects) => void writePack(objects, "full", [base])],
    [
      "a loose object",
      (objects) => void writeLoose(objects, base.id, Buffer.concat([Buffer.from(`blob ${text.length}\0`), text])),
    ],
    [
      "an alternate",
      (objects) => {
        const lender = fresh();
        writePack(lender, "full", [base]);
        mkdirSync(join(objects, "info"));
        writeFileSync(join(objects, "info/alternates"), `"${lender}"\n`);
      },
    ],
  ])("have their base in %s", (_where, put) => {
    const objects = fresh();
    writePack(objects, "thin", [thin]);
    put(objects);
    const { objects: found, damaged } = readEverything(objects);
    expect([...damaged]).toEqual([]);
    expect(found.get(made.id)!.bytes.equals(made.made)).toBe(true);
    expect(readOneByOne(objects, [made.id]).get(made.id)!.bytes.equals(made.made)).toBe(true);
  });

  test("without a base are counted, and the rest is read", () => {
    const objects = fresh();
    const bystander = whole("blob", "somebody else's object\n");
    writePack(objects, "thin", [thin, bystander]);
    const { objects: found, damaged } = readEverything(objects);
    expect([...found.keys()]).toEqual([bystander.id]);
    expect([...damaged.values()]).toEqual(["1 orphans"]);
  });

  test("that need each other end, and what can be read is", () => {
    const objects = fresh();
    const [one, two] = [version("one"), version("two")];
    writePack(objects, "a", [{ id: one.id, type: "ref", base: two.id, data: one.data }]);
    writePack(objects, "b", [{ id: two.id, type: "ref", base: one.id, data: two.data }, base]);
    const { objects: found, damaged } = readEverything(objects);
    expect([...found.keys()]).toEqual([base.id]);
    expect([...damaged.values()]).toEqual(["2 orphans"]);
  });
});

describe("chains of deltas", () => {
  test("of ten thousand are followed, with an index and without, by offset and by id", { timeout: 60_000 }, () => {
    for (const type of ["ofs", "ref"] as const) {
      const items: PackItem[] = [base];
      let length = text.length;
      for (let i = 1; i <= 10_000; i++) {
        const suffix = Buffer.from(`${i}`);
        const made = Buffer.concat([text, suffix]);
        const steps = [copyInstruction(0, text.length), insertInstruction(suffix)];
        const data = Buffer.concat([varint(length), varint(made.length), ...steps]);
        items.push({ id: objectId("blob", made), type, base: type === "ofs" ? i - 1 : items[i - 1]!.id, data });
        length = made.length;
      }
      const objects = fresh();
      const { index } = writePack(objects, "deep", items);
      const last = items.at(-1)!.id;
      for (const isIndexed of [true, false]) {
        if (!isIndexed) rmSync(index);
        const reading = readEverything(objects);
        expect([...reading.damaged]).toEqual([]);
        expect(reading.objects.size).toBe(10_001);
        expect(
          readOneByOne(objects, [last])
            .get(last)!
            .bytes.equals(Buffer.concat([text, Buffer.from("10000")])),
        ).toBe(true);
      }
    }
  });

  test("with a damaged link in the middle lose only what is built on it", () => {
    const objects = fresh();
    const items: PackItem[] = [base];
    let length = text.length;
    for (let i = 1; i <= 300; i++) {
      const made = Buffer.concat([text, Buffer.from(`${i}`)]);
      const steps = [copyInstruction(0, text.length), insertInstruction(Buffer.from(`${i}`))];
      const data = Buffer.concat([varint(length), varint(made.length), ...steps]);
      items.push({ id: objectId("blob", made), type: "ofs", base: i - 1, data });
      length = made.length;
    }
    const { pack, offsets } = writePack(objects, "chain", items);
    flipBit(pack, offsets[100]! + 4, 3);
    const { objects: found, damaged } = readEverything(objects);
    expect(found.size).toBe(100);
    expect([...damaged]).toEqual([[items[100]!.id, expect.stringMatching(/\(201\)$/)]]);
    // With the one object lying elsewhere, everything is whole again.
    writeLoose(
      objects,
      items[100]!.id,
      Buffer.concat([Buffer.from(`blob ${text.length + 3}\0`), text, Buffer.from("100")]),
    );
    const healed = readEverything(objects);
    expect([...healed.damaged]).toEqual([]);
    expect(healed.objects.size).toBe(301);
  });

  test("that make gigabytes of a few bytes are stopped, counted and named", { timeout: 60_000 }, () => {
    const objects = fresh();
    const half = 400_000_000;
    const seed = Buffer.alloc(1 << 20, "x");
    const grow = Buffer.concat([
      varint(seed.length),
      varint(half),
      ...Array<Buffer>(half / 1e6).fill(copyInstruction(0, 1e6)),
    ]);
    const id = (i: number): string => String(i).padStart(40, "5");
    const items: PackItem[] = Array.from({ length: 12 }, (_, i) => ({ id: id(i), type: "ofs", base: 0, data: grow }));
    const bystander = whole("blob", "somebody else's object\n");
    writePack(objects, "bomb", [whole("blob", seed), ...items, bystander]);
    const { damaged, count } = countBombs(objects);
    expect(count).toBeGreaterThan(5);
    expect(damaged).toBe(true);
  });

  /** Contents of half a gigabyte are too much for a test to keep: only what became of the pack is looked at. */
  function countBombs(objects: string): { damaged: boolean; count: number } {
    const { damaged, objects: found } = readEverything(objects, 20, 1000);
    const bombs = [...damaged.values()].filter((why) => why.startsWith("bomb"));
    return { damaged: found.size > 1, count: bombs.length };
  }
});

describe("alternates", () => {
  test("nested, relative, quoted, in a circle and through links are each read once", () => {
    const [one, two, three] = [fresh(), fresh(), fresh()];
    const items = ["one", "two", "three"].map((name) => whole("blob", `only in ${name}\n`));
    [one, two, three].forEach((objects, i) => {
      writePack(objects, "own", [items[i]!]);
      mkdirSync(join(objects, "info"));
    });
    symlinkSync(two, join(folder, "link to two"));
    writeFileSync(join(one, "info/alternates"), `# lenders\n"../link to two"\n${join(folder, "link to two")}\n`);
    writeFileSync(join(two, "info/alternates"), `../${basename(three)}\n`);
    writeFileSync(join(three, "info/alternates"), `../${basename(one)}\n${one}/../${basename(two)}\n`);
    const { objects, damaged } = readEverything(one);
    expect([...damaged]).toEqual([]);
    expect([...objects.keys()].sort()).toEqual(items.map(({ id }) => id).sort());
  });

  test("deeper than git follows them are named", () => {
    const folders = Array.from({ length: 9 }, () => fresh());
    folders.forEach((objects, i) => {
      writePack(objects, "own", [whole("blob", `level ${i}`)]);
      mkdirSync(join(objects, "info"));
      if (i + 1 < folders.length) writeFileSync(join(objects, "info/alternates"), `${folders[i + 1]}\n`);
    });
    const { objects, damaged } = readEverything(folders[0]!);
    expect(objects.size).toBe(6);
    expect([...damaged]).toEqual([[folders[6], expect.stringContaining("nested deeper")]]);
  });

  test("in any number end, and that is named", () => {
    const objects = fresh();
    mkdirSync(join(objects, "info"), { recursive: true });
    const lenders = Array.from({ length: 1200 }, (_, i) => join(objects, `lender-${i}`));
    for (const lender of lenders) mkdirSync(lender);
    writeFileSync(join(objects, "info/alternates"), lenders.join("\n"));
    expect([...readEverything(objects).damaged.values()]).toEqual([expect.stringContaining("more than 1000")]);
  });
});

describe("packs beyond 4 GiB", () => {
  test("are read as git reads them: offsets of 64 bits, by either kind of index", () => {
    const shop = createRepository(join(folder, "huge"));
    const objects = join(shop.path, ".git/objects");
    const far = 5 * 2 ** 30 + 12_345;
    const [one, two] = [version("by offset"), version("by id")];
    // The first object is small and stands before the hole: git wants one that does.
    writePack(
      objects,
      "huge",
      [
        whole("blob", "before the hole\n"),
        base,
        { id: one.id, type: "ofs", base: 1, data: one.data },
        { id: two.id, type: "ref", base: base.id, data: two.data },
      ],
      far,
    );
    const expected = objectsByGit(shop);
    expect(expected.size).toBe(4);
    expect(expected.get(two.id)!.bytes.equals(two.made)).toBe(true);
    expect([...readEverything(objects).damaged]).toEqual([]);
    expect(sameBytes(readEverything(objects).objects, expected)).toBe(true);
    expect(sameBytes(readOneByOne(objects, expected.keys()), expected)).toBe(true);
    shop.git("multi-pack-index", "write");
    rmSync(join(objects, "pack/pack-huge.idx"));
    expect(sameBytes(readEverything(objects).objects, expected)).toBe(true);
    rmSync(join(objects, "pack/pack-huge.pack"));
  });
});

test("a multi-pack-index that names packs which are not there, or is damaged, is named, and the rest is read", () => {
  const shop = createRepository(join(folder, "multi"));
  shop.commit("One", { a: "1" });
  shop.git("repack", "-qd");
  shop.commit("Two", { b: "2" });
  shop.git("repack", "-qd");
  shop.git("multi-pack-index", "write");
  const objects = join(shop.path, ".git/objects");
  const expected = objectsByGit(shop);
  const multi = join(objects, "pack/multi-pack-index");
  const bytes = readFileSync(multi);
  chmodSync(multi, 0o644);
  for (let at = 0; at < bytes.length; at += 7) {
    writeFileSync(
      multi,
      at % 2 === 0 ? bytes.subarray(0, at) : bytes.map((byte, i) => (i === at ? byte ^ 0x11 : byte)),
    );
    expect(sameBytes(readEverything(objects).objects, expected)).toBe(true);
  }
  writeFileSync(multi, bytes);
  const [first = ""] = packsOf(shop);
  rmSync(first);
  rmSync(first.replace(/pack$/, "idx"));
  const { damaged, objects: found } = readEverything(objects);
  expect([...damaged]).toEqual([[multi, `names ${basename(first)}, which is not there`]]);
  expect(found.size).toBe(3);
});

test("an incremental multi-pack-index serves where indexes are gone", () => {
  const shop = createRepository(join(folder, "chain"));
  shop.commit("One", { a: "1" });
  shop.git("repack", "-qd");
  shop.git("multi-pack-index", "write");
  const expected = objectsByGit(shop);
  const pack = join(shop.path, ".git/objects/pack");
  mkdirSync(join(pack, "multi-pack-index.d"));
  const name = "0123456789012345678901234567890123456789";
  renameSync(join(pack, "multi-pack-index"), join(pack, `multi-pack-index.d/multi-pack-index-${name}.midx`));
  writeFileSync(join(pack, "multi-pack-index.d/multi-pack-index-chain"), `${name}\n`);
  rmSync(packsOf(shop)[0]!.replace(/pack$/, "idx"));
  const { objects, damaged, notes } = readEverything(join(shop.path, ".git/objects"));
  expect({ damaged: [...damaged], notes }).toEqual({ damaged: [], notes: [] });
  expect(sameBytes(objects, expected)).toBe(true);
});

test("packs that are kept, promised or cruft are packs; what broken-off writes left is noted", () => {
  const shop = createRepository(join(folder, "cruft"));
  shop.commit("One", { a: "1" });
  shop.commit("Two", { a: "2" });
  shop.git("reset", "-q", "--hard", "HEAD~1");
  shop.git("reflog", "expire", "--expire=now", "--all");
  shop.git("gc", "-q", "--cruft", "--prune=never");
  const pack = join(shop.path, ".git/objects/pack");
  expect(readdirSync(pack).some((name) => name.endsWith(".mtimes"))).toBe(true);
  for (const name of packsOf(shop)) writeFileSync(name.replace(/pack$/, "keep"), "");
  const expected = objectsByGit(shop);
  expect(expected.size).toBe(6);
  writeFileSync(join(pack, "tmp_pack_x7"), "PACK");
  mkdirSync(join(shop.path, ".git/objects/55"), { recursive: true });
  writeFileSync(join(shop.path, ".git/objects/55/tmp_obj_x7"), deflateSync("blob 4\0half"));
  const { objects, damaged, notes } = readEverything(join(shop.path, ".git/objects"));
  expect([...damaged]).toEqual([]);
  expect(sameBytes(objects, expected)).toBe(true);
  expect(notes.map((note) => /: (1 \w+)/.exec(note)?.[1])).toEqual(["1 files", "1 loose"]);
});

test("loose objects of the other kind of repository are named", () => {
  const shop = createRepository(join(folder, "other"), "--object-format=sha256");
  shop.commit("One", { a: "1" });
  const { damaged } = readEverything(join(shop.path, ".git/objects"), 20);
  expect([...damaged.values()]).toEqual([expect.stringMatching(/^3 loose objects have ids of another length/)]);
  const bare = join(folder, "other.git");
  shop.git("clone", "-q", "--bare", ".", bare);
  openWorkshop(bare).git("repack", "-qad");
  // A pack tells no ids: all of it is read, without its index, and noted.
  const packed = readEverything(join(bare, "objects"), 20);
  expect({ damaged: packed.damaged.size, objects: packed.objects.size }).toEqual({ damaged: 0, objects: 3 });
  expect(packed.notes).toEqual([expect.stringContaining("it was read from front to back")]);
});
