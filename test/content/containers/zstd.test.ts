import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { Xxh64 } from "../../../src/content/containers/xxh64.ts";
import { unzstdChunks, type ZstdOutcome } from "../../../src/content/containers/zstd.ts";
import { expand, layerLimits } from "../../../src/content/compression.ts";
import { testWith } from "../../require-program.ts";
import { sampleText, streamOf } from "../streams.ts";

const lowOf = (...pieces: readonly Uint8Array[]): number => {
  const hash = new Xxh64();
  for (const piece of pieces) hash.update(piece);
  return hash.low();
};

test("XXH64 is that of the specification, however its bytes come", () => {
  const bytes = sampleText(222);
  expect(lowOf()).toBe(0x51d8e999);
  for (let cut = 0; cut < bytes.length; cut += 13)
    expect(lowOf(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(lowOf(bytes));
});

const zstd = (bytes: Uint8Array, ...options: string[]): Buffer =>
  spawnSync("zstd", ["-q", "-c", ...options], { input: bytes, maxBuffer: 1 << 26 }).stdout;

function opened(stored: Uint8Array): { bytes: Buffer; outcome: ZstdOutcome } {
  const outcome: ZstdOutcome = {};
  return { bytes: Buffer.concat([...unzstdChunks([stored], outcome)]), outcome };
}

describe("frames of zstd", () => {
  testWith("zstd")("are proved by their sum and size, of any length", () => {
    for (const length of [0, 1, 7, 31, 32, 33, 255, 256, 300, 65_000, 70_000, 1_000_003]) {
      const text = sampleText(length, length);
      for (const options of [["--check"], ["--no-check"], ["--check", "-19"]]) {
        const { bytes, outcome } = opened(zstd(text, ...options));
        expect([length, outcome, bytes.equals(text)]).toEqual([length, {}, true]);
      }
    }
  });

  testWith("zstd")(
    "with another sum, another size, or none where one should be are told, in members and in layers",
    async () => {
      const text = sampleText(5000, 3);
      const whole = zstd(text, "--check");
      const wrong = Buffer.from(whole);
      wrong[wrong.length - 1]! ^= 1;
      for (const stored of [wrong, whole.subarray(0, -4)]) {
        const { bytes, outcome } = opened(stored);
        expect([bytes.equals(text), outcome.fault?.code]).toEqual([true, "archive-corrupt"]);
        const damage: string[] = [];
        for await (const _ of expand(streamOf(stored), "zstd", layerLimits, ({ kind }) => damage.push(kind)));
        expect(damage.length).toBe(1);
      }
    },
  );
});
