import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildAutomaton, type Automaton } from "../../../src/detect/kernel/automaton.ts";
import { Kernel } from "../../../src/detect/kernel/kernel.ts";
import { createTwin } from "../../../src/detect/kernel/twin.ts";
import { createWasm, noSieve } from "./kernels.ts";

const keyword = fc.string({ unit: fc.constantFrom("a", "b", "c", "_", "7"), minLength: 1, maxLength: 6 });
const keywords = fc.uniqueArray(keyword, { minLength: 1, maxLength: 12 });
const text = fc.string({ unit: fc.constantFrom("a", "A", "b", "B", "c", "_", "7", "\0", "é", "z"), maxLength: 400 });

interface Hit {
  readonly end: number;
  readonly keyword: string;
}

/** Every place where a keyword ends, found the slow way. */
function naive(words: readonly string[], content: string): Hit[] {
  const lower = Buffer.from(
    Buffer.from(content)
      .toString("latin1")
      .replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
    "latin1",
  );
  return words
    .flatMap((word) => {
      const found: Hit[] = [];
      for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1))
        found.push({ end: at + word.length, keyword: word });
      return found;
    })
    .sort(byPlace);
}

function byPlace(a: Hit, b: Hit): number {
  return a.end - b.end || (a.keyword < b.keyword ? -1 : a.keyword > b.keyword ? 1 : 0);
}

/** Walks the table one byte at a time. */
function walk(automaton: Automaton, words: readonly string[], content: Uint8Array): Hit[] {
  const found: Hit[] = [];
  let state = 0;
  content.forEach((byte, at) => {
    state = automaton.table[(state << automaton.shift) | automaton.classes[byte]!]!;
    if (state < automaton.firstOutput) return;
    for (const number of automaton.outputs[state - automaton.firstOutput]!)
      found.push({ end: at + 1, keyword: words[number]! });
  });
  return found.sort(byPlace);
}

function build(words: readonly string[]): Automaton {
  return buildAutomaton(words.map((word) => Buffer.from(word)));
}

describe("the keyword automaton", () => {
  test("finds what a search for each keyword finds, in any case of ASCII letters", () => {
    fc.assert(
      fc.property(keywords, text, (words, content) => {
        expect(walk(build(words), words, Buffer.from(content))).toEqual(naive(words, content));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["the WebAssembly kernel", createWasm],
    ["its twin", createTwin],
  ])("%s gives the same hits for a text that comes in any pieces", (_name, create) => {
    fc.assert(
      fc.property(
        keywords,
        fc.array(text, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 40 }),
        (words, pieces, repeat) => {
          const automaton = build(words);
          const kernel = new Kernel(create(), automaton, noSieve, new Uint8Array(256));
          const chunks = pieces.map((piece) => Buffer.from(piece.repeat(repeat)));
          const found: Hit[] = [];
          let state = 0;
          let base = 0;
          for (const chunk of chunks) {
            kernel.reserve(chunk.length);
            kernel.bytes.set(chunk, kernel.arena);
            kernel.scan(kernel.arena, chunk.length, state, (end, to) => {
              for (const number of automaton.outputs[to - automaton.firstOutput]!)
                found.push({ end: base + end, keyword: words[number]! });
            });
            state = kernel.state;
            base += chunk.length;
          }
          expect(found.sort(byPlace)).toEqual(walk(automaton, words, Buffer.concat(chunks)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("texts with a hit at every byte overflow the hit buffers and lose nothing", () => {
    const automaton = build(["a", "aa"]);
    // More than one piece, and in each more hits than any buffer takes.
    const content = Buffer.alloc(600_000, "a");
    for (const code of [createWasm(), createTwin()]) {
      const kernel = new Kernel(code, automaton, noSieve, new Uint8Array(256));
      kernel.reserve(content.length);
      kernel.bytes.set(content, kernel.arena);
      let expected = 1;
      let hits = 0;
      kernel.scan(kernel.arena, content.length, 0, (end) => {
        if (end === expected) hits++;
        expected++;
      });
      expect(hits).toBe(content.length);
    }
  });

  test("with too many keywords the anchors are cut, and still end where their keyword's start ends", () => {
    // 5,000 words of 20 bytes that share nothing: far more states than 16 bits can number.
    const words = Array.from({ length: 5_000 }, (_, i) =>
      `${(i * 2_654_435_761).toString(36)}`.padStart(20, `${i.toString(36)}-x-`),
    );
    const automaton = build(words);
    expect(automaton.table.length >> automaton.shift).toBeLessThanOrEqual(65_536);
    expect(automaton.longest).toBeLessThan(20);
    expect(automaton.longest).toBeGreaterThanOrEqual(3);
    for (const number of [0, 1, 2_500, 4_999]) {
      const word = words[number]!;
      const anchor = automaton.anchors[number]!;
      expect(anchor).toBeLessThan(word.length);
      const hits = walk(automaton, words, Buffer.from(`.. ${word} ..`)).filter((hit) => hit.keyword === word);
      expect(hits).toContainEqual({ end: 3 + anchor, keyword: word });
    }
  });

  test("without keywords nothing is an output", () => {
    const automaton = build([]);
    expect(walk(automaton, [], Buffer.from("anything at all"))).toEqual([]);
  });
});
