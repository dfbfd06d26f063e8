import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { growTo } from "../../../fixtures/git/damage.ts";
import type { Unit, UnitResult } from "../../../src/model/unit.ts";
import { Recogniser } from "../../../src/pool/recogniser.ts";
import { ResultBuilder } from "../../../src/pool/result.ts";
import { scanFiles } from "../../../src/pool/units/files.ts";
import { openFiles } from "../../../src/sources/files/index.ts";
import { entriesOf, leaktrace, probe, probeRules, scratch } from "../../cli/scan-program.ts";
import { detectorOf, probes } from "../../detect/rules-for-tests.ts";
import { testWith } from "../../require-program.ts";

const folder = scratch();
const rules = probeRules(folder);
let count = 0;

function tree(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = join(folder, `tree-${count++}`);
  mkdirSync(root);
  for (const [name, body] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), body);
  }
  return root;
}

function scan(path: string, ...options: readonly string[]): { code: number | null; stderr: string; files: string[] } {
  const ran = leaktrace(["dir", path, "-c", rules, "-f", "json", "-r", "-", ...options]);
  return {
    code: ran.code,
    stderr: ran.stderr,
    files: entriesOf(ran)
      .map(({ File }) => File.replace(`${path}/`, ""))
      .sort(),
  };
}

/** Units of a folder, each scanned after `meanwhile` has happened. */
async function scanWhile(path: string, meanwhile: () => void): Promise<UnitResult[]> {
  const source = openFiles(path, { maxBytes: 0, followSymlinks: false });
  const units: Unit[] = [];
  for await (const item of source.units()) if ("unit" in item) units.push(item.unit);
  meanwhile();
  const task = {
    detector: detectorOf(probes),
    listsClean: false,
    recogniser: new Recogniser(),
    begin: () => true,
    advance: () => undefined,
    archiveDepth: 0,
    inside: () => undefined,
    cancelled: () => false,
  };
  return units.map((unit) => {
    if (unit.kind !== "files") throw new Error("a folder has files");
    const out = new ResultBuilder("t");
    scanFiles(unit, task, out);
    return out.result();
  });
}

