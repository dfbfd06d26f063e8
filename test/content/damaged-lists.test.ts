/** Lists and databases of packages, and of git, as somebody made them who wanted something. */
import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPackageList } from "../../src/content/package-lists.ts";
import { rpmHeaders } from "../../src/content/rpm-database.ts";
import { readEwah } from "../../src/sources/git/staged/ewah.ts";
import { readIndex } from "../../src/sources/git/staged/index-file.ts";
import { readReftable } from "../../src/sources/git/reftable.ts";
import { scratch } from "../cli/scan-program.ts";

const folder = scratch();

describe("lists of packages", () => {
  test("whose folder is longer than any path name no files in it", () => {
    const sum = Buffer.alloc(20, 7).toString("base64");
    const apk = (path: string): Buffer => Buffer.from(`P:a\nm:x@alpinelinux.org\nF:${path}\nR:f\nZ:Q1${sum}\n`);
    expect(readPackageList({ kind: "apk-installed" }, apk("d")).files).toHaveLength(1);
    expect(readPackageList({ kind: "apk-installed" }, apk("d".repeat(100_000))).files).toEqual([]);
  });

  test("of millions of lines are read", () => {
    const line = ` /etc/a ${"0".repeat(32)}\n`;
    const text = `Package: p\nMaintainer: a@debian.org\nConffiles:\n${line}${" x\n".repeat(2_000_000)}`;
    expect(readPackageList({ kind: "dpkg-status" }, Buffer.from(text)).files.map(({ path }) => path)).toEqual([
      "etc/a",
    ]);
  });

  test("of which all entries lead to the same pages are read once", () => {
    // Berkeley DB: a page of a hash, each item of which is a value on the same chain of pages.
    const size = 4096;
    const database = Buffer.alloc(64 * size);
    database.writeUInt32LE(0x061561, 12);
    database.writeUInt32LE(size, 20);
    database[25] = 8;
    database[size + 25] = 2;
    database.writeUInt16LE(1000, size + 20);
    const item = size - 12;
    for (let i = 0; i < 1000; i++) database.writeUInt16LE(item, size + 26 + 2 * i);
    database[size + item] = 3;
    database.writeUInt32LE(2, size + item + 4);
    database.writeUInt32LE(60 * size, size + item + 8);
    for (let page = 2; page < 64; page++) {
      database.writeUInt32LE(page + 1, page * size + 16);
      database.writeUInt16LE(size - 26, page * size + 22);
      database[page * size + 25] = 7;
    }
    let bytes = 0;
    for (const header of rpmHeaders(database)) bytes += header.length;
    // They are given; nobody takes more than twice the database of them.
    expect(bytes).toBeGreaterThan(10 * database.length);
    expect(readPackageList({ kind: "rpm-database" }, database).files).toEqual([]);
  });
});

/** An index of version 4, whose names are given as what is cut off and what is put behind. */
function indexOf(names: readonly (readonly [cut: number, name: string])[]): string {
  const entries = names.map(([cut, name]) =>
    Buffer.concat([Buffer.alloc(60), Buffer.from([0x0f, 0xff, cut]), Buffer.from(`${name}\0`)]),
  );
  const head = Buffer.alloc(12);
  head.write("DIRC");
  head.writeUInt32BE(4, 4);
  head.writeUInt32BE(names.length, 8);
  const bytes = Buffer.concat([head, ...entries]);
  const path = join(mkdtempSync(join(folder, "index-")), "index");
  writeFileSync(path, Buffer.concat([bytes, createHash("sha1").update(bytes).digest()]));
  return path;
}

describe("an index of git", () => {
  test("whose names grow by each other is not read beyond the longest path", () => {
    const short = readIndex(indexOf([[0, "a/b"], [1, "c"]]), 20); // prettier-ignore
    expect(short.map(({ path }) => path)).toEqual(["a/b", "a/c"]);
    const growing = Array.from({ length: 2000 }, () => [0, "name/name/"] as const);
    expect(() => readIndex(indexOf(growing), 20)).toThrow("longer than any path");
    const long = Array.from({ length: 2000 }, (_, i) => [i === 0 ? 0 : 1, i === 0 ? "x".repeat(4000) : "y"] as const);
    expect(() => readIndex(indexOf(long), 20)).toThrow("longer than any path");
  });

  test("whose bitmap sets more bits than any index has entries is refused", () => {
    const bitmap = Buffer.alloc(8 + 8 + 4);
    bitmap.writeUInt32BE(1 << 28, 0);
    bitmap.writeUInt32BE(1, 4);
    bitmap.writeUInt32BE(0xffff_ffff, 12);
    expect(() => readEwah(bitmap, 0)).toThrow("damaged");
  });
});

test("bytes of any kind are no database, no list and no table, and say so", () => {
  const starts = ["", "REFT\u0001", "PmxD", "Package: a\n", "\u008e\u00ad\u00e8\u0001"].map((text) =>
    Buffer.from(text, "latin1"),
  );
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 400 }), (start, rest) => {
      const bytes = Buffer.concat([start, rest]);
      for (const kind of ["rpm-database", "dpkg-status", "apk-installed"] as const) readPackageList({ kind }, bytes);
      for (const read of [() => readReftable(bytes), () => readEwah(bytes, 0)])
        try {
          read();
        } catch (error) {
          expect((error as Error).constructor.name).toBe("Error");
        }
    }),
    { numRuns: 1000 },
  );
});
