import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildAutomaton } from "../../../src/detect/kernel/automaton.ts";
import type { KernelCode } from "../../../src/detect/kernel/code.ts";
import { memberTable, memberTableBytes } from "../../../src/detect/kernel/member-table.ts";
import { align, bothKernels, peek, poke } from "./kernels.ts";

const keywords = fc.uniqueArray(fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 10,
});
const bytes = fc.uint8Array({ maxLength: 600 });
const letters = fc.array(fc.constantFrom(97, 98, 99, 65, 100), { maxLength: 600 }).map((list) => Uint8Array.from(list));
const content = fc.oneof(bytes, letters);
/** Letters side by side, up to forty, and between them what is none, or shares half of its bits with one. */
const runText = fc
  .array(fc.tuple(fc.constantFrom("a", "b", "c", "ab", "\xe1", "q", "A", "\x01"), fc.integer({ min: 1, max: 40 })), {
    maxLength: 40,
  })
  .map((pieces) =>
    Buffer.from(
      pieces
        .map(([letter, count]) => letter.repeat(count))
        .join("")
        .slice(0, 600),
      "latin1",
    ),
  );

/** Places of everything that `scan` is given, in memory of the same layout in both kernels. */
function layOut(words: readonly string[], text: Uint8Array, maxHits: number) {
  const automaton = buildAutomaton(words.map((word) => Buffer.from(word)));
  const tableBytes = automaton.table.byteLength;
  const { base, wasm, twin } = bothKernels(align(tableBytes) + text.length + 32 * (maxHits + 1) + 4096);
  const classes = base;
  const table = align(classes + 256);
  const at = align(table + tableBytes);
  const hits = align(at + text.length);
  const counts = align(hits + 32 * maxHits);
  for (const code of [wasm, twin]) {
    poke(code, classes, automaton.classes);
    poke(code, table, new Uint8Array(automaton.table.buffer, automaton.table.byteOffset, tableBytes));
    poke(code, at, text);
  }
  return { automaton, wasm, twin, classes, table, at, hits, counts };
}

