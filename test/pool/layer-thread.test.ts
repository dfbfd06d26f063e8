import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRing, RingReader, RingWriter } from "../../src/pool/layers/ring.ts";
import type { LayerUnit } from "../../src/model/unit.ts";
import { Pool } from "../../src/pool/index.ts";
import { probe, scratch } from "../cli/scan-program.ts";
import { sampleText } from "../content/streams.ts";
import { endOfTar, rawEntry, rawHeader } from "../content/tar-blocks.ts";
import { probes } from "../detect/rules-for-tests.ts";

const folder = scratch();
const dist = new URL("../../dist/", import.meta.url);
const kernel = new WebAssembly.Module(readFileSync(new URL("kernel.wasm", dist)));
const layerReader = new URL("layer-reader.js", dist);

function poolOf(reader?: URL): Pool {
  return new Pool({
    ...{ workers: 1, ruleset: probes, kernel, decodeDepth: 1, honourInlineAllow: true },
    entry: new URL("worker.js", dist),
    ...(reader === undefined ? {} : { layerReader: reader }),
  });
}

function unitOf(name: string, stored: Uint8Array, length = stored.length): LayerUnit {
  const file = join(folder, name);
  writeFileSync(file, stored);
  return { kind: "layer", target: "t", weight: 1, file, offset: 0, length, digest: "", diffId: "" };
}

/** Small files, one that is scanned in pieces, an empty one, one that comes twice, a long name, and a secret in each. */
const tar = Buffer.concat([
  ...Array.from({ length: 200 }, (_, i) =>
    rawEntry({ name: `etc/${i}.conf` }, `${sampleText(i * 97, i).toString()} ${probe(i)}`),
  ),
  rawEntry({ name: "big.txt" }, Buffer.concat([sampleText(6 << 20, 7), Buffer.from(`\n${probe("big")}`)])),
  rawEntry({ name: "empty" }, ""),
  rawEntry({ name: "twice" }, `${sampleText(5 * 97, 5).toString()} ${probe(5)}`),
  rawEntry({ name: "L", type: "L" }, `${"folder/".repeat(40)}end\0`),
  rawEntry({ name: "short" }, probe("long")),
  rawEntry({ name: ".wh.gone" }, ""),
  rawEntry({ name: `${probe("name")}.txt` }, "text"),
  rawHeader({ name: "link", type: "2", linkName: `/x?t=${probe("target")}` }),
  endOfTar,
]);
const stored = gzipSync(tar, { level: 1 });

describe("a large layer, read by a thread of its own", () => {
  test.each([
    ["whole", stored],
    ["plain", tar],
    ["cut off in the middle of a large file", stored.subarray(0, 3 << 20)],
    [
      "cut off in a small file",
      Buffer.concat([tar, rawEntry({ name: "last" }, `${probe("last")} ${"text\n".repeat(900)}`)]).subarray(0, -1000),
    ],
    ["damaged", Buffer.from(stored).fill(0x55, 2_500_000, 2_500_100)],
    ["that is no tar", gzipSync(Buffer.concat([sampleText(7 << 20), Buffer.from(`\n${probe("alone")}`)]))],
    ["of which bytes are missing", stored, stored.length + 100],
  ])("%s gives what its worker would give", async (name, bytes, length = bytes.length) => {
    expect(bytes.length).toBeGreaterThan(2 << 20);
    const unit = unitOf(name, bytes, length);
    await using alone = poolOf();
    await using beside = poolOf(layerReader);
    const [expected, result] = await Promise.all([alone.run(unit), beside.run(unit)]);
    expect(expected.hits.length).toBeGreaterThan(0);
    expect(result).toEqual(expected);
    // The thread serves for the next one as well.
    expect(await beside.run(unit)).toMatchObject({ problems: expected.problems, layer: expected.layer });
  });

  test("counts what is stored of it as done, and no more, whichever thread reads", async () => {
    const unit = { ...unitOf("progress", stored), weight: stored.length };
    for (const reader of [undefined, layerReader]) {
      await using pool = poolOf(reader);
      await pool.run(unit);
      expect(pool.progress()).toMatchObject({ planned: stored.length });
      expect(pool.progress().bytes).toBeGreaterThan(stored.length * 1.5);
      // What comes after it counts from there.
      await pool.run(unit);
      expect(pool.progress()).toMatchObject({ planned: 2 * stored.length });
    }
  });

  test.each([
    ["ends", "process.exit(3)"],
    ["throws", "throw new Error('planted')"],
  ])("costs that layer, and names it, where the thread %s", async (name, deed) => {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(
      path,
      `import { parentPort } from "node:worker_threads";
const on = parentPort.on.bind(parentPort);
parentPort.on = (event, listener) => on(event, (order) => { if (order.unit.file.endsWith("bad")) { ${deed} } listener(order); });
await import(${JSON.stringify(layerReader.href)});
`,
    );
    await using pool = poolOf(pathToFileURL(path));
    const bad = { ...unitOf("bad", stored), digest: `sha256:${"0".repeat(64)}` };
    const good = unitOf("good", stored);
    const results = await Promise.all([pool.run(good), pool.run(bad), pool.run(good)]);
    expect(
      results.map(({ problems, skipped }) => [problems.map(({ code, subject }) => [code, subject]), skipped]),
    ).toEqual([
      [[], {}],
      [[["worker-crashed", bad.digest]], { "worker-crashed": 1 }],
      [[], {}],
    ]);
    expect(results[2]!.layer).toEqual(results[0]!.layer);
  });

  test("that is not wanted any more is left, and named", async () => {
    await using pool = poolOf(layerReader);
    pool.cancel();
    const result = await pool.run(unitOf("cancelled", stored));
    expect(result.problems).toMatchObject([{ code: "interrupted", effect: "incomplete" }]);
    expect(result.hits).toEqual([]);
  });
});

test("what goes into a ring comes out in order, however it is cut and wherever the ring wraps", async () => {
  const ring = createRing();
  const [writer, reader] = [new RingWriter(ring), new RingReader(ring)];
  const bytes = sampleText(1 << 22, 3);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(1 << 22), fc.nat(1 << 22)), { minLength: 1, maxLength: 6 }),
      async (pieces) => {
        for (const [from, length] of pieces) {
          const piece = bytes.subarray(from, from + length);
          writer.write(piece);
          writer.flush();
          const parts: Buffer[] = [];
          await reader.take(
            piece.length,
            () => {},
            (part) => void parts.push(Buffer.from(part)),
          );
          expect(Buffer.concat(parts).equals(piece)).toBe(true);
        }
      },
    ),
    { numRuns: 30 },
  );
  // Much is told as it comes, for nobody would make room else.
  writer.write(bytes.subarray(0, 1 << 20));
  await reader.take(
    1 << 20,
    () => expect.unreachable(),
    () => {},
  );
  reader.stop();
  // A full ring would wait for ever.
  for (let i = 0; i < 4; i++) writer.write(bytes);
  expect(writer.isStopped).toBe(true);
});
