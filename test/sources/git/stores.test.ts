import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { flipBit } from "../../../fixtures/git/damage.ts";
import { copyInstruction, varint } from "../../../fixtures/git/delta.ts";
import { whole, writePack, type PackItem } from "../../../fixtures/git/pack-writer.ts";
import {
  createRepository,
  gitEnvironment,
  objectsByGit,
  openWorkshop,
  versionsOf,
  type StoredObject,
  type Workshop,
} from "../../../fixtures/git/workshop.ts";
import { openObjectStore } from "../../../src/content/git/object-store.ts";
import { Recogniser } from "../../../src/pool/recogniser.ts";
import { ResultBuilder } from "../../../src/pool/result.ts";
import { scanPack } from "../../../src/pool/units/pack.ts";
import { planPack } from "../../../src/sources/git/plan.ts";
import { createRandom } from "../../../src/rules/random.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch, type Entry } from "../../cli/scan-program.ts";
import { detectorOf, rulesetOf } from "../../detect/rules-for-tests.ts";
import { readEverything } from "../../content/git/everything.ts";

const folder = scratch();
const rules = probeRules(folder);
let count = 0;

function scan(...targets: readonly string[]): { code: number | null; stderr: string; entries: Entry[] } {
  const ran = leaktrace(["scan", ...targets, "-c", rules, "-f", "json", "-r", "-", "--reveal"]);
  for (const line of ran.stderr.trimEnd().split("\n")) expect(line).toMatch(/^leaktrace: /);
  return { code: ran.code, stderr: ran.stderr, entries: ran.stdout === "" ? [] : entriesOf(ran) };
}

/** A history with a secret in its first version, in `n0.txt`. */
function history(secret: string, ...options: readonly string[]): Workshop {
  const shop = createRepository(join(folder, `repository-${count++}`), ...options);
  versionsOf("file", 8).forEach((text, i) =>
    shop.commit(`Version ${i}`, { "file.txt": text, "deep/er/n0.txt": i === 0 ? secret : `${i}` }),
  );
  return shop;
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name);
    return entry.isDirectory() ? filesBelow(inner) : [inner];
  });
}

const place = ({ File, Commit, Secret }: Entry): string => `${File} ${Commit} ${Secret}`;

