/** Archives made by real programs, with Python's own readers as judges. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect } from "vitest";
import { testWith } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-containers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tree = join(folder, "tree");
mkdirSync(join(tree, "sub/deep"), { recursive: true });
const files: readonly (readonly [string, Buffer])[] = [
  ["empty", Buffer.alloc(0)],
  ["sub/deep/text", sampleText(700_001)],
  ["sub/runs", Buffer.from("ab".repeat(3) + "x".repeat(400_000) + "tail")],
  ["sub/ünïcode name", Buffer.from("hello\n")],
  [`sub/${"long".repeat(50)}`, Buffer.from("a long name\n")],
];
for (const [name, bytes] of files) writeFileSync(join(tree, name), bytes);
const expected = byName(files.map(([name, bytes]) => [name, sha1(bytes)]));

function listed(path: string): { kind: string | undefined; members: unknown; faults: readonly string[] } {
  const { kind, members, faults } = listMembers(readFileSync(path), sha1);
  return {
    kind,
    faults,
    members: members.filter(([name]) => kind !== "zip" || name !== "empty").toSorted(([a], [b]) => (a < b ? -1 : 1)),
  };
}

/** The tar inside of a compressed file. */
function inner(path: string): Buffer {
  const { members, faults } = listMembers(readFileSync(path));
  expect(faults).toEqual([]);
  return Buffer.from(members[0]![1], "latin1");
}

describe("compressed files", () => {
  const whole = Buffer.concat(files.map(([, bytes]) => bytes));
  for (const [program, args, extension] of [
    ["gzip", ["-9"], "gz"],
    ["bzip2", [], "bz2"],
    ["bzip2", ["-1"], "bz2"],
    ["xz", [], "xz"],
    ["xz", ["-0", "--check=none"], "xz"],
    ["xz", ["-9e", "--block-size=300000"], "xz"],
    ["xz", ["--x86", "--lzma2=preset=6,lc=1,lp=2,pb=1"], "xz"],
    ["zstd", ["-19", "-q"], "zst"],
    ["zstd", ["-1", "-q", "--no-check"], "zst"],
    ["zstd", ["--long=27", "-q"], "zst"],
  ] as const) {
    testWith(program)(`of ${program} ${args.join(" ")} are expanded, several streams in a row too`, () => {
      const path = join(folder, `whole.${extension}`);
      const packed = execFileSync(program, [...args, "-c"], { input: whole, maxBuffer: 1 << 26 });
      writeFileSync(path, packed);
      expect(sha1(inner(path))).toBe(sha1(whole));
      writeFileSync(path, Buffer.concat([packed, packed]));
      expect(sha1(inner(path))).toBe(sha1(Buffer.concat([whole, whole])));
    });
  }
});

describe("tar", () => {
  for (const format of ["ustar", "pax", "gnu", "oldgnu", "v7"]) {
    testWith("tar")(`${format}: every file is a member, whole`, () => {
      const path = join(folder, "x.tar");
      const names = format === "v7" || format === "ustar" ? files.slice(0, 4).map(([name]) => name) : ["."];
      expect(spawnSync("tar", ["-c", `--format=${format}`, "-f", path, "-C", tree, ...names]).status).toBe(0);
      const wanted =
        names.length === 1 ? expected : byName(files.slice(0, 4).map(([name, bytes]) => [name, sha1(bytes)]));
      expect(listed(path)).toEqual({ kind: "tar", faults: [], members: wanted });
    });
  }

  testWith("python3")("of Python's tarfile: the members are those that it lists itself", () => {
    const path = join(folder, "y.tar.xz");
    python(`import tarfile
t = tarfile.open(${JSON.stringify(path)}, "w:xz"); t.add(${JSON.stringify(tree)}, "root"); t.close()`);
    const told = python(`import tarfile
for m in tarfile.open(${JSON.stringify(path)}):
  if m.isfile(): print(m.name)`);
    const { members } = listMembers(inner(path), sha1);
    expect(members.map(([name]) => name)).toEqual(told.trimEnd().split("\n"));
  });
});

describe("ZIP", () => {
  testWith("zip")("of zip: stored and deflated, with and without a place to seek to", () => {
    const path = join(folder, "a.zip");
    for (const args of [["-0"], ["-9"], ["-fz"], ["-fd"]]) {
      rmSync(path, { force: true });
      expect(spawnSync("zip", ["-qr", ...args, path, "."], { cwd: tree }).status).toBe(0);
      // An empty file says nothing.
      expect(listed(path)).toEqual({ kind: "zip", faults: [], members: expected.filter(([name]) => name !== "empty") });
    }
    // Written to a pipe: sizes stand behind the data.
    const piped = spawnSync("sh", ["-c", "zip -qr - . | cat"], { cwd: tree, maxBuffer: 1 << 26 }).stdout;
    writeFileSync(path, piped);
    expect(listed(path).members).toEqual(expected.filter(([name]) => name !== "empty"));
  });

  testWith("python3")("of Python's zipfile: every method, ZIP64, data behind a program", () => {
    for (const method of ["STORED", "DEFLATED", "BZIP2", "LZMA"]) {
      const path = join(folder, `${method}.zip`);
      python(`import zipfile, os
z = zipfile.ZipFile(${JSON.stringify(path)}, "w", zipfile.ZIP_${method})
for root, _, names in os.walk(${JSON.stringify(tree)}):
  for n in names:
    p = os.path.join(root, n)
    with open(p, "rb") as f, z.open(os.path.relpath(p, ${JSON.stringify(tree)}), "w", force_zip64=True) as out: out.write(f.read())
z.comment = b"a comment"
z.close()`);
      expect(listed(path)).toEqual({ kind: "zip", faults: [], members: expected.filter(([name]) => name !== "empty") });
    }
    const program = join(folder, "program");
    writeFileSync(
      program,
      Buffer.concat([Buffer.from("#!/bin/sh\nexec java -jar $0\n"), readFileSync(join(folder, "DEFLATED.zip"))]),
    );
    python(`import zipfile
z = zipfile.ZipFile(${JSON.stringify(program)}, "a"); z.comment = b""; z.close()`);
    expect(listed(program).members).toEqual(expected.filter(([name]) => name !== "empty"));
  });
});

describe("packages", () => {
  testWith("dpkg-deb")("a Debian package is an archive of compressed tars", () => {
    const root = join(folder, "deb");
    mkdirSync(join(root, "DEBIAN"), { recursive: true });
    writeFileSync(
      join(root, "DEBIAN/control"),
      "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.example>\nDescription: d\n",
    );
    writeFileSync(join(root, "file"), "inside\n");
    const path = join(folder, "p.deb");
    for (const compression of ["xz", "gzip", "none"]) {
      const ran = spawnSync("dpkg-deb", [`-Z${compression}`, "--build", "--root-owner-group", root, path]);
      expect(ran.status).toBe(0);
      const { kind, members, faults } = listMembers(readFileSync(path));
      expect({ kind, faults, first: members[0] }).toEqual({
        kind: "ar",
        faults: [],
        first: ["debian-binary", "2.0\n"],
      });
      const data = Buffer.from(members.find(([name]) => name.startsWith("data.tar"))![1], "latin1");
      const tar = compression === "none" ? data : Buffer.from(listMembers(data).members[0]![1], "latin1");
      expect(listMembers(tar).members).toEqual([["file", "inside\n"]]);
    }
  });
});

function byName(list: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return list.toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1));
}

function python(program: string): string {
  return execFileSync("python3", ["-c", program], { encoding: "utf8" });
}
