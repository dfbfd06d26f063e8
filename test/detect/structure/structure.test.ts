import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStructureReader, structureAfter, structureBefore } from "../../../src/detect/structure/index.ts";
import { anyText } from "../../findings/samples.ts";
import { detectorOf, plants, probes } from "../rules-for-tests.ts";
import { createRandom } from "../../../src/rules/random.ts";

/** The structure around the first `VALUE` of a text. */
function around(text: string, read = createStructureReader()): ReturnType<typeof read> {
  const bytes = Buffer.from(text);
  const at = bytes.indexOf("VALUE");
  return read(bytes, { low: 0, high: bytes.length, base: 0 }, at, at + 5, structureBefore, structureAfter);
}

describe("the structure around a value", () => {
  test("depends on the bytes near it alone", () => {
    const filler = "x: 1\n".repeat(structureBefore / 5 + 1);
    const near = "db:\n  user: app\n  password: VALUE\n";
    expect(around(`first:\n${filler}${near}`)).toEqual(around(`other: {[(\n"'${filler}${near}`));
    expect(around(near + filler)).toEqual(around(`${near}${filler}last: {[("`));
  });

  test("says where it goes on further up", () => {
    const filler = "    y: 1\n".repeat(structureBefore / 9 + 1);
    expect(around(`top:\n  db:\n${filler}    password: VALUE\n`).key).toBe("….password");
  });

  test("of a text that ends in the midst of a value leaves that value out", () => {
    const long = `${"a".repeat(100)}.corp.net`;
    const text = (blanks: number): string => `{"password": "VALUE",${" ".repeat(blanks)}"user": "${long}"}`;
    expect(around(text(10)).parts).toEqual([{ name: "user", value: long }]);
    expect(around(text(structureAfter - 60)).parts).toBeUndefined();
  });

  test("has an end and the same answer each time, whatever the text is", () => {
    const signs = fc
      .array(
        fc.constantFrom(...Array.from("{}[]()<>=\"'`:,;\n\\ -#/$.ab"), "\n  ", "a: ", "- ", "<a>", '\\"', "machine a "),
        {
          maxLength: 400,
        },
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(signs, anyText(200)), fc.oneof(signs, anyText(50)), (before, after) => {
        const text = `${before}VALUE${after}`;
        const { key = "", parts = [] } = around(text);
        expect(around(text)).toEqual(around(text));
        expect(key.length).toBeLessThan(300);
        expect(parts.length).toBeLessThan(4);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["brackets", "[{(".repeat(3000)],
    ["indentation", Array.from({ length: 200 }, (_, i) => `${" ".repeat(i)}a:\n`).join("")],
    ["elements", "<a>".repeat(2000)],
    ["strings in strings", '{"a": "{\\"a\\": \\"{\\\\\\"a\\\\\\": '.repeat(200)],
  ])("that lies deep in %s is read to a bounded depth", (_, text) => {
    expect((around(`${text} password: VALUE`).key ?? "").length).toBeLessThan(300);
  });

  test("is told of the first of very many detections", () => {
    const detector = detectorOf(probes);
    const random = createRandom("many");
    const content = Array.from({ length: 400 }, () => `key: ${plants["token"]!(random)}\n`).join("");
    const { detections } = detector.scan(Buffer.from(content));
    expect(detections).toHaveLength(400);
    expect(detections.filter(({ key }) => key?.endsWith("key") === true)).toHaveLength(300);
  });

  test("of many values is told in full for the first ones, and from near by for the others", () => {
    const random = createRandom("many");
    const lines = Array.from(
      { length: 120 },
      () => `    key: ${plants["token"]!(random)}\n    note: ${"y".repeat(40)}\n`,
    );
    const { detections } = detectorOf(probes).scan(Buffer.from(`top:\n  list:\n${lines.join("")}`));
    const keys = detections.map(({ key }) => key);
    expect(keys.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => "top.list.key"));
    expect(keys.slice(50)).toEqual(Array.from({ length: 70 }, () => "….key"));
  });
});
