/** Cabinets as gcab makes them, those packed by LZX as cabextract reads them, and what strangers could make of either. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";
import { madeCabinet, packLzx, type LzxBlock, type Token } from "./made-cabinet.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-cabinet-"));
afterAll(() => rmSync(folder, { recursive: true }));

const files: Record<string, Buffer> = {
  "config.env": Buffer.from("DATABASE_PASSWORD=tangerine-mostly-sideways\n"),
  "large.txt": sampleText(200_000, 1),
  "\u00fcml\u00e4ut.txt": sampleText(10, 2),
};
for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);

function gcab(name: string, ...options: string[]): Buffer {
  execFileSync("gcab", ["-c", ...options, name, ...Object.keys(files)], { cwd: folder });
  return readFileSync(join(folder, name));
}

/** What cabextract makes of the one file of a cabinet. */
function extracted(cabinet: Buffer): Buffer {
  writeFileSync(join(folder, "made.cab"), cabinet);
  return execFileSync("cabextract", ["-q", "-p", "made.cab"], { cwd: folder, maxBuffer: 1 << 26 });
}

const lettersOf = (text: string | Buffer): Token[] => [...Buffer.from(text)];

/** Tokens for `size` bytes with matches of each length and of many distances, none of them over the end of a frame. */
function manyTokens(from: number, size: number): Token[] {
  const tokens: Token[] = [];
  let made = 0;
  for (let i = 0; made < size; i++) {
    const room = Math.min(size - made, 32_768 - ((from + made) % 32_768));
    const length = 2 + ((i * 7) % 256);
    const distance = 1 + ((i * 2_654_435) % Math.max(1, Math.min(65_000, from + made)));
    const isMatch = i % 3 !== 0 && from + made > 0 && length <= room;
    tokens.push(isMatch ? { length, distance: i % 5 === 0 && from + made > 300 ? 300 : distance } : (i * 31) % 251);
    made += isMatch ? length : 1;
  }
  return tokens;
}

function lzxCabinet(blocks: readonly LzxBlock[], callSize = 0): Buffer {
  const size = blocks.reduce(
    (sum, { tokens }) =>
      sum + tokens.reduce<number>((all, token) => all + (typeof token === "number" ? 1 : token.length), 0),
    0,
  );
  const frames = packLzx(blocks, callSize);
  const sized = frames.map((packed, i) => ({ packed, size: Math.min(32_768, size - i * 32_768) }));
  return madeCabinet([{ name: "a.bin", size }], sized);
}

