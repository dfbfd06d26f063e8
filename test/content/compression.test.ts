import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { storeAsZstd } from "../../fixtures/images/compress.ts";
import { expand, layerLimits, sniffCompression } from "../../src/content/compression.ts";
import { gunzip } from "../../src/content/gzip.ts";
import { isNativeKnown } from "../../src/content/gzip-native.ts";
import { testWith } from "../require-program.ts";
import { gather, sampleText, streamOf } from "./streams.ts";

const text = sampleText(300_000);

function run(bytes: Uint8Array, options: { chunk?: number; limits?: Partial<typeof layerLimits> } = {}) {
  const limits = { ...layerLimits, ...options.limits };
  return gather((report) => expand(streamOf(bytes, options.chunk), sniffCompression(bytes), limits, report));
}

describe("what a stream is compressed with", () => {
  test("is told by its first bytes", () => {
    expect(sniffCompression(gzipSync("x"))).toBe("gzip");
    expect(sniffCompression(storeAsZstd(text))).toBe("zstd");
    expect(sniffCompression(Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 0, 0, 0, 0))).toBe("zstd");
    expect(sniffCompression(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0))).toBe("xz");
    expect(sniffCompression(Buffer.from("BZh91AY"))).toBe("bzip2");
    expect(sniffCompression(Buffer.from("BZh is not bzip2"))).toBe("none");
    expect(sniffCompression(Buffer.alloc(0))).toBe("none");
  });
});

describe("gzip", () => {
  test("is expanded natively on every Node that is tested, and the documented way gives the same, damage included", async () => {
    expect(isNativeKnown()).toBe(true);
    const whole = Buffer.concat([gzipSync(text.subarray(0, 90_000)), gzipSync(text.subarray(90_000))]);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length),
        fc.nat(whole.length),
        fc.nat(255),
        fc.boolean(),
        async (end, at, bits, pads) => {
          const stored = Buffer.concat([
            whole.subarray(0, end % 3 === 0 ? end : undefined),
            Buffer.alloc(pads ? 600 : 0),
          ]);
          if (at < stored.length) stored[at]! ^= bits;
          const [native, streaming] = await Promise.all(
            (["native", "streaming"] as const).map((way) =>
              gather((report) => gunzip(streamOf(stored, 1 + (at % 70_000)), report, way)),
            ),
          );
          expect(native!.damage).toEqual(streaming!.damage);
          expect(native!.bytes.equals(streaming!.bytes)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("of many members, however it is cut into chunks, gives the bytes of all", async () => {
    const parts = [text.subarray(0, 1), text.subarray(1, 100_000), Buffer.alloc(0), text.subarray(100_000)];
    const stored = Buffer.concat(parts.map((part) => gzipSync(part)));
    for (const chunk of [1000, 65_536, 1 << 20]) {
      const { bytes, damage } = await run(stored, { chunk });
      expect(bytes.equals(text)).toBe(true);
      expect(damage).toEqual([]);
    }
  });

  test("with zero padding is sound; with other bytes behind it everything is kept and the rest is reported", async () => {
    const padded = await run(Buffer.concat([gzipSync(text), Buffer.alloc(700)]));
    expect([padded.bytes.equals(text), padded.damage]).toEqual([true, []]);
    for (const tail of ["xy", "garbage behind the end", "\0\0hidden"]) {
      const { bytes, damage } = await run(Buffer.concat([gzipSync(text), Buffer.from(tail)]));
      expect([bytes.equals(text), damage]).toEqual([true, ["trailing"]]);
    }
  });

  test("with damage behind much that was given already gives every byte once", async () => {
    const dense = Buffer.alloc(9 << 20);
    for (let at = 0; at < dense.length; at += 4096) dense.writeUInt32LE(at, at);
    for (const whole of [dense, sampleText(900_000, 3)]) {
      const { bytes, damage } = await run(Buffer.concat([gzipSync(whole), Buffer.from("garbage")]));
      expect([bytes.equals(whole), damage]).toEqual([true, ["trailing"]]);
    }
  });

  test("of a small text with bytes behind it loses nothing", async () => {
    const { bytes, damage } = await run(Buffer.concat([gzipSync("small"), Buffer.from("junk")]));
    expect([bytes.toString(), damage]).toEqual(["small", ["trailing"]]);
  });

  test("that is cut off gives all that its bytes tell", async () => {
    const stored = gzipSync(text);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 20, max: stored.length - 1 }), async (length) => {
        const { bytes, damage } = await run(stored.subarray(0, length));
        expect(damage).toEqual(["truncated"]);
        expect(bytes.equals(text.subarray(0, bytes.length))).toBe(true);
        expect(bytes.length).toBeGreaterThan((length / stored.length) * text.length * 0.8 - 50_000);
      }),
      { numRuns: 25 },
    );
    const onlyTrailerCut = await run(stored.subarray(0, stored.length - 3));
    expect(onlyTrailerCut.bytes.equals(text)).toBe(true);
  });

  test("with a flipped byte gives everything before it, and says so", async () => {
    const small = text.subarray(0, 60_000);
    const stored = gzipSync(small);
    const damagedAt = Math.floor(stored.length * 0.75);
    const flipped = Buffer.from(stored);
    flipped[damagedAt] = (flipped[damagedAt] ?? 0) ^ 0x10;
    const { bytes, damage } = await run(flipped);
    expect(damage).toEqual(["corrupt"]);
    const same = bytes.findIndex((byte, index) => byte !== small[index]);
    expect(same === -1 ? bytes.length : same).toBeGreaterThan(small.length * 0.7);
  });

  test("whose checksum alone is wrong is given whole", async () => {
    const small = text.subarray(0, 60_000);
    const flipped = Buffer.from(gzipSync(small));
    flipped[flipped.length - 6] = (flipped[flipped.length - 6] ?? 0) ^ 1;
    const { bytes, damage } = await run(flipped);
    expect([bytes.equals(small), damage]).toEqual([true, ["corrupt"]]);
  });

  test("that expands without end is stopped, and what came before is kept", async () => {
    const bomb = gzipSync(Buffer.alloc(8 << 20));
    const limits = { ratioFromBytes: 2 << 20, maxRatio: 200 };
    const { bytes, damage } = await run(bomb, { limits });
    expect(damage).toEqual(["bomb"]);
    expect(bytes.length).toBeLessThanOrEqual(4 << 20);
    expect(bytes.length).toBeGreaterThan(0);
    expect((await run(bomb)).damage).toEqual([]);
    expect((await run(gzipSync(text), { limits: { maxBytes: 100_000 } })).damage).toEqual(["bomb"]);
  });
});

