import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { leaktrace, probe, probeRules, program, scratch, type Ran } from "../cli/scan-program.ts";
import { largeRepository, noise } from "./repository.ts";
import { openWorkshop, type Workshop } from "../../fixtures/git/workshop.ts";

const folder = scratch();
const rules = probeRules(folder);
const original = join(folder, "original");
let places = 0;

beforeAll(() => {
  const shop = largeRepository(original);
  shop.git("gc", "-q");
});

/** A copy of the repository and an empty cache. */
function fresh(): { repository: string; cache: string; shop: Workshop } {
  const place = join(folder, `place-${places++}`);
  cpSync(original, join(place, "repo"), { recursive: true });
  return { repository: join(place, "repo"), cache: join(place, "cache"), shop: openWorkshop(join(place, "repo")) };
}

function scan(repository: string, cache: string, ...more: readonly string[]): Ran {
  return leaktrace(["git", repository, "-f", "jsonl", "--cache-dir", cache, "-c", rules, ...more]);
}

/** How many contents were not scanned, as the program says. */
function known({ stderr }: Ran): number {
  return Number(/([\d,]+) of these contents are known/.exec(stderr)?.[1]?.replaceAll(",", "") ?? 0);
}

/** A scan with the cache says what a scan without one says. Gives how many contents were known. */
function same(repository: string, cache: string, ...more: readonly string[]): number {
  const cached = scan(repository, cache, ...more);
  const plain = scan(repository, cache, "--no-cache", ...more);
  expect(known(plain)).toBe(0);
  expect({ code: cached.code, report: cached.stdout }).toEqual({ code: plain.code, report: plain.stdout });
  return known(cached);
}

describe("the second scan", () => {
  test("says the same, and reads the contents with secrets alone", () => {
    const { repository, cache } = fresh();
    expect(same(repository, cache)).toBe(0);
    const all = JSON.parse(scan(repository, cache).stdout.trim().split("\n").at(-1)!) as {
      ledger: { scanned: number };
    };
    // Thirteen versions of one file, a message, and a file of a branch that is gone.
    expect(same(repository, cache)).toBe(all.ledger.scanned - 15);
    expect(same(repository, cache, "--workers", "1")).toBe(all.ledger.scanned - 15);
  });

  test("scans what is new, however objects are packed by then", () => {
    const { repository, cache, shop } = fresh();
    same(repository, cache);
    shop.commit("New", { "new.txt": `${probe("new")}\n`, "other.txt": "nothing\n" });
    const some = same(repository, cache);
    expect(some).toBeGreaterThan(20);
    shop.git("repack", "-adfq");
    expect(same(repository, cache)).toBeGreaterThan(20);
    expect(same(repository, cache)).toBeGreaterThan(some);
    shop.git("branch", "moved", "HEAD~3");
    expect(same(repository, cache)).toBeGreaterThan(some);
  });

  test("follows a repository that was moved", () => {
    const { repository, cache } = fresh();
    same(repository, cache);
    renameSync(repository, `${repository}-moved`);
    expect(same(`${repository}-moved`, cache)).toBeGreaterThan(20);
  });

  test("takes nothing over from another folder, where ids can be false", () => {
    const victim = fresh();
    const secret = victim.shop.git("rev-parse", "HEAD:a.txt");
    const hostile = fresh();
    // A loose object under the id of the other repository's file, with other bytes: git would refuse it, an index can be written that says the same.
    hostile.shop.git("rm", "-q", "--cached", "a.txt");
    const clean = hostile.shop.feed(Buffer.from("harmless\n"), "hash-object", "-w", "--stdin").toString().trim();
    const loose = (id: string): string => join(hostile.repository, ".git/objects", id.slice(0, 2), id.slice(2));
    rmSync(join(hostile.repository, ".git/objects/pack"), { recursive: true });
    mkdirSync(join(hostile.repository, ".git/objects", secret.slice(0, 2)), { recursive: true });
    cpSync(loose(clean), loose(secret));
    writeFileSync(join(hostile.repository, "big"), noise("hostile", 5_000_000));
    hostile.shop.git("hash-object", "-w", "big");
    scan(hostile.repository, victim.cache);
    const { stdout } = scan(victim.repository, victim.cache);
    expect(stdout).toContain(secret);
    expect(stdout).toBe(scan(victim.repository, victim.cache, "--no-cache").stdout);
  });

  test("of several targets counts each content once", () => {
    const { repository, cache } = fresh();
    const other = fresh();
    other.shop.commit("Other", { "other.txt": `${probe("other")}\n` });
    const both = (...more: readonly string[]): Ran =>
      leaktrace(["scan", repository, other.repository, "-f", "jsonl", "--cache-dir", cache, "-c", rules, ...more]);
    const plain = both("--no-cache");
    const cold = both();
    const warm = both();
    expect(cold.stdout).toBe(plain.stdout);
    expect(warm.stdout).toBe(plain.stdout);
    expect(known(warm)).toBeGreaterThan(20);
  });

  test("leaves small targets alone", () => {
    const { cache } = fresh();
    const small = join(folder, "small");
    mkdirSync(small, { recursive: true });
    writeFileSync(join(small, "a.txt"), probe("small"));
    leaktrace(["dir", small, "--cache-dir", cache, "-c", rules]);
    expect(() => statSync(cache)).toThrow();
  });
});

