/** Contents that end before they say that they do: each is told, however much of it could be read. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { testWith } from "../../require-program.ts";
import { listMembers } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-cut-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (program: string, ...args: string[]): void =>
  void execFileSync(program, args, { cwd: folder, stdio: "pipe" });
const python = (text: string): void => run("python3", "-c", text);
const madeBy = (name: string, make: () => void): Buffer => {
  make();
  return readFileSync(join(folder, name));
};

const told = "archive-corrupt incomplete ";

/** Expects that nothing is told of `whole`, and of its first bytes always, up to `last`: behind it stands nothing that could be lost. */
function expectToldWhereCut(kind: string, whole: Buffer, last = whole.length - 1): void {
  expect(listMembers(whole)).toMatchObject({ kind, faults: [] });
  // What tells the kind takes 14 bytes and more.
  const first = 20;
  const places = Array.from({ length: 40 }, (_, i) => first + Math.trunc(((last - first) * i) / 39));
  const silent = [...places, last - 1, last - 2, last - 3].filter(
    (place) => !listMembers(whole.subarray(0, place)).faults.includes(told),
  );
  expect(silent).toEqual([]);
}

describe("is told to be cut off, wherever that is", () => {
  testWith("javac")("a Java class", { timeout: 60_000 }, () => {
    const source = `class A { static final String T = "${"text ".repeat(30)}"; int f(int x) { return x * 2; } long n = 5L; }`;
    writeFileSync(join(folder, "A.java"), source);
    expectToldWhereCut(
      "class",
      madeBy("A.class", () => run("javac", "A.java")),
    );
  });

  testWith("python3")("a compiled Python module", () => {
    writeFileSync(
      join(folder, "m.py"),
      `"""${"words ".repeat(40)}"""
import os
NUMBERS = (1, -5, 2 ** 70, 2.5, 3j, None, True, ..., "ü", b"bytes")
def f(x, *, y=1):
    return [z for z in {1, 2, 3} if x in {"a", "b"}], lambda: (x, y), frozenset((1, 2))
class C:
    async def g(self): return "in a function"
`,
    );
    const make = (): void => python("import py_compile; py_compile.compile('m.py', cfile='m.pyc')");
    expectToldWhereCut("pyc", madeBy("m.pyc", make));
  });

  testWith("python3")("what Python's pickle wrote, in each version of its format", () => {
    for (const protocol of [2, 3, 4, 5]) {
      const made = `{"a": [1, 2.5, -70000, 2 ** 80, None, True], "t": ("x" * 300, b"y" * 300), "s": {1, 2}, "c": complex(1, 2)}`;
      const make = (): void => python(`import pickle; open("p", "wb").write(pickle.dumps(${made}, ${protocol}))`);
      expectToldWhereCut("pickle", madeBy("p", make));
    }
  });

  testWith("python3")("a binary property list", () => {
    const make = (): void =>
      python(
        `import plistlib; plistlib.dump({"k%d" % i: "value %d" % i for i in range(40)}, open("l", "wb"), fmt=plistlib.FMT_BINARY)`,
      );
    expectToldWhereCut("binary-plist", madeBy("l", make));
  });

  testWith("python3")("a write-ahead log, but between two frames", () => {
    const make = (): void =>
      python(`import shutil, sqlite3
c = sqlite3.connect("d"); c.execute("pragma page_size=512"); c.execute("pragma journal_mode=wal"); c.execute("create table t(a)")
for i in range(9): c.execute("insert into t values(?)", ("text %d" % i,)); c.commit()
shutil.copy("d-wal", "log")`);
    const log = madeBy("log", make);
    expect(listMembers(log)).toMatchObject({ kind: "sqlite-log", faults: [] });
    for (const less of [1, 100, 535, 537])
      expect(listMembers(log.subarray(0, log.length - less)).faults).toEqual([told]);
  });

  testWith("openssl")("a PKCS #12 file", () => {
    run("openssl", ..."req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=a".split(" "));
    const make = (): void =>
      run("openssl", ..."pkcs12 -export -inkey k -in c -out o -passout pass:changeit".split(" "));
    expectToldWhereCut("keystore", madeBy("o", make));
  });

  test("a PDF file", () => {
    const stream = (text: string): Buffer => {
      const packed = deflateSync(text);
      const head = `<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n`;
      return Buffer.concat([Buffer.from(head), packed, Buffer.from("\nendstream")]);
    };
    const objects = [Buffer.from("<< /Type /Catalog >>"), stream("first"), stream("words ".repeat(50)), stream("last")];
    const body = Buffer.concat([
      Buffer.from("%PDF-1.4\n"),
      ...objects.flatMap((object, i) => [Buffer.from(`${i + 1} 0 obj\n`), object, Buffer.from("\nendobj\n")]),
    ]);
    const end = Buffer.from("xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 >>\nstartxref\n9\n%%EOF\n");
    const whole = Buffer.concat([body, end]);
    expectToldWhereCut("pdf", whole, whole.indexOf("trailer") + 6);
    // One that is made to be shown page by page has the end of its first page at its beginning, and tells its length.
    const byPages = (length: number): Buffer =>
      Buffer.concat([
        Buffer.from(`%PDF-1.4\n9 0 obj\n<< /Linearized 1 /L ${String(length).padStart(5)} /H [ 1 2 ] >>\nendobj\n`),
        ...[end, body.subarray(9), end],
      ]);
    const { length } = byPages(1_000);
    expectToldWhereCut("pdf", byPages(length));
    const updated = Buffer.concat([byPages(length), Buffer.from("5 0 obj\n<< >>\nendobj\n"), end]);
    expect(listMembers(updated).faults).toEqual([]);
    expect(listMembers(Buffer.from("%PDF-1.7 is how such files begin\n")).faults).toEqual([]);
  });

  testWith("tar")("a tar between two files is noted: some programs write no end", () => {
    for (const name of ["one", "two"]) writeFileSync(join(folder, name), name.repeat(100));
    const tar = madeBy("t", () => run("tar", "cf", "t", "--format=ustar", "one", "two"));
    const entry = 1024;
    expect(listMembers(tar)).toMatchObject({ kind: "tar", faults: [] });
    expect(listMembers(tar.subarray(0, 2 * entry + 512)).faults).toEqual([]);
    expect(listMembers(tar.subarray(0, entry)).faults).toEqual(["archive-corrupt note "]);
  });
});
