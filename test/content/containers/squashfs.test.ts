/** File systems as mksquashfs makes them, and what strangers could make of them. */
import { execFileSync } from "node:child_process";
import { ftruncateSync, linkSync, mkdirSync, mkdtempSync, openSync, closeSync, writeSync } from "node:fs";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { bytesInMemory } from "../../../src/content/containers/index.ts";
import { SquashBlocks, SquashBomb } from "../../../src/content/containers/squashfs/blocks.ts";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const root = mkdtempSync(join(tmpdir(), "leaktrace-squashfs-"));
afterAll(() => rmSync(root, { recursive: true }));

const files: Record<string, Buffer> = {
  "app/config.env": Buffer.from("DATABASE_PASSWORD=tangerine-mostly-sideways\n"),
  "app/deep/er/notes.txt": sampleText(3_000, 1),
  "app/large.txt": sampleText(700_000, 2),
  "app/packed.bin": Buffer.from(
    Array.from({ length: 300_000 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 255),
  ),
  "app/exact": sampleText(131_072, 3),
  "app/\u00fcml\u00e4ut": Buffer.from("x"),
};

function makeTree(): string {
  const tree = join(root, "tree");
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(tree, name, ".."), { recursive: true });
    writeFileSync(join(tree, name), bytes);
  }
  for (let i = 0; i < 600; i++) {
    mkdirSync(join(tree, "many"), { recursive: true });
    writeFileSync(join(tree, "many", `file-${String(i).padStart(4, "0")}`), `number ${i}\n`);
  }
  const holes = openSync(join(tree, "holes"), "w");
  writeSync(holes, "begin", 0);
  writeSync(holes, "end", 900_000);
  ftruncateSync(holes, 1_000_000);
  closeSync(holes);
  linkSync(join(tree, "app/config.env"), join(tree, "app/same.env"));
  symlinkSync("../app/config.env", join(tree, "many", "link"));
  writeFileSync(join(tree, "empty"), "");
  execFileSync("mkfifo", [join(tree, "pipe")]);
  return tree;
}

function pack(tree: string, name: string, ...options: string[]): Buffer {
  const path = join(root, name);
  execFileSync("mksquashfs", [tree, path, "-noappend", "-quiet", "-no-progress", ...options], { stdio: "ignore" });
  return readFileSync(path);
}

/** What unsquashfs makes of it, but for links and what has no bytes. */
function unpacked(path: string): [string, string][] {
  const to = join(root, "out");
  rmSync(to, { recursive: true, force: true });
  execFileSync("unsquashfs", ["-q", "-n", "-no-xattrs", "-d", to, path], { stdio: "ignore" });
  const names = execFileSync("find", [to, "-type", "f", "-size", "+0", "-printf", "%P\\0"]).toString().split("\0");
  return names
    .filter((name) => name !== "")
    .sort()
    .map((name): [string, string] => [name, sha1(readFileSync(join(to, name)))]);
}

