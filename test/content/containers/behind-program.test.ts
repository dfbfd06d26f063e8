import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { behindProgram } from "../../../src/content/containers/behind-program.ts";
import { bytesInMemory, PassingProgram } from "../../../src/content/containers/index.ts";
import { hasProgram } from "../../require-program.ts";
import { listMembers } from "./list-members.ts";
import { madeZip } from "./made-zip.ts";

/** A program of this machine: ELF, with a table of sections at its end. */
const elf = readFileSync("/bin/sh");
const text = "the text of a file\n".repeat(40);
const packed = gzipSync(text);

/** A Windows program of one section. */
function windowsProgram(): Buffer {
  const bytes = Buffer.alloc(1024);
  bytes.write("MZ", 0);
  bytes.writeUInt32LE(128, 60);
  bytes.write("PE\0\0", 128, "latin1");
  bytes.writeUInt16LE(1, 134);
  bytes.writeUInt16LE(224, 148);
  bytes.writeUInt32LE(512, 128 + 24 + 224 + 16);
  bytes.writeUInt32LE(512, 128 + 24 + 224 + 20);
  return bytes;
}

const script = Buffer.from(
  `#!/bin/sh\n${"# unpacks what stands behind it\n".repeat(200)}tail -n +200 "$0" | tar xz\nexit 0\n`,
);

describe("an archive behind a program", () => {
  test.each([
    ["ELF", elf],
    ["Windows", windowsProgram()],
    ["shell", script],
  ])("is a member of it: %s", (_, program) => {
    const { kind, members, faults } = listMembers(Buffer.concat([program, packed]));
    expect([kind, members.length, faults]).toEqual(["program", 1, []]);
    expect(members[0]![1].startsWith(packed.toString("latin1"))).toBe(true);
    expect(listMembers(program).kind).toBe(undefined);
  });

  test("is found behind settings as well", () => {
    const archive = Buffer.concat([Buffer.from("377abcaf271c", "hex"), Buffer.alloc(100)]);
    const whole = Buffer.concat([windowsProgram(), Buffer.from(";!@Install@!UTF-8!\n;!@InstallEnd@!"), archive]);
    const { kind, members } = listMembers(whole);
    expect([kind, members.map(([, bytes]) => bytes)]).toEqual(["program", [archive.toString("latin1")]]);
  });

  test.each([
    ["NSIS", Buffer.from("\0\0\0\0\xef\xbe\xad\xdeNullsoftInst", "latin1")],
    ["PyInstaller", Buffer.from("\0\0\0\0MEI\x0c\x0b\x0a\x0b\x0e", "latin1")],
  ])("of a kind that is not opened is told: %s", (_, mark) => {
    const whole = Buffer.concat([windowsProgram(), mark, Buffer.alloc(200)]);
    expect(listMembers(whole)).toEqual({ kind: "program", members: [], faults: ["unsupported incomplete "] });
  });

  test("headers that lie are no end", () => {
    for (const at of [60, 134, 148, 392, 396]) {
      const lying = windowsProgram();
      lying.writeUInt16LE(0xffff, at);
      lying.writeUInt16LE(0xffff, at + 2);
      expect(() => listMembers(Buffer.concat([lying, packed]))).not.toThrow();
    }
    for (let at = 4; at < 64; at++) {
      const lying = Buffer.concat([elf.subarray(0, 4096), packed]);
      lying[at] = 0xff;
      expect(() => listMembers(lying)).not.toThrow();
    }
    for (let length = 0; length < 600; length += 7) {
      listMembers(windowsProgram().subarray(0, length));
      listMembers(elf.subarray(0, length));
    }
  });
});

