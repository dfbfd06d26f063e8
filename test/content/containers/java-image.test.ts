/** Runtimes of Java that jlink makes, with the program for which they are made. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { bytesInMemory, placedMembers } from "../../../src/content/containers/index.ts";
import { hasProgram } from "../../require-program.ts";
import { listMembers, sha1 } from "./list-members.ts";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-jlink-"));
afterAll(() => rmSync(folder, { recursive: true }));

const text = `tok_${"x1y2z3a4b".repeat(5)}`;

function build(): void {
  mkdirSync(join(folder, "src/app"), { recursive: true });
  writeFileSync(join(folder, "src/module-info.java"), "module app {}");
  writeFileSync(join(folder, "src/app/Main.java"), `package app; class Main { static final String KEY = "${text}"; }`);
  execFileSync("javac", ["-d", "classes", "src/module-info.java", "src/app/Main.java"], { cwd: folder });
  writeFileSync(join(folder, "classes/app/settings.txt"), `password = ${text}\n`.repeat(20));
}

function linked(level: number): Buffer {
  const to = join(folder, `out${level}`);
  execFileSync("jlink", ["--module-path", "classes", "--add-modules", "app", `--compress=${level}`, "--output", to], {
    cwd: folder,
    stdio: "ignore",
  });
  return readFileSync(join(to, "lib/modules"));
}

describe.skipIf(!hasProgram("jlink"))("an image of Java modules", { timeout: 120_000 }, () => {
  build();
  const image = linked(2);

  test("gives what is packed in it", () => {
    const { kind, members, faults } = listMembers(image, (bytes) => `${sha1(bytes)} ${bytes.includes(text)}`);
    expect({ kind, faults }).toEqual({ kind: "java-image", faults: [] });
    const told = new Map(members);
    expect(told.get("app/app/Main.class")).toBe(`${sha1(readFileSync(join(folder, "classes/app/Main.class")))} true`);
    expect(told.get("app/app/settings.txt")).toMatch(/ true$/);
    // What the runtime itself says that it holds.
    const names = execFileSync("jimage", ["list", join(folder, "out2/lib/modules")], { maxBuffer: 1 << 26 }).toString();
    const classes = names.split("\n").filter((line) => line.startsWith("    ") && line.endsWith(".class"));
    expect(members.filter(([name]) => name.endsWith(".class")).length).toBe(classes.length);
  });

  test("that is not packed has nothing that its own bytes do not show", () => {
    const plain = linked(0);
    expect(listMembers(plain)).toEqual({ kind: "java-image", members: [], faults: [] });
    expect(plain.includes(text)).toBe(true);
  });

  test("that is cut off or damaged says so, and nothing throws", () => {
    expect(listMembers(image.subarray(0, 1000)).faults).toEqual(["archive-corrupt incomplete "]);
    // The first members of it, for there are thousands.
    const few = (bytes: Buffer): void => {
      let count = 0;
      for (const { chunks } of placedMembers("java-image", bytesInMemory(bytes), () => {}))
        for (const chunk of chunks) if ((count += chunk.length) > 100_000) return;
    };
    const changed = Buffer.from(image.subarray(0, 4 << 20));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.nat(40), fc.nat(400_000)), fc.nat(255)), { minLength: 1, maxLength: 5 }),
        (changes) => {
          const before = changes.map(([at]) => [at, changed[at]!] as const);
          for (const [at, byte] of changes) changed[at] = byte;
          few(changed);
          for (const [at, byte] of before.toReversed()) changed[at] = byte;
        },
      ),
      { numRuns: 100 },
    );
  });
});
