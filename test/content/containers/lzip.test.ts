/** Files of lzip, as lzip writes them, and what strangers could make of them. */
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const lzip = (input: Buffer, ...options: string[]): Buffer =>
  execFileSync("lzip", [...options, "-c"], { input, maxBuffer: 1 << 27 });

describe.skipIf(!hasProgram("lzip"))("lzip", () => {
  const text = sampleText(400_000, 1);

  test("of any number of members comes out as it went in", () => {
    const parts = [text, Buffer.alloc(0), Buffer.alloc(300_000, 7), sampleText(10, 2)];
    for (const option of ["-0", "-6", "-9"]) {
      const packed = Buffer.concat(parts.map((part) => lzip(part, option)));
      const members = [["", sha1(Buffer.concat(parts))]];
      expect(listMembers(packed, sha1)).toEqual({ kind: "lzip", members, faults: [] });
    }
    const one = lzip(Buffer.from("a"));
    const many = Buffer.concat(Array.from({ length: 3000 }, () => one));
    expect(listMembers(many).members).toEqual([["", "a".repeat(3000)]]);
  });

  test("that is cut off, goes on with something else, or is damaged gives what comes before, and says so", () => {
    const packed = lzip(text);
    const faults = ["archive-corrupt incomplete "];
    const cut = listMembers(packed.subarray(0, packed.length >> 1));
    expect(cut.faults).toEqual(faults);
    expect(cut.members[0]![1].length).toBeGreaterThan(50_000);
    expect(text.toString("latin1").startsWith(cut.members[0]![1])).toBe(true);
    const behind = listMembers(Buffer.concat([packed, Buffer.from("something else")]), sha1);
    expect(behind).toEqual({ kind: "lzip", members: [["", sha1(text)]], faults });
    for (const at of [packed.length - 20, packed.length - 10]) {
      const changed = Buffer.from(packed);
      changed[at]! ^= 1;
      expect(listMembers(changed, sha1)).toEqual({ kind: "lzip", members: [["", sha1(text)]], faults });
    }
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1 }), (flips) => {
        const changed = Buffer.from(packed);
        for (const [at, bits] of flips) changed[at]! ^= bits;
        listMembers(changed);
      }),
      { numRuns: 40 },
    );
  });
});
