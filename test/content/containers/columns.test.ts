/** Tables in files of columns and blocks, as the usual programs write them, and what strangers could make of them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unsnappy } from "../../../src/content/containers/snappy.ts";
import { listMembers } from "./list-members.ts";
import { realColumns } from "./real-columns.ts";

const bytesOf = (name: string): Buffer => Buffer.from(realColumns[name]!, "base64");
const lines = Array.from(
  { length: 60 },
  (_, i) => `line ${String(i).padStart(2, "0")} of a table: marigold, tangerine, sideways`,
);

describe("tables in columns", () => {
  test.each(Object.keys(realColumns))("%s: every text, and none of it as it stands", (name) => {
    const bytes = bytesOf(name);
    const { kind, members, faults } = listMembers(bytes);
    expect({ kind, faults }).toEqual({ kind: name.split(" ")[0], faults: [] });
    const all = members.map(([, text]) => text).join("\n");
    expect(lines.filter((line) => !all.includes(line))).toEqual([]);
    expect(lines.every((line) => bytes.includes(line))).toBe(false);
    if (kind === "parquet") expect(members.map(([column]) => column)).toEqual(["text", "number"]);
  });

  test.each(Object.keys(realColumns))("%s: cut off or damaged it says so, and nothing throws", (name) => {
    const one = bytesOf(name);
    const faults = listMembers(one.subarray(0, Math.floor(one.length * 0.7))).faults;
    expect(new Set(faults.map((fault) => fault.split(" ").slice(0, 2).join(" ")))).toEqual(
      new Set(["archive-corrupt incomplete"]),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(one.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const changed = Buffer.from(one);
          for (const [at, byte] of changes) changed[at] = byte;
          listMembers(changed);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("that are encrypted say so; a text that begins with the same letters is none", () => {
    const hidden = Buffer.from(bytesOf("parquet zstd"));
    for (const at of [0, hidden.length - 4]) hidden.write("PARE", at);
    expect(listMembers(hidden)).toEqual({ kind: "parquet", members: [], faults: ["encrypted incomplete "] });
    for (const text of [
      "ORCHESTRA = yes, and more of it",
      "PARENT = 1 and some more text",
      "Obj = something else at all",
    ])
      expect(listMembers(Buffer.from(text)).kind).toBeUndefined();
  });
});

describe("Snappy", () => {
  test("copies from near and far, and says what is damaged", () => {
    const far = Buffer.from([0x0c, 0x0c, ...Buffer.from("abcd"), 0x0e, 4, 0, 0x0f, 4, 0, 0, 0]);
    expect(unsnappy(far, 100).toString()).toBe("abcdabcdabcd");
    expect(unsnappy(Buffer.from([9, 0, 0x61, 0x11, 1]), 100).toString()).toBe("aaaaaaaaa");
    for (const bad of [
      [200, 1, 0, 0x61],
      [5, 0, 0x61],
      [9, 0, 0x61, 0x11, 2],
      [255, 255, 255, 255, 255, 1],
      [3, 0x0c, 0x61],
    ])
      expect(() => unsnappy(Buffer.from(bad), 150)).toThrow(/./);
  });
});
