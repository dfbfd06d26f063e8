/** 7z archives that 7-Zip makes, by each method, and what strangers could make of their headers. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { crc32 } from "node:zlib";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-7z-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Calls and jumps of x86 with near and far targets, and what looks like one; words that look like calls of the others. */
function machineCode(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 16;
  for (let at = 0; at + 8 < length; at += 1 + (next() % 6)) {
    const kind = next() % 9;
    if (kind < 2) bytes.writeUInt32LE(next(), bytes.writeUInt8(0xe8 + kind, at));
    else if (kind === 2) bytes.set([0x0f, 0x84, next(), next(), 0, 0], at);
    else if (kind === 3) bytes.set([next(), next(), 0xff, 0xeb], at & ~3);
    else if (kind === 4) bytes.writeUInt32LE((0x94000000 | next()) >>> 0, at & ~3);
    else if (kind === 5) bytes.writeUInt32BE((0x48000001 | (next() << 2)) >>> 0, at & ~3);
    else if (kind === 6) bytes.set([next(), 0xf0, next(), 0xf8], at & ~1);
    else if (kind === 7) bytes.writeUInt32LE((0x90000000 | (next() & 0xff)) >>> 0, at & ~3);
    else bytes.fill(0xe8, at, at + 4);
  }
  return bytes;
}

const files: Readonly<Record<string, Buffer>> = {
  "a.txt": sampleText(70_000, 1),
  "empty.txt": Buffer.alloc(0),
  "lib/code.bin": machineCode(90_001),
  "lib/Schlüssel ключ 鍵.txt": Buffer.from("naïve\n"),
  "lib/zeros": Buffer.alloc(150_000),
};
const wanted = Object.entries(files)
  .filter(([, bytes]) => bytes.length > 0)
  .map(([name, bytes]) => `${name} ${sha1(bytes)}`);
const names = Object.keys(files).filter((name) => files[name]!.length > 0);

/** What 7-Zip makes of the files. */
function packed(name: string, ...options: readonly string[]): Buffer {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "in", path)), { recursive: true });
    writeFileSync(join(folder, "in", path), bytes);
  }
  const target = join(folder, `${name}.7z`);
  rmSync(target, { force: true });
  execFileSync("7zz", ["a", "-bso0", "-bsp0", ...options, target, "."], { cwd: join(folder, "in") });
  return readFileSync(target);
}

const bcj2 = ["-m0=BCJ2", "-m1=LZMA", "-m2=LZMA", "-m3=LZMA", "-mb0:1", "-mb0s1:2", "-mb0s2:3"];

