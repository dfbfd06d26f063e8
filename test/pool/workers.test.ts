import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { createRepository, versionsOf } from "../../fixtures/git/workshop.ts";
import { openObjectStore } from "../../src/content/git/object-store.ts";
import type { LayerUnit, UnitResult } from "../../src/model/unit.ts";
import { Pool } from "../../src/pool/index.ts";
import { planLoose, planPack } from "../../src/sources/git/plan.ts";
import { createRandom } from "../../src/rules/random.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { leaktrace, probe, probeRules, scratch } from "../cli/scan-program.ts";
import { probes } from "../detect/rules-for-tests.ts";
import { layerUnit } from "../layer-unit.ts";

const folder = scratch();
const rules = probeRules(folder);
const dist = new URL("../../dist/", import.meta.url);
const kernel = new WebAssembly.Module(readFileSync(new URL("kernel.wasm", dist)));

describe("any number of workers", () => {
  test(
    "gives the same report, byte for byte, of a repository, an image and a folder",
    { timeout: 60_000 },
    async () => {
      const shop = createRepository(join(folder, "mixed/repo"));
      for (const [i, text] of versionsOf("lines", 30).entries()) {
        shop.commit(`Version ${i} ${i % 9 === 0 ? probe(`message ${i}`) : ""}`, {
          "a.txt": `${text}${i % 3 === 0 ? probe(`a ${i}`) : ""}\n`,
          [`d${i % 4}/b.txt`]: `${probe(`b ${i}`)}\n`,
        });
      }
      shop.git("repack", "-qad");
      shop.commit("Loose", { "loose.txt": probe("a 3") });
      const image = join(folder, "mixed/image.tar");
      const layers = Array.from({ length: 4 }, (_, i) => ({
        files: {
          [`etc/${i}.conf`]: `x = ${probe(`layer ${i}`)}`,
          "shared.txt": probe("a 6"),
          "allowed.txt": `${probe("allowed")} gitleaks:allow`,
        },
      }));
      await buildImage(
        { tag: "mixed:1", layers, env: [`TOKEN=${probe("env")}`] },
        { path: image, format: "docker-hybrid" },
      );
      const files = join(folder, "mixed/files");
      mkdirSync(files);
      for (let i = 0; i < 300; i++)
        writeFileSync(join(files, `${i}.txt`), `${"text\n".repeat(i)}${probe(`file ${i % 50}`)}\n`);

      const reports = [1, 2, 3, 7].map((workers) => {
        const ran = leaktrace([
          "scan",
          shop.path,
          image,
          files,
          "-c",
          rules,
          "-f",
          "jsonl",
          "-r",
          "-",
          "--workers",
          String(workers),
        ]);
        expect({ code: ran.code, stderr: ran.stderr }).toEqual({
          code: 1,
          stderr: expect.stringMatching(/^leaktrace: \d+ secrets in \d+ contents [^;\n]*\n/),
        });
        return ran.stdout;
      });
      expect(reports[0]!.split("\n").length).toBeGreaterThan(90);
      for (const report of reports.slice(1)) expect(report).toBe(reports[0]);
    },
  );
});

