/** Forms of one file, as the programs write them that people have. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const most = 1 << 27;
const run = (program: string, input: Buffer, ...options: string[]): Buffer =>
  execFileSync(program, [...options, "-c"], { input, maxBuffer: most, stdio: ["pipe", "pipe", "ignore"] });

/** Text, zeros, and what nothing packs: tables of LZW fill up, are cleared, and fill up again. */
const mixtures = fc
  .array(fc.tuple(fc.nat(2), fc.nat(120_000), fc.nat(255)), { minLength: 1, maxLength: 4 })
  .map((parts) =>
    Buffer.concat(
      parts.map(([kind, length, seed]) =>
        kind === 0
          ? sampleText(length, seed)
          : kind === 1
            ? Buffer.alloc(length, seed)
            : Buffer.from(Array.from({ length }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24)),
      ),
    ),
  );

describe.each([
  ["lzma", "xz", [["--format=lzma"], ["--format=lzma", "-9"]]],
  ["lz4", "lz4", [["-1"], ["-9", "-BD"], ["-B4", "-BX", "--content-size"], ["--no-frame-crc"], ["-l"]]],
  ["lzw", "compress", [["-f"], ["-f", "-b10"], ["-f", "-b12"]]],
] as const)("%s", (kind, program, settings) => {
  test.skipIf(!hasProgram(program))("comes out as it went in, with any settings", () => {
    fc.assert(
      fc.property(mixtures, fc.constantFrom(...settings), (input, options) => {
        const packed = run(program, input, ...options);
        if (packed.length < 14) return;
        expect(listMembers(packed, sha1)).toEqual({ kind, members: [["", sha1(input)]], faults: [] });
      }),
      { numRuns: 12 },
    );
  });

  test.skipIf(!hasProgram(program))("that is cut off or damaged gives what came before", () => {
    const input = sampleText(100_000, 3);
    const packed = run(program, input, ...settings[0]);
    const cut = listMembers(packed.subarray(0, packed.length >> 1));
    expect(input.toString("latin1")).toContain(cut.members[0]![1].slice(0, 20_000));
    // LZW has no end and no sum.
    if (kind !== "lzw") expect(cut.faults).toEqual(["archive-corrupt incomplete "]);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1 }), (flips) => {
        const changed = Buffer.from(packed);
        for (const [at, bits] of flips) changed[at]! ^= bits;
        listMembers(changed);
      }),
      { numRuns: 40 },
    );
  });
});

test("what begins like .lzma and is none is told from it", () => {
  const text = Buffer.from(`]\0\0\x80\0${"\xff".repeat(8)}\x01 and so on`, "latin1");
  expect(listMembers(text).kind).toBeUndefined();
  expect(listMembers(Buffer.from("]]]]]]]]]]]]]]]]]]]]")).kind).toBeUndefined();
});

test.skipIf(!hasProgram("lz4"))("any changed bit of an LZ4 frame with sums is told", () => {
  const packed = run("lz4", sampleText(3_000, 5), "-1", "-BX", "--content-size");
  expect(listMembers(packed).faults).toEqual([]);
  // Behind the mark, by which it is known; in the two flags that say what sums there are it may say that there are none.
  for (let at = 6; at < packed.length; at++) {
    const changed = Buffer.from(packed);
    changed[at]! ^= 1 << (at % 8);
    expect({ at, faults: listMembers(changed).faults.length > 0 }).toEqual({ at, faults: true });
  }
});

test.skipIf(!hasProgram("lz4"))("kernels have their size behind the legacy form of LZ4", () => {
  const input = sampleText(9 << 20, 4);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(input.length);
  const packed = run("lz4", input, "-l");
  for (const all of [packed, Buffer.concat([packed, size])])
    expect(listMembers(all, sha1)).toEqual({ kind: "lz4", members: [["", sha1(input)]], faults: [] });
  expect(listMembers(packed.subarray(0, -9)).faults).toEqual(["archive-corrupt incomplete "]);
});

test("blocks of the legacy form of LZ4 know nothing of those before them", () => {
  const mark = Buffer.from("02214c18", "hex");
  const literals = Buffer.from("\x06\0\0\0\x50hello", "latin1");
  const reachingBack = Buffer.from("\x05\0\0\0\0\x05\0\x10x", "latin1");
  expect(listMembers(Buffer.concat([mark, literals, literals]))).toEqual({
    kind: "lz4",
    members: [["", "hellohello"]],
    faults: [],
  });
  const { members, faults } = listMembers(Buffer.concat([mark, literals, reachingBack]));
  expect([members, faults]).toEqual([[["", "hello"]], ["archive-corrupt incomplete "]]);
});

test.skipIf(!hasProgram("xz"))("what is wrong behind filters of xz is told by the sum of what was packed", () => {
  const input = sampleText(3_000, 6);
  for (const sum of ["crc32", "crc64", "sha256"]) {
    for (const filter of ["--x86", "--delta=dist=4", "--arm"]) {
      const packed = run("xz", input, `--check=${sum}`, filter, "--lzma2=preset=0");
      const kinds = { sum, filter, kind: "xz", members: [["", sha1(input)]], faults: [] as string[] };
      expect({ sum, filter, ...listMembers(packed, sha1) }).toEqual(kinds);
      // The last byte of the sum: the index and the footer come behind it.
      const changed = Buffer.from(packed);
      changed[packed.length - 12 - 4 * (packed.readUInt32LE(packed.length - 8) + 1) - 1]! ^= 1;
      expect({ sum, filter, ...listMembers(changed, sha1) }).toEqual({
        ...kinds,
        faults: ["archive-corrupt incomplete "],
      });
    }
  }
});

test.skipIf(!hasProgram("lz4"))("frames of LZ4 follow each other, with others between that hold nothing", () => {
  const [a, b] = [sampleText(5000, 1), sampleText(70_000, 2)];
  const skippable = Buffer.from("502a4d1803000000616263", "hex");
  const all = Buffer.concat([run("lz4", a, "-1"), skippable, run("lz4", b, "-9")]);
  expect(listMembers(all, sha1)).toEqual({
    kind: "lz4",
    members: [["", sha1(Buffer.concat([a, b]))]],
    faults: [],
  });
});