describe.skipIf(!hasProgram("7zz"))("7z", () => {
  test.each([
    ["stored", ["-mx0"]],
    ["as 7-Zip does by itself", []],
    ["LZMA", ["-m0=LZMA"]],
    ["LZMA with unusual literals", ["-m0=LZMA:lc8:lp4:pb4"]],
    ["LZMA2 with the largest dictionary", ["-mx9"]],
    ["Deflate", ["-m0=Deflate"]],
    ["bzip2", ["-m0=BZip2"]],
    ["PPMd", ["-m0=PPMd"]],
    ["PPMd of the highest order", ["-m0=PPMd:o=32:mem=8m"]],
    ["PPMd in so little memory that it begins anew again and again", ["-m0=PPMd:o=16:mem=16"]],
    ["x86 before LZMA2", ["-m0=BCJ", "-m1=LZMA2"]],
    ["four streams of x86", bcj2],
    ["differences", ["-m0=Delta:4", "-m1=LZMA"]],
    ...["ARM", "ARMT", "ARM64", "PPC", "SPARC"].map((name) => [name, [`-m0=${name}`, "-m1=LZMA"]] as const),
    ["two filters", ["-m0=Delta:2", "-m1=BCJ", "-m2=LZMA2"]],
    ["each file by itself", ["-ms=off"]],
    ["a header that is not packed", ["-mhc=off"]],
  ] as const)("%s: all files come out as they went in", (name, options) => {
    const { kind, members, faults } = listMembers(packed(name.replace(/\W/g, ""), ...options), sha1);
    expect({ kind, faults }).toEqual({ kind: "sevenzip", faults: [] });
    expect(members.map((member) => member.join(" "))).toEqual(expect.arrayContaining(wanted));
    expect(members.length).toBe(wanted.length);
  });

  test.each([
    ["encrypted", ["-pno-secret"], names.map((name) => `encrypted incomplete ${name}`)],
    ["encrypted with its names", ["-pno-secret", "-mhe=on"], ["encrypted incomplete "]],
  ] as const)("%s: told", (name, options, expected) => {
    const { members, faults } = listMembers(packed(name.replace(/\W/g, ""), ...options));
    expect(members).toEqual([]);
    expect(faults).toEqual(expect.arrayContaining([...expected]));
    expect(faults.length).toBe(expected.length);
  });

  test("in which a stream is damaged gives what comes before, and names the rest", () => {
    const bytes = packed("damaged", "-m0=LZMA");
    bytes.fill(0x55, bytes.length - 5000, bytes.length - 4900);
    const { members, faults } = listMembers(bytes);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every((fault) => fault.startsWith("archive-corrupt incomplete "))).toBe(true);
    const [name, text] = members[0]!;
    expect(text.slice(0, 500)).toBe(files[name]!.toString("latin1", 0, 500));
  });

  test("that is cut off anywhere says so", () => {
    const bytes = packed("cut");
    for (const length of [14, 31, 32, 1000, bytes.length - 1])
      expect(listMembers(bytes.subarray(0, length)).faults).toContain("archive-corrupt incomplete ");
  });

  test("whose header says anything neither throws nor takes more than its size", () => {
    const bytes = packed("plain", "-mhc=off", "-mx0");
    const headerAt = 32 + Number(bytes.readBigUInt64LE(12));
    const changes = fc.array(fc.tuple(fc.nat(bytes.length - headerAt - 1), fc.constantFrom(0, 1, 0x7f, 0xff, 0xc0)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(changes, (list) => {
        const changed = Buffer.from(bytes);
        for (const [at, byte] of list) changed[headerAt + at] = byte;
        const { members } = listMembers(changed, ({ length }) => `${length}`);
        expect(members.reduce((sum, [, length]) => sum + Number(length), 0)).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 400 },
    );
  });
});

/** An archive that is nothing but its header. */
function withHeader(header: Buffer): Buffer {
  const start = Buffer.alloc(20);
  start.writeBigUInt64LE(BigInt(header.length), 8);
  start.writeUInt32LE(crc32(header), 16);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(start));
  return Buffer.concat([Buffer.from("377abcaf271c0004", "hex"), sum, start, header]);
}

describe("a 7z header", () => {
  const huge = "ff" + "ff".repeat(8);
  const large = "f0ffffffff";
  test.each([
    ["of streams without end", `010406 00 ${large} 09`],
    ["of folders without end", `0104070b ${large} 00`],
    ["of methods without end", `0104070b 01 00 ${large}`],
    ["of files without end", `0105 ${large} 00`],
    ["of files of a folder without end", `0104070b 01 00 01 01 00 0c 0a 00 08 0d ${large} 00`],
    ["with a number beyond all", `0105 ${huge}`],
    ["with properties beyond its end", `0104070b 01 00 01 21 01 ${large}`],
    ["that is packed in itself", "17060001090a000 70b01000101000c0a0000".replaceAll(" ", "")],
    ["of no kind", "42"],
    ["that says nothing", "01"],
  ])("%s is told, at once", (_name, hex) => {
    const { members, faults } = listMembers(withHeader(Buffer.from(hex.replaceAll(" ", ""), "hex")));
    expect({ members, faults }).toEqual({ members: [], faults: ["archive-corrupt incomplete "] });
  });

  test("of an empty archive has no members", () => {
    expect(listMembers(withHeader(Buffer.alloc(0)))).toEqual({ kind: "sevenzip", members: [], faults: [] });
  });

  test("with methods that expand each other is told: what one gives could go on for ever", () => {
    // Two inflaters, one behind the other.
    const header =
      "01 04 06 00 01 09 05 00 07 0b 01 00 02 03 04 01 08 03 04 01 08 00 01 0c 0a 0a 00 08 00 00 05 01 11 05 00 61 00 00 00 00 00";
    const { members, faults } = listMembers(withHeader(Buffer.from(header.replaceAll(" ", ""), "hex")));
    expect({ members, faults }).toEqual({ members: [], faults: ["unsupported incomplete a"] });
  });
});
