/** Layers and archives that were made to be misread: what stands in them is found or missed with a word, and nothing hangs. */
import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { indexArchive } from "../../src/content/archive-index.ts";
import { hasHiddenMembers } from "../../src/content/json.ts";
import { readLayer } from "../../src/content/layer.ts";
import { layerEffects } from "../../src/sources/image/deletion.ts";
import { testWith } from "../require-program.ts";
import { endOfTar, pax, rawEntry, rawHeader } from "./tar-blocks.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-hostile-"));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;

async function stored(bytes: Uint8Array): Promise<string> {
  const file = join(folder, `stored-${count++}`);
  await writeFile(file, bytes);
  return file;
}

/** The files of a layer, and what was wrong with it. */
async function read(bytes: Uint8Array) {
  const file = await stored(bytes);
  const files = new Map<string, string>();
  let path = "";
  const parts: Buffer[] = [];
  const unit = { kind: "layer", target: "t", weight: 0, file, offset: 0, length: bytes.length } as const;
  const { problems, reading } = await readLayer(
    { ...unit, digest: "", diffId: "" },
    {
      begin: (entry) => void (path = entry.path),
      push: (chunk) => void parts.push(Buffer.from(chunk)),
      end: () => void files.set(path, Buffer.concat(parts.splice(0)).toString("latin1")),
    },
  );
  return { files, problems, reading };
}

const bytesOf = (...bytes: number[]): Uint8Array =>
  Uint8Array.of(...bytes, ...Array<number>(12 - bytes.length).fill(0));

describe("a size that lies", () => {
  const lies: readonly (readonly [string, Uint8Array])[] = [
    ["negative", rawHeader({ name: "lie", sizeField: Uint8Array.from(Array<number>(12).fill(0xff)) })],
    ["beyond 2^53", rawHeader({ name: "lie", sizeField: bytesOf(0x80, 0x7f, 0xff, 0xff, 0xff) })],
    ["of eight exbibytes in octal", rawHeader({ name: "lie", sizeField: Buffer.from("777777777777") })],
    ["no number", rawHeader({ name: "lie", sizeField: Buffer.from("not a number") })],
    ["negative in PAX", Buffer.concat([pax("x", { size: "-5" }), rawHeader({ name: "lie" })])],
    ["huge in PAX", Buffer.concat([pax("x", { size: "99999999999999999999" }), rawHeader({ name: "lie" })])],
    ["no number in PAX", Buffer.concat([pax("x", { size: "1e3" }), rawHeader({ name: "lie" })])],
  ];
  for (const [what, lie] of lies) {
    test(`(${what}) hides nothing without a word`, async () => {
      const tar = Buffer.concat([
        rawEntry({ name: "before" }, "one"),
        lie,
        rawEntry({ name: "after" }, "two"),
        endOfTar,
      ]);
      const { files, problems } = await read(tar);
      expect(files.get("before")).toBe("one");
      // Where the lie counts as a body, what is behind it is in this body.
      const isSeen = [...files.values()].some((body) => body.includes("two"));
      expect(isSeen || problems.some(({ effect }) => effect === "incomplete")).toBe(true);
      const index = await indexArchive(await stored(tar));
      expect(index.entries.has("before")).toBe(true);
      expect(index.entries.has("after") || index.damage !== undefined || index.entries.has("lie")).toBe(true);
    });
  }

  test("a size in PAX counts before the header's, as everywhere", async () => {
    const tar = Buffer.concat([
      pax("x", { size: "3" }),
      rawHeader({ name: "file", size: 0 }),
      Buffer.concat([Buffer.from("abc"), Buffer.alloc(509)]),
      rawEntry({ name: "after" }, "two"),
      endOfTar,
    ]);
    const { files, problems } = await read(tar);
    expect([...files]).toEqual([
      ["file", "abc"],
      ["after", "two"],
    ]);
    expect(problems).toEqual([]);
    expect([...(await indexArchive(await stored(tar))).entries.keys()]).toEqual(["file", "after"]);
  });
});

test("names and sizes that hold for the whole archive hide nothing: engines take none of them", async () => {
  const tar = Buffer.concat([
    pax("g", { path: "other", size: "1" }),
    rawEntry({ name: "a" }, "one"),
    pax("x", { mtime: "1" }),
    rawEntry({ name: "b" }, "two two"),
    endOfTar,
  ]);
  const { files, problems } = await read(tar);
  expect([...files]).toEqual([
    ["a", "one"],
    ["b", "two two"],
  ]);
  expect(problems).toEqual([]);
});

