/** RAR archives: some that RAR wrote, those of our own that `bsdtar` reads as well, and what strangers could make of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test, vi } from "vitest";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";
import { madeRar4, madeRar5, type RarFile } from "./made-rar.ts";
import { realRars } from "./real-rars.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-rar-"));
afterAll(() => rmSync(folder, { recursive: true }));

const formats = [
  ["RAR 3", madeRar4],
  ["RAR 5", madeRar5],
] as const;

function wanted(files: readonly RarFile[]): string[][] {
  return files.map(({ name, data }) => [name, sha1(data)]);
}

/** What libarchive makes of it. */
function readByOther(archive: Buffer, { name }: RarFile): string {
  writeFileSync(join(folder, "a.rar"), archive);
  return sha1(execFileSync("bsdtar", ["-xOf", join(folder, "a.rar"), name], { maxBuffer: 1 << 27 }));
}

describe("archives that RAR wrote", () => {
  test.each(realRars)("%s", (_name, base64, members) => {
    const { kind, members: told, faults } = listMembers(Buffer.from(base64, "base64"), sha1);
    expect({ kind, told, faults }).toEqual({ kind: "rar", told: members, faults: [] });
  });
});

/** Texts, zeros, and what nothing packs: near and far copies, the same distances again, long codes. */
const contents = fc
  .array(fc.tuple(fc.nat(3), fc.nat(40_000), fc.nat(255)), { minLength: 1, maxLength: 4 })
  .map((parts) =>
    Buffer.concat(
      parts.map(([kind, length, seed]) =>
        kind < 2
          ? sampleText(length, seed % 3)
          : kind === 2
            ? Buffer.alloc(length, seed)
            : Buffer.from(Array.from({ length: length >> 3 }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24)),
      ),
    ),
  );

