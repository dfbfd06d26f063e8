import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { copyInstruction, insertInstruction, makeDelta } from "../../../fixtures/git/delta.ts";
import { objectId, whole, writePack, type PackItem } from "../../../fixtures/git/pack-writer.ts";
import { readEverything, scratch } from "./everything.ts";

const folder = scratch();
let count = 0;

const text = Buffer.from("a base that deltas are built on, long enough to copy from\n".repeat(4));
const made = Buffer.concat([text.subarray(0, 20), Buffer.from("another end")]);
const delta: PackItem = {
  id: objectId("blob", made),
  type: "ofs",
  base: 0,
  data: makeDelta(text.length, [
    { bytes: copyInstruction(0, 20), makes: text.subarray(0, 20) },
    { bytes: insertInstruction(made.subarray(20)), makes: made.subarray(20) },
  ]),
};
const items = [whole("blob", text), delta, whole("blob", "small"), whole("blob", "the last one")];
const parts = join(folder, "whole");
const written = writePack(parts, "whole", items);
const ends = [...written.offsets.slice(1), written.end];
const bytes = readFileSync(written.pack);

/** What is read where the pack's writing broke off behind so many bytes. */
function brokenOff(length: number): ReturnType<typeof readEverything> {
  const objects = join(folder, `objects-${count++}`);
  mkdirSync(join(objects, "pack"), { recursive: true });
  writeFileSync(join(objects, "pack", "tmp_pack_Xy12Zq"), bytes.subarray(0, length));
  const reading = readEverything(objects);
  rmSync(objects, { recursive: true });
  return reading;
}

test("a pack whose writing broke off is read as far as it goes, wherever that is, and counts as incomplete", () => {
  for (let length = 12; length < written.end; length++) {
    const { objects, damaged, notes } = brokenOff(length);
    const expected = items.filter((_, i) => ends[i]! <= length).map(({ id }) => id);
    expect({ length, ids: [...objects.keys()].sort() }).toEqual({ length, ids: expected.sort() });
    expect({ length, faults: [...damaged.values()].length > 0, notes }).toEqual({ length, faults: true, notes: [] });
  }
});

test("one that has all of its objects is whole, with the checksum behind them or without", () => {
  for (let { length } = bytes; length >= written.end; length--) {
    const { objects, damaged, notes } = brokenOff(length);
    expect({ length, count: objects.size, damaged: [...damaged] }).toEqual({ length, count: 4, damaged: [] });
    expect(notes).toEqual([expect.stringContaining("was not written to its end: it was read from front to back")]);
  }
});

test("what has no head of a pack holds nothing", () => {
  const { objects, damaged, notes } = brokenOff(11);
  expect([objects.size, damaged.size]).toEqual([0, 0]);
  expect(notes).toEqual([expect.stringContaining("1 files of writes that broke off")]);
});
