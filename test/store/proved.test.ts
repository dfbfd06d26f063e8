import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { openWorkshop, type Workshop } from "../../fixtures/git/workshop.ts";
import { whole, writePack } from "../../fixtures/git/pack-writer.ts";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { leaktrace, probe, probeRules, scratch, type Ran } from "../cli/scan-program.ts";
import { largeRepository, noise } from "./repository.ts";

const folder = scratch();
const rules = probeRules(folder);
const original = join(folder, "original");
let places = 0;

beforeAll(() => {
  const shop = largeRepository(original);
  shop.commit("Readme", { "src/readme.md": "words of a file that is longer than a few lines\n".repeat(40) });
  shop.git("gc", "-q");
});

const place = (name: string): string => join(folder, `${name}-${places++}`);

function scan(target: string, cache: string, ...more: readonly string[]): Ran {
  return leaktrace(["scan", target, "-f", "jsonl", "--cache-dir", cache, "-c", rules, ...more]);
}

function known({ stderr }: Ran): number {
  return Number(/([\d,]+) of these contents are known/.exec(stderr)?.[1]?.replaceAll(",", "") ?? 0);
}

/** A scan with the cache says what one without it says. Gives how many contents were known. */
function same(target: string, cache: string, ...more: readonly string[]): number {
  const cached = scan(target, cache, ...more);
  const plain = scan(target, cache, "--no-cache", ...more);
  expect({ code: cached.code, report: cached.stdout }).toEqual({ code: plain.code, report: plain.stdout });
  return known(cached);
}

function clone(from: string, ...options: readonly string[]): Workshop {
  const to = place("clone");
  openWorkshop(folder).git("clone", "-q", "--no-local", ...options, `file://${from}`, to);
  return openWorkshop(to);
}

/** A repository whose objects have the ids that it says, true or not. */
function forged(objects: readonly { readonly id?: string; readonly bytes: Buffer }[]): string {
  const path = place("forged");
  mkdirSync(join(path, "refs/heads"), { recursive: true });
  writeFileSync(join(path, "HEAD"), "ref: refs/heads/main\n");
  writePack(
    join(path, "objects"),
    "forged",
    objects.map(({ id, bytes }) => ({ ...whole("blob", bytes), ...(id === undefined ? {} : { id }) })),
  );
  return path;
}

describe("a clone in another place", () => {
  test("is known by what is stored of its objects", () => {
    const cache = place("cache");
    scan(original, cache);
    const copy = clone(original);
    const { path } = copy;
    expect(same(path, cache)).toBeGreaterThan(10);
    copy.git("repack", "-adfq", "--depth", "1");
    cpSync(path, `${path}-copy`, { recursive: true });
    // Packed anew: deltas are others, what lies in full is the same.
    expect(same(`${path}-copy`, cache)).toBeGreaterThan(0);
  });

  test("gains as well when it has more commits, or fewer", () => {
    const cache = place("cache");
    scan(original, cache);
    const more = clone(original);
    more.commit("More", { "more.txt": `${probe("more")}\n`, "a.txt": `${probe("a")}\nand more\n` });
    more.git("repack", "-adq");
    expect(same(more.path, cache)).toBeGreaterThan(10);
    expect(same(clone(original, "--depth", "3").path, cache)).toBeGreaterThan(0);
  });

  test("of another repository knows nothing", () => {
    const cache = place("cache");
    scan(forged([{ bytes: noise("one", 5_000_000) }]), cache);
    expect(same(forged([{ bytes: noise("two", 5_000_000) }]), cache)).toBe(0);
  });
});

describe("an index that lies", () => {
  const clean = [noise("clean", 5_000_000), Buffer.from("nothing to see here\n".repeat(30))];
  const secret = Buffer.from(`token = ${probe("hidden")}\n`.repeat(3));

  test("hides nothing under an id that is known elsewhere", () => {
    const cache = place("cache");
    const honest = openWorkshop(clone(original).path);
    honest.write({ "big.bin": clean[0]!, "small.txt": clean[1]! });
    const ids = ["big.bin", "small.txt"].map((name) => honest.git("hash-object", "-w", name));
    honest.commit("Clean");
    honest.git("repack", "-adq");
    scan(honest.path, cache);
    const hostile = forged([
      { id: ids[0]!, bytes: secret },
      { id: ids[1]!, bytes: secret },
      { bytes: noise("more", 5_000_000) },
    ]);
    same(hostile, cache);
    expect(scan(hostile, cache).stdout).toContain("probe");
  });

  test("vouches for nobody: bytes with a secret are found under the id of a clean object that was scanned before", () => {
    const cache = place("cache");
    const honest = forged([{ bytes: secret }, { bytes: clean[0]! }]);
    const id = openWorkshop(folder).feed(secret, "hash-object", "--stdin").toString().trim();
    scan(forged([{ id, bytes: clean[1]! }, { bytes: clean[0]! }]), cache);
    expect(same(honest, cache)).toBe(1);
    expect(scan(honest, cache).stdout).toContain("probe");
  });
});

describe("several targets of one run", () => {
  test("vouch for each other by their bytes alone, with a cache and without", () => {
    const cache = place("cache");
    const secret = Buffer.from(`token = ${probe("in one run")}\n`.repeat(3));
    const id = openWorkshop(folder).feed(secret, "hash-object", "--stdin").toString().trim();
    const hostile = forged([{ id, bytes: Buffer.from("nothing to see here\n".repeat(30)) }]);
    const honest = forged([{ bytes: secret }]);
    const both = (...options: readonly string[]): Ran =>
      leaktrace(["scan", hostile, honest, "-f", "jsonl", "--cache-dir", cache, "-c", rules, ...options]);
    expect(both("--no-cache")).toMatchObject({ code: 1, stdout: expect.stringContaining('"probe"') });
    expect(both().stdout).toBe(both("--no-cache").stdout);
  });
});

describe("files of images and folders", () => {
  const files = {
    "app/one.bin": noise("layer 1", 3_000_000),
    "app/two.bin": noise("layer 2", 3_000_000),
    "app/clean.txt": "words of a file that is longer than a few lines\n".repeat(40),
    "etc/a.conf": `k=${probe("layer")}\n${"line\n".repeat(100)}`,
  };
  const image = async (changed: string): Promise<string> => {
    const path = place("image");
    mkdirSync(path, { recursive: true });
    await buildImage(
      { tag: "app:1", layers: [{ files: { ...files, "app/version": changed } }] },
      { path, format: "oci-layout" },
    );
    return path;
  };

  test("are known in a layer that was built anew", async () => {
    const cache = place("cache");
    scan(await image("1"), cache);
    expect(same(await image("2"), cache)).toBe(3);
  });

  test("are known where a repository has them in full, and in a folder of which other files changed", async () => {
    const cache = place("cache");
    const { path } = clone(original);
    scan(path, cache);
    // The readme is in both.
    expect(same(await image("3"), cache)).toBe(1);
    const root = place("files");
    cpSync(path, root, { recursive: true });
    rmSync(join(root, ".git"), { recursive: true });
    const before = same(root, cache);
    writeFileSync(join(root, "a.txt"), `${probe("changed")}\n`);
    expect(before).toBeGreaterThan(0);
    expect(same(root, cache)).toBeGreaterThan(before);
  });
});
