import fc from "fast-check";
import { expect, test } from "vitest";
import { markAhead, markBack, wideKinds } from "../../../src/detect/kernel/marks.ts";
import type { KernelCode } from "../../../src/detect/kernel/code.ts";
import { align, bothKernels, peek, poke } from "./kernels.ts";

const pieces = fc.array(
  fc.oneof(
    fc.constantFrom(
      "%2F",
      "%41%42",
      "\\u0041",
      "\\u{2f}",
      "\\U00000041",
      "\\x41",
      "\\/",
      "\\n",
      "\\101",
      '\\":',
      "&#65;",
    ),
    fc.constantFrom(
      "&#x2f;",
      "&quot;",
      "&lt;",
      "=3D",
      "=\n",
      "=\r\n",
      '" + "',
      "' . '",
      '"\n  "',
      '".concat("',
      "' || '",
      '" <> "',
      '" << "',
      '" & _\n "',
      "0x41,",
      "0x0A",
    ),
    fc.constantFrom(
      "abcdefghijklmnop",
      "Zm9v",
      "a",
      "/",
      " ",
      '"',
      "'",
      "\\",
      "\n",
      "=",
      "%",
      "A\0B\0C\0D\0E\0F\0G\0H\0".repeat(3),
    ),
    fc.string({ unit: "grapheme", maxLength: 4 }),
    fc.integer({ min: 50, max: 75 }).map((length) => `\n${"x".repeat(length)}`),
  ),
  { maxLength: 30 },
);

const text = pieces.map((list) => Buffer.from(list.join("")));

function layOut(content: Uint8Array, maxOut: number) {
  const { base, wasm, twin } = bothKernels(align(content.length) + 8 * maxOut + 4096);
  const out = align(base + content.length + 64);
  for (const code of [wasm, twin]) poke(code, base, content);
  return { base, wasm, twin, out };
}

test("kernel and twin find the same marks, also where the buffer is full", () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.integer({ min: 1, max: 40 }), (content, seed, maxOut) => {
      const { base, wasm, twin, out } = layOut(content, maxOut);
      const from = seed % (content.length + 1);
      const run = (code: KernelCode) => {
        const length = content.length - from;
        const count = code.findMarks(base + from, length, base, base + content.length, out, maxOut);
        return { count, consumed: code.consumedMarks(), marks: peek(code, out, 8 * count).toString("hex") };
      };
      expect(run(wasm)).toEqual(run(twin));
    }),
    { numRuns: 1500 },
  );
});

test("a mark is a function of the bytes around it", () => {
  fc.assert(
    fc.property(text, text, text, (before, content, behind) => {
      const whole = Buffer.concat([before, content, behind]);
      const { base, wasm, out } = layOut(whole, 4000);
      const marks = (low: number, high: number): string[] => {
        const count = wasm.findMarks(base + low, high - low, base + low, base + high, out, 4000);
        const words = peek(wasm, out, 8 * count);
        return Array.from(
          { length: count },
          (_, i) => `${words.readUInt32LE(8 * i) + low} ${words.readUInt32LE(8 * i + 4)}`,
        );
      };
      const low = before.length;
      const high = low + content.length;
      const inside = (list: string[]): string[] =>
        list.filter((mark) => {
          const at = Number.parseInt(mark, 10);
          return at - markBack >= low && at + markAhead <= high;
        });
      expect(inside(marks(low, high))).toEqual(inside(marks(0, whole.length)));
    }),
    { numRuns: 1500 },
  );
});

test.each([
  [wideKinds.utf16, 32, ["A\0", "\0B", "abc", "\0", "A\0B\0C\0D\0".repeat(5), "\x01\0", "é\0"]],
  [wideKinds.utf32, 64, ["A\0\0\0", "\0\0\0B", "abc", "\0", "A\0\0\0B\0\0\0".repeat(9), "\x01\0\0\0", "A\0"]],
])(
  "kernel and twin find the same text of kind %i, and the search for marks tells that it is there",
  (kind, least, pieces) => {
    const wide = fc
      .array(fc.constantFrom(...pieces), { maxLength: 30 })
      .map((list) => Buffer.from(list.join(""), "latin1"));
    fc.assert(
      fc.property(wide, fc.integer({ min: 1, max: 5 }), (content, maxRuns) => {
        const { base, wasm, twin, out } = layOut(content, 40);
        const run = (code: KernelCode) => {
          const count = code.findWide(kind, base, content.length, least, out, maxRuns);
          return peek(code, out, 8 * count).toString("hex");
        };
        const found = run(wasm);
        expect(found).toBe(run(twin));
        wasm.findMarks(base, content.length, base, base + content.length, out, 40);
        if (found !== "" && wasm.consumedMarks() === content.length) expect(wasm.wide() & kind).toBe(kind);
      }),
      { numRuns: 500 },
    );
  },
);
