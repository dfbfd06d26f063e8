import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, realpathSync, statSync, symlinkSync } from "node:fs";
import esbuild from "esbuild";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cacheFolder, keyOf, Store } from "../../src/store/index.ts";
import { seal, unseal } from "../../src/store/seal.ts";
import { scratch } from "../cli/scan-program.ts";

const folder = scratch();
let places = 0;

async function open(place = join(folder, `store-${places++}`), maxBytes?: number): Promise<Store> {
  const store = await Store.open(place, maxBytes === undefined ? {} : { maxBytes });
  if (typeof store === "string") throw new Error(store);
  return store;
}

const scope = keyOf("scope");
const entry = (name: string, value: Uint8Array) =>
  ({ kind: "segment", scope, name: Buffer.from(name), value }) as const;
const names = (store: Store): string[] => store.read("segment", scope).map(({ name }) => Buffer.from(name).toString());

describe("the folder", () => {
  const env = { XDG_CACHE_HOME: "/x", LOCALAPPDATA: "C:\\l", LEAKTRACE_CACHE_DIR: "/e" };
  test.each([
    ["what was asked for", { asked: "/a", env, platform: "linux" as const }, "/a"],
    ["the environment's", { env, platform: "linux" as const }, "/e"],
    ["XDG's", { env: { XDG_CACHE_HOME: "/x" }, platform: "linux" as const }, "/x/leaktrace"],
  ])("is %s", (_name, options, path) => {
    expect(cacheFolder(options)).toBe(path);
  });

  test("is the system's where nothing is said; a relative XDG_CACHE_HOME says nothing", () => {
    const home = cacheFolder({ env: {}, platform: "linux" });
    expect(home.endsWith("/.cache/leaktrace")).toBe(true);
    expect(cacheFolder({ env: { XDG_CACHE_HOME: "x" }, platform: "linux" })).toBe(home);
    expect(cacheFolder({ env: {}, platform: "darwin" }).endsWith("/Library/Caches/leaktrace")).toBe(true);
    expect(cacheFolder({ env: { LOCALAPPDATA: "C:\\l" }, platform: "win32" })).toContain("C:\\l");
  });
});

describe("a store", () => {
  test("where no folder can be made is none, and nobody waits for it", async () => {
    expect(await Store.open("/proc/leaktrace-test/deep/er")).toMatch(/^\/proc\/leaktrace-test\/deep\/er: E[A-Z]+$/);
    expect(await Store.open("/dev/null/cache")).toBe("/dev/null/cache: ENOTDIR");
  });

  test("gives back what was written, by kind and scope, also to others", async () => {
    const place = join(folder, "shared");
    using one = await open(place);
    using other = await open(place);
    one.write([entry("a", Buffer.from("1")), entry("b", Buffer.alloc(100_000, 7))]);
    other.write([entry("c", new Uint8Array())]);
    expect(names(one)).toEqual(["a", "b", "c"]);
    expect(other.read("segment", scope)[1]!.value.length).toBe(100_000);
    expect(one.read("snapshot", scope)).toEqual([]);
    expect(one.read("segment", keyOf("other"))).toEqual([]);
    other.write([entry("a", Buffer.from("2"))], [{ kind: "segment", scope, name: Buffer.from("b") }]);
    expect(names(one).sort()).toEqual(["a", "c"]);
  });

  test("forgets what was not used for longest when it grows beyond its bound", async () => {
    using store = await open(undefined, 10_000);
    for (let i = 0; i < 12; i++) store.write([entry(`${i}`, Buffer.alloc(1_500, i))]);
    const kept = names(store);
    expect(store.facts().bytes).toBeLessThanOrEqual(10_000);
    expect(kept.at(-1)).toBe("11");
    expect(kept).not.toContain("0");
    expect(kept.length).toBeGreaterThan(3);
  });

  test("gives its room back", async () => {
    const place = join(folder, "room");
    using store = await open(place);
    store.write([entry("large", Buffer.alloc(8_000_000, 1))]);
    store.clear();
    const bytes = readdirSync(place).reduce((sum, name) => sum + statSync(join(place, name)).size, 0);
    expect(bytes).toBeLessThan(200_000);
    expect(names(store)).toEqual([]);
  });

  test("is not made where it would not be its owner's", async () => {
    if (process.getuid === undefined) return;
    const place = join(folder, "open");
    mkdirSync(place);
    chmodSync(place, 0o770);
    expect(await Store.open(place)).toContain("others can write to it");
    expect(await Store.open("/dev/null/x")).toBe("/dev/null/x: ENOTDIR");
  });

  test("that another process is writing to is waited for, then passed over", async () => {
    const place = join(folder, "locked");
    using store = await open(place);
    store.write([entry("a", Buffer.from("1"))]);
    // A process that takes the lock, says so, and is killed: its lock dies with it.
    const script = `const D = require("better-sqlite3"); const d = new D(process.argv[1]); d.exec("BEGIN IMMEDIATE"); d.exec("DELETE FROM entry"); process.kill(process.pid, "SIGKILL");`;
    const { signal } = spawnSync(process.execPath, ["-e", script, store.path], {
      cwd: join(import.meta.dirname, "../.."),
    });
    expect(signal).toBe("SIGKILL");
    expect(names(store)).toEqual(["a"]);
    store.write([entry("b", Buffer.from("2"))]);
    expect(names(store)).toEqual(["a", "b"]);
  });
});