describe("folders", () => {
  test("that have not changed are known, and any change is seen", () => {
    const { cache } = fresh();
    const place = join(folder, "files");
    mkdirSync(join(place, "sub"), { recursive: true });
    writeFileSync(join(place, "noise.bin"), noise("files", 5_000_000));
    writeFileSync(join(place, "sub/a.txt"), `${probe("x")}\n`);
    const dir = (...more: readonly string[]): Ran =>
      leaktrace(["dir", place, "-f", "jsonl", "--cache-dir", cache, "-c", rules, ...more]);
    const cold = dir();
    const warm = dir();
    expect(known(warm)).toBe(1);
    expect(warm.stdout).toBe(cold.stdout);
    // The same size and the same times, as far as a program can set them.
    const { atime, mtime } = statSync(join(place, "noise.bin"));
    const changed = noise("files", 5_000_000);
    changed.write(`\n${probe("y")}\n`, 1000);
    writeFileSync(join(place, "noise.bin"), changed);
    utimesSync(join(place, "noise.bin"), atime, mtime);
    const after = dir();
    expect(known(after)).toBe(0);
    expect(after.stdout).toBe(dir("--no-cache").stdout);
    expect(after.stdout).not.toBe(cold.stdout);
  });
});

describe("layers", () => {
  const image = {
    tag: "app:1",
    layers: [{ files: { "noise.bin": noise("layer", 5_000_000), "etc/a.conf": `k=${probe("layer")}\n` } }],
  };

  test("are known in whichever image they come, and no other bytes pass for them", async () => {
    const { cache } = fresh();
    const one = join(folder, "one/layout");
    const two = join(folder, "two/layout");
    for (const path of [one, two]) {
      mkdirSync(path, { recursive: true });
      await buildImage(image, { path, format: "oci-layout" });
    }
    const scanImage = (path: string, ...more: readonly string[]): Ran =>
      leaktrace(["image", "layout", "-f", "jsonl", "--cache-dir", cache, "-c", rules, ...more], {
        cwd: join(path, ".."),
      });
    const cold = scanImage(one);
    const warm = scanImage(two);
    expect(cold.stdout).toContain("etc/a.conf");
    expect(warm.stdout).toBe(cold.stdout);
    expect(known(warm)).toBeGreaterThan(0);
    const blobs = join(two, "blobs/sha256");
    const largest = readdirSync(blobs)
      .map((name) => join(blobs, name))
      .sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
    const bytes = readFileSync(largest);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(largest, bytes);
    const other = scanImage(two);
    expect(known(other)).toBe(0);
    expect(other.stdout).toContain("digest-mismatch");
    expect(other.stdout).toBe(scanImage(two, "--no-cache").stdout);
  });
});

