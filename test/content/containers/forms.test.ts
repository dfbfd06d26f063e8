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
  ["lz4", "lz4", [["-1"], ["-9", "-BD"], ["-B4", "-BX", "--content-size"], ["--no-frame-crc"]]],
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
