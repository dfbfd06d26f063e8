import { expect, test } from "vitest";
import { SeenContents } from "../../src/cli/seen.ts";

const id = (n: number): string => n.toString(16).padStart(40, "0");

test("a content is scanned once in a target, and once in a run where its target was read whole", () => {
  const seen = new SeenContents();
  const first = seen.begin();
  expect([1, 2, 1].map((n) => first.claim(id(n)))).toEqual([true, true, false]);
  seen.settle();
  const second = seen.begin();
  expect([1, 3].map((n) => second.claim(id(n)))).toEqual([false, true]);
  // Not settled: what it claimed may not have been read.
  const third = seen.begin();
  expect([2, 3].map((n) => third.claim(id(n)))).toEqual([false, true]);
  seen.settle();
  const fourth = seen.begin();
  expect([1, 2, 3, 4].map((n) => fourth.claimAt(Buffer.from(id(n), "hex"), 0))).toEqual([false, false, false, true]);
});
