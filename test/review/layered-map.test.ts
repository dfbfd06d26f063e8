import fc from "fast-check";
import { expect, test } from "vitest";
import { layeredMap } from "../../src/review/layered-map.ts";

test("is the map that a plain one would be, whatever is put in and taken out, and earlier ones stay as they were", () => {
  const key = fc.integer({ min: 0, max: 400 }).map(String);
  const change = fc.tuple(key, fc.option(fc.integer(), { nil: undefined }));
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 60 }), { maxLength: 20 }), (batches) => {
      const plain = new Map<string, number>();
      let layered = layeredMap<number>();
      const before = layered;
      for (const batch of batches) {
        for (const [at, value] of batch) {
          if (value === undefined) plain.delete(at);
          else plain.set(at, value);
        }
        layered = layered.with(batch);
      }
      expect(layered.size).toBe(plain.size);
      expect(new Map(layered.entries())).toEqual(plain);
      for (const at of plain.keys()) expect(layered.get(at)).toBe(plain.get(at));
      expect([...layered.values()].length).toBe(plain.size);
      expect(before.size).toBe(0);
    }),
  );
});
