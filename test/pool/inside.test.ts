import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bytesInMemory } from "../../src/content/containers/index.ts";
import { insideLimits, type InsideLimits } from "../../src/content/containers/limits.ts";
import { lookInside, type WholeResult } from "../../src/pool/inside.ts";
import { MemberMemo } from "../../src/pool/member-memo.ts";
import { Recogniser } from "../../src/pool/recogniser.ts";
import type { Task } from "../../src/pool/task.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { madeZip, type ZipMember } from "../content/containers/made-zip.ts";
import { probe } from "../cli/scan-program.ts";
import { detectorOf, rulesetOf } from "../detect/rules-for-tests.ts";

const detector = detectorOf(rulesetOf([{ id: "probe", regex: "prb_[0-9A-Za-z]{30}", keywords: ["prb_"] }]));

/** What lies in a content. Looked at without a memory of members, with a fresh one, and with one that has met it: the same each time. */
function look(bytes: Uint8Array, limits: Partial<InsideLimits> = {}, archiveDepth = 4): WholeResult {
  const members = new MemberMemo();
  const [without, first, again] = [undefined, members, members].map((memo) =>
    lookWith(memo, bytes, limits, archiveDepth),
  );
  expect(first!.whole).toEqual(without!.whole);
  expect(again!.whole).toEqual(without!.whole);
  return without!.whole;
}

/** `pieces`: how often bytes of members were told. */
function lookWith(
  members: MemberMemo | undefined,
  bytes: Uint8Array,
  limits: Partial<InsideLimits> = {},
  archiveDepth = 4,
): { readonly whole: WholeResult; readonly pieces: number } {
  let pieces = 0;
  const task: Task = {
    ...{ detector, listsClean: false, archiveDepth, recogniser: new Recogniser(), inside: () => void pieces++ },
    ...{ begin: () => true, advance: () => {}, cancelled: () => false },
    ...(members === undefined ? {} : { members }),
  };
  const all = { ...insideLimits, ...limits };
  const whole = lookInside(task, detector.scan(bytes), bytesInMemory(bytes), detector.kernel.arena, all);
  return { whole, pieces };
}

function zip(...members: readonly (readonly [name: string, data: string | Uint8Array])[]): Buffer {
  return madeZip(members.map(([name, data]): ZipMember => ({ name, data })));
}

function found({ result }: WholeResult): string[] {
  return result.detections.map(({ member, secret, startLine }) => `${member ?? "-"}:${startLine} ${secret}`);
}

function faults({ inside }: WholeResult): string[] {
  return (inside?.faults ?? []).map(({ code, name, count }) => `${code} ${name} ${count}`);
}

test("members are scanned as contents of their own, with lines of their own and their path", () => {
  const inner = zip(["x/y.txt", `\n\n${probe(1)}`]);
  const tar = Buffer.concat([rawEntry({ name: "t" }, `${probe(2)}\n`), rawEntry({ name: "in.zip" }, inner), endOfTar]);
  const outer = zip(["a.txt", `one\n${probe(3)}`], ["deep.tar.gz", gzipSync(tar)], ["clean", "nothing"]);
  expect(found(look(outer))).toEqual([
    `a.txt:2 ${probe(3)}`,
    `deep.tar.gz!t:1 ${probe(2)}`,
    `deep.tar.gz!in.zip!x/y.txt:3 ${probe(1)}`,
  ]);
  expect(look(outer).inside!.bytes).toBeGreaterThan(tar.length + inner.length);
});

test("what a container says itself is told where no member says the same", () => {
  const stored = madeZip([{ name: "a", data: probe(1), stored: true }], Buffer.from(`#!/bin/sh ${probe(2)}\n`));
  expect(found(look(stored))).toEqual([`-:1 ${probe(2)}`, `a:1 ${probe(1)}`]);
  expect(found(look(gzipSync(probe(3))))).toEqual([`-:1 ${probe(3)}`]);
});

test("a member larger than what is gathered is scanned as a stream, with the same outcome", () => {
  const large = Buffer.concat([Buffer.alloc(3 << 20, "x\n"), Buffer.from(`${probe(1)}\n`)]);
  expect(found(look(zip(["large", large])))).toEqual([`large:${(3 << 19) + 1} ${probe(1)}`]);
});

