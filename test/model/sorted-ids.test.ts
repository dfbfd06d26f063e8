import { randomBytes, randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { IdBytes } from "../../src/model/object-id.ts";
import { SortedIds } from "../../src/model/sorted-ids.ts";

/** `count` ids that differ in one word alone. */
function alike(count: number, idBytes: IdBytes, word: number): Buffer {
  const ids = Buffer.alloc(count * idBytes);
  for (let i = 0; i < count; i++) ids.writeUInt32LE(i * 20_011 + 1, i * idBytes + 4 * word);
  return ids;
}

function hexOf(set: SortedIds, number: number): string {
  const id = Buffer.alloc(set.idBytes);
  set.copy(number, id, 0);
  return id.toString("hex");
}

describe.each([20, 32] as const)("ids of %d bytes that are known from the start", (idBytes) => {
  test.each([0, 1, 2, 17, 5000])("%d of them are each there once, under their number, and no others are", (count) => {
    const ids = randomBytes(count * idBytes);
    const some = ids.subarray(0, Math.floor(count / 3) * idBytes);
    // In several lists, some of them twice.
    const middle = randomInt(count + 1) * idBytes;
    const set = new SortedIds(SortedIds.of(idBytes, [ids.subarray(middle), some, ids.subarray(0, middle)]).share());
    expect(set.size).toBe(count);
    const numbers = new Set<number>();
    for (let at = 0; at < ids.length; at += idBytes) {
      const number = set.find(ids, at);
      numbers.add(number);
      if (hexOf(set, number) !== ids.toString("hex", at, at + idBytes)) expect.fail("an id has another's number");
      const other = Buffer.from(ids.subarray(at, at + idBytes));
      other[randomInt(idBytes)]! ^= 1 << randomInt(8);
      if (set.has(other, 0)) expect.fail("an id that is not there is found");
    }
    expect(numbers.size).toBe(count);
    expect([...numbers].every((number) => number >= 0 && number < count)).toBe(true);
    expect(Buffer.from(set.ids()).toString("hex")).toBe(
      Array.from({ length: count }, (_, number) => hexOf(set, number)).join(""),
    );
  });

  test.each([0, 1, idBytes / 4 - 1])("alike but for word %d: two hundred thousand are found in no time", (word) => {
    const count = 200_000;
    const ids = alike(count, idBytes, word);
    const set = SortedIds.of(idBytes, [ids]);
    expect(set.size).toBe(count);
    for (let i = 0; i < count; i++)
      if (hexOf(set, set.find(ids, i * idBytes)) !== ids.toString("hex", i * idBytes, (i + 1) * idBytes))
        expect.fail(`id ${i} is not found`);
    expect(set.has(Buffer.alloc(idBytes, 0xff), 0)).toBe(false);
    expect(set.has(Buffer.alloc(idBytes), 0)).toBe(false);
  });
});
