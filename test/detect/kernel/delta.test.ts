import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyDelta as applyInMemory } from "../../../src/content/git/delta.ts";
import type { KernelCode } from "../../../src/detect/kernel/code.ts";
import { deltaErrors } from "../../../src/detect/kernel/kernel.ts";
import { copyInstruction, insertInstruction, makeDelta, varint } from "../../../fixtures/git/delta.ts";
import { align, bothKernels, peek, poke } from "./kernels.ts";

const base = fc.uint8Array({ maxLength: 300 });

/** Instructions that fit a base: a delta, and what it makes. */
const validDelta = base.chain((from) =>
  fc
    .array(
      fc.oneof(
        fc
          .uint8Array({ minLength: 1, maxLength: 127 })
          .map((bytes) => ({ bytes: insertInstruction(bytes), makes: bytes })),
        fc.tuple(fc.nat(Math.max(0, from.length - 1)), fc.integer({ min: 1, max: 300 })).map(([offset, length]) => {
          const makes = from.subarray(offset, offset + length);
          return { bytes: makes.length === 0 ? Buffer.alloc(0) : copyInstruction(offset, makes.length), makes };
        }),
      ),
      { maxLength: 12 },
    )
    .map((steps) => ({
      from,
      target: Buffer.concat(steps.map(({ makes }) => makes)),
      delta: makeDelta(from.length, steps),
    })),
);

interface Outcome {
  readonly size: number;
  readonly error: number;
  readonly made: string;
  /** The bytes behind the result: nothing may be written there. */
  readonly behind: string;
  /** What it copied: offset in the result, in the base, length. */
  readonly copies: readonly (readonly [number, number, number])[];
  /** The bytes behind the most room that copies may take. */
  readonly behindCopies: string;
}

/** Copies shorter than this are left out. */
const least = 3;

function apply(code: KernelCode, memory: number, from: Uint8Array, delta: Uint8Array, outLength: number): Outcome {
  const out = align(memory + from.length);
  const deltaAt = align(out + outLength + 64);
  poke(code, memory, from);
  poke(code, out, new Uint8Array(outLength + 64).fill(0xee));
  poke(code, deltaAt, delta);
  const copiesAt = align(deltaAt + delta.length);
  const room = Math.floor(outLength / least) * 12;
  poke(code, copiesAt, new Uint8Array(room + 64).fill(0xee));
  const size = code.deltaTargetSize(deltaAt, delta.length);
  const error = code.applyDelta(deltaAt, delta.length, memory, from.length, out, outLength, copiesAt, least);
  const words = peek(code, copiesAt, 12 * code.copyCount());
  const copies = Array.from({ length: code.copyCount() }, (_, i) =>
    [0, 4, 8].map((at) => words.readUInt32LE(12 * i + at)),
  );
  return {
    size,
    error,
    made: peek(code, out, outLength).toString("hex"),
    behind: peek(code, out + outLength, 64).toString("hex"),
    copies: copies.map(([to = 0, source = 0, length = 0]) => [to, source, length] as const),
    behindCopies: peek(code, copiesAt + room, 64).toString("hex"),
  };
}

const untouched = "ee".repeat(64);

describe("deltas", () => {
  test("that are valid make the same in the kernel, its twin, and the reader of single objects", () => {
    fc.assert(
      fc.property(validDelta, ({ from, target, delta }) => {
        const { base: memory, wasm, twin } = bothKernels(16_384);
        const expected = {
          size: target.length,
          error: 0,
          made: target.toString("hex"),
          behind: untouched,
          behindCopies: untouched,
        };
        const result = apply(wasm, memory, from, delta, target.length);
        expect(result).toMatchObject(expected);
        expect(apply(twin, memory, from, delta, target.length)).toEqual(result);
        let end = 0;
        for (const [to, source, length] of result.copies) {
          expect(length).toBeGreaterThanOrEqual(least);
          expect(to).toBeGreaterThanOrEqual(end);
          expect(target.subarray(to, to + length).equals(from.subarray(source, source + length))).toBe(true);
          end = to + length;
        }
        expect(Buffer.from(applyInMemory(from, delta)).equals(target)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("that are damaged get the same answer, write nothing outside, and are refused by the reader of single objects too", () => {
    const damage = fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("flip", "cut", "insert"));
    fc.assert(
      fc.property(validDelta, fc.array(damage, { minLength: 1, maxLength: 4 }), ({ from, target, delta }, damages) => {
        let bad = Buffer.from(delta);
        for (const [place, value, kind] of damages) {
          const at = place % (bad.length + 1);
          if (kind === "flip" && at < bad.length) bad[at] = value;
          else if (kind === "cut") bad = bad.subarray(0, at);
          else bad = Buffer.concat([bad.subarray(0, at), Buffer.from([value]), bad.subarray(at)]);
        }
        const { base: memory, wasm, twin } = bothKernels(1 << 20);
        const claimed = twinSize(bad);
        const outLength = claimed >= 0 && claimed < 100_000 ? claimed : target.length;
        const result = apply(wasm, memory, from, bad, outLength);
        expect(result).toEqual(apply(twin, memory, from, bad, outLength));
        expect(result).toMatchObject({ behind: untouched, behindCopies: untouched });
        if (outLength === claimed) expect(refuses(from, bad)).toBe(result.error !== 0);
        expect(deltaErrors[result.error]).toBeDefined();
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["", 1, Buffer.alloc(0)],
    ["its header never ends", 1, Buffer.alloc(20, 0xff)],
    ["another base", 2, makeDelta(5, [])],
    ["another result", 3, Buffer.concat([varint(4), varint(9)])],
    ["a copy from outside", 4, Buffer.concat([varint(4), varint(3), copyInstruction(2, 3)])],
    ["a copy at 4 GiB", 4, Buffer.concat([varint(4), varint(3), Buffer.from([0x9f, 0xff, 0xff, 0xff, 0xff, 3])])],
    ["a copy beyond the result", 5, Buffer.concat([varint(4), varint(3), copyInstruction(0, 4)])],
    ["an insert beyond the result", 5, Buffer.concat([varint(4), varint(3), insertInstruction(Buffer.from("abcd"))])],
    ["the reserved instruction", 6, Buffer.concat([varint(4), varint(3), Buffer.from([0])])],
    ["an insert that is cut off", 6, Buffer.concat([varint(4), varint(3), Buffer.from([3, 1])])],
    ["a copy that is cut off", 6, Buffer.concat([varint(4), varint(3), Buffer.from([0x91])])],
    ["too few instructions", 3, Buffer.concat([varint(4), varint(3), insertInstruction(Buffer.from("a"))])],
  ])("with %s are told apart", (_name, error, delta) => {
    const from = Buffer.from("base");
    const { base: memory, wasm, twin } = bothKernels(4096);
    expect(apply(wasm, memory, from, delta, 3)).toMatchObject({ error, behind: untouched });
    expect(apply(twin, memory, from, delta, 3)).toMatchObject({ error, behind: untouched });
    expect(refuses(from, delta)).toBe(true);
  });
});

function twinSize(delta: Uint8Array): number {
  const { base: memory, twin } = bothKernels(delta.length + 64);
  poke(twin, memory, delta);
  return twin.deltaTargetSize(memory, delta.length);
}

function refuses(from: Uint8Array, delta: Uint8Array): boolean {
  try {
    applyInMemory(from, delta);
    return false;
  } catch {
    return true;
  }
}