describe.skipIf(!hasProgram("mksquashfs"))("squashfs", () => {
  const tree = makeTree();
  const image = pack(tree, "plain.squashfs", "-comp", "gzip");

  test.each([
    ["gzip"],
    ["gzip", "-b", "4096", "-no-fragments"],
    ["gzip", "-noI", "-noD", "-noF"],
    ["gzip", "-b", "1048576", "-always-use-fragments", "-no-exports"],
    ["xz"],
    ["xz", "-Xbcj", "x86", "-b", "262144"],
    ["lzma"],
    ["lzo"],
    ["lzo", "-Xalgorithm", "lzo1x_1"],
    ["lz4"],
    ["lz4", "-Xhc"],
    ["zstd"],
  ])("as packed by %s %s %s %s gives every file once", (...options) => {
    const [method, ...others] = options as [string, ...string[]];
    const packed = pack(tree, "this.squashfs", "-comp", method, ...others);
    const { kind, members, faults } = listMembers(packed, sha1);
    expect({ kind, faults }).toEqual({ kind: "squashfs", faults: [] });
    const link = ["many/link", sha1(Buffer.from("../app/config.env"))];
    // Of two names of one file the first is told.
    const expected = [...unpacked(join(root, "this.squashfs")), link].filter(([name]) => name !== "app/same.env");
    expect(new Map(members.map(([name, sum]) => [name, sum]))).toEqual(new Map(expected as [string, string][]));
    expect(members).toHaveLength(expected.length);
  });

  test("goes on behind its end where something stands there", () => {
    const behind = pack(join(tree, "app/deep"), "inner.squashfs");
    const { members, faults } = listMembers(Buffer.concat([behind, Buffer.alloc(5000), behind]), sha1);
    expect(faults).toEqual([]);
    expect(members).toEqual([
      ["er/notes.txt", sha1(files["app/deep/er/notes.txt"]!)],
      ["", sha1(behind)],
    ]);
  });

  test("is found behind a program, as in an AppImage", () => {
    const { kind, members, faults } = listMembers(Buffer.concat([readFileSync("/bin/true"), image]), sha1);
    expect({ kind, members, faults }).toEqual({ kind: "program", members: [["", sha1(image)]], faults: [] });
  });

  test("of an old version, or packed in a way that nobody knows, is told", () => {
    const old = Buffer.from(image);
    old[28] = 3;
    const strange = Buffer.from(image);
    strange[20] = 9;
    for (const bytes of [old, strange])
      expect(listMembers(bytes)).toEqual({ kind: "squashfs", members: [], faults: ["unsupported incomplete "] });
  });

  test("that is cut off or damaged says so", () => {
    expect(listMembers(image.subarray(0, image.length - 5000)).faults.length).toBeGreaterThan(0);
    expect(listMembers(image.subarray(0, 96)).faults.length).toBeGreaterThan(0);
    const changed = Buffer.from(image);
    changed[200]! ^= 1;
    const { members, faults } = listMembers(changed, sha1);
    expect(faults.length).toBe(1);
    expect(members.length).toBeGreaterThan(600);
  });

  test("whose root leads to nothing gives the files all the same, and notes it", () => {
    const small = pack(join(tree, "app/deep"), "small.squashfs", "-noI");
    const lost = Buffer.from(small);
    // The root's listing has so many bytes, and the three that every folder counts: none.
    const at = Number(small.readBigUInt64LE(64)) + 2 + Number(small.readBigUInt64LE(32) & 0xffffn);
    lost.writeUInt16LE(3, at + 24);
    const { members, faults } = listMembers(lost, sha1);
    expect(members.map(([, sum]) => sum)).toEqual([sha1(files["app/deep/er/notes.txt"]!)]);
    expect(faults).toEqual([`archive-corrupt note ${members[0]![0]}`]);
  });

  test("has no more expanded than a size of its own allows", () => {
    const most = 3 * 8192;
    const blocks = new SquashBlocks(bytesInMemory(image), 1, 131_072, most);
    const inodes = Number(image.readBigUInt64LE(64));
    const folders = Number(image.readBigUInt64LE(72));
    // What is kept costs nothing.
    for (let i = 0; i < 100; i++) for (const at of [inodes, folders]) expect(blocks.table(at).data.length).toBe(8192);
    blocks.table(blocks.table(inodes).next);
    expect(() => blocks.table(blocks.table(folders).next)).toThrow(SquashBomb);
  });

  test("that is changed anywhere never throws", () => {
    const one = pack(join(tree, "app"), "mutant.squashfs", "-comp", "gzip", "-b", "4096", "-noI", "-noF");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(one.length - 1), fc.nat(255)), { minLength: 1 }), (flips) => {
        const changed = Buffer.from(one);
        for (const [at, bits] of flips) changed[at]! ^= bits;
        listMembers(changed, sha1);
      }),
      { numRuns: 100 },
    );
    // Tables stand at the end, and the header at the begin: there most of it is decided.
    const places = fc.oneof(fc.nat(95), fc.integer({ min: one.length - 3000, max: one.length - 1 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(places, fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Buffer.from(one);
        for (const [at, byte] of changes) changed[at] = byte;
        listMembers(changed, sha1);
      }),
      { numRuns: 200 },
    );
  });
});
