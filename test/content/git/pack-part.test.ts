import fc from "fast-check";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRepository, versionsOf } from "../../../fixtures/git/workshop.ts";
import { readPackIndex } from "../../../src/content/git/pack-index.ts";
import { readPackPart, readPackTable, type PackTable } from "../../../src/content/git/pack-table.ts";
import { scratch } from "./everything.ts";

const folder = scratch();

/** A pack with chains of deltas, of the one kind or the other. */
function packOf(name: string, usesOffsets: boolean): string {
  const shop = createRepository(join(folder, name));
  for (const text of versionsOf("notes", 60))
    shop.commit("Next", { "src/notes.txt": text, "src/other.txt": text.slice(9) });
  shop.git(
    "-c",
    `repack.useDeltaBaseOffset=${usesOffsets}`,
    "repack",
    "-q",
    "-a",
    "-d",
    "-f",
    "--depth=50",
    "--window=50",
  );
  const packs = join(shop.path, ".git/objects/pack");
  return join(
    packs,
    readdirSync(packs).find((file) => file.endsWith(".pack"))!,
  );
}

const packs = { offsets: packOf("offsets", true), ids: packOf("ids", false) };
const fileOf = (pack: string) => ({ pack, index: readPackIndex(pack.replace(/pack$/, "idx"), 20) });

/** What a table says of each of its entries, by their positions in the index. */
function rowsOf(table: PackTable): Map<number, object> {
  const { inIndex, offsetOf, endOf, sizes, types, parents } = table;
  const rows = [...inIndex].map((position, i) => {
    const base = parents[i]! >= 0 ? inIndex[parents[i]!]! : parents[i]!;
    return [position, { offset: offsetOf(i), end: endOf(i), size: sizes[i], type: types[i], base }] as const;
  });
  return new Map(rows);
}

describe.each(["offsets", "ids"] as const)("some entries of a pack whose deltas name their bases by %s", (name) => {
  const pack = packs[name];
  const file = fileOf(pack);
  const whole = readPackTable(file, []);
  const rows = rowsOf(whole);

  test("are told as the whole pack tells them, with all that they are built on, and with nothing else", () => {
    expect(whole.parents.filter((parent) => parent >= 0).length).toBeGreaterThan(50);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(file.index.count - 1), { maxLength: 6 }), (wanted) => {
        const expected = new Map<number, object>();
        for (let at of wanted) {
          for (; at >= 0 && !expected.has(at); at = (rows.get(at) as { base: number }).base)
            expected.set(at, rows.get(at)!);
        }
        const part = readPackPart(file, [], wanted);
        expect(rowsOf(part)).toEqual(expected);
        const begins = [...part.inIndex.keys()].map((entry) => part.offsetOf(entry));
        expect(begins).toEqual(begins.toSorted((a, b) => a - b));
        expect(part.fault).toBe(whole.fault);
      }),
      { numRuns: 200 },
    );
  });

  test("which is damaged is told, and what is built on it has no type", () => {
    const chain = [...whole.parents].findIndex((parent) => parent >= 0 && whole.parents[parent] === -1);
    const root = whole.parents[chain]!;
    const bytes = readFileSync(pack);
    bytes[whole.offsetOf(root)] = 0;
    const broken = join(folder, `${name}.pack`);
    writeFileSync(broken, bytes);
    const part = readPackPart({ ...file, pack: broken }, [], [whole.inIndex[chain]!]);
    expect(part.damaged.map((i) => part.inIndex[i])).toEqual([whole.inIndex[root]]);
    expect([...part.types]).toEqual([0, 0]);
  });
});

test("a base that the index does not name, or deltas in a circle: what is wanted has no type, and it ends", () => {
  const pack = packs.offsets;
  const file = fileOf(pack);
  const whole = readPackTable(file, []);
  const child = [...whole.parents].findIndex((parent) => parent >= 0 && whole.parents[parent] === -1);
  const base = whole.inIndex[whole.parents[child]!]!;
  const offsets = Float64Array.from(file.index.offsets);
  // The base's place is another one's, as the index says: nothing begins where the delta points to.
  offsets[base] = offsets[base]! + 1;
  const lying = readPackPart({ pack, index: { ...file.index, offsets } }, [], [whole.inIndex[child]!]);
  expect([...lying.types]).toEqual([0]);
  expect([...lying.parents]).toEqual([-2]);
  const bytes = readFileSync(pack);
  // A distance of 0 is the entry itself.
  const at = whole.offsetOf(child);
  let header = at;
  while ((bytes[header]! & 0x80) !== 0) header++;
  bytes[header + 1] = 0;
  const round = join(folder, "round.pack");
  writeFileSync(round, bytes);
  expect([...readPackPart({ ...file, pack: round }, [], [whole.inIndex[child]!]).types]).toEqual([0]);
});
