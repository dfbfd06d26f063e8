import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { loosePath, readLoose, readLooseUnless } from "../../../src/content/git/loose.ts";
import { objectTypes } from "../../../src/content/git/pack-entry.ts";

const objects = mkdtempSync(join(tmpdir(), "leaktrace-test-"));
afterAll(() => rmSync(objects, { recursive: true }));
let count = 0;

/** Writes what is to be the file of an object; gives its id. */
function put(file: Uint8Array): string {
  const oid = (++count).toString(16).padStart(40, "0");
  mkdirSync(join(loosePath(objects, oid), ".."), { recursive: true });
  writeFileSync(loosePath(objects, oid), file);
  return oid;
}

const file = (header: string, bytes: Uint8Array): Buffer =>
  deflateSync(Buffer.concat([Buffer.from(`${header}\0`), bytes]));

const sizes = [0, 1, 24, 25, 26, 31, 32, 33, 5_000, 300_000];

test.each(sizes)("a loose object of %i bytes is read as it is, whatever stands behind its stream", (size) => {
  const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * i) % 251));
  for (const rest of [Buffer.alloc(0), Buffer.from("more")]) {
    const oid = put(Buffer.concat([file(`blob ${size}`, bytes), rest]));
    const object = readLoose(objects, oid);
    expect(object.type).toBe(objectTypes.blob);
    expect(object.bytes.equals(bytes)).toBe(true);
  }
});

test.each(sizes)("a loose object of %i bytes that is cut off, damaged or not as long as it says is damaged", (size) => {
  const bytes = Buffer.alloc(size, "secrets and ");
  const whole = file(`blob ${size}`, bytes);
  const damaged = Buffer.from(whole);
  damaged[whole.length - 1]! ^= 1;
  for (const wrong of [
    whole.subarray(0, whole.length - 1),
    whole.subarray(0, whole.length >> 1),
    damaged,
    file(`blob ${size + 1}`, bytes),
    ...(size === 0 ? [] : [file(`blob ${size - 1}`, bytes)]),
  ])
    expect(() => readLoose(objects, put(wrong))).toThrow(/./);
  // One that is good after all of these is good.
  expect(readLoose(objects, put(whole)).bytes.equals(bytes)).toBe(true);
});

test("of what is larger than it says no more is expanded than that", () => {
  const oid = put(file("blob 100", Buffer.alloc(200 << 20)));
  const before = process.memoryUsage().arrayBuffers;
  expect(() => readLoose(objects, oid)).toThrow(/inflates to/);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 << 20);
  expect(() => readLoose(objects, put(file(`blob ${2 ** 50}`, Buffer.alloc(10))))).toThrow("too large");
  expect(() => readLoose(objects, put(file("blub 10", Buffer.alloc(10))))).toThrow("header");
});

test("of a type that nobody asks for only the header is looked at", () => {
  const cut = put(file("blob 5000", Buffer.alloc(5_000, "abcdefg")).subarray(0, -1));
  expect(readLooseUnless(objects, cut, objectTypes.blob)).toBeUndefined();
  expect(() => readLooseUnless(objects, cut, objectTypes.tree)).toThrow(/./);
});
