import { expect, test } from "vitest";
import { claims } from "../../src/cli/seen.ts";

const id = (n: number): string => n.toString(16).padStart(40, "0");

test("a content is scanned once in a target, whatever ids another target claims", () => {
  const first = claims();
  expect([1, 2, 1].map((n) => first.claim(id(n)))).toEqual([true, true, false]);
  const second = claims({ take: (ids, at) => (ids[at + 19] === 3 ? "clean" : "unknown") });
  expect([1, 3].map((n) => second.claim(id(n)))).toEqual([true, false]);
  expect([1, 4].map((n) => second.claimAt(Buffer.from(id(n), "hex"), 0))).toEqual([false, true]);
});