describe("a repository that keeps its objects by SHA-256", () => {
  test("is scanned and located like any other, loose and packed", () => {
    const shop = history(probe("long ids"), "--object-format=sha256");
    const first = shop.git("rev-list", "--max-parents=0", "HEAD");
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    for (const command of [["status"], ["repack", "-qadf"], ["pack-refs", "--all"]]) {
      shop.git(...command);
      const { code, entries } = scan(shop.path);
      expect({ code, places: entries.map(place) }).toEqual({
        code: 1,
        places: [`deep/er/n0.txt ${first} ${probe("long ids")}`],
      });
    }
  });

  test("names what is missing, and where a shallow clone ends", () => {
    const shop = history("nothing", "--object-format=sha256");
    const blob = shop.git("rev-parse", "HEAD~3:file.txt");
    const path = join(folder, `shallow-${count++}`);
    shop.git("clone", "-q", "--depth=2", `file://${shop.path}`, path);
    const shallow = scan(path);
    expect(shallow.code).toBe(3);
    expect(shallow.stderr).toContain(openWorkshop(path).git("rev-parse", "HEAD~1").slice(0, 12));
    unlinkSync(join(shop.path, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    const { code, stderr } = scan(shop.path);
    expect({ code, blob: stderr.includes(blob), path: stderr.includes("file.txt") }).toEqual({
      code: 3,
      blob: true,
      path: true,
    });
  });

  test("has ranges of commits and changes scanned, too", () => {
    const shop = history("nothing", "--object-format=sha256");
    shop.commit("In range", { "range.txt": probe("in range") });
    shop.git("repack", "-qad");
    shop.write({ "staged.txt": probe("staged") });
    shop.git("add", "staged.txt");
    shop.write({ "file.txt": probe("changed") });
    const files = (...options: string[]): string[] =>
      entriesOf(leaktrace(["git", shop.path, ...options, "-c", rules, "-f", "json", "-r", "-"])).map(
        ({ File }) => File,
      );
    expect(files("--log-opts", "HEAD~1..HEAD")).toEqual(["range.txt"]);
    expect(files("--log-opts", "HEAD~3..HEAD~1")).toEqual([]);
    expect(files("--staged")).toEqual(["staged.txt"]);
    expect(files("--pre-commit")).toEqual(["file.txt"]);
  });

  test("is joined with SHA-1 repositories and folders by the values found", () => {
    const secret = probe("in both");
    const shops = [history(secret), history(secret, "--object-format=sha256")];
    const plain = join(folder, "plain");
    mkdirSync(plain);
    writeFileSync(join(plain, "n0.txt"), secret);
    const ran = leaktrace(["scan", ...shops.map(({ path }) => path), plain, "-c", rules, "-f", "jsonl", "-r", "-"]);
    const lines = ran.stdout.trimEnd().split("\n");
    expect(lines.length).toBe(2);
    for (const { path } of [...shops, { path: plain }]) expect(lines[0]).toContain(JSON.stringify(path).slice(0, -1));
  });
});

describe("nothing of a repository hides what lies in it", () => {
  test("neither grafts nor replaced objects", () => {
    const shop = history(probe("grafted away"));
    const tip = shop.git("rev-parse", "HEAD");
    const first = shop.git("rev-list", "--max-parents=0", "HEAD");
    mkdirSync(join(shop.path, ".git/info"), { recursive: true });
    writeFileSync(join(shop.path, ".git/info/grafts"), `${tip}\n`);
    const blob = shop.git("rev-parse", `${first}:deep/er/n0.txt`);
    const other = shop.feed(Buffer.from("harmless"), "hash-object", "-w", "--stdin").toString().trim();
    shop.git("replace", blob, other);
    expect(shop.git("cat-file", "blob", blob)).toBe("harmless");
    expect(shop.git("rev-list", "--count", "HEAD")).toBe("1");
    const { code, entries } = scan(shop.path);
    expect({ code, places: entries.map(place) }).toEqual({
      code: 1,
      places: [`deep/er/n0.txt ${first} ${probe("grafted away")}`],
    });
  });

  test("neither a commit-graph that lies nor one that is damaged", () => {
    const shop = history(probe("commit-graph"));
    // The graph is a file like any other, so it is counted.
    const told = (): unknown => {
      const { stderr, ...rest } = scan(shop.path);
      return { ...rest, words: stderr.replace(/ in \d+ contents .*/, "") };
    };
    const plain = told();
    const info = join(shop.path, ".git/objects/info");
    for (const options of [[], ["--split"]]) {
      shop.git("commit-graph", "write", "--reachable", ...options);
      expect(told()).toEqual(plain);
      for (const name of filesBelow(info)) {
        rmSync(name);
        writeFileSync(name, "CGPHgarbage");
      }
      expect(told()).toEqual(plain);
      rmSync(info, { recursive: true });
    }
  });

  test("neither a `.git` file, a linked worktree nor a working tree that is said to be elsewhere", () => {
    const shop = history(probe("elsewhere"));
    const tree = join(folder, `tree-${count++}`);
    shop.git("worktree", "add", "-q", "--detach", tree, "HEAD~1");
    openWorkshop(tree).git("update-ref", "refs/worktree/own", "HEAD~1");
    const apart = join(folder, `apart-${count++}`);
    shop.git("clone", "-q", "--separate-git-dir", `${apart}.git`, ".", apart);
    for (const path of [tree, apart, `${apart}.git`])
      expect(scan(path).entries.map(({ File }) => File)).toEqual(["deep/er/n0.txt"]);
    shop.git("config", "core.worktree", "/nowhere");
    expect(scan(shop.path).entries.map(({ File }) => File)).toEqual(["deep/er/n0.txt"]);
  });
});

test("an object whose first copy is damaged is scanned from the other, and the scan is whole", () => {
  const shop = history("nothing");
  const blob = shop.git("rev-parse", "HEAD:file.txt");
  shop.git("repack", "-qadf");
  const [pack = ""] = readdirSync(join(shop.path, ".git/objects/pack")).filter((name) => name.endsWith(".pack"));
  const path = join(shop.path, ".git/objects/pack", pack);
  chmodSync(path, 0o644);
  const line = shop
    .git("verify-pack", "-v", path.replace(/pack$/, "idx"))
    .split("\n")
    .find((text) => text.startsWith(blob));
  const bytes = shop.feed(Buffer.alloc(0), "cat-file", "blob", blob);
  flipBit(path, Number(line!.split(/ +/)[4]) + 9, 1);
  const lost = scan(shop.path);
  expect({ code: lost.code, named: lost.stderr.includes(blob) }).toEqual({ code: 3, named: true });
  mkdirSync(join(shop.path, ".git/objects", blob.slice(0, 2)), { recursive: true });
  const loose = Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]);
  writeFileSync(join(shop.path, ".git/objects", blob.slice(0, 2), blob.slice(2)), deflateSync(loose));
  const healed = scan(shop.path);
  expect(healed.code).toBe(0);
  expect(healed.stderr).toContain("read in another way");
});

