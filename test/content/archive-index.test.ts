import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeAsZstd } from "../../fixtures/images/compress.ts";
import { tarOf } from "../../fixtures/images/build-image.ts";
import { indexArchive } from "../../src/content/archive-index.ts";
import { cleanPath } from "../../src/content/tar-path.ts";
import { sampleText } from "./streams.ts";
import { endOfTar, rawEntry, rawHeader } from "./tar-blocks.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-index-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function index(bytes: Uint8Array, wrapped?: "gzip" | "zstd") {
  const file = join(folder, `archive-${Math.floor(performance.now() * 1000)}`);
  await writeFile(file, bytes);
  return indexArchive(file, wrapped === undefined ? {} : { wrapped });
}

const sample = () =>
  tarOf([
    { path: "./manifest.json", body: "[]" },
    { path: `${"long/".repeat(40)}ünïcode`, body: sampleText(5000) },
    { path: "folder/", type: "directory" },
    { path: "a/layer.tar", type: "symlink", target: "../b/layer.tar" },
    { path: "b/layer.tar", body: sampleText(10_000) },
  ]);

describe("the index of an archive", () => {
  test("tells the places that tar-stream reads", async () => {
    const tar = await sample();
    const expected: [string, Buffer][] = [];
    const reader = extract();
    reader.end(tar);
    for await (const entry of reader) {
      const parts: Uint8Array[] = [];
      for await (const chunk of entry) if (chunk instanceof Uint8Array) parts.push(chunk);
      if (entry.header.type === "file") expected.push([cleanPath(entry.header.name), Buffer.concat(parts)]);
    }
    const { entries, damage } = await index(tar);
    const files = [...entries].filter(([, entry]) => entry.type === "file");
    expect(files.map(([path, { offset, length }]) => [path, tar.subarray(offset, offset + length)])).toEqual(expected);
    expect(entries.get("a/layer.tar")).toMatchObject({
      type: "symbolic-link",
      target: "../b/layer.tar",
    });
    expect(damage).toBeUndefined();
  });

  test("is the same for an archive that is compressed, which also keeps small files", async () => {
    const tar = await sample();
    const plain = await index(tar);
    for (const [stored, wrapped] of [
      [gzipSync(tar), "gzip"],
      [storeAsZstd(tar), "zstd"],
    ] as const) {
      const { entries, kept } = await index(stored, wrapped);
      expect([...entries]).toEqual([...plain.entries]);
      expect(Buffer.from(kept.get("manifest.json") ?? []).toString()).toBe("[]");
    }
  });

  test("keeps what stands before damage", async () => {
    const bad = await index(
      Buffer.concat([rawEntry({ name: "a" }, "1"), rawEntry({ name: "b", checksum: 5 }), rawEntry({ name: "c" })]),
    );
    expect([[...bad.entries.keys()], bad.damage]).toEqual([
      ["a"],
      expect.stringContaining("after 1 entries") as unknown,
    ]);
    const huge = await index(Buffer.concat([rawHeader({ name: "x", type: "x", size: 2 ** 32 }), endOfTar]));
    expect(huge.damage).toBeDefined();
    const cut = await index((await sample()).subarray(0, 700));
    expect([...cut.entries.keys()]).toEqual(["manifest.json"]);
  });
});
