/** Virtual disks as QEMU writes them, and what strangers could make of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-disks-"));
afterAll(() => rmSync(folder, { recursive: true }));

const texts = [sampleText(300_000, 1), sampleText(70_000, 2)];
writeFileSync(
  join(folder, "raw"),
  Buffer.concat([texts[0]!, Buffer.alloc(2_000_000), texts[1]!, Buffer.alloc(700_000)]),
);

function disk(name: string, ...options: string[]): Buffer {
  execFileSync("qemu-img", ["convert", "-f", "raw", ...options, "raw", name], { cwd: folder });
  return readFileSync(join(folder, name));
}

describe.skipIf(!hasProgram("qemu-img"))("virtual disks", () => {
  test.each([
    ["QCOW2, packed by deflate", ["-c", "-O", "qcow2"]],
    ["QCOW2, packed by zstd", ["-c", "-O", "qcow2", "-o", "compression_type=zstd"]],
    ["QCOW2 of version 2 with small clusters", ["-c", "-O", "qcow2", "-o", "compat=0.10,cluster_size=4096"]],
    ["VMDK for streams", ["-O", "vmdk", "-o", "subformat=streamOptimized"]],
  ])("%s: all data, and short holes for long ones", (_name, options) => {
    const { kind, members, faults } = listMembers(disk("packed", ...options));
    expect({ kind, faults, names: members.map(([name]) => name) }).toEqual({
      kind: "disk-image",
      faults: [],
      names: [""],
    });
    const data = members[0]![1];
    for (const text of texts) expect(data.includes(text.toString("latin1"))).toBe(true);
    expect(data.length).toBeLessThan(600_000);
  });

  test("that are not packed have nothing that their own bytes do not show", () => {
    for (const options of [
      ["-O", "qcow2"],
      ["-O", "vmdk"],
    ])
      expect(listMembers(disk("plain", ...options))).toEqual({ kind: "disk-image", members: [], faults: [] });
  });

  test("that are encrypted, cut off or damaged say so", () => {
    const qcow = disk("whole", "-c", "-O", "qcow2");
    const hidden = Buffer.from(qcow);
    hidden.writeUInt32BE(2, 32);
    expect(listMembers(hidden).faults).toEqual(["encrypted incomplete "]);
    for (const bytes of [qcow, disk("stream", "-O", "vmdk", "-o", "subformat=streamOptimized")]) {
      // Tables stand at the begin.
      const middle = Math.floor(bytes.length * 0.8);
      const damaged = Buffer.from(bytes).fill(0xff, middle, middle + 20_000);
      for (const one of [bytes.subarray(0, 100), bytes.subarray(0, middle), damaged])
        expect(new Set(listMembers(one).faults)).toEqual(new Set(["archive-corrupt incomplete "]));
    }
  });

  test("that are changed anywhere neither throw nor hang", () => {
    for (const options of [
      ["-c", "-O", "qcow2"],
      ["-O", "vmdk", "-o", "subformat=streamOptimized"],
    ]) {
      const one = disk("mutant", ...options);
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.oneof(fc.nat(200), fc.nat(one.length - 1)), fc.nat(255)), {
            minLength: 1,
            maxLength: 5,
          }),
          (changes) => {
            const changed = Buffer.from(one);
            for (const [at, byte] of changes) changed[at] = byte;
            listMembers(changed);
          },
        ),
        { numRuns: 50 },
      );
    }
  });
});
