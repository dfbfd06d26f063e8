import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeAsZstd } from "../../fixtures/images/compress.ts";
import { hexOf, tarOf, tarOfLayer } from "../../fixtures/images/build-image.ts";
import { layerLimits } from "../../src/content/compression.ts";
import { readLayer, type LayerOptions } from "../../src/content/layer.ts";
import { hasHash } from "../../src/content/hash-list.ts";
import { pathHash } from "../../src/model/path-hash.ts";
import type { LayerUnit } from "../../src/model/unit.ts";
import { sampleText } from "./streams.ts";
import { endOfTar, rawEntry } from "./tar-blocks.ts";
import { layerUnit } from "../layer-unit.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-layer-"));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;

interface Read {
  files: { path: string; size: number; body: string; complete: boolean | undefined }[];
  codes: string[];
  reading: Awaited<ReturnType<typeof readLayer>>["reading"];
}

/** Writes stored bytes to a file, reads them as a layer and gives its files. */
async function read(stored: Uint8Array, facts: Partial<LayerUnit> = {}, options: LayerOptions = {}): Promise<Read> {
  const file = join(folder, `layer-${count++}`);
  await writeFile(file, stored);
  const unit: LayerUnit = layerUnit(file, { weight: 0, ...facts });
  const files: Read["files"] = [];
  const sink = {
    begin: ({ path, size }: { path: string; size: number }) =>
      void files.push({ path, size, body: "", complete: undefined }),
    push(chunk: Uint8Array) {
      const last = files.at(-1);
      if (last !== undefined) last.body += Buffer.from(chunk).toString("latin1");
    },
    end(complete: boolean) {
      const last = files.at(-1);
      if (last !== undefined) last.complete = complete;
    },
  };
  const { problems, reading } = await readLayer(unit, sink, options);
  return { files, codes: problems.map((problem) => problem.code), reading };
}

const digest = (bytes: Uint8Array): string => `sha256:${hexOf(bytes)}`;
const file = (path: string, body: string) => ({ path, size: body.length, body, complete: true });

describe("a layer", () => {
  test("stored plain, as gzip or as zstd gives the same files, and both its digests", async () => {
    const tar = await tarOfLayer({
      files: { "etc/a": "one", big: sampleText(200_000), "etc/b": "two" },
    });
    for (const stored of [tar, gzipSync(tar), storeAsZstd(tar)]) {
      const { files, codes, reading } = await read(stored, {
        digest: digest(stored),
        diffId: digest(tar),
      });
      expect(codes).toEqual([]);
      expect(files.map((entry) => entry.path)).toEqual(["etc/a", "big", "etc/b"]);
      expect(files.every((entry) => entry.complete === true && entry.body.length === entry.size)).toBe(true);
      expect(reading).toMatchObject({ digest: digest(stored), diffId: digest(tar) });
    }
  });

  test("is read from its place in a larger file, and from an archive that is compressed as a whole", async () => {
    const tar = await tarOfLayer({ files: { a: "one" } });
    const layer = gzipSync(tar);
    const outer = Buffer.concat([sampleText(777), layer, sampleText(99)]);
    const place = { offset: 777, length: layer.length, digest: digest(layer), diffId: digest(tar) };
    expect(await read(outer, place)).toMatchObject({ files: [file("a", "one")], codes: [] });
    expect(await read(gzipSync(outer), { ...place, wrapped: "gzip" })).toMatchObject({
      files: [file("a", "one")],
      codes: [],
    });
    expect(await read(storeAsZstd(outer), { ...place, wrapped: "zstd" })).toMatchObject({
      files: [file("a", "one")],
      codes: [],
    });
  });

  test("tells what it has and what it removes", async () => {
    const tar = await tarOfLayer({
      files: { "etc/new": "x" },
      whiteouts: ["gone", "var/log/old"],
      opaques: ["srv/data"],
      entries: [
        { path: "etc/", type: "directory" },
        { path: "link", type: "symlink", target: "/etc/shadow" },
        { path: "var/.wh..wh.plnk", body: "" },
      ],
    });
    const { reading } = await read(tar);
    expect(reading.whiteouts).toEqual(["gone", "var/log/old"]);
    expect(reading.opaques).toEqual(["srv/data"]);
    expect([...reading.directories]).toEqual([pathHash("etc")]);
    expect(["etc/new", "link"].every((path) => hasHash(reading.files, pathHash(path)))).toBe(true);
    expect(reading.files.length).toBe(2);
  });

  test("has its names cleaned: nothing leads out, nothing is absolute", async () => {
    const hostile = ["/etc/passwd", "./app//x", "../../root/.ssh/id", "a/../../b", "esc\u001b[2J\u202e.txt"];
    const tar = await tarOf(hostile.map((path) => ({ path, body: "x" })));
    const { files } = await read(tar);
    expect(files.map((entry) => entry.path)).toEqual([
      "etc/passwd",
      "app/x",
      "root/.ssh/id",
      "b",
      "esc\u001b[2J\u202e.txt",
    ]);
  });

  test("that holds a path twice gives both files", async () => {
    const { files } = await read(
      await tarOf([
        { path: "a", body: "old" },
        { path: "a", body: "new" },
      ]),
    );
    expect(files).toEqual([file("a", "old"), file("a", "new")]);
  });

  test("that is no tar is one file", async () => {
    const statement = Buffer.from('{"predicate": "text"}');
    for (const stored of [statement, gzipSync(statement), storeAsZstd(statement)]) {
      expect(await read(stored)).toMatchObject({
        files: [file("", statement.toString())],
        codes: [],
      });
    }
  });

  test("that is empty is read without complaint", async () => {
    for (const stored of [endOfTar, gzipSync(endOfTar), Buffer.alloc(0)]) {
      expect(await read(stored)).toMatchObject({ files: [], codes: [] });
    }
  });
});