describe.each(formats)("%s", (_format, made) => {
  test.skipIf(!hasProgram("bsdtar"))("what is packed comes out, and libarchive reads the same", () => {
    const file: RarFile = { name: "a.txt", data: Buffer.concat([sampleText(400_000, 1), sampleText(300_000, 1)]) };
    const archive = made([file]);
    expect(archive.length).toBeLessThan(file.data.length);
    expect(listMembers(archive, sha1)).toEqual({ kind: "rar", members: wanted([file]), faults: [] });
    expect(readByOther(archive, file)).toBe(sha1(file.data));
  });

  test("any contents, one by one and as one stream", () => {
    fc.assert(
      fc.property(fc.array(contents, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.nat(2), (all, solid, stored) => {
        const files = all.map((data, i) => ({ name: `d/${i}`, data, solid: solid && i > 0, stored: i === stored }));
        // The first one that is packed goes on with nothing.
        const first = files.find((file) => !file.stored);
        if (first !== undefined) first.solid = false;
        expect(listMembers(made(files), sha1)).toEqual({ kind: "rar", members: wanted(files), faults: [] });
      }),
      { numRuns: 25 },
    );
  });

  test("a member that nobody reads is unpacked for the one that goes on with it", async () => {
    const { bytesInMemory, placedMembers } = await import("../../../src/content/containers/index.ts");
    const files = [1, 2, 3].map((i) => ({ name: `${i}`, data: sampleText(90_000, 1), solid: i > 1 }));
    for (const read of [0, 10]) {
      const members = placedMembers("rar", bytesInMemory(made(files)), (fault) => expect(fault).toBeUndefined());
      const told: string[] = [];
      for (const { name, chunks } of members) {
        const parts: Buffer[] = [];
        for (const chunk of chunks) {
          parts.push(Buffer.from(chunk));
          if (name !== "3" && read < 1) break;
          if (name !== "3" && Buffer.concat(parts).length > read) break;
        }
        if (name === "3") told.push(sha1(Buffer.concat(parts)));
      }
      expect(told).toEqual([sha1(files[2]!.data)]);
    }
  });

  test("what is encrypted, divided, or packed by older methods is named", () => {
    const data = sampleText(5_000, 1);
    const files: RarFile[] = [
      { name: "closed", data, encrypted: true },
      { name: "begun", data, stored: true, goesOn: true },
      { name: "later", data, fromBefore: true },
      { name: "old", data, version: made === madeRar4 ? 20 : 9 },
      { name: "open", data },
    ];
    const { members, faults } = listMembers(made(files), sha1);
    expect(members).toEqual([
      ["begun", sha1(data)],
      ["old", sha1(Buffer.alloc(0))],
      ["open", sha1(data)],
    ]);
    expect(faults).toEqual([
      "encrypted incomplete closed",
      "unsupported incomplete begun",
      "unsupported incomplete later",
      "unsupported incomplete old",
    ]);
  });

  test("what is cut off gives all before, and says so", () => {
    const file = { name: "a", data: sampleText(200_000, 1) };
    const archive = made([file]);
    for (const part of [0.3, 0.6, 0.9]) {
      const { members, faults } = listMembers(archive.subarray(0, Math.floor(archive.length * part)));
      const [, text] = members[0]!;
      expect(file.data.toString("latin1").startsWith(text)).toBe(true);
      expect(text.length).toBeGreaterThan(1000);
      expect(faults[0]).toBe("archive-corrupt incomplete a");
    }
  });

  test("a flipped bit is found, and a file that goes on with damage is named", () => {
    const files = [1, 2].map((i) => ({ name: `${i}`, data: sampleText(20_000, i), solid: i > 1 }));
    const archive = made(files);
    const changed = Buffer.from(archive);
    changed[Math.floor(archive.length / 4)]! ^= 0x10;
    const { faults } = listMembers(changed);
    expect(faults[0]).toBe("archive-corrupt incomplete 1");
    expect(listMembers(archive).faults).toEqual([]);
  });

  test("whatever stands in it, nothing is thrown, and no more comes out than it says", () => {
    const archive = made([
      { name: "a", data: sampleText(3_000, 1) },
      { name: "b", data: sampleText(3_000, 2), solid: true },
    ]);
    const changes = fc.array(fc.tuple(fc.nat(archive.length - 9), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(changes, fc.nat(archive.length), (list, cut) => {
        const changed = Buffer.from(archive);
        for (const [at, byte] of list) changed[8 + at] = byte;
        listMembers(changed, ({ length }) => `${length}`);
        listMembers(changed.subarray(0, cut), ({ length }) => `${length}`);
      }),
      { numRuns: 300 },
    );
  });
});

/** What 0xe8 is followed by in `data`: distances become addresses. */
function withAddresses(data: Buffer, from: number, length: number): Buffer {
  const packed = Buffer.from(data);
  for (let at = from; at + 5 <= from + length; at++) {
    if (data[at] !== 0xe8) continue;
    const distance = data.readInt32LE(at + 1);
    const place = at + 1;
    if (distance + place >= 0 && distance + place < 0x1000000) packed.writeInt32LE(distance + place, at + 1);
    at += 4;
  }
  return packed;
}

function calls(length: number): Buffer {
  const code = sampleText(length, 3);
  for (let at = 100; at + 10 < length; at += 37) code.writeInt32LE((at % 5) * 700, code.writeUInt8(0xe8, at));
  return code;
}

/** Differences, channel by channel. */
function asDifferences(data: Buffer, from: number, length: number, channels: number): Buffer {
  const packed = Buffer.from(data);
  let to = from;
  for (let channel = 0; channel < channels; channel++)
    for (let at = channel, last = 0; at < length; at += channels) {
      packed[to++] = last - data[from + at]!;
      last = data[from + at]!;
    }
  return packed;
}

describe("filters", () => {
  const data = calls(150_000);
  const [from, length] = [20_000, 100_000];
  const addresses = withAddresses(data, from, length);
  const differences = asDifferences(data, from, length, 3);

  test.skipIf(!hasProgram("bsdtar")).each([
    ["calls of RAR 5", madeRar5, addresses, { kind: 1 }],
    ["differences of RAR 5", madeRar5, differences, { kind: 0, channels: 3 }],
    ["calls of RAR 3", madeRar4, addresses, { kind: [53, 0xad576887] as const }],
    ["differences of RAR 3", madeRar4, differences, { kind: [29, 0x0e06077d] as const, channels: 3 }],
  ])("%s are undone", (_name, made, packed, filter) => {
    expect(packed.equals(data)).toBe(false);
    const files = [
      { name: "first", data: sampleText(1_000, 1) },
      { name: "code", data, packed, filters: [{ from, length, ...filter }] },
    ];
    const archive = made(files);
    expect(listMembers(archive, sha1)).toEqual({ kind: "rar", members: wanted(files), faults: [] });
    expect(readByOther(archive, files[1]!)).toBe(sha1(data));
  });

  test("one that nobody knows is told", () => {
    const file = { name: "a", data, filters: [{ from, length, kind: [77, 0x12345678] as const }] };
    expect(listMembers(madeRar4([file]), sha1)).toEqual({
      kind: "rar",
      members: wanted([file]),
      faults: ["unsupported incomplete a"],
    });
  });

  test("one whose program says that it has gigabytes asks for none of them", () => {
    const kind = [77, 0x12345678] as const;
    const archive = madeRar4([{ name: "a", data, filters: [{ from, length, kind, toldLength: 0xffffff00 }] }]);
    const asked = vi.spyOn(Buffer, "alloc");
    const { faults } = listMembers(archive);
    const most = Math.max(...asked.mock.calls.map(([size]) => size));
    asked.mockRestore();
    expect(faults).toEqual(["archive-corrupt incomplete a"]);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(1 << 24);
  });

  test("one that ends behind its file, or begins in another one, costs none of the bytes", () => {
    for (const filters of [
      [{ from: 140_000, length: 20_000, kind: 1 }],
      [1000, 2000].map((at) => ({ from: at, length: 3000, kind: 1 })),
    ]) {
      const { members, faults } = listMembers(
        madeRar5([{ name: "a", data, filters }]),
        ({ length: made }) => `${made}`,
      );
      expect({ members, faults }).toEqual({ members: [["a", "150000"]], faults: ["archive-corrupt incomplete a"] });
    }
  });
});

describe("names", () => {
  test("of RAR 4 have their folders by any bar", () => {
    const { members } = listMembers(
      madeRar4([{ name: String.raw`a\b\..\c.txt`, data: Buffer.from("x"), stored: true }]),
    );
    expect(members[0]![0]).not.toContain("\\");
  });

  test("of links and folders hold nothing", () => {
    expect(listMembers(madeRar5([]), sha1)).toEqual({ kind: "rar", members: [], faults: [] });
  });
});
