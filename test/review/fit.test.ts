import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clip, clipStart, fit, widthOf, wrap } from "../../src/review/fit.ts";

const text = fc.string({
  unit: fc.constantFrom("a", "b", " ", "é", "e\u0301", "漢", "😀", "|", "가"),
  maxLength: 40,
});

describe("fitting text into cells", () => {
  test("cuts with a mark, at the end or at the beginning", () => {
    expect(clip("abcdef", 4)).toBe("abc…");
    expect(clipStart("abcdef", 4)).toBe("…def");
    expect(fit("ab", 4)).toBe("ab  ");
    expect(fit("漢漢漢", 4)).toBe("漢… ");
  });

  test("wraps between words, and inside where a word is too long", () => {
    expect(wrap("one two three", 8)).toEqual(["one two", "three"]);
    expect(wrap("abcdefghij", 4)).toEqual(["abcd", "efgh", "ij"]);
    expect(wrap("", 4)).toEqual([""]);
  });

  test("never takes more cells than it was given, and fit takes exactly these", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 30 }), (sample, width) => {
        expect(widthOf(fit(sample, width))).toBe(width);
        expect(widthOf(clip(sample, width))).toBeLessThanOrEqual(width);
        expect(widthOf(clipStart(sample, width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test("wrapping loses nothing but spaces", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 30 }), (sample, width) => {
        const lines = wrap(sample, width);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(sample.replaceAll(" ", ""));
      }),
    );
  });
});