test("deltas that make gigabytes of nothing are counted as bombs", { timeout: 60_000 }, () => {
  const objects = join(folder, "bombs");
  const seed = Buffer.alloc(1 << 20, "x");
  const half = 400_000_000;
  const copies = Array<Buffer>(400).fill(copyInstruction(0, 1e6));
  const bomb = (i: number): PackItem => {
    const data = Buffer.concat([varint(i === 0 ? seed.length : half), varint(half), ...copies]);
    return { id: String(i).padStart(40, "5"), type: "ofs", base: i, data };
  };
  writePack(objects, "bomb", [whole("blob", seed), ...Array.from({ length: 7 }, (_, i) => bomb(i))]);
  const detector = detectorOf(rulesetOf([{ id: "probe", regex: "prb_[0-9a-z]{30}", keywords: ["prb_"] }]));
  const task = {
    ...{ detector, listsClean: false, recogniser: new Recogniser(), archiveDepth: 0, inside: () => {} },
    ...{ begin: () => true, advance: () => {}, cancelled: () => false },
  };
  const out = new ResultBuilder("bombs");
  // Only the last one is asked for: the others are made on the way, and need not be scanned.
  const [table] = openObjectStore(objects).packs;
  for (const unit of planPack("bombs", table!, (entry) => entry === 7)) scanPack(unit, task, out);
  const { scanned, skipped, problems } = out.result();
  expect({ scanned, skipped }).toEqual({ scanned: 0, skipped: { bomb: 1 } });
  for (const { code, effect, message } of problems)
    expect({ code, effect, message }).toEqual({
      code: "bomb",
      effect: "incomplete",
      message: expect.stringContaining("make too many bytes"),
    });
});

test("what deltas may make in any case is counted once for a pack, into however many units it is cut", () => {
  const objects = join(folder, "shares");
  writePack(
    objects,
    "shares",
    Array.from({ length: 6 }, (_, i) => whole("blob", Buffer.alloc(9 << 20, i))),
  );
  const [table] = openObjectStore(objects).packs;
  const units = [...planPack("shares", table!, () => true)];
  expect(units).toHaveLength(6);
  const sum = units.reduce((total, { entries }) => total + entries.share, 0);
  expect(sum).toBeGreaterThan(0.99);
  expect(sum).toBeLessThanOrEqual(1);
});

