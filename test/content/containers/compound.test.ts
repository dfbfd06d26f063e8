/** Compound files: installers as msibuild makes them, macros and mails by their specifications, and what strangers could make of them. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { expandMacros } from "../../../src/content/containers/compound/macros.ts";
import { unrtf } from "../../../src/content/containers/compound/packed-rtf.ts";
import { hasProgram } from "../../require-program.ts";
import { sampleText } from "../streams.ts";
import { listMembers, sha1 } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-compound-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A module as Office packs it, by [MS-OVBA] 2.4.1.3: copies of what came before where there is something. */
function packMacros(source: string): Buffer {
  const text = Buffer.from(source, "latin1");
  const parts = [Buffer.from([1])];
  for (let from = 0; from < text.length; from += 4096) {
    const chunk = text.subarray(from, from + 4096);
    const body: number[] = [];
    for (let at = 0; at < chunk.length;) {
      const flagAt = body.push(0) - 1;
      for (let bit = 0; bit < 8 && at < chunk.length; bit++) {
        const bits = Math.max(4, Math.ceil(Math.log2(at)));
        const back = at < 3 ? -1 : chunk.subarray(0, at + 2).lastIndexOf(chunk.subarray(at, at + 3), at - 1);
        if (back < 0 || at + 3 > chunk.length) {
          body.push(chunk[at++]!);
          continue;
        }
        let length = 3;
        while (
          length < 2 ** (16 - bits) + 2 &&
          at + length < chunk.length &&
          chunk[back + length] === chunk[at + length]
        )
          length++;
        const token = ((at - back - 1) << (16 - bits)) | (length - 3);
        body.push(token & 255, token >> 8);
        body[flagAt]! |= 1 << bit;
        at += length;
      }
    }
    const header = Buffer.alloc(2);
    header.writeUInt16LE(0xb000 | (body.length + 2 - 3));
    parts.push(header, Buffer.from(body));
  }
  return Buffer.concat(parts);
}

const source = `Attribute VB_Name = "Module1"\r\n${Array.from(
  { length: 300 },
  (_, i) => `Sub Open${i}()\r\n  Connect "Server=db${i};User=sa;Password=marigold-${i}"\r\nEnd Sub\r\n`,
).join("")}`;

/** A mail's text as it is packed ([MS-OXRTFCP] 4.1 gives these bytes). */
const packedMail = Buffer.from(
  "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232" + "0af32068656c090020627705b06c647d0a800fa0",
  "hex",
);

describe("what streams hold in a form of their own", () => {
  test("macros come out as they were written", () => {
    const stream = Buffer.concat([sampleText(500, 1), packMacros(source)]);
    expect(expandMacros(stream)?.toString("latin1")).toBe(source);
    expect(expandMacros(sampleText(500, 1))).toBeUndefined();
    expect(expandMacros(Buffer.from("\0Attribut"))).toBeUndefined();
    // Of one that is cut off what is there is told.
    const cut = expandMacros(stream.subarray(0, 2_000))!.toString("latin1");
    expect(cut.length).toBeGreaterThan(1_000);
    expect(source.startsWith(cut)).toBe(true);
  });

  test("texts of mails too", () => {
    expect(unrtf(packedMail)?.toString("latin1")).toBe("{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
    expect(unrtf(Buffer.from("no such text at all"))).toBeUndefined();
  });
});

describe.skipIf(!hasProgram("msibuild"))("compound files", () => {
  const streams: Record<string, Buffer> = {
    large: sampleText(9_000_000, 2),
    small: Buffer.from("password = tangerine-mostly-sideways\n"),
    macros: Buffer.concat([sampleText(300, 3), packMacros(source)]),
    "__substg1.0_10090102": packedMail,
  };
  const path = join(folder, "made.msi");
  execFileSync("msibuild", [path, "-s", "Title", "Author", ";1033", "{12345678-1234-1234-1234-123456789012}"]);
  for (const [name, bytes] of Object.entries(streams)) {
    writeFileSync(join(folder, "stream"), bytes);
    execFileSync("msibuild", [path, "-a", name, join(folder, "stream")]);
  }
  const installer = readFileSync(path);

  test("give their streams, and behind them what these hold", () => {
    const { kind, members, faults } = listMembers(installer, sha1);
    expect({ kind, faults }).toEqual({ kind: "compound", faults: [] });
    const told = new Map(members.map(([name, sum]) => [name.replaceAll("\u0005", ""), sum]));
    for (const [name, bytes] of Object.entries(streams)) expect([name, told.get(name)]).toEqual([name, sha1(bytes)]);
    expect(told.get("macros text")).toBe(sha1(Buffer.from(source, "latin1")));
    expect(told.get("__substg1.0_10090102 text")).toBeDefined();
    // What the program that made it tells of its streams.
    const names = execFileSync("msiinfo", ["streams", path])
      .toString()
      .split("\n")
      .map((name) => name.replaceAll("\u0005", ""));
    for (const name of names.filter((one) => one !== "")) expect([...told.keys()]).toContain(name);
  });

  test("that are cut off, or lost their list, say so", () => {
    for (const size of [600, 5_000_000])
      expect(listMembers(installer.subarray(0, size), sha1).faults).toEqual(["archive-corrupt incomplete "]);
    const without = Buffer.from(installer);
    // One of the sectors that say which sector follows which.
    without.writeUInt32LE(0xffffffff, 76 + 4 * 50);
    expect(listMembers(without, sha1).faults).toContain("archive-corrupt incomplete large");
    const changed = Buffer.from(installer);
    changed.writeUInt16LE(7, 30);
    expect(listMembers(changed, sha1).faults).toEqual(["archive-corrupt incomplete "]);
  });

  test("that are changed anywhere neither throw nor hang", () => {
    const small = join(folder, "small.msi");
    execFileSync("msibuild", [small, "-s", "Title", "Author", ";1033", "{12345678-1234-1234-1234-123456789012}"]);
    writeFileSync(join(folder, "stream"), streams["macros"]!);
    execFileSync("msibuild", [small, "-a", "macros", join(folder, "stream")]);
    const one = readFileSync(small);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.nat(600), fc.nat(one.length - 1)), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const changed = Buffer.from(one);
          for (const [at, byte] of changes) changed[at] = byte;
          listMembers(changed, sha1);
        },
      ),
      { numRuns: 300 },
    );
  });
});
