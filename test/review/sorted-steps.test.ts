import fc from "fast-check";
import { expect, test } from "vitest";
import { sortedInSteps } from "../../src/review/sorted-steps.ts";

test("a list that is sorted in steps is sorted as at once, and what is equal keeps its order", () => {
  const items = fc.array(fc.record({ key: fc.nat(20), at: fc.nat() }), { maxLength: 5000, size: "max" });
  fc.assert(
    fc.property(items, (list) => {
      const compare = (a: (typeof list)[number], b: (typeof list)[number]): number => a.key - b.key;
      const steps = sortedInSteps(list, compare);
      let next = steps.next();
      while (next.done !== true) next = steps.next();
      expect(next.value).toEqual(list.toSorted(compare));
    }),
    { numRuns: 30, endOnFailure: true },
  );
});
