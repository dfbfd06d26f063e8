import { randomBytes, randomInt } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EntryReader } from "../../../src/content/git/entry-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-entries-"));
const pack = join(folder, "pack");
const bytes = randomBytes(12_000_000);
let descriptor: number;
beforeAll(() => {
  writeFileSync(pack, bytes);
  descriptor = openSync(pack, "r");
});
afterAll(() => {
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

/** Entries of all lengths, with gaps of all widths between some of them; in twelve megabytes, so that what was read is overwritten in between. */
function randomEntries(): { offsets: number[]; ends: number[] } {
  const offsets: number[] = [];
  const ends: number[] = [];
  for (let at = randomInt(100); at < bytes.length - 200_000;) {
    const length = randomInt(50) === 0 ? randomInt(60_000, 150_000) : randomInt(1, 2000);
    offsets.push(at);
    at += length;
    ends.push(at);
    if (randomInt(4) === 0) at += randomInt(10_000);
  }
  return { offsets, ends };
}

function readerOf(offsets: number[], ends: number[], asked = offsets.map(() => 1), from = descriptor): EntryReader {
  return new EntryReader(from, Float64Array.from(offsets), Float64Array.from(ends), Uint32Array.from(asked));
}

describe("entries of a pack", () => {
  test("are what stands there, in whatever order they are given and asked for, also where nobody said that they would be", () => {
    const { offsets, ends } = randomEntries();
    for (const reader of [
      readerOf(offsets, ends),
      readerOf(offsets.toReversed(), ends.toReversed()),
      readerOf(
        offsets,
        ends,
        offsets.map(() => randomInt(2)),
      ),
    ]) {
      const turned = reader.bytes(0).length !== ends[0]! - offsets[0]!;
      let wrong = 0;
      for (let i = 0; i < 20_000; i++) {
        // Mostly neighbours, as in a family, and now and then another place.
        const entry = i % 7 === 0 ? randomInt(offsets.length) : Math.min(offsets.length - 1, (i * 3) % offsets.length);
        const place = turned ? offsets.length - 1 - entry : entry;
        if (!reader.bytes(entry).equals(bytes.subarray(offsets[place], ends[place]))) wrong++;
      }
      expect(wrong).toBe(0);
    }
  });

  test("may lie upon each other, as an index that lies has them", () => {
    const reader = readerOf([100, 100, 150, 5000], [400, 200, 180, 5001]);
    for (const [entry, from, to] of [
      [0, 100, 400],
      [1, 100, 200],
      [2, 150, 180],
      [3, 5000, 5001],
      [0, 100, 400],
    ] as const)
      expect(reader.bytes(entry).equals(bytes.subarray(from, to))).toBe(true);
  });

  test("are short where the pack ends", () => {
    const short = join(folder, "short");
    writeFileSync(short, bytes.subarray(0, 1000));
    truncateSync(short, 700);
    const file = openSync(short, "r");
    try {
      const reader = readerOf([0, 600, 800], [600, 800, 900], [1, 1, 1], file);
      expect([0, 1, 2].map((entry) => reader.bytes(entry).length)).toEqual([600, 100, 0]);
      expect(reader.bytes(1).equals(bytes.subarray(600, 700))).toBe(true);
    } finally {
      closeSync(file);
    }
  });
});