test.skipIf(process.platform !== "linux")(
  "files are read whatever their names and their folders' names are made of",
  () => {
    const root = tree({ "good.txt": "nothing", "bad-\ufffd": "another file" });
    const folder = Buffer.concat([Buffer.from(`${root}/sub-`), Buffer.from([0xe9])]);
    mkdirSync(folder);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/bad-`), Buffer.from([0xff])]), probe("bad name"));
    writeFileSync(Buffer.concat([folder, Buffer.from("/plain")]), probe("bad folder"));
    symlinkSync(Buffer.from("plain"), Buffer.concat([folder, Buffer.from("/link-"), Buffer.from([0xfe])]));
    const { code, files } = scan(root, "--follow-symlinks");
    expect(code).toBe(1);
    expect(files).toEqual(["bad-\ufffd", "sub-\ufffd/link-\ufffd", "sub-\ufffd/plain"]);
  },
);

describe("a folder", () => {
  test("is scanned with all that lies in it, whatever .gitignore says", () => {
    const root = tree({
      ".gitignore": "*\n",
      ".env": probe(1),
      "node_modules/a/index.js": probe(2),
      ".hidden/deep/file": probe(3),
      "empty.txt": "",
      "bin.dat": Buffer.concat([Buffer.alloc(5000), Buffer.from(probe(4)), Buffer.alloc(5000)]),
    });
    expect(scan(root)).toMatchObject({
      code: 1,
      files: [".env", ".hidden/deep/file", "bin.dat", "node_modules/a/index.js"],
    });
  });

  test("without anything to find is clean", () => {
    expect(scan(tree({ a: "nothing", "b/c": "" }))).toMatchObject({ code: 0, files: [] });
  });

  test("links inside it are not followed, unless asked; the link that is the target is", () => {
    const outside = tree({ "secret.txt": probe(5), "more/secret.txt": probe(6) });
    const root = tree({ plain: "text" });
    symlinkSync(join(outside, "secret.txt"), join(root, "file-link"));
    symlinkSync(outside, join(root, "folder-link"));
    symlinkSync(".", join(root, "circle"));
    symlinkSync("nowhere", join(root, "broken"));
    expect(scan(root)).toMatchObject({ code: 0, files: [] });
    expect(scan(root, "--follow-symlinks")).toMatchObject({ code: 1, files: ["file-link"] });
    expect(scan(join(root, "folder-link"))).toMatchObject({ code: 1, files: ["more/secret.txt", "secret.txt"] });
    expect(scan(join(root, "file-link")).code).toBe(1);
  });

  testWith("mkfifo")("FIFOs, sockets and devices are never opened", async () => {
    const root = tree({ "found.txt": probe(7) });
    expect(spawnSync("mkfifo", [join(root, "pipe")]).status).toBe(0);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, "socket"), resolve));
    expect(scan(root)).toMatchObject({ code: 1, files: ["found.txt"] });
    server.close();
    for (const target of [join(root, "pipe"), "/dev/null"]) {
      const ran = leaktrace(["dir", target, "-c", rules]);
      expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/neither a file nor a folder/),
      });
    }
  });

  test("names that a terminal would obey are shown escaped", () => {
    const root = tree({ "x\x1b[2J\u202etxt.exe": probe(8) });
    const { stdout, stderr } = leaktrace(["dir", root, "-c", rules]);
    expect(stdout).toContain("x\\x1b[2J\\u202etxt.exe");
    for (const character of ["\x1b", "\u202e"]) expect(`${stdout}${stderr}`).not.toContain(character);
  });

  test("files over the limit are skipped, counted, and not called clean", () => {
    const root = tree({ big: Buffer.alloc(2_000_001), small: "x" });
    const { code, stderr } = scan(root, "--max-target-megabytes", "2");
    expect(code).toBe(3);
    expect(stderr).toContain("big");
  });

  test("many small files and a few large ones are all found, once each", () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 400; i++) files[`d${i % 13}/f${i}`] = `${"line\n".repeat(i)}${probe(i)}`;
    for (let i = 0; i < 3; i++) files[`large-${i}`] = `${"line\n".repeat(1_100_000)}${probe(`large ${i}`)}`;
    expect(scan(tree(files)).files).toEqual(Object.keys(files).sort());
  });
});

describe("a file that changes while it is scanned", () => {
  test("and is gone, or a folder or link now, is named; the others are scanned", async () => {
    const root = tree({ a: probe("a"), b: probe("b"), c: probe("c"), d: probe("d"), e: probe("e") });
    const [result] = await scanWhile(root, () => {
      unlinkSync(join(root, "b"));
      rmSync(join(root, "c"));
      mkdirSync(join(root, "c"));
      rmSync(join(root, "d"));
      symlinkSync("/etc/hostname", join(root, "d"));
    });
    expect(result!.hits.map(({ place }) => place)).toEqual([join(root, "a"), join(root, "e")]);
    expect(
      result!.problems.map(({ subject, code, message }) => `${subject.slice(root.length)} ${code} ${message}`),
    ).toEqual([
      "/b unreadable is gone",
      "/c unreadable is no longer a regular file",
      "/d unreadable is now a symbolic link",
    ]);
    expect({ scanned: result!.scanned, skipped: result!.skipped }).toEqual({ scanned: 2, skipped: { unreadable: 3 } });
  });

  test("and grows or shrinks is scanned as it is then", async () => {
    for (const size of [1000, 6_000_000]) {
      const root = tree({
        grows: Buffer.alloc(size, "x "),
        shrinks: Buffer.concat([Buffer.from(`${probe("kept")} `), Buffer.alloc(size, "y ")]),
      });
      const results = await scanWhile(root, () => {
        appendFileSync(join(root, "grows"), ` ${probe("added")}`);
        truncateSync(join(root, "shrinks"), 500);
      });
      const hits = results.flatMap(({ hits: found }) => found.map(({ place }) => place.slice(root.length + 1))).sort();
      expect(hits).toEqual(["grows", "shrinks"]);
      expect(results.flatMap(({ problems }) => problems)).toEqual([]);
    }
  });
});

test("a file of 300 MB streams through in bounded memory", { timeout: 30_000 }, () => {
  const root = tree({});
  const big = join(root, "big");
  writeFileSync(big, `${probe("first")}\n`);
  growTo(big, 300 << 20);
  appendFileSync(big, `\n${probe("last")}\n`);
  const measure = `import(${JSON.stringify(new URL("../../../dist/cli.js", import.meta.url).href)}).then(async ({ main }) => {
    process.exitCode = await main(${JSON.stringify(["dir", big, "-c", rules, "-f", "json", "-r", "-", "--workers", "1"])});
    console.error("peak", process.resourceUsage().maxRSS);
  })`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["-e", measure], { encoding: "utf8" });
  expect({
    status,
    lines: entriesOf({ code: status, stdout, stderr })
      .map(({ StartLine }) => StartLine)
      .sort((a, b) => a - b),
  }).toEqual({ status: 1, lines: [1, 3] });
  expect(Number(/peak (\d+)/.exec(stderr)?.[1])).toBeLessThan(250_000);
});
