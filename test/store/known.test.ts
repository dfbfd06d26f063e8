import fc from "fast-check";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ProvedInRun } from "../../src/cli/proved-in-run.ts";
import { findClean } from "../../src/model/clean-index.ts";
import { CleanListBuilder, judgedKey, type CleanList } from "../../src/model/clean-list.ts";
import type { Rule, Ruleset } from "../../src/model/rule.ts";
import { keyOf, Known, Store } from "../../src/store/index.ts";
import { positionsIn, ruleMarks, subsetOf, toAskAgain } from "../../src/store/rule-marks.ts";
import { Segment } from "../../src/store/segment.ts";
import { detectorOf } from "../detect/rules-for-tests.ts";
import { scratch } from "../cli/scan-program.ts";

const folder = scratch();
const id = (n: number): string => keyOf(`${n}`).subarray(0, 20).toString("hex");
const bytesOf = (n: number): Uint8Array => Buffer.from(id(n), "hex");

function listOf(contents: readonly { n: number; judged?: readonly [number, number][] }[]): CleanList {
  const builder = new CleanListBuilder();
  for (const { n, judged = [] } of contents)
    builder.add(id(n), n * 10, new Map(judged.map(([rule, count]) => [judgedKey(rule, "entropy"), count])));
  return builder.list();
}

function rule(ruleId: string, more: Partial<Rule> = {}): Rule {
  return {
    ...{ id: ruleId, description: ruleId, regex: `${ruleId}[0-9]{4}`, secretGroup: 0, entropy: 0, keywords: [ruleId] },
    ...{ allowlists: [], required: [], skipReport: false, tags: [], severity: "high", confidence: "likely" },
    ...{ kind: "custom", references: [], revoke: "", specificity: 100, reach: "window", before: 40, after: 40 },
    ...more,
  } as Rule;
}

const rulesetOf = (...rules: readonly Rule[]): Ruleset => ({ rules, allowlists: [], digest: "", origin: "test" });

describe("a segment", () => {
  test("finds what it holds and nothing else, also after it was written and read, however it was put together", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(400), { maxLength: 60 }), { maxLength: 5 }), (groups) => {
        const made = Segment.of(
          groups.map((group) => listOf(group.map((n) => ({ n, judged: n % 3 === 0 ? [[n % 7, 2]] : [] })))),
        );
        const segment = Segment.read(made.bytes())!;
        const held = new Set(groups.flat());
        expect(segment.list.sizes.length).toBe(held.size);
        for (let n = 0; n <= 400; n++) {
          const at = segment.find(bytesOf(n), 0);
          expect(at >= 0).toBe(held.has(n));
          if (at < 0) continue;
          expect(segment.list.sizes[at]).toBe(n * 10);
          const judged = [...segment.list.judged.keys()].filter((j) => j % 4 === 0 && segment.list.judged[j] === at);
          expect(judged.length).toBe(n % 3 === 0 ? 1 : 0);
        }
      }),
    );
  });

  test("is not read from anything else", () => {
    const { length } = Segment.of([listOf([{ n: 1 }])]).bytes();
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(16),
      Buffer.alloc(length),
      Segment.of([listOf([{ n: 1 }])])
        .bytes()
        .subarray(1),
    ])
      expect(Segment.read(bytes)).toBeUndefined();
  });
});

