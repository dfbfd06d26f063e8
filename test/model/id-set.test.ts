import { describe, expect, test } from "vitest";
import { IdSet } from "../../src/model/id-set.ts";
import type { IdBytes } from "../../src/model/object-id.ts";

/** `count` ids that differ in one word alone. */
function alike(count: number, idBytes: IdBytes, word: number): Buffer {
  const ids = Buffer.alloc(count * idBytes);
  for (let i = 0; i < count; i++) ids.writeUInt32LE(i, i * idBytes + 4 * word);
  return ids;
}

describe("ids that somebody made up", () => {
  for (const [idBytes, word] of [
    [20, 0],
    [20, 1],
    [20, 4],
    [32, 7],
  ] as const) {
    test(`of ${idBytes} bytes, alike but for word ${word}: two hundred thousand are numbered and found in no time`, () => {
      const count = 200_000;
      const ids = alike(count, idBytes, word);
      const set = new IdSet(idBytes);
      for (let i = 0; i < count; i++) if (set.number(ids, i * idBytes) !== i) expect.fail(`id ${i} has another number`);
      expect(set.size).toBe(count);
      expect(ids.equals(set.ids())).toBe(true);
      expect([set.find(ids, 0), set.find(ids, (count - 1) * idBytes)]).toEqual([0, count - 1]);
      expect(set.has(Buffer.alloc(idBytes, 0xff), 0)).toBe(false);
    });
  }
});