describe("rules that change", () => {
  const more = `[[rules]]\nid = "second"\ndescription = "Another"\nregex = '''\\b(text\\s+11)\\b'''\nkeywords = ["text"]\n`;
  const many = Array.from(
    { length: 8 },
    (_, i) =>
      `[[rules]]\nid = "filler-${i}"\ndescription = "F"\nregex = '''\\b(fill${i}_[a-z]{9})\\b'''\nkeywords = ["fill${i}_"]\n`,
  ).join("");
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  test("are asked alone, of what is known", () => {
    const { repository, cache } = fresh();
    const base = readFileSync(rules, "utf8") + many;
    const first = write("first.toml", base);
    const second = write("second.toml", base + more);
    const reworded = write("third.toml", base.replaceAll("A token of the tests", "Other words"));
    const scanWith = (config: string, ...options: readonly string[]): Ran =>
      leaktrace(["git", repository, "-f", "jsonl", "--cache-dir", cache, "-c", config, ...options]);
    scanWith(first);
    const added = scanWith(second);
    expect(added.stdout).toBe(scanWith(second, "--no-cache").stdout);
    expect(added.stdout).toContain('"second"');
    const words = scanWith(reworded);
    expect(known(words)).toBeGreaterThan(10);
    expect(words.stdout).toBe(scanWith(reworded, "--no-cache").stdout);
    const fewer = scanWith(second, "--enable-rule", "probe");
    expect(known(fewer)).toBeGreaterThan(10);
    expect(fewer.stdout).toBe(scanWith(second, "--enable-rule", "probe", "--no-cache").stdout);
  });

  test("with parts are asked with them", () => {
    const { repository, cache } = fresh();
    const part = `[[rules]]\nid = "part"\ndescription = "Part"\nregex = '''\\b(line)\\b'''\nkeywords = ["line"]\nskipReport = true\n`;
    const composite = `[[rules]]\nid = "both"\ndescription = "Both"\nregex = '''\\b(prb_[0-9A-Za-z]{30})\\b'''\nkeywords = ["prb_"]\n[[rules.required]]\nid = "part"\nwithinLines = 1\n`;
    const first = write("parts-1.toml", many + part);
    const second = write("parts-2.toml", many + part + composite);
    const scanWith = (config: string, ...options: readonly string[]): Ran =>
      leaktrace(["git", repository, "-f", "jsonl", "--cache-dir", cache, "-c", config, ...options]);
    scanWith(first);
    const added = scanWith(second);
    expect(added.stdout).toContain('"both"');
    expect(added.stdout).toBe(scanWith(second, "--no-cache").stdout);
    expect(scanWith(second).stdout).toBe(added.stdout);
  });
});