describe("bytes that change", () => {
  const random = createRandom("bytes that change");

  /** What git reads of these objects, under the ids that they have. */
  function readableByGit(shop: Workshop, ids: readonly string[]): Set<string> {
    const found = new Set<string>();
    // git ends at the first damaged object: it is asked again for those that follow.
    for (let left = ids; left.length > 0;) {
      const { stdout } = spawnSync("git", ["cat-file", "--batch"], {
        cwd: shop.path,
        env: gitEnvironment(),
        input: `${left.join("\n")}\n`,
      });
      let at = 0;
      let asked = 0;
      while (at < stdout.length) {
        const end = stdout.indexOf(10, at);
        const [id = "", type = "", size = ""] = stdout.toString("latin1", at, end).split(" ");
        at = end + 1;
        asked++;
        if (type === "missing") continue;
        if (at + Number(size) < stdout.length) found.add(id);
        at += Number(size) + 1;
      }
      left = left.slice(asked + 1);
    }
    return found;
  }

  test.each(["sha1", "sha256"])(
    "in any file of a repository of %s: what git still reads is read, and what is lost is named",
    { timeout: 120_000 },
    (format) => {
      const shop = createRepository(join(folder, `changing-${format}`), `--object-format=${format}`);
      versionsOf("file", 6).forEach((text, i) => shop.commit(`Version ${i}`, { "file.txt": text, [`n${i}`]: `${i}` }));
      shop.git("repack", "-qd");
      versionsOf("file", 10).forEach((text, i) => shop.commit(`Again ${i}`, { "file.txt": text }));
      shop.git("repack", "-qd");
      shop.git("multi-pack-index", "write");
      shop.commit("Loose", { "loose.txt": "loose" });
      const expected = objectsByGit(shop);
      const objects = join(shop.path, ".git/objects");
      const files = filesBelow(objects).sort();
      for (const file of files) chmodSync(file, 0o644);
      // Large files more often: that is where most can go wrong.
      const total = files.reduce((sum, file) => sum + statSync(file).size, 0);
      for (let i = 0; i < 60; i++) {
        let at = random.integer(total);
        const file = files.find((name) => (at -= statSync(name).size) < 0)!;
        const bytes = readFileSync(file);
        const kind = i % 4;
        const changed = Buffer.from(bytes);
        for (let n = 0; n <= kind && bytes.length > 0; n++)
          changed[random.integer(bytes.length)]! ^= 1 << random.integer(8);
        writeFileSync(file, kind === 3 ? changed.subarray(0, random.integer(bytes.length + 1)) : changed);
        const { objects: found, damaged } = readEverything(objects, format === "sha256" ? 32 : 20);
        const readable = readableByGit(shop, [...expected.keys()]);
        const missed = [...readable].filter((id) => !isSame(found.get(id), expected.get(id)!));
        const lost = [...expected].filter(([id, object]) => !isSame(found.get(id), object)).length;
        expect({ file, missed, silent: lost > 0 && damaged.size === 0 }).toEqual({ file, missed: [], silent: false });
        writeFileSync(file, bytes);
      }
    },
  );

  function isSame(a: StoredObject | undefined, b: StoredObject): boolean {
    return a?.type === b.type && a.bytes.equals(b.bytes);
  }

  test("in any file of the git folder never end the program but with a word", { timeout: 120_000 }, () => {
    const shop = history(probe("still found"));
    shop.git("pack-refs", "--all");
    shop.git("repack", "-qd");
    shop.commit("Loose", { "loose.txt": "loose" });
    const files = filesBelow(join(shop.path, ".git"))
      .filter((name) => !name.includes("/hooks/"))
      .sort();
    const kept = join(folder, "kept");
    cpSync(shop.path, kept, { recursive: true });
    for (let i = 0; i < 16; i++) {
      const file = files[random.integer(files.length)]!;
      const bytes = readFileSync(file);
      if (bytes.length === 0) continue;
      chmodSync(file, 0o644);
      flipBit(file, random.integer(bytes.length), random.integer(8));
      const { code, entries } = scan(shop.path);
      const isLost = entries.length === 0;
      expect({ file, isFine: isLost ? code === 2 || code === 3 : code === 1 }).toEqual({ file, isFine: true });
      writeFileSync(file, bytes);
    }
  });
});

test("files that are appended to objects and indexes hide nothing", () => {
  const shop = history(probe("appended"));
  shop.git("repack", "-qad");
  const pack = join(shop.path, ".git/objects/pack");
  for (const name of readdirSync(pack)) {
    chmodSync(join(pack, name), 0o644);
    appendFileSync(join(pack, name), "appended bytes that belong to nobody");
  }
  expect(scan(shop.path).entries.length).toBe(1);
});
