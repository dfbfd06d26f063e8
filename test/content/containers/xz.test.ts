/** Our decoder of xz beside xz itself: what it packs with any settings comes out, and what it calls damaged is damaged here. */
import { execFileSync, spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unxz, type XzOutcome } from "../../../src/content/containers/xz.ts";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";

const most = 1 << 27;

function xz(input: Buffer, ...options: string[]): Buffer {
  return execFileSync("xz", [...options, "-c"], { input, maxBuffer: most });
}

function expand(packed: Buffer, pieceBytes = 1 << 17): { bytes: Buffer; fault: XzOutcome["fault"] } {
  const outcome: XzOutcome = {};
  const parts: Buffer[] = [];
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < packed.length; at += pieceBytes) yield packed.subarray(at, at + pieceBytes);
  };
  for (const part of unxz(pieces(), outcome)) parts.push(Buffer.from(part));
  return { bytes: Buffer.concat(parts), fault: outcome.fault };
}

/** Text, machine code, runs, repeats from far back and bytes that nothing packs. */
function mixture(parts: readonly (readonly [kind: number, length: number, seed: number])[]): Buffer {
  const made: Buffer[] = [];
  for (const [kind, length, seed] of parts) {
    if (kind === 0) made.push(sampleText(length, seed));
    else if (kind === 1) made.push(Buffer.alloc(length, seed));
    else if (kind === 2)
      made.push(Buffer.from(Array.from({ length }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24)));
    else if (kind === 3) made.push(Buffer.concat(made).subarray(0, length));
    else made.push(Buffer.from("\xe8\x00\x01\x00\x00\x48\x8b\x05".repeat(length >> 3), "latin1"));
  }
  return Buffer.concat(made);
}

const mixtures = fc
  .array(fc.tuple(fc.nat(4), fc.nat(90_000), fc.nat(255)), { minLength: 1, maxLength: 5 })
  .map((parts) => mixture(parts));
const settings = fc.record({
  preset: fc.tuple(fc.nat(9), fc.boolean()).map(([level, isExtreme]) => `-${level}${isExtreme ? "e" : ""}`),
  check: fc.constantFrom("none", "crc32", "crc64", "sha256").map((kind) => `--check=${kind}`),
  block: fc.constantFrom([], ["--block-size=4096"], ["--block-size=70000"]),
});
/** Settings that no preset has: literals by position, small dictionaries (so that the ring turns), other match finders. */
const filters = fc
  .record({ lc: fc.nat(4), lp: fc.nat(4), pb: fc.nat(4), dict: fc.constantFrom("4KiB", "64KiB", "192KiB", "8MiB") })
  .filter(({ lc, lp }) => lc + lp <= 4)
  .map(({ lc, lp, pb, dict }) => `--lzma2=preset=1,lc=${lc},lp=${lp},pb=${pb},dict=${dict}`);