describe("a cache", () => {
  test("holds no secret, no path and no message, and is for its owner alone", () => {
    const { repository, cache } = fresh();
    scan(repository, cache);
    const bytes = Buffer.concat(readdirSync(cache).map((name) => readFileSync(join(cache, name))));
    expect(bytes.length).toBeGreaterThan(1000);
    for (const text of [probe("a"), probe("message"), "prb_", "gone.txt", "A message", "ada@fixture.invalid"])
      expect(bytes.includes(text)).toBe(false);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(cache)) expect(statSync(join(cache, name)).mode & 0o777).toBe(0o600);
  });

  test("that is damaged, cut off, or no database is passed over, and made anew", () => {
    const { repository, cache } = fresh();
    const plain = scan(repository, cache, "--no-cache");
    scan(repository, cache);
    const path = join(cache, "scans-1-1.db");
    const good = readFileSync(path);
    for (const bytes of [
      Buffer.from("not a database at all, only some text that is long enough to be read as a header of one".repeat(50)),
      good.subarray(0, Math.floor(good.length / 3)),
      Buffer.concat([good.subarray(0, 100), Buffer.alloc(good.length - 100, 0xa5)]),
      Buffer.alloc(0),
    ]) {
      for (const name of readdirSync(cache)) rmSync(join(cache, name));
      writeFileSync(path, bytes, { mode: 0o600 });
      for (let i = 0; i < 3; i++) {
        const ran = scan(repository, cache);
        expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: plain.code, stdout: plain.stdout });
      }
      expect(known(scan(repository, cache))).toBeGreaterThan(20);
    }
  });

  test("with a flipped bit anywhere gives the same report", () => {
    const { repository, cache } = fresh();
    const cold = scan(repository, cache);
    const path = join(cache, "scans-1-1.db");
    const good = readFileSync(path);
    for (let i = 0; i < 8; i++) {
      const bytes = Buffer.from(good);
      bytes[Math.floor((good.length * (i + 0.5)) / 8)]! ^= 1 << (i % 8);
      for (const name of readdirSync(cache)) rmSync(join(cache, name));
      writeFileSync(path, bytes, { mode: 0o600 });
      expect(scan(repository, cache).stdout).toBe(cold.stdout);
    }
  });

  test.skipIf(process.getuid === undefined)("that others can write to is not used", () => {
    const { repository, cache } = fresh();
    mkdirSync(cache);
    chmodSync(cache, 0o777);
    const ran = scan(repository, cache, "-v", "-r", join(folder, "out.jsonl"));
    expect(ran.stderr).toContain("others can write to it");
    expect(readdirSync(cache)).toEqual([]);
  });

  test("that cannot be made is no error, and is named once with --verbose", () => {
    const { repository } = fresh();
    const report = join(folder, "verbose.jsonl");
    const ran = scan(repository, "/dev/null/cache", "-v", "-r", report);
    expect(ran.code).toBe(1);
    expect(ran.stderr.match(/without a cache/g)).toHaveLength(1);
    expect(scan(repository, "/dev/null/cache").stderr).not.toContain("cache:");
  });

  test("without SQLite is none, and the scan is the same", () => {
    const { repository, cache } = fresh();
    const root = join(import.meta.dirname, "../..");
    const place = join(folder, "without");
    for (const name of ["bin", "dist", "package.json"])
      cpSync(join(root, name), join(place, name), { recursive: true });
    mkdirSync(join(place, "node_modules"));
    symlinkSync(realpathSync(join(root, "node_modules/re2")), join(place, "node_modules/re2"));
    const args = ["git", repository, "-f", "jsonl", "--cache-dir", cache, "-c", rules];
    // A Node that brings SQLite of its own uses that.
    const own = spawnSync(process.execPath, ["-e", "require('node:sqlite')"]).status === 0;
    const start = (...more: readonly string[]) =>
      spawnSync(process.execPath, [join(place, "bin/leaktrace.js"), ...args, ...more], { encoding: "utf8" });
    expect(start().stdout).toBe(scan(repository, cache, "--no-cache").stdout);
    expect(start("-v", "-r", join(folder, "without.jsonl")).stderr.includes("no SQLite")).toBe(!own);
  });

  test("is shown and cleared", () => {
    const { repository, cache } = fresh();
    const cacheCommand = (name: string): Ran => leaktrace(["cache", name, "--cache-dir", cache]);
    expect(cacheCommand("show").stdout).toContain("empty");
    scan(repository, cache);
    expect(cacheCommand("show").stdout).toContain("1 target as they were left");
    expect(cacheCommand("clear").code).toBe(0);
    expect(cacheCommand("show").stdout).toContain("0 targets");
    expect(known(scan(repository, cache))).toBe(0);
  });
});

describe("several scans", () => {
  test("at once use one cache", async () => {
    const { repository, cache } = fresh();
    const plain = scan(repository, cache, "--no-cache");
    const start = async (): Promise<string> => {
      const child = spawn(process.execPath, [
        program,
        "git",
        repository,
        "-f",
        "jsonl",
        "--cache-dir",
        cache,
        "-c",
        rules,
      ]);
      const parts: Buffer[] = [];
      child.stdout.on("data", (part: Buffer) => parts.push(part));
      await once(child, "close");
      return Buffer.concat(parts).toString();
    };
    for (let round = 0; round < 2; round++)
      expect(new Set(await Promise.all([start(), start(), start()]))).toEqual(new Set([plain.stdout]));
    expect(known(scan(repository, cache))).toBeGreaterThan(20);
  });

  test("that are killed at any moment leave a cache that the next one can use", async () => {
    const { repository, cache } = fresh();
    const plain = scan(repository, cache, "--no-cache");
    for (let moment = 0; moment < 8; moment++) {
      const child = spawn(
        process.execPath,
        [program, "git", repository, "-f", "jsonl", "--cache-dir", cache, "-c", rules],
        { stdio: "ignore" },
      );
      const ended = once(child, "exit");
      const timer = setTimeout(() => child.kill("SIGKILL"), 80 + moment * 80);
      await ended;
      clearTimeout(timer);
      expect(scan(repository, cache).stdout).toBe(plain.stdout);
      if (moment % 3 === 0) leaktrace(["cache", "clear", "--cache-dir", cache]);
    }
  });
});
