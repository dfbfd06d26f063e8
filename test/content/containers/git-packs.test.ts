/** Packs, bundles and loose objects that lie anywhere, as git writes them. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { mayBeContainer } from "../../../src/content/containers/index.ts";
import { scratch } from "../../cli/scan-program.ts";
import { testWith } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const folder = scratch();
const who = ["-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-c", "commit.gpgsign=false"];
const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };

function git(repository: string, args: readonly string[], input = ""): Buffer {
  return execFileSync("git", ["-C", repository, ...who, ...args], { input, env, maxBuffer: 1 << 26 });
}

function lineOf(version: number): string {
  return sha1(Buffer.from([version]));
}

/** Five versions of a file that deltas are made of, and some others. */
function history(format: "sha1" | "sha256"): string {
  const repository = join(folder, format);
  mkdirSync(repository);
  git(repository, ["init", "-q", "-b", "main", `--object-format=${format}`]);
  const text = sampleText(40_000, 5).toString("latin1");
  for (let version = 0; version < 5; version++) {
    writeFileSync(join(repository, "long.txt"), `${text.slice(0, 20_000)}${lineOf(version)}\n${text.slice(20_000)}`);
    writeFileSync(join(repository, `own-${version}`), sampleText(100 + version, version));
    git(repository, ["add", "-A"]);
    git(repository, ["commit", "-q", "-m", `message ${version}`]);
  }
  git(repository, ["tag", "-a", "v1", "-m", "a tag"]);
  return repository;
}

function pack(repository: string, ...options: readonly string[]): Buffer {
  return git(repository, ["pack-objects", "--all", "--stdout", "-q", ...options]);
}

/** `id sha1-of-bytes` of all objects but trees, as git tells them. */
function objectsOf(repository: string): string[] {
  const list = git(repository, ["cat-file", "--batch-all-objects", "--batch-check"]).toString().trim().split("\n");
  return list
    .map((line) => line.split(" "))
    .filter(([, type]) => type !== "tree")
    .map(([id = "", type = ""]) => `${id} ${sha1(git(repository, ["cat-file", type, id]))}`)
    .sort();
}

function given(bytes: Buffer): string[] {
  const trees = /^own-0\n|^long\.txt\n|^own-\d\n|^$/;
  const texts = new Map(listMembers(bytes).members);
  const members = listMembers(bytes, sha1).members;
  return members
    .filter(([name]) => name.includes("/") || !trees.test(texts.get(name) ?? ""))
    .map(([name, sum]) => `${name.replace(/\/.*/, "")} ${sum}`)
    .sort();
}