describe("a worker", () => {
  const marker = "this content ends its worker";

  /** The built worker, whose kernel does `deed` when it is given a text with the marker: a fault at the very content, and no door for it in the product. */
  function faultyWorker(deed: string): URL {
    const path = join(folder, `worker-${createRandom(deed).integer(1e9)}.mjs`);
    writeFileSync(
      path,
      `const Plain = WebAssembly.Instance;
WebAssembly.Instance = function (module, imports) {
  const { exports } = new Plain(module, imports);
  const guarded = (scan, textAt) => (...args) => {
    const text = Buffer.from(exports.memory.buffer, args[textAt], args[textAt + 1]);
    if (text.includes(${JSON.stringify(marker)})) { ${deed} }
    return scan(...args);
  };
  return { exports: { ...exports, scan: guarded(exports.scan, 5), scanFour: guarded(exports.scanFour, 5) } };
};
await import(${JSON.stringify(new URL("worker.js", dist).href)});
`,
    );
    return pathToFileURL(path);
  }

  function poolOf(entry: URL, workers = 2, stallMs?: number, archiveDepth = 0): Pool {
    return new Pool({
      ...{ workers, archiveDepth },
      ruleset: probes,
      kernel,
      decodeDepth: 1,
      honourInlineAllow: true,
      entry,
      ...(stallMs === undefined ? {} : { stallMs }),
    });
  }

  const contents = (names: readonly string[]) =>
    names.map((name) => ({
      place: name,
      bytes: Buffer.from(name.startsWith("bad") ? `${marker} ${name}` : `token: ${probe(name)}`),
    }));
  const inline = (names: readonly string[]) =>
    ({ kind: "inline", target: "t", weight: 100, contents: contents(names) }) as const;

  function summary(results: readonly UnitResult[]): {
    found: string[];
    lost: string[];
    scanned: number;
    skipped: unknown;
  } {
    return {
      found: results.flatMap(({ hits }) => hits.map(({ place }) => place)).sort(),
      lost: results
        .flatMap(({ problems }) => problems.map(({ code, effect, subject }) => `${code} ${effect} ${subject}`))
        .sort(),
      scanned: results.reduce((sum, { scanned }) => sum + scanned, 0),
      skipped: results.map(({ skipped }) => skipped).filter((counts) => Object.keys(counts).length > 0),
    };
  }

  describe("that reads a layer with archives", () => {
    const archive = (name: string, size: number): Buffer =>
      gzipSync(
        Buffer.concat([
          Buffer.from(`${name.startsWith("bad") ? marker : "token:"} ${probe(name)}\n`),
          randomBytes(size),
        ]),
      );
    const layerOf = (names: readonly string[], size = 1 << 20): LayerUnit => {
      const file = join(folder, `archives-${names.length}.tar`);
      const files = names.map((name) => rawEntry({ name }, archive(name, size)));
      writeFileSync(file, Buffer.concat([...files, endOfTar]));
      return layerUnit(file);
    };
    /** The built worker, or a faulty one, that tells in a file when it gives something to another. */
    const telling = (worker: URL, told: string): URL => {
      const path = join(folder, `telling-${createRandom(told).integer(1e9)}.mjs`);
      writeFileSync(
        path,
        `import { appendFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
const post = parentPort.postMessage.bind(parentPort);
parentPort.postMessage = (message) => {
  if (message.kind === "give") appendFileSync(${JSON.stringify(told)}, "given\\n");
  post(message);
};
await import(${JSON.stringify(worker.href)});
`,
      );
      return pathToFileURL(path);
    };
    const byPlace = ({ hits, ...rest }: UnitResult): unknown => ({
      ...{ ...rest, proved: undefined, hits: hits.toSorted((a, b) => a.entry! - b.entry!) },
    });

    test("gives them to one that has nothing to do, and the result is the same", async () => {
      const unit = layerOf(Array.from({ length: 12 }, (_, i) => `${i}.gz`));
      const told = join(folder, "given");
      await using alone = poolOf(new URL("worker.js", dist), 1, undefined, 4);
      await using together = poolOf(telling(new URL("worker.js", dist), told), 3, undefined, 4);
      const [expected, result] = [await alone.run(unit), await together.run(unit)];
      expect(expected.hits.length).toBe(12);
      expect(byPlace(result)).toEqual(byPlace(expected));
      expect(readFileSync(told, "utf8")).toContain("given");
    });

    test("gives small ones together, and so that none is lost or told twice", async () => {
      const unit = layerOf(
        Array.from({ length: 200 }, (_, i) => `${i}.gz`),
        30_000,
      );
      const told = join(folder, "given-small");
      await using alone = poolOf(new URL("worker.js", dist), 1, undefined, 4);
      await using together = poolOf(telling(new URL("worker.js", dist), told), 3, undefined, 4);
      const [expected, result] = [await alone.run(unit), await together.run(unit)];
      expect(expected.hits.length).toBe(200);
      expect(byPlace(result)).toEqual(byPlace(expected));
      // A message for each would cost more than most of them.
      expect(readFileSync(told, "utf8").split("\n").length).toBeLessThan(60);
    });

    test("and dies over a small one costs that one, whoever had it", { timeout: 60_000 }, async () => {
      const names = Array.from({ length: 160 }, (_, i) => (i === 40 || i === 150 ? `bad-${i}.gz` : `${i}.gz`));
      const told = join(folder, "given-small-bad");
      await using pool = poolOf(telling(faultyWorker("process.exit(5)"), told), 2, undefined, 4);
      const { found, ...rest } = summary([await pool.run(layerOf(names, 30_000))]);
      expect(found.length).toBe(158);
      expect(rest).toEqual({
        lost: ["worker-crashed incomplete bad-150.gz", "worker-crashed incomplete bad-40.gz"],
        scanned: 158,
        skipped: [{ "worker-crashed": 2 }],
      });
      expect(readFileSync(told, "utf8")).toContain("given");
    });

    test("and dies over one of them costs that one, whoever had it", { timeout: 60_000 }, async () => {
      const unit = layerOf(["0.gz", "bad-1.gz", "2.gz", "bad-2.gz", "4.gz"]);
      const told = join(folder, "given-bad");
      await using pool = poolOf(telling(faultyWorker("process.exit(5)"), told), 2, undefined, 4);
      expect(summary([await pool.run(unit)])).toEqual({
        found: ["0.gz", "2.gz", "4.gz"],
        lost: ["worker-crashed incomplete bad-1.gz", "worker-crashed incomplete bad-2.gz"],
        scanned: 3,
        skipped: [{ "worker-crashed": 2 }],
      });
      expect(readFileSync(told, "utf8")).toContain("given");
    });
  });

  test.each([
    ["that ends its thread", "process.exit(7)"],
    ["that throws", "throw new Error('planted')"],
  ])("%s costs one content, and names it", { timeout: 60_000 }, async (_name, deed) => {
    const pool = poolOf(faultyWorker(deed));
    const results = await Promise.all([
      pool.run(inline(["a", "bad-1", "b"])),
      pool.run(inline(["c", "d"])),
      pool.run(inline(["bad-2"])),
      pool.run(inline(["e", "f"])),
    ]);
    await pool[Symbol.asyncDispose]();
    expect(summary(results)).toEqual({
      found: ["a", "b", "c", "d", "e", "f"],
      lost: ["worker-crashed incomplete bad-1", "worker-crashed incomplete bad-2"],
      scanned: 6,
      skipped: [{ "worker-crashed": 1 }, { "worker-crashed": 1 }],
    });
  });

  test("that makes no progress is ended, and costs one content", { timeout: 30_000 }, async () => {
    const pool = poolOf(faultyWorker("for (;;);"), 2, 300);
    const results = await Promise.all([pool.run(inline(["a", "bad", "b"])), pool.run(inline(["c"]))]);
    await pool[Symbol.asyncDispose]();
    expect(summary(results)).toMatchObject({ found: ["a", "b", "c"], lost: ["worker-crashed incomplete bad"] });
  });

  test("that dies over each content of a unit costs the unit, soon, and says so", { timeout: 60_000 }, async () => {
    const pool = poolOf(faultyWorker("process.exit(9)"), 1);
    const bad = Array.from({ length: 500 }, (_, i) => `bad-${i}`);
    const results = await Promise.all([pool.run(inline(["a", ...bad])), pool.run(inline(["b"]))]);
    await pool[Symbol.asyncDispose]();
    expect(results[0]).toMatchObject({ abandoned: true, problems: [{ code: "worker-crashed", effect: "incomplete" }] });
    expect(summary(results)).toMatchObject({ found: ["b"], lost: ["worker-crashed incomplete t"] });
  });

  test(
    "that dies over an object of a pack costs that object; those built on it are scanned",
    { timeout: 30_000 },
    async () => {
      const shop = createRepository(join(folder, "crash"));
      const texts = versionsOf("lines", 12);
      texts.forEach((text, i) => shop.commit(`Version ${i}`, { "a.txt": `${text}${i === 6 ? marker : probe(i)}\n` }));
      shop.git("repack", "-qadf");
      const store = openObjectStore(join(shop.path, ".git/objects"));
      const units = [...planPack("t", store.packs[0]!, (entry) => store.packs[0]!.types[entry] === 3)];
      const pool = poolOf(faultyWorker("process.exit(1)"), 1);
      const results = await Promise.all(units.map((unit) => pool.run(unit)));
      await pool[Symbol.asyncDispose]();
      const lost = shop.git("rev-parse", "HEAD~5:a.txt");
      const { found, ...rest } = summary(results);
      expect(rest).toEqual({
        lost: [`worker-crashed incomplete ${lost}`],
        scanned: 11,
        skipped: [{ "worker-crashed": 1 }],
      });
      expect(found.length).toBe(11);
    },
  );

  test("that cannot start at all ends the run with a reason", async () => {
    const path = join(folder, "no-worker.mjs");
    writeFileSync(path, "throw new Error('cannot start')");
    const pool = poolOf(pathToFileURL(path));
    await expect(pool.run(inline(["a"]))).rejects.toThrow(/worker thread cannot work: cannot start/);
    await expect(pool.run(inline(["b"]))).rejects.toThrow(/cannot start/);
    await pool.ready();
    await pool[Symbol.asyncDispose]();
  });

  test("whose pack is repacked away meanwhile names it, with what was lost", async () => {
    const shop = createRepository(join(folder, "gone"));
    shop.commit("One", { "a.txt": probe(1) });
    shop.git("repack", "-qad");
    const objects = join(folder, "gone-objects");
    cpSync(join(shop.path, ".git/objects"), objects, { recursive: true });
    const store = openObjectStore(objects);
    const [unit] = planPack("t", store.packs[0]!, () => true);
    rmSync(store.packs[0]!.pack);
    const pool = poolOf(new URL("worker.js", dist), 1);
    const results = await Promise.all([pool.run(unit!), pool.run(inline(["a"]))]);
    await pool[Symbol.asyncDispose]();
    expect(summary(results)).toEqual({
      found: ["a"],
      lost: [`unreadable incomplete ${store.packs[0]!.pack}`],
      scanned: 1,
      skipped: [{ unreadable: 3 }],
    });
  });

  test("that is told to stop leaves the rest, and its units resolve", async () => {
    const shop = createRepository(join(folder, "cancelled"));
    shop.commit("Many", Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, `${i}\n`])));
    const store = openObjectStore(join(shop.path, ".git/objects"));
    expect(readdirSync(join(shop.path, ".git/objects/pack"))).toEqual([]);
    const pool = poolOf(new URL("worker.js", dist), 1);
    pool.cancel();
    const results = await Promise.all(planLoose("t", store, () => true).map((unit) => pool.run(unit)));
    await pool[Symbol.asyncDispose]();
    expect(summary(results)).toMatchObject({ found: [], lost: [], scanned: 0 });
  });
});

