import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bytesInMemory } from "../../src/content/containers/index.ts";
import { insideLimits, type InsideLimits } from "../../src/content/containers/limits.ts";
import { lookInside, type WholeResult } from "../../src/pool/inside.ts";
import { Recogniser } from "../../src/pool/recogniser.ts";
import type { Task } from "../../src/pool/task.ts";
import { endOfTar, rawEntry } from "../content/tar-blocks.ts";
import { madeZip, type ZipMember } from "../content/containers/made-zip.ts";
import { probe } from "../cli/scan-program.ts";
import { detectorOf, rulesetOf } from "../detect/rules-for-tests.ts";

const detector = detectorOf(rulesetOf([{ id: "probe", regex: "prb_[0-9A-Za-z]{30}", keywords: ["prb_"] }]));

function look(bytes: Uint8Array, limits: Partial<InsideLimits> = {}, archiveDepth = 4): WholeResult {
  const task: Task = {
    ...{ detector, listsClean: false, archiveDepth, recogniser: new Recogniser(), inside: () => {} },
    ...{ begin: () => true, advance: () => {}, cancelled: () => false },
  };
  return lookInside(task, detector.scan(bytes), bytesInMemory(bytes), detector.kernel.arena, {
    ...insideLimits,
    ...limits,
  });
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

describe("limits", () => {
  test("depth: archives count, compressed files do not", () => {
    const nested = zip(["2.zip", zip(["3.tgz", gzipSync(rawEntry({ name: "4" }, probe(1)))])]);
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