test("behind a program that goes by, the same is told, however its bytes come", () => {
  const program = windowsProgram();
  // A section of three megabytes; the end of the program lies in what is kept of its begin, or far behind it.
  for (const size of [512, 3 << 20]) {
    program.writeUInt32LE(size, 128 + 24 + 224 + 16);
    const whole = Buffer.concat([program.subarray(0, 512), Buffer.alloc(size, "x")]);
    const far = Buffer.alloc(2 << 20, "y");
    const pyInstaller = Buffer.from("MEI\x0c\x0b\x0a\x0b\x0e", "latin1");
    for (const behind of [
      Buffer.concat([packed, far]),
      Buffer.concat([Buffer.alloc(60_000, "s"), Buffer.from("377abcaf271c", "hex"), far]),
      Buffer.concat([Buffer.alloc(70_000, "s"), Buffer.from("377abcaf271c", "hex"), far]),
      Buffer.concat([far, pyInstaller, Buffer.alloc(8_000)]),
      far,
    ]) {
      const bytes = Buffer.concat([whole, behind]);
      const expected = behindProgram(bytesInMemory(bytes)) !== undefined;
      for (const step of [bytes.length, 65_521, 1 << 20, 511_999]) {
        const passing = new PassingProgram();
        for (let at = 0; at < bytes.length; at += step) passing.take(bytes.subarray(at, at + step));
        expect({ size, step, carries: passing.carriesArchive }).toEqual({ size, step, carries: expected });
      }
    }
  }
});

test("a header of ELF that tells of gigabytes has none of them read", () => {
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(0xffff, 54);
  head.writeUInt16LE(0xffff, 56);
  const asked: number[] = [];
  const bytes = {
    size: 2 ** 33,
    read(at: number, length: number): Buffer {
      asked.push(length);
      return at === 0 ? head.subarray(0, length) : Buffer.alloc(Math.min(length, 1 << 16));
    },
  };
  expect(behindProgram(bytes)).toBeUndefined();
  expect(Math.max(...asked)).toBeLessThanOrEqual(1 << 20);
});

describe("an archive behind a document", () => {
  const pdf = Buffer.from("%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n");
  const zip = madeZip([{ name: "etc/a", data: text }]);
  const archives = [
    ["gzip", packed],
    ["a ZIP file that is cut off", zip.subarray(0, -1)],
    ["7z", Buffer.concat([Buffer.from("377abcaf271c", "hex"), Buffer.alloc(100)])],
  ] as const;

  test.each(archives)("is a member of it: %s behind PDF, its updates, and one that is encrypted", (_, archive) => {
    for (const document of [
      pdf,
      pdf.subarray(0, -1),
      Buffer.concat([pdf, Buffer.from("2 0 obj\n<< >>\nendobj\n%%EOF\r\n")]),
      Buffer.concat([pdf, Buffer.from("trailer << /Encrypt 9 0 R >>\n%%EOF\n")]),
    ]) {
      const { kind, members } = listMembers(Buffer.concat([document, archive]));
      expect([kind, members.map(([, bytes]) => bytes)]).toEqual(["pdf", [archive.toString("latin1")]]);
      expect(listMembers(document).members).toEqual([]);
    }
  });

  test("is read once where it is a whole ZIP file, which is told by its end", () => {
    expect(listMembers(Buffer.concat([pdf, zip])).members).toEqual([["etc/a", text]]);
  });

  test.skipIf(!hasProgram("python3"))("is a member of a database, which may be cut off as well", () => {
    const folder = mkdtempSync(join(tmpdir(), "leaktrace-test-"));
    const path = join(folder, "a.db");
    const script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('create table t(a)'); c.commit()";
    execFileSync("python3", ["-c", script, path]);
    const database = readFileSync(path);
    rmSync(folder, { recursive: true });
    const alone = listMembers(database).members.length;
    expect(listMembers(database).faults).toEqual([]);
    expect(listMembers(database.subarray(0, -1)).faults).toEqual(["archive-corrupt incomplete "]);
    for (const [, archive] of archives) {
      const { kind, members } = listMembers(Buffer.concat([database, archive]));
      expect([kind, members.length, members.at(-1)![1]]).toEqual(["sqlite", alone + 1, archive.toString("latin1")]);
    }
  });
});