describe.skipIf(!hasProgram("xz"))("xz", () => {
  test("of any preset, check and size of blocks comes out as it went in, in pieces of any size", () => {
    fc.assert(
      fc.property(mixtures, settings, fc.integer({ min: 1, max: 70_000 }), (input, { preset, check, block }, piece) => {
        const { bytes, fault } = expand(xz(input, preset, check, ...block), piece);
        expect(fault).toBeUndefined();
        expect(bytes.equals(input)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test("of any properties and dictionary", () => {
    fc.assert(
      fc.property(mixtures, filters, (input, filter) => {
        const { bytes, fault } = expand(xz(input, filter));
        expect(fault).toBeUndefined();
        expect(bytes.equals(input)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("in several streams, padded and not, of different settings", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(mixtures, settings, fc.nat(3)), { minLength: 2, maxLength: 3 }),
        fc.integer({ min: 1, max: 4096 }),
        (streams, piece) => {
          const packed = streams.map(([input, { preset, check }, padding]) =>
            Buffer.concat([xz(input, preset, check), Buffer.alloc(4 * padding)]),
          );
          const { bytes, fault } = expand(Buffer.concat(packed), piece);
          expect(fault).toBeUndefined();
          expect(bytes.equals(Buffer.concat(streams.map(([input]) => input)))).toBe(true);
        },
      ),
      { numRuns: 6 },
    );
  });

  test("behind a filter for machine code gives texts as they went in", () => {
    const code = Buffer.from(Array.from({ length: 90_000 }, (_, i) => Math.imul(i + 5, 2654435761) >>> 24));
    const input = Buffer.concat([sampleText(200_001), mixture([[4, 40_000, 0]]), sampleText(1000, 9)]);
    for (const filter of ["--x86", "--arm", "--armthumb", "--arm64"]) {
      const packed = spawnSync("xz", [filter, "--lzma2=preset=6", "-c"], { input, maxBuffer: most });
      // Not every version knows every filter.
      if (packed.status !== 0) continue;
      const { bytes, fault } = expand(packed.stdout);
      expect(fault).toBeUndefined();
      expect(bytes.length).toBe(input.length);
      expect(bytes.subarray(0, 200_000).equals(input.subarray(0, 200_000))).toBe(true);
    }
    const all = Buffer.concat([input, code, Buffer.from("H234@123\x7f\xff\xff\xffH__Q".repeat(900), "latin1")]);
    for (const chain of ["--powerpc", "--sparc", "--powerpc --sparc", "--sparc=start=4096 --powerpc=start=65536"]) {
      const { bytes, fault } = expand(xz(all, ...chain.split(" "), "--lzma2=preset=1"), 4097);
      expect(fault).toBeUndefined();
      expect(bytes.equals(all)).toBe(true);
    }
    const { bytes, fault } = expand(xz(input, "--ia64", "--lzma2=preset=1"));
    expect(fault?.code).toBe("unsupported");
    expect(bytes.length).toBe(input.length);
  });

  test("that xz calls damaged is damaged here: a byte that is another, in compressed data and in sums", () => {
    fc.assert(
      fc.property(
        mixtures.filter(({ length }) => length > 0),
        settings.filter(({ check }) => check !== "--check=none"),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        (input, { preset, check }, where, change) => {
          const packed = xz(input, preset, check);
          // Headers and the index have sums of their own; they say nothing of what comes out.
          const from = 24;
          const to = packed.length - 12 - (packed.readUInt32LE(packed.length - 8) + 1) * 4;
          const at = from + Math.floor(where * (to - from - 1));
          packed[at]! ^= change;
          const isSound = spawnSync("xz", ["-dc"], { input: packed, maxBuffer: most }).status === 0;
          const { bytes, fault } = expand(packed);
          expect(fault === undefined).toBe(isSound);
          expect(bytes.length).toBeLessThan(input.length + (1 << 21));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("that is cut off gives all that xz gives of it, and nothing else", () => {
    const input = mixture([
      [0, 300_000, 1],
      [2, 100_000, 7],
      [1, 50_000, 32],
    ]);
    const packed = xz(input, "-6");
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: packed.length - 1 }),
        fc.integer({ min: 1, max: 9000 }),
        (length, piece) => {
          const cut = packed.subarray(0, length);
          const { bytes, fault } = expand(cut, piece);
          expect(input.subarray(0, bytes.length).equals(bytes)).toBe(true);
          expect(fault?.code).toBe(length === 0 ? undefined : "archive-corrupt");
          const theirs = spawnSync("xz", ["-dc"], { input: cut, maxBuffer: most }).stdout.length;
          // xz writes what stands before the end of its buffer alone.
          expect(bytes.length).toBeGreaterThanOrEqual(theirs);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("with a wrong sum is told, and read to its end", () => {
    const [first, second] = [sampleText(5000), sampleText(5000, 2)];
    for (const check of ["crc32", "crc64", "sha256"]) {
      const packed = xz(first, `--check=${check}`);
      const index = (packed.readUInt32LE(packed.length - 8) + 1) * 4;
      packed[packed.length - 12 - index - 1]! ^= 1;
      const { bytes, fault } = expand(Buffer.concat([packed, xz(second)]));
      expect(bytes.equals(Buffer.concat([first, second]))).toBe(true);
      expect(fault).toEqual({
        code: "archive-corrupt",
        message: "the xz stream is damaged (its checksum is wrong)",
      });
    }
  });

  test("with a header or an end that is another is told, whatever comes out", () => {
    const input = sampleText(5000);
    const packed = xz(input, "--x86", "--lzma2=preset=1");
    const places = [6, 7, 9, 12, 13, 14, 20, 23, ...[1, 4, 6, 8, 10, 12].map((from) => packed.length - from)];
    for (const at of places) {
      const other = Buffer.from(packed);
      other[at]! ^= 1;
      expect([at, spawnSync("xz", ["-t"], { input: other }).status]).toEqual([at, 1]);
      expect([at, expand(other).fault?.code]).toEqual([at, expect.stringMatching(/archive-corrupt|unsupported/)]);
    }
  });
});
