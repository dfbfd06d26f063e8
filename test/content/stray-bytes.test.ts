import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compress, storeAsZstd } from "../../fixtures/images/compress.ts";
import { readLayer } from "../../src/content/layer.ts";
import { textEntry } from "../../src/model/unit.ts";
import { zstdFrames } from "../../src/content/zstd-frames.ts";
import { layerUnit } from "../layer-unit.ts";
import { testWith } from "../require-program.ts";
import { sampleText, streamOf } from "./streams.ts";
import { endOfTar, pax, rawEntry, rawHeader } from "./tar-blocks.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-stray-"));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;

/** Reads stored bytes as a layer; what it gives beside files, and what is wrong, with its effect. */
async function strays(stored: Uint8Array, facts: { offset?: number } = {}) {
  const file = join(folder, `layer-${count++}`);
  const lead = Buffer.alloc(facts.offset ?? 0, "x");
  await writeFile(file, Buffer.concat([lead, stored]));
  const found: [string, string][] = [];
  const names: string[] = [];
  let isStray = false;
  const { problems } = await readLayer(layerUnit(file, { weight: 0, length: stored.length, ...facts }), {
    begin({ path, entry }) {
      isStray = entry === textEntry;
      if (isStray) found.push([path, ""]);
      else names.push(path);
    },
    push(chunk) {
      if (isStray) found.at(-1)![1] += Buffer.from(chunk).toString("latin1");
    },
    end: (complete) => expect(complete).toBe(true),
  });
  return { found, names, problems: problems.map(({ code, effect }) => `${code} ${effect}`) };
}

const text = "sixteen bytes or more, which no file has";
const tar = Buffer.concat([rawEntry({ name: "a" }, sampleText(3000)), endOfTar]);
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const skippable = (body: string | Uint8Array): Buffer =>
  Buffer.concat([number(0x184d2a57), number(body.length), Buffer.from(body)]);

describe("of a compressed layer", () => {
  const behind = [["layer!bytes behind the stream", text]];

  test("bytes behind gzip are a content, and nothing is missing", async () => {
    const stored = Buffer.concat([gzipSync(tar), Buffer.from(text)]);
    expect(await strays(stored)).toEqual({ found: behind, names: ["a"], problems: ["layer-corrupt note"] });
    // Behind padding they are one from its first byte on, and the layer need not begin with its file.
    const padded = await strays(Buffer.concat([gzipSync(tar), Buffer.alloc(512), Buffer.from(text)]), { offset: 100 });
    expect(padded.found).toEqual([["layer!bytes behind the stream", "\0".repeat(512) + text]]);
  });

  for (const kind of ["xz", "bzip2"] as const)
    testWith(kind)(`bytes behind ${kind} as well`, async () => {
      const stored = Buffer.concat([compress(tar, kind), Buffer.from(text)]);
      expect(await strays(stored)).toEqual({ found: behind, names: ["a"], problems: ["layer-corrupt note"] });
    });

  test("bytes behind zstd as well, and its skippable frames", async () => {
    const frames = [skippable(text), storeAsZstd(tar.subarray(0, 700)), skippable("short")];
    const stored = Buffer.concat([...frames, storeAsZstd(tar.subarray(700)), skippable(`second: ${text}`)]);
    const skipped = [
      ["layer!skippable frame", text],
      ["layer!skippable frame", `second: ${text}`],
    ];
    expect(await strays(stored)).toEqual({ found: skipped, names: ["a"], problems: [] });
    const followed = await strays(Buffer.concat([stored, Buffer.from(text)]));
    expect(followed).toEqual({ found: [...skipped, ...behind], names: ["a"], problems: ["layer-corrupt note"] });
    // Zeros fill a block of whatever the layer lay on.
    expect((await strays(Buffer.concat([stored, Buffer.alloc(600)]))).problems).toEqual([]);
  });

  test("the name and the comment in a gzip header are one, where a token could stand there", async () => {
    const stored = gzipSync(tar);
    const named = (flags: number, fields: string): Buffer =>
      Buffer.concat([
        stored.subarray(0, 3),
        Buffer.of(flags),
        stored.subarray(4, 10),
        Buffer.from(fields, "latin1"),
        stored.subarray(10),
      ]);
    const run = "A1b2C3d4E5f6G7h8I9";
    const header = async (flags: number, fields: string) => (await strays(named(flags, fields))).found;
    expect(await header(8, `${run}\0`)).toEqual([["layer!header of the stream", `${run}\0`]]);
    expect(await header(24, `n\0${run}\0`)).toEqual([["layer!header of the stream", `n\0${run}\0`]]);
    expect(await header(4, `\x16\0ZZ\x12\0${run}`)).toEqual([["layer!header of the stream", `\x16\0ZZ\x12\0${run}`]]);
    expect(await header(8, "layer.tar\0")).toEqual([]);
  });
});