describe("a layer that is damaged", () => {
  const pieces = async () => {
    const tar = await tarOfLayer({
      files: { first: "one", filler: sampleText(100_000), last: "two" },
    });
    return { tar, stored: gzipSync(tar) };
  };

  test("with a wrong digest is read, and incomplete", async () => {
    const { stored } = await pieces();
    const { files, codes } = await read(stored, { digest: digest(Buffer.from("other")) });
    expect([files.length, codes]).toEqual([3, ["digest-mismatch"]]);
  });

  test("with a wrong diffID is read, and this is only a note", async () => {
    const { stored } = await pieces();
    const { files, codes } = await read(stored, {
      digest: digest(stored),
      diffId: digest(Buffer.from("other")),
    });
    expect([files.length, codes]).toEqual([3, ["diff-id-mismatch"]]);
  });

  test("by being cut off gives what is left", async () => {
    const { stored } = await pieces();
    const { files, codes } = await read(stored.subarray(0, stored.length / 2), {
      digest: digest(stored),
    });
    expect(files.map(({ path, complete }) => [path, complete])).toEqual([
      ["first", true],
      ["filler", false],
    ]);
    expect(codes).toEqual(["layer-corrupt", "digest-mismatch"]);
  });

  test("by a file that ends before the layer does says how much is missing", async () => {
    const { tar } = await pieces();
    const { files, codes } = await read(tar.subarray(0, 4096), { length: tar.length });
    expect(files[0]).toEqual(file("first", "one"));
    expect(codes).toContain("layer-corrupt");
  });

  test("by bytes behind the gzip stream is whole, and keeps its diffID", async () => {
    const { tar, stored } = await pieces();
    const followed = Buffer.concat([stored, Buffer.from("trailing bytes")]);
    const { files, codes, reading } = await read(followed, {
      digest: digest(followed),
      diffId: digest(tar),
    });
    expect([files.length, codes, reading.diffId]).toEqual([3, ["layer-corrupt"], digest(tar)]);
  });

  test("by a flipped byte in the tar keeps its digests and the files around the damage", async () => {
    const tar = Buffer.concat([
      rawEntry({ name: "a" }, "1"),
      rawEntry({ name: "bad" }, "2"),
      rawEntry({ name: "c" }, "3"),
      endOfTar,
    ]);
    tar[1024 + 3] = 0x7f;
    const stored = gzipSync(tar);
    const { files, codes } = await read(stored, { digest: digest(stored), diffId: digest(tar) });
    const paths = files.map((entry) => entry.path);
    expect([paths, codes]).toEqual([["a", "layer!bytes between files", "c"], ["layer-corrupt"]]);
  });

  test("tells how far it is by stored bytes", async () => {
    const tar = await tarOf([{ path: "a", body: randomBytes(3 << 20) }]);
    const packed = gzipSync(tar);
    const told: number[] = [];
    await read(packed, {}, { reached: (bytes) => told.push(bytes) });
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.length).toBeGreaterThan(2);
    expect(told.at(-1)).toBe(packed.length);
  });

  test("in its middle is hashed to its end, each byte once", async () => {
    const tar = await tarOf([{ path: "a", body: randomBytes(3 << 20) }]);
    const stored = gzipSync(tar, { level: 1 });
    stored[1_500_000] = (stored[1_500_000] ?? 0) ^ 0xff;
    stored.fill(0xff, 1_600_000, 1_600_050);
    const { codes, reading } = await read(stored, { digest: digest(stored) });
    expect([codes, reading.digest]).toEqual([["layer-corrupt"], digest(stored)]);
  });

  test("by being a bomb is stopped; the stored bytes are verified all the same", async () => {
    const tar = await tarOf([
      { path: "before", body: "one" },
      { path: "zeros", body: Buffer.alloc(6 << 20) },
    ]);
    const stored = gzipSync(tar);
    const limits = { ...layerLimits, ratioFromBytes: 1 << 20, maxRatio: 100 };
    const { files, codes, reading } = await read(stored, { digest: digest(stored) }, { limits });
    expect(files.map(({ path, complete }) => [path, complete])).toEqual([
      ["before", true],
      ["zeros", false],
    ]);
    expect([codes, reading.digest]).toEqual([["bomb"], digest(stored)]);
  });

  test("by not being there at all is a problem, not an exception", async () => {
    const unit = { file: join(folder, "nowhere") };
    expect(await read(endOfTar, unit)).toMatchObject({
      files: [],
      codes: expect.arrayContaining(["unreadable"]) as unknown,
    });
  });

  test("by being no xz behind its first bytes is named and verified", async () => {
    const stored = Buffer.concat([Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), sampleText(1000)]);
    expect(await read(stored, { digest: digest(stored) })).toMatchObject({
      files: [],
      codes: ["unsupported"],
    });
  });
});

test("an abort ends the reading", async () => {
  await expect(read(endOfTar, {}, { signal: AbortSignal.abort() })).rejects.toThrow();
});