/** The same pack with another end, so that its sum is right again. */
function summed(bytes: Buffer): Buffer {
  const body = bytes.subarray(0, -20);
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

describe("a pack that lies alone", () => {
  let repository = "";
  let whole: Buffer = Buffer.alloc(0);
  beforeAll(() => {
    repository = history("sha1");
    whole = pack(repository, "--delta-base-offset");
  });

  testWith("git")("gives every object of it, by its id and the name that a tree has for it", () => {
    expect(mayBeContainer(whole, 0, whole.length)).toBe(true);
    for (const options of [["--delta-base-offset"], [], ["--window=0"], ["--depth=50", "--window=50"]])
      expect(given(pack(repository, ...options)), options.join()).toEqual(objectsOf(repository));
    const { kind, members, faults } = listMembers(whole);
    expect({ kind, faults }).toEqual({ kind: "git-pack", faults: [] });
    expect(members.filter(([name]) => name.endsWith("/long.txt"))).toHaveLength(5);
  });

  testWith("git")("of a repository with longer ids is told by its end, or by what is built on them", () => {
    const longer = history("sha256");
    for (const options of [["--delta-base-offset"], []]) {
      const bytes = pack(longer, ...options);
      expect(listMembers(bytes).faults).toEqual([]);
      expect(given(bytes)).toEqual(objectsOf(longer));
    }
  });

  testWith("git")("behind the header of a bundle is read as well", () => {
    const path = join(folder, "all.bundle");
    git(repository, ["bundle", "create", "-q", path, "--all"]);
    const bytes = readFileSync(path);
    expect(mayBeContainer(bytes, 0, bytes.length)).toBe(true);
    expect(listMembers(bytes)).toMatchObject({ kind: "git-bundle", faults: [] });
    expect(given(bytes)).toEqual(objectsOf(repository));
    expect(listMembers(bytes.subarray(0, bytes.indexOf("PACK"))).faults).toEqual(["archive-corrupt incomplete "]);
  });

  testWith("git")("of a part of a history gives what it adds, and says that the rest is not there", () => {
    const path = join(folder, "thin.bundle");
    git(repository, ["bundle", "create", "-q", path, "main~1..main"]);
    const { members, faults } = listMembers(readFileSync(path));
    expect(faults).toEqual(["object-missing incomplete "]);
    expect(members.map(([, text]) => text).join("\n")).toContain(lineOf(4));
  });

  testWith("git")("that says of fewer objects than it holds hides none", () => {
    const fewer = Buffer.from(whole);
    fewer.writeUInt32BE(1, 8);
    const { members, faults } = listMembers(summed(fewer));
    expect(members).toHaveLength(listMembers(whole).members.length);
    expect(faults).toEqual(["archive-corrupt incomplete "]);
  });

  testWith("git")("that is changed anywhere is told as damaged, and throws nothing", () => {
    const sound = listMembers(whole, sha1).members.map(([, sum]) => sum);
    fc.assert(
      fc.property(fc.nat(whole.length - 13), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, bits, isSummed) => {
        const changed = Buffer.from(whole);
        changed[12 + at]! ^= bits;
        const { members, faults } = listMembers(isSummed ? summed(changed) : changed, sha1);
        const isSame = members.length === sound.length && members.every(([, sum], i) => sum === sound[i]);
        // With a sum that was made anew, a change may make another pack that is whole.
        expect(faults.length > 0 || (isSummed && at < changed.length - 32) || isSame).toBe(true);
        if (!isSummed) expect(faults).not.toEqual([]);
      }),
      { numRuns: 60 },
    );
    for (const length of [14, 40, whole.length >> 1, whole.length - 1])
      expect(listMembers(whole.subarray(0, length)).faults).not.toEqual([]);
  });

  test("of deltas that make more than a pack may is given up, and told", () => {
    // One blob of 16 MB, and two hundred deltas that copy all of it.
    const size = 1 << 24;
    const blob = Buffer.alloc(size, "a");
    const id = createHash("sha1").update(`blob ${size}\0`).update(blob).digest();
    const varint = (value: number): number[] =>
      value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
    const entryHead = (type: number, length: number): Buffer =>
      Buffer.from(length < 16 ? [(type << 4) | length] : [128 | (type << 4) | (length & 15), ...varint(length >> 4)]);
    const copies = Array.from({ length: size >> 16 }, (_, i) => [0x80 | 4, i]).flat();
    const delta = Buffer.from([...varint(size), ...varint(size), ...copies]);
    const packedDelta = deflateSync(delta);
    const deltas = Array.from({ length: 200 }, () => [entryHead(7, delta.length), id, packedDelta]).flat();
    const header = Buffer.alloc(12);
    header.write("PACK");
    header.writeUInt32BE(2, 4);
    header.writeUInt32BE(201, 8);
    const body = Buffer.concat([header, entryHead(3, size), deflateSync(blob), ...deltas]);
    const { members, faults } = listMembers(summed(Buffer.concat([body, Buffer.alloc(20)])), () => "");
    expect(members.length).toBeLessThan(1 + 200 + 1 + 200);
    expect(faults).toContain("bomb incomplete ");
  });
});

describe("a loose object", () => {
  testWith("git")("is the file that it was", () => {
    const objects = join(folder, "sha1/.git/objects");
    const loose = readdirSync(objects, { recursive: true, encoding: "utf8" })
      .filter((path) => /^[0-9a-f]{2}.[0-9a-f]{38}$/.test(path))
      .map((path) => readFileSync(join(objects, path)));
    const text = sampleText(103, 3);
    const found = loose
      .map((bytes) => listMembers(bytes))
      .find(({ members }) => members[0]?.[1] === text.toString("latin1"));
    expect(found).toEqual({ kind: "zlib", members: [["", text.toString("latin1")]], faults: [] });
    for (const bytes of loose) expect(mayBeContainer(bytes, 0, bytes.length)).toBe(true);
  });

  test("of any level is known, and so is other zlib; text is not", () => {
    for (const level of [0, 1, 3, 6, 9]) {
      const packed = deflateSync(Buffer.from("blob 20\0twenty bytes of text"), { level });
      expect(listMembers(packed).members, String(level)).toEqual([["", "twenty bytes of text"]]);
    }
    const other = sampleText(5000, 2);
    expect(listMembers(deflateSync(other), sha1).members).toEqual([["", sha1(other)]]);
    expect(listMembers(deflateSync(other).subarray(0, 900)).faults).toEqual(["archive-corrupt incomplete "]);
    for (const line of ["x^2 + y^2 = z^2, as is known", "x^n is a text that goes on", "# v3 of this script"])
      expect(listMembers(Buffer.from(line)).kind).toBeUndefined();
  });
});
