/** Deflate64 as 7-Zip packs it, in ZIP files and in archives of its own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-deflate64-"));
afterAll(() => rmSync(folder, { recursive: true }));

const far = sampleText(60_000, 1);
const files: Record<string, Buffer> = {
  // Matches of more than 258 bytes, and from farther away than 32 KiB.
  "far.txt": Buffer.concat([far, far, sampleText(3_000, 2), far, Buffer.alloc(500_000, "a")]),
  "packed.bin": Buffer.from(Array.from({ length: 200_000 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >>> 13) & 255)),
  "text.txt": sampleText(1_000_000, 3),
  tiny: Buffer.from("ab"),
};
for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);

function packed(name: string, ...options: string[]): Buffer {
  execFileSync("7zz", ["a", ...options, name, ...Object.keys(files)], { cwd: folder, stdio: "ignore" });
  return readFileSync(join(folder, name));
}

describe.skipIf(!hasProgram("7zz"))("Deflate64", () => {
  const wanted = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha1(bytes)]));

  test.each([
    ["in ZIP files", "a.zip", ["-mm=Deflate64"]],
    ["in ZIP files, packed as well as can be", "b.zip", ["-mm=Deflate64", "-mx=9"]],
    ["in ZIP files, packed quickly", "c.zip", ["-mm=Deflate64", "-mx=1"]],
    ["in 7z archives", "d.7z", ["-m0=Deflate64"]],
  ])("%s comes out as it went in", (_name, file, options) => {
    const { members, faults } = listMembers(packed(file, ...options), sha1);
    expect(faults).toEqual([]);
    expect(Object.fromEntries(members)).toEqual(wanted);
  });

  test("that is damaged or cut off says so, and never throws", () => {
    const one = packed("e.7z", "-m0=Deflate64", "-ms=off");
    const changed = Buffer.from(one);
    changed.fill(0xff, 20_000, 20_050);
    expect(listMembers(changed, sha1).faults.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(one.length - 1), fc.nat(255)), { minLength: 1 }), (flips) => {
        const mutant = Buffer.from(one);
        for (const [at, bits] of flips) mutant[at]! ^= bits;
        listMembers(mutant, sha1);
      }),
      { numRuns: 50 },
    );
  });
});