describe("marks of rules", () => {
  test("change with what a rule finds, not with what is said of it", () => {
    const before = ruleMarks(rulesetOf(rule("a"), rule("b"), rule("c")));
    const now = rulesetOf(
      rule("a", { description: "Other" }),
      rule("aa"),
      rule("b", { regex: "b[0-9]{5}" }),
      rule("c"),
    );
    expect([...positionsIn(before, ruleMarks(now))]).toEqual([0, -1, 3]);
  });

  test("of a rule with parts change with its parts, which are asked again with it", () => {
    const composite = rule("both", { required: [{ id: "part" }] });
    const before = ruleMarks(rulesetOf(composite, rule("part"), rule("z")));
    const now = rulesetOf(composite, rule("part", { regex: "x" }), rule("z"));
    expect([...positionsIn(before, ruleMarks(now))]).toEqual([-1, -1, 2]);
    const added = rulesetOf(composite, rule("part"), rule("z"));
    expect(toAskAgain(added, new Set([1, 2]))).toEqual([0, 1]);
    expect(subsetOf(added, [0, 1]).rules.map((kept) => kept.id)).toEqual(["both", "part"]);
  });

  test("a rule says the same among few as among all", () => {
    const all = rulesetOf(...["aa", "ab", "ba", "bb"].map((name) => rule(name)));
    const word = fc.constantFrom("aa1234", "ab1234", "ba12", "bb9999", "bba1234", "\n", " ", "aaab1234");
    const found = (ruleset: Ruleset, text: string) => detectorOf(ruleset).scan(Buffer.from(text)).detections;
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 12 }),
        fc.subarray([0, 1, 2, 3], { minLength: 1, maxLength: 3 }),
        (words, some) => {
          const text = words.join("");
          const rest = [0, 1, 2, 3].filter((position) => !some.includes(position));
          const parts = [...found(subsetOf(all, some), text), ...found(subsetOf(all, rest), text)];
          const order = (a: { start: number; end: number; ruleId: string }, b: typeof a): number =>
            a.start - b.start || a.end - b.end || (a.ruleId < b.ruleId ? -1 : 1);
          expect(parts.sort(order)).toEqual(found(all, text));
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("what is known", () => {
  const scope = keyOf("scope");
  const open = async (name: string): Promise<Store> => {
    const store = await Store.open(join(folder, name));
    if (typeof store === "string") throw new Error(store);
    return store;
  };

  /** Twenty scans, each of which learns one content. */
  function learnPieces(store: Store, ruleset: Ruleset): void {
    for (let n = 0; n < 20; n++) {
      const known = new Known(store, scope, ruleset);
      known.learn(listOf([{ n }]));
      known.keep();
    }
  }

  test("counts what a scan would have counted, for the rules of now", async () => {
    using store = await open("counts");
    const first = new Known(store, scope, rulesetOf(rule("a"), rule("b")));
    first.learn(
      listOf([
        {
          n: 1,
          judged: [
            [0, 3],
            [1, 4],
          ],
        },
        { n: 2 },
      ]),
    );
    first.keep();
    const same = new Known(store, scope, rulesetOf(rule("a"), rule("b")));
    expect([1, 2, 3].map((n) => same.take(bytesOf(n), 0))).toEqual(["clean", "clean", "unknown"]);
    expect(same.taken).toEqual({ clean: 2, partly: 0, bytes: 30, suppressed: { entropy: 7 } });
    const fewer = new Known(store, scope, rulesetOf(rule("b")));
    expect(fewer.take(bytesOf(1), 0)).toBe("clean");
    expect(fewer.taken.suppressed).toEqual({ entropy: 4 });
    expect(new Known(store, keyOf("elsewhere"), rulesetOf(rule("a"), rule("b"))).look(bytesOf(1), 0)).toBe("unknown");
  });

  test("in part becomes known when the new rules were asked", async () => {
    using store = await open("parts");
    const rules = ["a", "b", "c", "d", "e"].map((name) => rule(name));
    const first = new Known(store, scope, rulesetOf(...rules.slice(0, 4)));
    first.learn(listOf([{ n: 1, judged: [[2, 5]] }, { n: 2 }]));
    first.keep();
    const now = new Known(store, scope, rulesetOf(...rules));
    expect(now.partRules?.rules.map((kept) => kept.id)).toEqual(["e"]);
    expect(now.take(bytesOf(1), 0)).toBe("partly");
    expect(now.taken).toEqual({ clean: 0, partly: 1, bytes: 0, suppressed: { entropy: 5 } });
    now.learnPart(listOf([{ n: 1, judged: [[0, 1]] }]));
    now.keep();
    const later = new Known(store, scope, rulesetOf(...rules));
    expect(later.take(bytesOf(1), 0)).toBe("clean");
    expect(later.taken.suppressed).toEqual({ entropy: 6 });
    expect(later.look(bytesOf(2), 0)).toBe("partly");
  });

  test("is put together when it came in many pieces, and forgets sets of rules that were long not used", async () => {
    using store = await open("pieces");
    const ruleset = rulesetOf(rule("a"));
    learnPieces(store, ruleset);
    expect(store.facts().entries.segment).toBeLessThan(10);
    const all = new Known(store, scope, ruleset);
    expect(Array.from({ length: 20 }, (_, n) => all.look(bytesOf(n), 0))).toEqual(Array(20).fill("clean"));
    for (const name of ["b", "c", "d", "e", "f"]) {
      const known = new Known(store, scope, rulesetOf(rule(name)));
      known.learn(listOf([{ n: 1 }]));
      known.keep();
    }
    expect(store.facts().entries.segment).toBeLessThan(6);
    expect(new Known(store, scope, ruleset).look(bytesOf(1), 0)).toBe("unknown");
  });

  test("is written while it comes, and what is large is not put together again", async () => {
    using store = await open("large");
    const ruleset = rulesetOf(rule("a"));
    const large = 1 << 17;
    const ids = new Uint8Array(randomBytes(20 * large));
    const listAt = (from: number, to: number): CleanList => ({
      ...{ ids: ids.slice(20 * from, 20 * to), sizes: new Float64Array(to - from).fill(1), judged: new Uint32Array() },
    });
    const known = new Known(store, scope, ruleset);
    known.learn(listAt(0, large - 1));
    expect(store.facts().entries.segment).toBe(0);
    known.learn(listAt(large - 1, large));
    // A scan that is killed now leaves what it learnt.
    expect(store.facts().entries.segment).toBe(1);
    expect(new Known(store, scope, ruleset).look(ids, 20 * (large - 1))).toBe("clean");
    learnPieces(store, ruleset);
    expect(store.facts().entries.segment).toBeLessThan(11);
    const all = new Known(store, scope, ruleset);
    expect([0, 77_777, large - 1].map((at) => all.look(ids, 20 * at))).toEqual(Array(3).fill("clean"));
    expect(Array.from({ length: 20 }, (_, n) => all.look(bytesOf(n), 0))).toEqual(Array(20).fill("clean"));
    // Of more than are to be kept, those learnt last.
    const few = new Known(store, scope, ruleset, 1000);
    few.learn(listOf([{ n: 500 }]));
    few.keep();
    const left = new Known(store, scope, ruleset);
    expect(store.facts().entries.segment).toBe(1);
    expect(left.look(bytesOf(500), 0)).toBe("clean");
    expect(
      Array.from({ length: large }, (_, at) => left.look(ids, 20 * at)).filter((is) => is === "clean").length,
    ).toBe(979);
  });
});

test("a run of many targets knows the contents of those read last, and no more than so many", () => {
  const run = new ProvedInRun(1, 50);
  const none = listOf([]);
  for (let target = 0; target < 40; target++) {
    run.learn({ ids: listOf([{ n: 2 * target }, { n: 2 * target + 1 }]), entries: none });
    run.settle();
    const lists = run.knownFor({ kind: "files" });
    const held = lists.reduce((sum, { index }) => sum + index.sizes.length, 0);
    expect(held).toBeGreaterThanOrEqual(Math.min(2 * target + 2, 25));
    expect(held).toBeLessThanOrEqual(50);
    expect(lists.some(({ index }) => findClean(index, bytesOf(2 * target), 0) >= 0)).toBe(true);
  }
});
