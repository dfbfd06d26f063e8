import { expect, test } from "vitest";
import { linesIn } from "../../src/cli/file-lines.ts";

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer, void> {
  for (const text of texts) yield Buffer.from(text, "latin1");
}

async function all(lines: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}

test("lines are those of the stream, wherever its pieces end", async () => {
  expect(await all(linesIn(pieces("a\r\nb", "b\n\n", "\xc3", "\xa4\nc"), "x"))).toEqual(["a", "bb", "", "ä", "c"]);
  expect(await all(linesIn(pieces(), "x"))).toEqual([]);
});

test("a line that does not end is refused, and whoever wants no more gets none", async () => {
  async function* endless(): AsyncGenerator<Buffer, void> {
    for (;;) yield Buffer.alloc(1000);
  }
  await expect(all(linesIn(endless(), "/dev/zero", undefined, 10_000))).rejects.toThrow("longer than");
  let count = 0;
  expect(await all(linesIn(pieces("1\n2\n3\n4\n"), "x", () => ++count === 2))).toEqual(["1", "2"]);
});
