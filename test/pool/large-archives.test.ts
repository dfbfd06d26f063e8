import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Pool } from "../../src/pool/index.ts";
import { probe, scratch } from "../cli/scan-program.ts";
import { sampleText } from "../content/streams.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { probes } from "../detect/rules-for-tests.ts";
import { layerUnit } from "../layer-unit.ts";

const folder = scratch();
const dist = new URL("../../dist/", import.meta.url);

test(
  "an archive that is too large to be held is read while it goes by, as one of a folder is",
  { timeout: 60_000 },
  async () => {
    const encoded = (word: string): string => Buffer.from(`token: ${probe(word)}\n`.repeat(3)).toString("base64");
    const text = (mebibytes: number, seed: number): Buffer => {
      const lines = Array.from({ length: 8 }, (_, i) => [
        sampleText(mebibytes << 17, seed + i),
        `\n${encoded(`${seed} ${i}`)}\n`,
      ]);
      return Buffer.concat(lines.flat().map((part) => Buffer.from(part)));
    };
    const inner = Buffer.concat([
      rawEntry({ name: "first.txt" }, text(2, 1)),
      rawEntry({ name: "zeros" }, Buffer.alloc(255 << 20)),
      rawEntry({ name: "packed.gz" }, gzipSync(text(2, 20), { level: 1 })),
      rawEntry({ name: "last.txt" }, `${probe("last")} ${encoded("last, encoded")}`),
      endOfTar,
    ]);
    const layer = Buffer.concat([
      rawEntry({ name: "noise" }, randomBytes(3 << 20)),
      rawEntry({ name: "backup.tar" }, inner),
      rawEntry({ name: "after" }, probe("after")),
      endOfTar,
    ]);
    const path = join(folder, "backup.tar");
    writeFileSync(path, inner);
    await using pool = new Pool({
      ...{ workers: 1, ruleset: probes, decodeDepth: 1, archiveDepth: 4, honourInlineAllow: true },
      kernel: new WebAssembly.Module(readFileSync(new URL("kernel.wasm", dist))),
      entry: new URL("worker.js", dist),
      layerReader: new URL("layer-reader.js", dist),
    });
    const file = join(folder, "layer.tar.gz");
    const stored = gzipSync(layer, { level: 1 });
    writeFileSync(file, stored);
    const unit = layerUnit(file);
    expect(unit.length).toBeGreaterThan(2 << 20);
    const ofLayer = await pool.run(unit);
    const ofFile = await pool.run({ kind: "files", target: "t", weight: 1, paths: [path], names: ["backup.tar"] });
    expect(ofLayer.problems).toEqual([]);
    expect(ofLayer.hits.map(({ place }) => place)).toEqual(["backup.tar", "after"]);
    expect(ofLayer.hits[0]!.detections).toEqual(ofFile.hits[0]!.detections);
    expect(ofLayer.hits[0]!.content).toBe(ofFile.hits[0]!.content);
    expect(ofFile.hits[0]!.detections.map(({ member }) => member)).toContain("packed.gz");
  },
);