describe("kernel and twin", () => {
  test("scan: the same hits, state and bytes read, also where the buffer is full", () => {
    fc.assert(
      fc.property(keywords, content, fc.integer({ min: 1, max: 20 }), fc.nat(), (words, text, maxHits, seed) => {
        const { automaton, wasm, twin, classes, table, at, hits } = layOut(words, text, maxHits);
        const start = seed % (automaton.table.length >> automaton.shift);
        const run = (code: KernelCode) => {
          const count = code.scan(
            table,
            classes,
            automaton.shift,
            automaton.firstOutput,
            start,
            at,
            text.length,
            hits,
            maxHits,
          );
          return {
            count,
            state: code.state(),
            consumed: code.consumed(),
            hits: peek(code, hits, 8 * count).toString("hex"),
          };
        };
        expect(run(wasm)).toEqual(run(twin));
      }),
      { numRuns: 300 },
    );
  });

  test("scanFour: the same, and the same as scan where it reads all", () => {
    fc.assert(
      fc.property(keywords, content, fc.integer({ min: 1, max: 200 }), fc.nat(), (words, text, maxHits, seed) => {
        const { automaton, wasm, twin, classes, table, at, hits, counts } = layOut(words, text, maxHits);
        const warmup = automaton.longest - 1;
        fc.pre(text.length >= Math.max(4, 8 * warmup));
        const { shift, firstOutput } = automaton;
        const start = seed % (automaton.table.length >> shift);
        const run = (code: KernelCode) => {
          const whole = code.scanFour(
            table,
            classes,
            shift,
            firstOutput,
            start,
            at,
            text.length,
            warmup,
            hits,
            maxHits,
            counts,
          );
          if (whole === 0) return { whole };
          const number = Array.from({ length: 4 }, (_, k) => peek(code, counts, 16).readUInt32LE(4 * k));
          const found = number.map((count, k) => peek(code, hits + 8 * maxHits * k, 8 * count).toString("hex"));
          return { whole, number, found: found.join(""), state: code.state(), consumed: code.consumed() };
        };
        const result = run(wasm);
        expect(result).toEqual(run(twin));
        if (result.whole === 0) return;
        const most = text.length + 1;
        const plain = layOut(words, text, most);
        const count = plain.twin.scan(
          plain.table,
          plain.classes,
          shift,
          firstOutput,
          start,
          plain.at,
          text.length,
          plain.hits,
          most,
        );
        expect({ found: result.found, state: result.state }).toEqual({
          found: peek(plain.twin, plain.hits, 8 * count).toString("hex"),
          state: plain.twin.state(),
        });
      }),
      { numRuns: 300 },
    );
  });

  test("sift: the same actions, also where there is no room for all, and near the end of the content", () => {
    const program = fc.record({
      width: fc.integer({ min: 1, max: 4 }),
      classes: fc.uint8Array({ minLength: 256, maxLength: 256 }),
      table: fc.uint8Array({ minLength: 12, maxLength: 40 }),
    });
    const action = fc.record({ rule: fc.nat(3), program: fc.option(program), beyond: fc.nat(3) });
    fc.assert(
      fc.property(
        letters,
        fc.array(fc.array(action, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(600), fc.nat(3)), { maxLength: 30 }),
        fc.nat(12),
        fc.integer({ min: 4, max: 9 }),
        (text, states, found, reach, maxOut) => {
          const { base, wasm, twin } = bothKernels(65_536);
          const at = align(base);
          const hits = align(at + text.length + 16);
          const starts = hits + 8 * 30;
          const actions = starts + 4 * (states.length + 1);
          const out = actions + 20 * 16;
          let free = out + 8 * 10;
          const words: number[] = [];
          const parts: [number, Uint8Array][] = [[at, text]];
          for (const { rule, program: one, beyond } of states.flat()) {
            if (one === null) {
              words.push(rule, 0, 0, 0, beyond);
              continue;
            }
            const states = Math.floor(one.table.length / one.width);
            const classes = one.classes.map((value) => value % one.width);
            const table = one.table.map((value) => value % states);
            parts.push([free, classes], [free + 256, table]);
            words.push(rule, free, free + 256, one.width, beyond);
            free += 256 + 64;
          }
          const ends = found.map(([end, state]) => [end % (text.length + 1), 7 + (state % states.length)]);
          const places = states.map((_, i) => states.slice(0, i).flat().length);
          const bytesOf = (list: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(list).buffer);
          parts.push([hits, bytesOf(ends.flat())], [actions, bytesOf(words)]);
          parts.push([starts, bytesOf([...places, states.flat().length])]);
          const run = (code: KernelCode) => {
            for (const [place, bytes] of parts) poke(code, place, bytes);
            const limit = at + text.length;
            const count = code.sift(at, hits, ends.length, 7, starts, actions, limit, reach, out, maxOut);
            return { count, consumed: code.consumed(), passed: peek(code, out, 8 * count).toString("hex") };
          };
          expect(run(wasm)).toEqual(run(twin));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("findRuns: the same runs, and the maximal ones, also where the buffer is full", () => {
    fc.assert(
      fc.property(runText, fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 12 }), (text, least, maxRuns) => {
        const { base, wasm, twin } = bothKernels(8192);
        const members = base;
        const at = base + memberTableBytes;
        const runs = align(at + text.length);
        const isMember = (byte: number): boolean => byte === 97 || byte === 98;
        const run = (code: KernelCode) => {
          poke(code, members, memberTable(Uint8Array.from({ length: 256 }, (_, byte) => (isMember(byte) ? 1 : 0))));
          poke(code, at, text);
          const count = code.findRuns(members, at, text.length, least, runs, maxRuns);
          return Array.from({ length: 2 * count }, (_, i) => peek(code, runs, 8 * count).readUInt32LE(4 * i));
        };
        const expected = [...Buffer.from(text).toString("latin1").matchAll(/[ab]+/g)]
          .filter(([found]) => found.length >= least)
          .slice(0, maxRuns)
          .flatMap((found) => [found.index, found.index + found[0].length]);
        expect(run(wasm)).toEqual(expected);
        expect(run(twin)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
