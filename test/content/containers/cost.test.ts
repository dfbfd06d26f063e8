/** What a container costs: never much more than its bytes, whatever it says of itself. */
import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { BlockList } from "../../../src/content/containers/index.ts";
import { testWith } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const bytesOf = ({ members }: { members: readonly (readonly [string, string])[] }): number =>
  members.reduce((sum, [name, text]) => sum + name.length + text.length, 0);

/** A database of one table whose thousands of rows are all the same cell, which overflows onto every page. */
function sameRow(): Buffer {
  const [size, pages] = [4096, 64];
  const file = Buffer.alloc(size * pages);
  file.write("SQLite format 3\0", "latin1");
  file.writeUInt16BE(size, 16);
  file.writeUInt32BE(1, 56);
  file[100] = 13;
  const rows = 1500;
  file.writeUInt16BE(rows, 103);
  const cell = 3500;
  for (let i = 0; i < rows; i++) file.writeUInt16BE(cell, 108 + 2 * i);
  const length = size * (pages - 1);
  // A length of three bytes, the number of the row, then a record of one blob.
  const header = Buffer.from([(length >> 14) | 0x80, ((length >> 7) & 0x7f) | 0x80, length & 0x7f, 1]);
  const type = 12 + 2 * (length - 4);
  header.copy(file, cell);
  Buffer.from([4, (type >> 14) | 0x80, ((type >> 7) & 0x7f) | 0x80, type & 0x7f]).copy(file, cell + 4);
  const least = Math.floor(((size - 12) * 32) / 255) - 23;
  const fitting = least + ((length - least) % (size - 4));
  const local = fitting <= size - 35 ? fitting : least;
  if (cell + 4 + local + 4 <= size) file.writeUInt32BE(2, cell + 4 + local);
  for (let page = 1; page < pages; page++) file.writeUInt32BE(page + 2, page * size);
  return file;
}

describe("what is told many times is read once", () => {
  test("rows of a database that are all the same", () => {
    const file = sameRow();
    const listing = listMembers(file);
    expect(bytesOf(listing)).toBeLessThan(4 * file.length);
    expect(listing.faults).toContain("bomb incomplete ");
  });

  test("fields of a class that are all the same text", () => {
    const text = Buffer.alloc(50_000, "v");
    const short = (...values: number[]): Buffer => Buffer.from(values.flatMap((value) => [value >> 8, value & 255]));
    const attribute = Buffer.concat([short(2), Buffer.from([0, 0, 0, 2]), short(3)]);
    const file = Buffer.concat([
      ...[Buffer.from("cafebabe", "hex"), short(0, 52, 4)],
      ...[Buffer.from([1]), short(text.length), text, Buffer.from([1]), short(13), Buffer.from("ConstantValue")],
      ...[Buffer.from([8]), short(1), short(0x21, 0, 0, 0), short(1), short(0, 1, 1, 20_000)],
      ...Array.from({ length: 20_000 }, () => attribute),
    ]);
    const listing = listMembers(file);
    expect(listing.members[0]![1]).toContain(`= "${"v".repeat(100)}`);
    expect(bytesOf(listing)).toBeLessThan(5 * file.length);
  });

  test("names of an ar archive that all begin in one place", () => {
    const head = (name: string, size: number): string => `${name.padEnd(48)}${String(size).padEnd(10)}\`\n`;
    const names = "n".repeat(1 << 20);
    const listing = listMembers(
      Buffer.from(
        `!<arch>\n${head("debian-binary", 4)}2.0\n${head("//", names.length)}${names}${head("/0", 0).repeat(500)}`,
      ),
    );
    expect(listing.members).toHaveLength(501);
    expect(bytesOf(listing)).toBeLessThan(500 << 17);
  });
});