testWith("tar")("sparse files of every form are read by their names, with what they hold", async () => {
  await writeFile(join(folder, "sparse.env"), "KEY=first");
  await truncate(join(folder, "sparse.env"), 3 << 20);
  execFileSync("sh", [
    "-c",
    `printf 'KEY=last' | dd of=${folder}/sparse.env bs=1 seek=2000000 conv=notrunc 2>/dev/null`,
  ]);
  for (const form of [
    ["--format=gnu"],
    ...["0.0", "0.1", "1.0"].map((one) => ["--format=pax", `--sparse-version=${one}`]),
  ]) {
    const tar = execFileSync("tar", ["-C", folder, "-S", ...form, "-cf", "-", "sparse.env"], { maxBuffer: 1 << 26 });
    expect(tar.length).toBeLessThan(100_000);
    const { files, reading } = await read(tar);
    expect([...files.keys()]).toEqual(["sparse.env"]);
    // Extracted they are other bytes, so that no recipe proves these.
    expect(reading.sparse).toEqual([0]);
    expect(files.get("sparse.env")).toContain("KEY=first");
    expect(files.get("sparse.env")).toContain("KEY=last");
  }
});

testWith("tar")(
  "a sparse file of many ranges hides nothing, nor what stands behind it; nor does a list that is none",
  async () => {
    const file = join(folder, "ranges.env");
    await writeFile(file, "");
    const handle = await open(file, "r+");
    const ranges = Array.from({ length: 60 }, (_, i) => `KEY=${i}.`);
    for (const [i, text] of ranges.entries()) await handle.write(text.padEnd(9000, "\0"), i * 200_000);
    await handle.truncate(60 * 200_000);
    await handle.close();
    await writeFile(join(folder, "z.env"), "after");
    const args = ["-C", folder, "-S", "--format=gnu", "-cf", "-", "ranges.env", "z.env"];
    const tar = execFileSync("tar", args, { maxBuffer: 1 << 26 });
    for (const bytes of [tar, gzipSync(tar)]) {
      const { files, problems, reading } = await read(bytes);
      expect([[...files.keys()], problems, reading.sparse]).toEqual([["ranges.env", "z.env"], [], [0]]);
      expect(reading.unseenFrom).toBeUndefined();
      expect(ranges.filter((text) => files.get("ranges.env")?.includes(text) !== true)).toEqual([]);
      expect(files.get("z.env")).toBe("after");
    }
    // Its header says that the list goes on, and a text stands there; and one that is cut off.
    const header = tar.subarray(0, 512);
    const lie = Buffer.concat([header, Buffer.alloc(1024, "text "), tar.subarray(512)]);
    expect([...(await read(lie)).files.values()].join("")).toContain("text text");
    const cut = await read(tar.subarray(0, 1024));
    expect(cut.problems.map(({ effect }) => effect)).toEqual(["incomplete"]);
  },
);

test("a name with a million folders is read, and asked for its folders in no time", async () => {
  const name = "d/".repeat(1_000_000) + "secret.env";
  const tar = Buffer.concat([
    rawEntry({ name: "././@LongLink", type: "L", magic: "gnu" }, name),
    rawEntry({ name: "short", magic: "gnu" }, "body"),
    endOfTar,
  ]);
  const { files, reading } = await read(tar);
  expect(files.get(name)).toBe("body");
  const other = await read(Buffer.concat([rawEntry({ name: "d/.wh.x" }), endOfTar]));
  expect(layerEffects(other.reading).removes(name)).toBeUndefined();
  expect(layerEffects(reading).removes(name)).toBe("replaced");
});

test("many tiny entries are remembered in a few bytes each", async () => {
  const entry = rawEntry({ name: "same" });
  const { reading, problems } = await read(gzipSync(Buffer.concat([...Array<Buffer>(50_000).fill(entry), endOfTar])));
  expect([reading.files.length <= 50_000, problems]).toEqual([true, []]);
});

test("a frame of zstd that asks for a window of terabytes is refused", async () => {
  const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0xff, 0x01, 0, 0, ...Array<number>(64).fill(0));
  const { files, problems } = await read(frame);
  expect([...files.values()].join("")).toBe("");
  expect(problems.map(({ effect }) => effect)).toEqual(["incomplete"]);
});

test("members of the same name in a document are noticed", () => {
  const hidden = (text: string): boolean => hasHiddenMembers(Buffer.from(text), JSON.parse(text));
  expect(hidden('{"a": 1, "b": {"c": "x:y\\":"}, "d": [{"e": null}, ":"]}')).toBe(false);
  expect(hidden('{"config": {"Env": ["A=b"]}, "config": {}}')).toBe(true);
  expect(hidden('{"a": {"__proto__": 1, "a": 2, "a": 3}}')).toBe(true);
  expect(hidden("[".repeat(100_000) + "]".repeat(100_000))).toBe(false);
});
