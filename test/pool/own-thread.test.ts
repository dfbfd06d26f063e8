import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import type { SourceContext } from "../../src/model/source.ts";
import type { FilesUnit, Unit, UnitResult } from "../../src/model/unit.ts";
import { Pool } from "../../src/pool/index.ts";
import { openGit } from "../../src/sources/git/index.ts";
import { probe, scratch } from "../cli/scan-program.ts";
import { probes } from "../detect/rules-for-tests.ts";

const folder = scratch();
const dist = new URL("../../dist/", import.meta.url);
const kernel = new WebAssembly.Module(readFileSync(new URL("kernel.wasm", dist)));
const worker = new URL("worker.js", dist);
/** Whatever is given to it fails. */
const noWorker = pathToFileURL(join(folder, "no-worker.mjs"));
writeFileSync(noWorker, "throw new Error('cannot start')");

function poolOf(entry: URL, expectsLittle = true): Pool {
  return new Pool({
    ...{ workers: 2, ruleset: probes, kernel, decodeDepth: 1, honourInlineAllow: true, entry },
    expectsLittle,
  });
}

function file(name: string, text: string, weight = text.length): FilesUnit {
  const path = join(folder, name);
  writeFileSync(path, text);
  return { kind: "files", target: "t", weight, paths: [path], names: [name] };
}

test("small files are scanned without another thread, one after the other", async () => {
  await using pool = poolOf(noWorker);
  const units = [1, 2, 3].map((i) => file(`small-${i}`, `${"text\n".repeat(i)}${probe(i)}`));
  const results = await Promise.all(units.map((unit) => pool.run(unit)));
  expect(results.map(({ hits }) => hits.map(({ place }) => place))).toEqual([["small-1"], ["small-2"], ["small-3"]]);
  expect(pool.progress()).toMatchObject({ contents: 3, bytes: units.reduce((sum, { weight }) => sum + weight, 0) });
});

test.each([
  ["more than a little", file("large", "text\n".repeat(60_000))],
  ["a file that grew since it was planned", file("grown", "text\n".repeat(60_000), 10)],
])("%s are for workers", async (_name, unit) => {
  await using broken = poolOf(noWorker);
  await expect(broken.run(unit)).rejects.toThrow(/cannot start/);
  await using pool = poolOf(worker);
  expect(await pool.run(unit)).toMatchObject({ skipped: {}, problems: [] });
});

test("a repository is scanned without another thread: packs, single objects, names in trees", async () => {
  const repository = join(folder, "repository");
  const git = (...args: string[]): string => execFileSync("git", ["-C", repository, ...args], { encoding: "utf8" });
  execFileSync("git", ["init", "-q", repository]);
  const commit = (name: string): void => {
    writeFileSync(join(repository, name), probe(name));
    git("add", ".");
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", name);
  };
  commit("packed");
  git("gc", "-q");
  commit("loose");
  await using pool = poolOf(noWorker);
  const kinds = new Set<string>();
  const run = async (unit: Unit): Promise<UnitResult> => {
    kinds.add(unit.kind);
    return pool.run(unit);
  };
  const context: SourceContext = {
    signal: new AbortController().signal,
    claim: () => true,
    claimAt: () => true,
  };
  await using source = await openGit(repository, context, { worktree: false, folder: repository });
  const contents: string[] = [];
  for await (const item of source.units()) {
    if ("code" in item || item.kind === "known") continue;
    const result = await run(item.unit);
    source.done(item.unit, result);
    contents.push(...result.hits.map(({ content }) => content));
  }
  const located = await source.locate(new Set(contents), run);
  const paths = located.sightings.map(({ origin }) => (origin.kind === "git" ? origin.path : ""));
  expect(paths.toSorted()).toEqual(["loose", "packed"]);
  expect([...kinds].toSorted()).toEqual(["files", "graph", "inline", "loose", "pack"]);
});

test("what expands to more than it says is left to a worker", async () => {
  await using pool = poolOf(noWorker);
  const id = "1".repeat(40);
  mkdirSync(join(folder, "objects/11"), { recursive: true });
  const large = Buffer.from(`blob 8000000\0${"text\n".repeat(1_600_000)}`);
  writeFileSync(join(folder, "objects/11", id.slice(2)), deflateSync(large));
  const unit = {
    kind: "loose",
    target: "t",
    weight: 10,
    objects: join(folder, "objects"),
    folders: [],
    oids: [id],
  } as const;
  await expect(pool.run(unit)).rejects.toThrow(/cannot start/);
});

test("all units together are for workers once they are more than a little", async () => {
  await using pool = poolOf(noWorker);
  const unit = file("part", "text\n".repeat(12_000));
  for (let i = 0; i < 4; i++) expect((await pool.run(unit)).scanned).toBe(1);
  await expect(pool.run(unit)).rejects.toThrow(/cannot start/);
});

test("what fails in this thread is done again by a worker, from the beginning", async () => {
  const { Instance } = WebAssembly;
  await using pool = poolOf(worker);
  const unit = file("fault", probe("fault"));
  try {
    WebAssembly.Instance = function () {
      throw new Error("planted");
    } as unknown as typeof Instance;
    expect(await pool.run(unit)).toMatchObject({ scanned: 1, hits: [{ place: "fault" }], problems: [] });
  } finally {
    WebAssembly.Instance = Instance;
  }
  expect(await pool.run(unit)).toMatchObject({ scanned: 1 });
});