describe("of a tar", () => {
  const one = async (...parts: readonly Uint8Array[]) => strays(Buffer.concat(parts));

  test("what fills the last block of a body is a content, where it is more than zeros", async () => {
    const entry = rawEntry({ name: "a" }, "body");
    entry.write(text, 600);
    const { found, names, problems } = await one(entry, rawEntry({ name: "b" }, "x"), endOfTar);
    expect(found.map(([path, body]) => [path, body.replaceAll("\0", "")])).toEqual([
      ["layer!bytes between files", text],
    ]);
    expect([names, problems]).toEqual([["a", "b"], []]);
  });

  test("blocks that are no headers are one, wherever they stand", async () => {
    const bad = Buffer.concat([
      rawHeader({ name: "k", size: text.length, checksum: 1 }),
      Buffer.from(text.padEnd(512, "\0")),
    ]);
    const parts = [rawEntry({ name: "a" }, "1"), bad, rawEntry({ name: "b" }, "2")];
    const folderWithBody = Buffer.concat([
      rawHeader({ name: "d/", type: "5", size: 40 }),
      Buffer.from(text.padEnd(512, "\0")),
    ]);
    const longest = pax("x", { comment: text.repeat(120_000) });
    for (const stored of [
      Buffer.concat([...parts, endOfTar]),
      Buffer.concat([parts[0]!, endOfTar, bad.subarray(512), parts[2]!]),
      Buffer.concat([parts[0]!, endOfTar, Buffer.from(text)]),
      Buffer.concat([parts[0]!, folderWithBody, parts[2]!]),
      Buffer.concat([parts[0]!, longest, parts[2]!]),
    ]) {
      const { found, names, problems } = await strays(stored);
      expect(found.map(([path]) => path)).toContain("layer!bytes between files");
      expect(found.some(([, body]) => body.includes(text))).toBe(true);
      expect(names[0]).toBe("a");
      expect(problems).toContain("layer-corrupt incomplete");
    }
  });
});

test("frames of zstd are told apart however their bytes come", async () => {
  const frames = [
    storeAsZstd(sampleText(200_000)),
    skippable(text),
    storeAsZstd(Buffer.alloc(300_000)),
    storeAsZstd(Buffer.from("x")),
  ];
  const stored = Buffer.concat([...frames, Buffer.from(text)]);
  const end = stored.length - text.length;
  for (const chunk of [1, 2, 3, 5, 7, 1000, stored.length]) {
    const told: unknown[] = [];
    const parts: Uint8Array[] = [];
    const watch = {
      skipped: (at: number, length: number) => told.push([at, length]),
      behind: (at: number) => told.push(at),
    };
    for await (const part of zstdFrames(streamOf(stored, chunk)(), watch)) parts.push(part);
    expect(told).toEqual([[frames[0]!.length + 8, text.length], end]);
    expect(Buffer.concat(parts).equals(stored.subarray(0, end))).toBe(true);
  }
});