test("the memory of what lies before is left alone", () => {
  const { kernel } = detector;
  const before = Buffer.from("a base that deltas will need".repeat(100));
  kernel.reserve(before.length + 64);
  kernel.bytes.set(before, kernel.arena);
  const task: Task = {
    ...{ detector, listsClean: false, archiveDepth: 4, inside: () => {}, recogniser: new Recogniser() },
    ...{ begin: () => true, advance: () => {}, cancelled: () => false },
  };
  const content = bytesInMemory(zip(["large", Buffer.alloc(3 << 20, "y\n")], ["small", probe(2)]));
  const none = { detections: [], suppressed: {}, judged: new Map(), limited: false };
  const low = Math.ceil((kernel.arena + before.length) / 64) * 64;
  expect(found(lookInside(task, none, content, low))).toContain(`small:1 ${probe(2)}`);
  expect(before.equals(kernel.bytes.subarray(kernel.arena, kernel.arena + before.length))).toBe(true);
});

describe("members that were met before", () => {
  const text = (seed: number): string => Array.from({ length: 9000 }, (_, i) => `${(i * seed) % 9973}`).join(" ");

  test("are not expanded again in another archive, and counted all the same", () => {
    const members = new MemberMemo();
    const inner = zip(["x", text(3)], ["y", `${probe(9)} # gitleaks:allow`]);
    const one = zip(["a", text(5)], ["in.zip", inner], ["gone", "g"]);
    const two = zip(["new", probe(1)], ["b", text(5)], ["lib/in.zip", inner]);
    lookWith(members, one);
    const fresh = lookWith(new MemberMemo(), two);
    const again = lookWith(members, two);
    expect(again.whole).toEqual(fresh.whole);
    expect(found(again.whole)).toEqual([`new:1 ${probe(1)}`]);
    expect(again.whole.result.suppressed).toEqual({ "inline-allow": 1 });
    expect(again.whole.inside!.bytes).toBe(probe(1).length + text(5).length + inner.length + text(3).length + 51);
    expect([again.pieces, fresh.pieces]).toEqual([3, fresh.pieces]);
    expect(fresh.pieces).toBeGreaterThan(4);
  });

  test("a file that was packed again at another time is known, one with another checksum is not", () => {
    const members = new MemberMemo();
    const packed = gzipSync(text(7));
    lookWith(members, packed);
    const later = Buffer.from(packed);
    later.writeUInt32LE(1_700_000_000, 4);
    expect(lookWith(members, later)).toMatchObject({
      pieces: 1,
      whole: { inside: { bytes: text(7).length, faults: [] } },
    });
    later[later.length - 8]! ^= 1;
    expect(faults(lookWith(members, later).whole)).toEqual(["archive-corrupt  1"]);
    const wrongSum = Buffer.from(zip(["a", text(5)]));
    lookWith(members, wrongSum);
    const sumInDirectory = wrongSum.lastIndexOf("PK\x01\x02") + 16;
    wrongSum[sumInDirectory]! ^= 1;
    expect(faults(lookWith(members, wrongSum).whole)).toEqual(["archive-corrupt a 1"]);
  });

  test("one with a secret is told in each archive, and limits hold where they did", () => {
    const members = new MemberMemo();
    const inner = zip(["s", probe(2)]);
    expect(found(lookWith(members, zip(["a/in.zip", inner])).whole)).toEqual([`a/in.zip!s:1 ${probe(2)}`]);
    expect(found(lookWith(members, zip(["b/in.zip", inner])).whole)).toEqual([`b/in.zip!s:1 ${probe(2)}`]);
    const twice = zip(["a", Buffer.alloc(3 << 20)], ["b", Buffer.alloc(3 << 20)]);
    lookWith(members, twice);
    for (const limits of [
      { freeBytes: 1 << 20, maxRatio: 10 },
      { freeBytes: 4 << 20, maxRatio: 10 },
      { maxMembers: 1 },
    ])
      expect(lookWith(members, twice, limits).whole).toEqual(lookWith(undefined, twice, limits).whole);
  });

  test("are forgotten when many others were met since", () => {
    const members = new MemberMemo();
    const nothing = { bytes: 1, members: 0, results: [] };
    for (let i = 0; i < 40_000; i++) members.keep(`${i}`, nothing);
    expect([members.get("0"), members.get("39999"), members.get("20000")]).toEqual([undefined, nothing, nothing]);
  });
});

