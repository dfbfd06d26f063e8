/** Secrets that one way of reading a file shows and another one does not: two members of one name, archives behind archives, headers that differ. */
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { insideLimits } from "../../src/content/containers/limits.ts";
import { HeldContent } from "../../src/pool/units/held-content.ts";
import { leaktrace, probe, probeRules, scratch } from "../cli/scan-program.ts";
import { madeZip, type ZipMember } from "../content/containers/made-zip.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";

const folder = scratch();
const rules = probeRules(folder);

interface Found {
  readonly places: readonly string[];
  readonly code: number | null;
}

/** Where secrets are found in a file, in the order of the report. */
function scan(bytes: Uint8Array): Found {
  const path = join(mkdtempSync(join(folder, "f-")), "file");
  writeFileSync(path, bytes);
  const { code, stdout } = leaktrace(["dir", path, "-f", "json", "-r", "-", "-c", rules, "--no-cache"]);
  const entries = JSON.parse(stdout) as { readonly File: string }[];
  return { code, places: entries.map(({ File }) => File.slice(path.length)).sort() };
}

const zip = (...members: ZipMember[]): Buffer => madeZip(members);
const inner = zip({ name: "in.txt", data: probe("behind") });

test("two members of one name, with secrets at the same place", () => {
  const members = [probe(1), probe(2)].map((data) => ({ name: "a", data }));
  expect(scan(zip(...members)).places).toEqual(["!a", "!a"]);
  const tar = Buffer.concat([...members.map(({ name, data }) => rawEntry({ name }, data)), endOfTar]);
  expect(scan(tar).places).toEqual(["!a", "!a"]);
  // The same secret twice is one place.
  expect(scan(zip(members[0]!, members[0]!)).places).toEqual(["!a"]);
});

test("the header of a compressed file, where its text has another secret at the same offset", () => {
  const packed = gzipSync(`0123456789${" "}${probe("text")}\n`);
  const head = Buffer.concat([packed.subarray(0, 10), Buffer.from(` ${probe("name")}\0`)]);
  head[3] = 8;
  expect(scan(Buffer.concat([head, packed.subarray(10)])).places).toHaveLength(2);
});

test("archives behind other files", () => {
  const cpio = (name: string): Buffer => {
    const fields = [1, 0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0, name.length + 1, 0];
    const head = `070701${fields.map((n) => n.toString(16).padStart(8, "0")).join("")}${name}\0`;
    return Buffer.from(head.padEnd(head.length + ((4 - (head.length & 3)) & 3), "\0"));
  };
  const packed = gzipSync(`${probe("packed")}\n`);
  const zeros = Buffer.alloc(700);
  for (const [name, ...parts] of [
    ["gzip", gzipSync("x\n"), zeros, packed],
    ["gzip", gzipSync("x"), inner],
    ["gzip", gzipSync("x"), Buffer.from("other bytes"), inner],
    ["cpio", cpio("TRAILER!!!"), zeros, packed],
    ["cpio", cpio("TRAILER!!!"), cpio("TRAILER!!!"), packed],
    ["zip", zip({ name: "a", data: "x" }), packed],
    ["pdf", Buffer.from("%PDF-1.4\n%%EOF\n"), inner],
  ] as const) {
    const { places, code } = scan(Buffer.concat(parts));
    expect([name, places.length, code]).toEqual([name, 1, 1]);
  }
});

test("an archive behind a program: with a comment, in another archive, in a compressed file", () => {
  const program = Buffer.concat([Buffer.from("\x7fELF".padEnd(2_000_000, "x"), "latin1"), inner]);
  const comment = Buffer.from(program);
  comment.writeUInt16LE(5, comment.length - 2);
  for (const bytes of [
    Buffer.concat([comment, Buffer.from("hello")]),
    gzipSync(program),
    zip({ name: "a.exe", data: program }),
    zip({ name: "a.bin", data: Buffer.concat([Buffer.from("any bytes"), inner]) }),
  ])
    expect(scan(bytes).places).toEqual([expect.stringMatching(/in\.txt$/)]);
  // Too large to be held; but it does not go untold.
  const large = Buffer.concat([Buffer.alloc(insideLimits.maxProgramBytes, "x"), inner]);
  expect(scan(gzipSync(large, { level: 1 })).code).toBe(3);
});

