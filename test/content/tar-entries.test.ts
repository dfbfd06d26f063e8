import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, mkdir, writeFile, symlink, link, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { walkTar, type TarVisitor } from "../../src/content/tar-entries.ts";
import { testWith } from "../require-program.ts";
import { sampleText } from "./streams.ts";
import { endOfTar, rawEntry, rawHeader } from "./tar-blocks.ts";

interface Seen {
  name: string;
  type: string;
  body: string;
  complete: boolean | undefined;
}

/** Walks a tar in chunks and gives its entries with their bodies (latin1). */
async function walk(bytes: Uint8Array, chunkBytes = 1 << 20): Promise<{ seen: Seen[]; damage: string | undefined }> {
  const seen: Seen[] = [];
  const tar = walkTar({
    entry: ({ name, type }) => seen.push({ name, type, body: "", complete: undefined }),
    data(chunk) {
      const last = seen.at(-1);
      if (last !== undefined) last.body += Buffer.from(chunk).toString("latin1");
    },
    end(complete) {
      const last = seen.at(-1);
      if (last !== undefined) last.complete = complete;
    },
  });
  for (let at = 0; at < bytes.length; at += chunkBytes) await tar.write(bytes.subarray(at, at + chunkBytes));
  return { seen, damage: (await tar.finish())?.message };
}

const names = (seen: readonly Seen[]): string[] => seen.map((entry) => entry.name);
const file = (name: string, body: string) => ({ name, type: "file", body, complete: true });