test("no more is taken on than the workers have hands for", async () => {
  const pool = new Pool({
    workers: 2,
    ruleset: probes,
    kernel,
    decodeDepth: 1,
    honourInlineAllow: true,
    entry: new URL("worker.js", dist),
  });
  afterAll(() => pool[Symbol.asyncDispose]());
  let under = 0;
  let most = 0;
  const runs: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i++) {
    await pool.ready();
    most = Math.max(most, ++under);
    runs.push(
      pool
        .run({ kind: "inline", target: "t", weight: 1, contents: [{ place: `${i}`, bytes: Buffer.from(probe(i)) }] })
        .then(() => under--),
    );
  }
  await Promise.all(runs);
  expect(most).toBeLessThanOrEqual(5);
  // Layers stream: however large one is, there is room beside it.
  const file = join(folder, "no-layer");
  const layer = pool.run({
    kind: "layer",
    target: "t",
    weight: 2 ** 40,
    file,
    offset: 0,
    length: 1,
    digest: "",
    diffId: "",
  });
  let hasRoom = false;
  void pool.ready().then(() => (hasRoom = true));
  await Promise.resolve();
  expect(hasRoom).toBe(true);
  await layer;
  // One unit heavier than everything that may be under way is taken alone.
  const heavy = pool.run({ kind: "inline", target: "t", weight: 2 ** 40, contents: [] });
  let isReady = false;
  const ready = pool.ready().then(() => (isReady = true));
  await Promise.resolve();
  expect(isReady).toBe(false);
  await heavy;
  await ready;
});

test("no second worker is started for what a first one has done sooner", async () => {
  const started = new Set<number>();
  const entry = new URL("worker.js", dist);
  const count = (worker: { threadId: number }): unknown => started.add(worker.threadId);
  process.on("worker", count);
  afterAll(() => void process.off("worker", count));
  const pool = new Pool({
    ...{ workers: 2, ruleset: probes, kernel, decodeDepth: 1, honourInlineAllow: true, entry },
  });
  afterAll(() => pool[Symbol.asyncDispose]());
  const unit = (weight: number) =>
    ({ kind: "inline", target: "t", weight, contents: [{ place: "p", bytes: Buffer.from(probe(1)) }] }) as const;
  await Promise.all([pool.run(unit(100)), pool.run(unit(1 << 30))]);
  expect(started.size).toBe(1);
  await Promise.all([pool.run(unit(1 << 30)), pool.run(unit(1 << 30))]);
  expect(started.size).toBe(2);
});