test("an archive behind a program that is too large to be held does not go untold", () => {
  const script = Buffer.from(`#!/bin/sh\nexit 0\n`);
  const rest = Buffer.alloc(insideLimits.maxProgramBytes, "x\n");
  const carrier = Buffer.concat([script, gzipSync(probe("behind")), rest]);
  const plain = Buffer.concat([script, rest]);
  // In an archive, and as a file of a layer, of which the size is known or not.
  expect([carrier, plain].map((bytes) => scan(gzipSync(bytes, { level: 1 })).code)).toEqual([3, 0]);
  for (const size of [carrier.length, Infinity]) {
    const [first, second] = [carrier, plain].map((bytes) => {
      const held = new HeldContent(size);
      let given = 0;
      for (let at = 0; at < bytes.length; at += 1 << 20)
        given += held.push(bytes.subarray(at, at + (1 << 20)))?.length ?? 0;
      return [held.end(), given];
    });
    expect([first, second]).toEqual([
      ["too-large", carrier.length],
      [undefined, plain.length],
    ]);
  }
});

test("an archive right behind a large program is held with it", () => {
  const rest = Buffer.alloc(insideLimits.maxProgramBytes);
  const carrier = Buffer.concat([readFileSync("/bin/true"), gzipSync(`${probe("behind")}\n`), rest]);
  expect(scan(gzipSync(carrier, { level: 1 }))).toEqual({ code: 1, places: [""] });
  for (const size of [carrier.length, Infinity]) {
    const held = new HeldContent(size);
    for (let at = 0; at < carrier.length; at += 100_000)
      expect(held.push(carrier.subarray(at, at + 100_000))).toBeUndefined();
    const end = held.end();
    expect(end === "too-large" ? 0 : end?.size).toBe(carrier.length);
  }
});

test("a member of which its own header says more than the directory", () => {
  const body = deflateRawSync(`${probe("own header")}\n`);
  const whole = zip({ name: "a", data: `${probe("own header")}\n` });
  const entry = whole.indexOf("PK\x01\x02", 0, "latin1");
  const lies: ((bytes: Buffer) => void)[] = [
    (bytes) => bytes.fill(0, entry + 16, entry + 28),
    (bytes) => {
      bytes.writeUInt16LE(0, entry + 10);
      bytes.writeUInt32LE(crc32(body), entry + 16);
      bytes.writeUInt32LE(body.length, entry + 24);
    },
    (bytes) => {
      bytes.fill(0, entry + 16, entry + 28);
      bytes.writeUInt16LE(8, 6);
      bytes.fill(0, 14, 26);
    },
  ];
  for (const lie of lies) {
    const bytes = Buffer.from(whole);
    lie(bytes);
    expect(scan(bytes).places).toEqual(["!a"]);
  }
  // One that nothing lists, and nobody can read.
  expect(scan(madeZip([{ name: "a", data: "x", unlisted: true, flags: 1 }])).code).toBe(3);
});

test("what a document's words show does not stand in the line of what its markup holds", () => {
  const secret = (seed: string | number): string => probe(`document ${seed}`);
  const document = (count: number): Buffer => {
    const words = Array.from({ length: count }, (_, i) => `<w:p><w:r><w:t>${secret(i)}</w:t></w:r></w:p>`).join("");
    const space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    const data = `<?xml version="1.0"?><w:document xmlns:w="${space}" w:x="${secret("markup")}">${words}</w:document>`;
    return zip({ name: "[Content_Types].xml", data: "<Types/>" }, { name: "word/document.xml", data });
  };
  for (const count of [2, 300]) {
    const path = join(mkdtempSync(join(folder, "f-")), "a.docx");
    writeFileSync(path, document(count));
    const { stdout } = leaktrace(["dir", path, "-f", "jsonl", "-c", rules, "--no-cache"]);
    expect(stdout.split("\n").filter((line) => line.includes('"kind":"finding"'))).toHaveLength(count + 1);
    for (const seed of ["markup", 0, 1, count - 1]) expect(stdout).not.toContain(secret(seed));
  }
});