describe("a PDF file", () => {
  const pdf = (text: string): Buffer =>
    Buffer.concat([
      Buffer.from("%PDF-1.4\n1 0 obj <</Filter /FlateDecode>>\nstream\n"),
      deflateSync(text),
      Buffer.from("\nendstream\n"),
    ]);

  test("with a string of megabytes, ended or not, is read", () => {
    const long = "a".repeat(4 << 20);
    expect(listMembers(pdf(`[(${long})] TJ`)).members[0]![1].endsWith(`\n${long}\n`)).toBe(true);
    expect(listMembers(pdf(`(${long} Tj`)).members[0]![1]).toContain(long);
  });

  test("shows strings with parentheses inside, escapes and hex", () => {
    const shown = listMembers(pdf("[(a(b)c) -20 (\\(d\\051) <65 66>] TJ T* (g) Tj")).members[0]![1];
    expect(shown.split("\n").slice(1)).toEqual(["a(b)c(d)ef", "g", ""]);
  });

  test("with streams deflated twice is read, and other filters are told", () => {
    const twice = Buffer.concat([
      Buffer.from("%PDF-1.4\n1 0 obj <</Filter [/FlateDecode /FlateDecode]>>\nstream\n"),
      deflateSync(deflateSync("inside")),
      Buffer.from(
        "\n2 0 obj <</Filter /LZWDecode>>\nstream\nxyz\n3 0 obj <</Filter /DCTDecode>>\nstream\nxyz\ntrailer",
      ),
    ]);
    const { members, faults } = listMembers(twice);
    expect(members).toEqual([["object 1", "inside"]]);
    expect(faults).toEqual(["unsupported incomplete object 2"]);
  });

  test("whose words lie across the borders of what is searched at once gives each stream once", () => {
    for (let shift = 0; shift < 24; shift++) {
      const first = pdf("one");
      const gap = Buffer.alloc((1 << 20) - first.length - "\n2 0 obj <</FlateDecode>>\nstream".length + shift - 8, 32);
      const listing = listMembers(Buffer.concat([first, gap, pdf("two").subarray(8)]));
      expect(listing.members.map(([, text]) => text)).toEqual(["one", "two"]);
    }
  });
});

test("what a cpio archive says is a folder or a device is read where it has bytes", () => {
  const entry = (name: string, mode: number, body: string): string => {
    const hex = (value: number): string => value.toString(16).padStart(8, "0");
    const fields = [1, mode, 0, 0, 1, 0, body.length, 0, 0, 0, 0, name.length + 1, 0].map(hex).join("");
    const head = `070701${fields}${name}\0`;
    return head.padEnd((head.length + 3) & ~3, "\0") + body.padEnd((body.length + 3) & ~3, "\0");
  };
  const listing = listMembers(
    Buffer.from(entry("folder", 0o040755, "in a folder") + entry("none", 0, "in nothing") + entry("TRAILER!!!", 0, "")),
  );
  expect(listing.members).toEqual([
    ["folder", "in a folder"],
    ["none", "in nothing"],
  ]);
});

describe("dictionaries and windows grow with what comes out", () => {
  // Copies from as far back as there is anything, then from everywhere.
  const part = sampleText(700_001, 3);
  const text = Buffer.concat([part, sampleText(300_000, 4), part, sampleText(500_000, 5), part, part]);
  const run = (program: string, ...args: string[]): Buffer =>
    spawnSync(program, ["-c", ...args], { input: text, maxBuffer: 1 << 26 }).stdout;

  testWith("xz")("of xz, whatever was asked for", () => {
    for (const size of ["4KiB", "300KiB", "1MiB", "3MiB", "128MiB"])
      expect(listMembers(run("xz", `--lzma2=preset=1,dict=${size}`), sha1).members).toEqual([["", sha1(text)]]);
  });

  testWith("zstd")("of zstd, whatever was asked for", () => {
    for (const options of [["--long=27"], ["--long=20", "-1"], ["-19"], ["--fast=5"]])
      expect(listMembers(run("zstd", "-q", ...options), sha1).members).toEqual([["", sha1(text)]]);
  });

  test("so that small streams take no more than they need", () => {
    // A frame that asks for a window of 128 MiB and has thirty blocks of one byte.
    const block = (isLast: number): number[] => [(1 << 3) | 2 | isLast, 0, 0, 65];
    const frame = Buffer.from([
      ...[0x28, 0xb5, 0x2f, 0xfd, 0, (27 - 10) << 3],
      ...Array.from({ length: 29 }, () => block(0)).flat(),
      ...block(1),
    ]);
    const before = process.memoryUsage().arrayBuffers;
    const { members } = listMembers(Buffer.concat(Array.from({ length: 50 }, () => frame)));
    expect(members[0]![1]).toBe("A".repeat(1500));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 << 20);
  });
});

test("bytes in blocks are those that were put in, wherever they are read", () => {
  const bytes = sampleText((2 << 20) + 12_345, 9);
  const list = new BlockList();
  for (let at = 0; at < bytes.length; at += 77_777) list.push(bytes.subarray(at, at + 77_777));
  list.end();
  expect(list.size).toBe(bytes.length);
  for (const at of [0, 5, (1 << 20) - 3, 1 << 20, (2 << 20) - 1, bytes.length - 4, bytes.length, bytes.length + 9])
    for (const length of [0, 1, 4, 1 << 20, 3 << 20])
      expect(list.read(at, length).equals(bytes.subarray(at, at + length))).toBe(true);
  expect(listMembers(gzipSync("x")).members).toHaveLength(1);
});
