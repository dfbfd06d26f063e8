import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createRepository } from "../../../fixtures/git/workshop.ts";
import { packIndexBytes } from "../../../src/content/git/pack-index-bytes.ts";
import { readPackIndex } from "../../../src/content/git/pack-index.ts";
import { rebuildIndex } from "../../../src/content/git/pack-rebuild.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["sha1", 20],
  ["sha256", 32],
] as const)("an index of %s ids is the one that git writes", (format, idBytes) => {
  const shop = createRepository(join(folder, format), `--object-format=${format}`);
  const lines = Array.from({ length: 200 }, (_, i) => `line ${i}`);
  for (let version = 0; version < 12; version++) {
    lines[version * 10] = `changed ${version}`;
    shop.commit(`Version ${version}`, { "a.txt": lines.join("\n"), [`b/${version}.txt`]: `${version}` });
  }
  shop.git("repack", "-adfq");
  const packs = join(shop.path, ".git/objects/pack");
  const name = readdirSync(packs).find((file) => file.endsWith(".pack"))!;
  const pack = readFileSync(join(packs, name));
  const { index, fault } = rebuildIndex(join(packs, name), idBytes);
  expect(fault).toBeUndefined();
  const made = packIndexBytes(index, pack.subarray(pack.length - idBytes));
  expect(made.equals(readFileSync(join(packs, name.replace(/pack$/, "idx"))))).toBe(true);
});

test("offsets beyond 2 GiB come back", () => {
  const offsets = Float64Array.from([2 ** 31, 12, 5 * 2 ** 32 + 7, 2 ** 31 - 1]);
  const oids = Uint8Array.from({ length: 80 }, (_, i) => Math.floor(i / 20));
  const fanout = Uint32Array.from({ length: 256 }, (_, i) => Math.min(4, i + 1));
  const path = join(folder, "large.idx");
  writeFileSync(path, packIndexBytes({ count: 4, idBytes: 20, oids, offsets, fanout }, new Uint8Array(20)));
  const read = readPackIndex(path, 20, true);
  expect({ ...read, oids: Uint8Array.from(read.oids) }).toEqual({
    ...{ count: 4, idBytes: 20, oids, offsets, fanout },
    sums: new Uint32Array(4),
  });
});