test("a process that is killed while it writes leaves all of a change or nothing", async () => {
  const place = join(folder, "killed");
  mkdirSync(place);
  symlinkSync(realpathSync(join(import.meta.dirname, "../../node_modules")), join(place, "node_modules"));
  const writer = join(place, "writer.mjs");
  await esbuild.build({
    stdin: { contents: writerSource, resolveDir: join(import.meta.dirname, "../../src/store") },
    ...{
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["better-sqlite3"],
      outfile: writer,
      logLevel: "error",
    },
  });
  const cache = join(place, "cache");
  let written = 0;
  for (let round = 0; round < 10; round++) {
    const child = spawn(process.execPath, [writer, cache, `${round}`], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    // It says when it has begun; from then on every moment is one in a transaction or between two.
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, round * 7));
    child.kill("SIGKILL");
    await ended;
    using store = await open(cache);
    const values = store
      .read("segment", scope)
      .map(({ name, value }) => `${Buffer.from(name).toString()[0]} ${Buffer.from(value).readUInt32LE(0)}`);
    const [a = [], b = []] = ["a", "b"].map((side) =>
      values.filter((value) => value.startsWith(side)).map((value) => value.slice(2)),
    );
    expect(a.sort()).toEqual(b.sort());
    written = Math.max(written, a.length);
  }
  expect(written).toBeGreaterThan(10);
});

const writerSource = `
  import { keyOf, Store } from "./index.ts";
  const [folder, round] = process.argv.slice(2);
  const store = await Store.open(folder);
  const scope = keyOf("scope");
  for (let i = 0; ; i++) {
    const value = Buffer.alloc(20_000, i);
    value.writeUInt32LE(Number(round) * 1_000_000 + i);
    const names = ["a", "b"].map((side) => Buffer.from(side + " " + round + " " + (i % 50)));
    store.write(names.map((name) => ({ kind: "segment", scope, name, value })));
    if (i === 0) process.stdout.write("begun");
  }
`;

test("what is sealed opens with its key alone, and whole", () => {
  const sealed = seal(keyOf("k"), Buffer.from("a path and a message"));
  expect(sealed.includes("path")).toBe(false);
  expect(unseal(keyOf("k"), sealed)?.toString()).toBe("a path and a message");
  expect(unseal(keyOf("other"), sealed)).toBeUndefined();
  expect(unseal(keyOf("k"), sealed.subarray(1))).toBeUndefined();
  expect(unseal(keyOf("k"), Buffer.alloc(3))).toBeUndefined();
  sealed[20]! ^= 1;
  expect(unseal(keyOf("k"), sealed)).toBeUndefined();
});