describe("the entries of a tar", () => {
  test("are the same however the tar is cut into chunks", async () => {
    const tar = Buffer.concat([
      rawEntry({ name: "a" }, "first"),
      rawEntry({ name: "folder/", type: "5" }),
      rawEntry({ name: "empty" }),
      rawEntry({ name: "big" }, sampleText(5000)),
      rawEntry({ name: "link", type: "2", linkName: "a" }),
      rawEntry({ name: "last" }, "end"),
      endOfTar,
    ]);
    const whole = await walk(tar);
    expect(whole.damage).toBeUndefined();
    expect(names(whole.seen)).toEqual(["a", "folder/", "empty", "big", "link", "last"]);
    expect(whole.seen.map((entry) => entry.type)).toEqual(["file", "directory", "file", "file", "other", "file"]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (chunk) => {
        expect(await walk(tar, chunk)).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });

  test("behind the end marker are read too", async () => {
    const tar = Buffer.concat([rawEntry({ name: "a" }, "1"), endOfTar, rawEntry({ name: "hidden" }, "2"), endOfTar]);
    expect(await walk(tar)).toEqual({
      seen: [file("a", "1"), file("hidden", "2")],
      damage: undefined,
    });
  });

  test("are known to be behind it, however the tar is cut; one block of zeros is no end", async () => {
    const lone = Buffer.alloc(512);
    const tar = Buffer.concat([
      ...[rawEntry({ name: "a" }, "1"), lone, rawEntry({ name: "b" }, sampleText(700)), endOfTar],
      ...[rawEntry({ name: "hidden" }, "2"), rawEntry({ name: "hidden too" }, "3"), endOfTar],
    ]);
    for (const chunk of [1, 511, 512, 513, 1024, 1536, 2560, 3000, tar.length]) {
      const behind: [string, boolean][] = [];
      const entry: TarVisitor["entry"] = ({ name, isAfterEnd }) => behind.push([name, isAfterEnd === true]);
      const walked = walkTar({ entry, data: () => {}, end: () => {} });
      for (let at = 0; at < tar.length; at += chunk) await walked.write(tar.subarray(at, at + chunk));
      await walked.finish();
      const expected = { a: false, b: false, hidden: true, "hidden too": true };
      expect(behind).toEqual(Object.entries(expected));
    }
  });

  test("of a tar without end marker, and of old tars without magic, are read", async () => {
    const tar = Buffer.concat([
      rawEntry({ name: "old", magic: "none" }, "1"),
      rawEntry({ name: "gnu", magic: "gnu" }, "2"),
    ]);
    expect(await walk(tar)).toEqual({
      seen: [file("old", "1"), file("gnu", "2")],
      damage: undefined,
    });
  });

  test("a hard link with a size hides nothing: neither the entry behind it nor a body of its own", async () => {
    const bare = Buffer.concat([
      rawHeader({ name: "hard", type: "1", linkName: "a", size: 1024 }),
      rawEntry({ name: "b" }, "secret"),
      endOfTar,
    ]);
    const fromBare = await walk(bare);
    expect(names(fromBare.seen)).toEqual(["hard", "b"]);
    expect(fromBare.seen[1]).toEqual(file("b", "secret"));
    const withBody = Buffer.concat([
      rawEntry({ name: "hard", type: "1", linkName: "a" }, "secret"),
      rawEntry({ name: "b" }, "2"),
      endOfTar,
    ]);
    expect((await walk(withBody)).seen).toEqual([file("hard", "secret"), file("b", "2")]);
  });

  test("a folder with a size does not stop the walk", async () => {
    const tar = Buffer.concat([
      rawHeader({ name: "d/", type: "5", size: 5000 }),
      rawEntry({ name: "b" }, "2"),
      endOfTar,
    ]);
    expect(names((await walk(tar)).seen)).toEqual(["d/", "b"]);
  });

  test("behind a damaged header are read, and the damage is told", async () => {
    const tar = Buffer.concat([
      rawEntry({ name: "a" }, "1"),
      rawEntry({ name: "damaged", checksum: 1 }, sampleText(2000)),
      rawEntry({
        name: "negative",
        sizeField: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0),
      }),
      rawEntry({ name: "b" }, "2"),
      endOfTar,
    ]);
    for (const chunk of [512, 700, 1 << 20]) {
      const { seen, damage } = await walk(tar, chunk);
      expect(seen.filter((entry) => entry.body !== "")).toEqual([file("a", "1"), file("b", "2")]);
      expect(damage).toBeDefined();
    }
  });

  test("a header that promises more names than memory holds is passed over", async () => {
    const tar = Buffer.concat([
      rawHeader({ name: "x", type: "x", size: 2 ** 33 - 1 }),
      rawEntry({ name: "b" }, "2"),
      endOfTar,
    ]);
    const { seen, damage } = await walk(tar);
    expect(seen).toEqual([file("b", "2")]);
    expect(damage).toBeDefined();
  });

  test("a cut tar gives what is left of the last body, marked as incomplete", async () => {
    const tar = Buffer.concat([rawEntry({ name: "a" }, "1"), rawEntry({ name: "b" }, "x".repeat(3000))]).subarray(
      0,
      3 * 512 + 1000,
    );
    const { seen, damage } = await walk(tar);
    expect(seen[1]).toEqual({ name: "b", type: "file", body: "x".repeat(1000), complete: false });
    expect(damage).toContain("middle of an entry");
  });

  test("a walk over arbitrary bytes ends", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(fc.constant(rawEntry({ name: "ok" }, "body")), fc.uint8Array({ minLength: 1, maxLength: 1500 })),
          { maxLength: 12 },
        ),
        async (parts) => {
          const { seen } = await walk(Buffer.concat(parts));
          expect(seen.length).toBeLessThanOrEqual(parts.length * 4);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("Python's tarfile", () => {
  const script = `
import sys, tarfile, hashlib, json
out = []
with tarfile.open(sys.argv[1], "r:") as t:
    for m in t:
        if m.isreg():
            out.append([m.name, hashlib.sha256(t.extractfile(m).read()).hexdigest()])
print(json.dumps(out))`;

  for (const format of ["ustar", "gnu", "pax", "v7"]) {
    testWith("python3")(`lists the same files with the same bytes in a ${format} tar`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "leaktrace-tar-"));
      try {
        const deep = format === "v7" ? "deep" : join(...Array.from({ length: 12 }, (_, i) => `folder-${i}`));
        await mkdir(join(folder, "in", deep), { recursive: true });
        await writeFile(join(folder, "in", deep, "ünïcode 名.txt"), sampleText(700));
        await writeFile(join(folder, "in", "big"), sampleText(3_000_000));
        await writeFile(join(folder, "in", "empty"), "");
        await writeFile(join(folder, "in", "n".repeat(format === "v7" ? 90 : format === "ustar" ? 99 : 180)), "long");
        await symlink("big", join(folder, "in", "symlink"));
        await link(join(folder, "in", "big"), join(folder, "in", "zhard"));
        const tar = join(folder, "out.tar");
        const made = spawnSync("tar", ["-C", join(folder, "in"), `--format=${format}`, "-cf", tar, "."]);
        expect(made.status).toBe(0);
        const oracle = spawnSync("python3", ["-c", script, tar]).stdout.toString();
        const { seen, damage } = await walk(await readFile(tar), 10_007);
        expect(damage).toBeUndefined();
        const mine = seen
          .filter((entry) => entry.type === "file")
          .map((entry) => [entry.name, createHash("sha256").update(Buffer.from(entry.body, "latin1")).digest("hex")]);
        expect(mine).toEqual(JSON.parse(oracle));
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});