describe("limits", () => {
  test("depth: archives count, compressed files do not", () => {
    const nested = zip([
      "2.zip",
      zip(["3.tgz", gzipSync(Buffer.concat([rawEntry({ name: "4" }, probe(1)), endOfTar]))]),
    ]);
    expect(found(look(nested, {}, 3))).toEqual([`2.zip!3.tgz!4:1 ${probe(1)}`]);
    expect(faults(look(nested, {}, 3))).toEqual([]);
    expect(faults(look(nested, {}, 2))).toEqual(["too-deep 2.zip!3.tgz 1"]);
    expect(look(nested, {}, 0).inside).toBeUndefined();
  });

  test("a file compressed again and again", () => {
    let bytes: Buffer = Buffer.from(probe(1));
    for (let i = 0; i < 9; i++) bytes = gzipSync(bytes);
    expect(faults(look(bytes))).toEqual(["too-deep  1"]);
    expect(found(look(bytes, { maxForms: 9 }))).toEqual([`-:1 ${probe(1)}`]);
  });

  test("expanded bytes, by number and by ratio", () => {
    const bomb = zip(["a", Buffer.alloc(5 << 20)], ["b", probe(1)]);
    expect(faults(look(bomb, { freeBytes: 1 << 20, maxRatio: 10 }))).toEqual(["bomb a 1"]);
    expect(faults(look(bomb, { freeBytes: 1 << 20, maxRatio: 10_000 }))).toEqual([]);
    expect(faults(look(bomb, { freeBytes: 6 << 20, maxRatio: 10 }))).toEqual([]);
  });

  test("bytes held: the archive is scanned as it is, and said to be too large", () => {
    const nested = zip(["in.zip", madeZip([{ name: "a", data: probe(1).padEnd(5000, "x "), stored: true }])]);
    const small = look(nested, { maxHeldBytes: 1000 });
    expect(found(small)).toEqual([`in.zip:1 ${probe(1)}`]);
    expect(faults(small)).toEqual(["too-large in.zip 1"]);
    expect(found(look(nested))).toEqual([`in.zip!a:1 ${probe(1)}`]);
  });

  test("members: more of them than anyone packs", () => {
    const many = zip(...Array.from({ length: 30 }, (_, i): [string, string] => [`m${i}`, i === 5 ? probe(1) : "x"]));
    expect(faults(look(many, { maxMembers: 10 }))).toEqual(["bomb  1"]);
    expect(found(look(many, { maxMembers: 10 }))).toEqual([`m5:1 ${probe(1)}`]);
  });

  test("faults of one kind are counted, and kinds of faults are limited", () => {
    const hidden = madeZip(Array.from({ length: 500 }, (_, i) => ({ name: `m${i}`, data: "x", flags: 1 })));
    expect(faults(look(hidden))).toEqual(["encrypted m0 500"]);
    const strange = madeZip(Array.from({ length: 500 }, (_, i) => ({ name: `m${i}`, data: "x", method: 100 + i })));
    expect(look(strange).inside!.faults).toHaveLength(101);
    expect(look(strange).inside!.faults.reduce((sum, { count }) => sum + count, 0)).toBe(500);
  });
});

test("an archive that holds itself ends with its depth", () => {
  // Whatever it expands to is this archive again: what r.zip does with a trick of deflate, done by its reader here.
  let bytes = zip(["end", "x"]);
  for (let i = 0; i < 40; i++) bytes = zip(["r.zip", bytes], ["s.zip", bytes.subarray(0, 1)]);
  expect(faults(look(bytes))).toEqual(["too-deep r.zip!r.zip!r.zip!r.zip 1"]);
});
