import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketAt, entriesOf, openBolt } from "../../src/content/bolt.ts";
import { boltOf } from "./made-bolt.ts";

const made = boltOf({ v1: { one: { a: "1", b: "2" }, two: {} }, version: "x" });

function keysBelow(bytes: Buffer, keys: readonly string[]): string[] | undefined {
  const file = openBolt(bytes);
  const bucket = file === undefined ? undefined : bucketAt(file, keys);
  return file === undefined || bucket === undefined ? undefined : [...entriesOf(file, bucket)].map(({ key }) => key);
}

test("buckets in buckets are found by their keys, from the newer of two heads", () => {
  expect(keysBelow(made, [])).toEqual(["v1", "version"]);
  expect(keysBelow(made, ["v1", "one"])).toEqual(["a", "b"]);
  expect(keysBelow(made, ["v1", "two"])).toEqual([]);
  expect(keysBelow(made, ["v1", "none", "a"])).toBeUndefined();
  expect(keysBelow(made, ["version"])).toBeUndefined();
});

test("a database that is damaged, or none, ends", () => {
  expect(openBolt(Buffer.alloc(0))).toBeUndefined();
  expect(openBolt(Buffer.alloc(8192))).toBeUndefined();
  const byte = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: made.length - 1 }), byte), { maxLength: 20 }),
      (changes) => {
        const bytes = Buffer.from(made);
        for (const [at, value] of changes) bytes[at] = value;
        for (const length of [bytes.length, 4196, 8200]) keysBelow(bytes.subarray(0, length), ["v1", "one"]);
      },
    ),
  );
  // A tree that is its own branch.
  const loop = Buffer.from(made);
  loop.writeUInt16LE(1, 2 * 4096 + 8);
  for (let i = 0; i < 2; i++) loop.writeUInt32LE(2, 2 * 4096 + 16 + 16 * i + 8);
  expect(keysBelow(loop, ["v1"])).toBeUndefined();
});
