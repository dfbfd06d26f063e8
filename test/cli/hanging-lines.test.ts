import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { hangingLines } from "../../src/cli/hanging-lines.ts";

const lines = ["short", `   key  ${"word ".repeat(30).trimEnd()}`, `   +${"x".repeat(100)}`];

test("on a terminal lines are broken between words, further in than they began, but for those that are copied", async () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 60 });
  const broken = [...(await hangingLines(lines, terminal, (line) => line.startsWith("   +")))];
  expect(broken.slice(0, 3)).toEqual([
    "short",
    "   key  word word word word word word word word word word",
    "     word word word word word word word word word word word",
  ]);
  expect(broken.at(-1)).toBe(lines[2]);
  expect(broken.slice(0, -1).every((line) => line.length <= 60)).toBe(true);
});

test("elsewhere they are as they are", async () => {
  expect([...(await hangingLines(lines, new PassThrough()))]).toEqual(lines);
});