describe("zstd", () => {
  const skippable = Buffer.concat([Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0), Buffer.from("notes")]);

  test("of many frames and skippable frames gives the bytes of all", async () => {
    const stored = Buffer.concat([
      skippable,
      storeAsZstd(text.subarray(0, 1000)),
      skippable,
      storeAsZstd(text.subarray(1000)),
      skippable,
    ]);
    for (const chunk of [7, 5000, 1 << 20]) {
      const { bytes, damage } = await run(stored, { chunk });
      expect([bytes.equals(text), damage]).toEqual([true, []]);
    }
  });

  testWith("zstd")("as the zstd program writes it comes out whole, at any level", async () => {
    const big = Buffer.concat([sampleText(1_000_000, 7), Buffer.alloc(3_000_000), sampleText(500_000, 8)]);
    for (const level of ["-1", "-9"]) {
      const stored = spawnSync("zstd", ["-q", "-c", level, "--long=27"], {
        input: big,
        maxBuffer: 1 << 26,
      }).stdout;
      const { bytes, damage } = await run(stored);
      expect([bytes.equals(big), damage]).toEqual([true, []]);
      const cut = await run(stored.subarray(0, stored.length - 5));
      expect(cut.damage).toEqual(["truncated"]);
      expect(cut.bytes.equals(big.subarray(0, cut.bytes.length))).toBe(true);
      const followed = await run(Buffer.concat([stored, Buffer.from("garbage")]));
      expect([followed.bytes.equals(big), followed.damage.length]).toEqual([true, 1]);
    }
  });

  testWith("zstd")("with any byte flipped ends, and says so or gives bytes", async () => {
    const stored = spawnSync("zstd", ["-q", "-c", "--check"], { input: text }).stdout;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: stored.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const flipped = Buffer.from(stored);
          flipped[at] = (flipped[at] ?? 0) ^ mask;
          const limits = { ...layerLimits };
          const { bytes, damage } = await gather((report) => expand(streamOf(flipped), "zstd", limits, report));
          expect(damage.length > 0 || bytes.equals(text)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

for (const program of ["xz", "bzip2"] as const) {
  describe(program, () => {
    const big = Buffer.concat([sampleText(1_500_000, 7), Buffer.alloc(2_000_000), sampleText(500_000, 8)]);
    const made = (bytes: Uint8Array): Buffer => spawnSync(program, ["-c"], { input: bytes, maxBuffer: 1 << 26 }).stdout;

    testWith(program)("as the program writes it comes out whole, however it is cut into chunks", async () => {
      for (const level of ["-1", "-9"]) {
        const stored = spawnSync(program, ["-c", level], { input: big, maxBuffer: 1 << 26 }).stdout;
        for (const chunk of [997, 1 << 20]) {
          const { bytes, damage } = await run(stored, { chunk });
          expect([bytes.equals(big), damage]).toEqual([true, []]);
        }
      }
    });

    testWith(program)("of several streams, with bytes behind it, or cut off gives all there is", async () => {
      const [first, second] = [made(text.subarray(0, 1000)), made(text.subarray(1000))];
      const streams = [first, program === "xz" ? Buffer.alloc(8) : Buffer.alloc(0), second];
      const many = await run(Buffer.concat(streams));
      expect([many.bytes.equals(text), many.damage]).toEqual([true, []]);
      const followed = await run(Buffer.concat([second, Buffer.from("garbage behind")]));
      expect([followed.bytes.equals(text.subarray(1000)), followed.damage]).toEqual([true, ["trailing"]]);
      const whole = made(big);
      const cut = await run(whole.subarray(0, whole.length - 9000));
      expect(cut.damage).toEqual(["corrupt"]);
      expect(cut.bytes.equals(big.subarray(0, cut.bytes.length))).toBe(true);
      expect(cut.bytes.length).toBeGreaterThan(900_000);
    });

    testWith(program)("that expands without end is stopped", async () => {
      const limits = { ratioFromBytes: 2 << 20, maxRatio: 200 };
      const { bytes, damage } = await run(made(Buffer.alloc(12 << 20)), { limits });
      expect(damage).toEqual(["bomb"]);
      expect(bytes.length).toBeLessThanOrEqual(4 << 20);
    });

    testWith(program)("with any byte flipped ends, and says so or gives bytes", async () => {
      const stored = made(text.subarray(0, 40_000));
      await fc.assert(
        fc.asyncProperty(fc.nat(stored.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
          const flipped = Buffer.from(stored);
          flipped[at] = (flipped[at] ?? 0) ^ mask;
          await gather((report) => expand(streamOf(flipped), program, layerLimits, report));
        }),
        { numRuns: 60 },
      );
    });
  });
}

testWith("xz")("many streams of xz that hold nothing are read to their end", async () => {
  const empty = spawnSync("xz", ["-c"], { input: "" }).stdout;
  const stored = Buffer.concat([...Array<Buffer>(20_000).fill(empty), spawnSync("xz", ["-c"], { input: text }).stdout]);
  const { bytes, damage } = await run(stored);
  expect([bytes.equals(text), damage]).toEqual([true, []]);
});

testWith("xz")("xz that is not read to its end leaves nothing to the next stream", async () => {
  const [first, second] = [sampleText(900_000, 9), text].map(
    (bytes) => spawnSync("xz", ["-c"], { input: bytes, maxBuffer: 1 << 26 }).stdout,
  );
  for await (const chunk of expand(streamOf(first!), "xz", layerLimits, () => {})) if (chunk.length > 0) break;
  const { bytes, damage } = await run(second!);
  expect([bytes.equals(text), damage]).toEqual([true, []]);
});