describe.skipIf(!hasProgram("gcab") || !hasProgram("cabextract"))("cabinets", () => {
  const wanted = Object.entries(files).map(([name, bytes]) => [name, sha1(bytes)]);

  test("of MSZIP and stored ones give their files", () => {
    for (const options of [["-z"], []]) {
      const { kind, members, faults } = listMembers(gcab("some.cab", ...options), sha1);
      expect({ kind, faults }).toEqual({ kind: "cabinet", faults: [] });
      expect(new Map(members as [string, string][])).toEqual(new Map(wanted as [string, string][]));
    }
  });

  test("of LZX come out as cabextract gives them: each kind of block, each kind of match, calls of machine code", () => {
    const calls = Buffer.alloc(40_000);
    for (let at = 100; at < 39_000; at += 61)
      calls.set([0xe8, at & 255, (at >> 8) & 255, at % 3 === 0 ? 255 : 0, at % 3 === 0 ? 255 : 0], at);
    const odd = sampleText(9_999, 4);
    for (const [callSize, blocks] of [
      [0, [{ kind: "verbatim", tokens: lettersOf("hello hello") }]],
      [0, [{ kind: "verbatim", tokens: manyTokens(0, 100_000) }]],
      [0, [{ kind: "aligned", tokens: manyTokens(0, 100_000) }]],
      [
        0,
        [
          { kind: "stored", tokens: lettersOf(sampleText(20_000, 3)) },
          { kind: "aligned", tokens: manyTokens(20_000, 70_000) },
          { kind: "stored", tokens: lettersOf(odd) },
          { kind: "verbatim", tokens: manyTokens(99_999, 150_001) },
          { kind: "aligned", tokens: manyTokens(250_000, 5_000) },
        ],
      ],
      [1_000_000, [{ kind: "verbatim", tokens: lettersOf(calls) }]],
    ] as const) {
      const cabinet = lzxCabinet(blocks, callSize);
      const { members, faults } = listMembers(cabinet, sha1);
      expect({ members, faults }).toEqual({ members: [["a.bin", sha1(extracted(cabinet))]], faults: [] });
    }
  });

  test("that are parts of a set say what is in other ones", () => {
    const text = sampleText(1_000, 5);
    const block = { packed: text, size: text.length };
    const made = (folderNumber: number): Buffer =>
      madeCabinet(
        [
          { name: "a", size: 400, folder: folderNumber },
          { name: "b", size: 700, folder: folderNumber },
        ],
        [block],
        0,
      );
    expect(listMembers(made(0xfffd))).toMatchObject({
      members: [],
      faults: ["unsupported incomplete a", "unsupported incomplete b"],
    });
    const goesOn = listMembers(made(0xfffe), sha1);
    expect(goesOn.members).toEqual([
      ["a", sha1(text.subarray(0, 400))],
      ["b", sha1(text.subarray(400))],
    ]);
    expect(goesOn.faults).toEqual(["unsupported incomplete b"]);
  });

  test("with Quantum, damage, a wrong checksum, or cut off, name it", () => {
    const quantum = madeCabinet([{ name: "a", size: 5 }], [{ packed: Buffer.from("12345"), size: 5 }], 2);
    expect(listMembers(quantum).faults).toEqual(["unsupported incomplete a"]);
    const packed = gcab("sum.cab", "-z");
    const changed = Buffer.from(packed);
    changed[changed.length - 100]! ^= 1;
    expect(listMembers(changed).faults.length).toBeGreaterThan(0);
    expect(listMembers(packed.subarray(0, packed.length - 1000)).faults.length).toBeGreaterThan(0);
    expect(listMembers(packed.subarray(0, 40)).faults).toEqual(["archive-corrupt incomplete "]);
    const stored = gcab("stored.cab");
    const [first] = listMembers(stored).members;
    stored[stored.length - 1]! ^= 1;
    const { members, faults } = listMembers(stored);
    expect(members[0]).toEqual(first);
    expect(faults.every((fault) => fault.startsWith("archive-corrupt incomplete"))).toBe(true);
    expect(faults.length).toBeGreaterThan(0);
  });

  test("whose files share their bytes are read once", () => {
    const text = sampleText(30_000, 6);
    const cabinet = madeCabinet(
      Array.from({ length: 50 }, (_, i) => ({ name: `f${i}`, size: i === 0 ? 30_000 : 29_000 })),
      [{ packed: text, size: text.length }],
      0,
    );
    for (let at = cabinet.indexOf("f0\0") - 16, i = 0; i < 50; i++) {
      cabinet.writeUInt32LE(0, at + 4);
      at += 16 + cabinet.indexOf(0, at + 16) - (at + 16) + 1;
    }
    const { members, faults } = listMembers(cabinet);
    expect(members).toHaveLength(1);
    expect(faults.filter((fault) => fault.startsWith("bomb"))).toHaveLength(49);
  });

  test("that are changed anywhere neither throw nor hang", () => {
    const ones = [
      gcab("mutant.cab", "-z"),
      lzxCabinet([
        { kind: "verbatim", tokens: manyTokens(0, 40_000) },
        { kind: "aligned", tokens: manyTokens(40_000, 5_000) },
      ]),
    ];
    for (const one of ones)
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.oneof(fc.nat(200), fc.nat(one.length - 1)), fc.nat(255)), {
            minLength: 1,
            maxLength: 5,
          }),
          (changes) => {
            const changed = Buffer.from(one);
            for (const [at, byte] of changes) changed[at] = byte;
            listMembers(changed);
          },
        ),
        { numRuns: 200 },
      );
  });
});
