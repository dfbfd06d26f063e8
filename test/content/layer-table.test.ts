import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readLayer } from "../../src/content/layer.ts";
import type { Problem } from "../../src/model/problem.ts";
import type { LayerDifference } from "../../src/model/unit.ts";
import { scratch } from "../cli/scan-program.ts";
import { sampleText } from "./streams.ts";
import { chunked, digest, stargz, tableEntriesOf, type TableEntry } from "./tabled-layers.ts";
import { layerUnit } from "../layer-unit.ts";

const folder = scratch();
let count = 0;

/** What reading a layer tells beside its files, and their paths. */
async function read(
  stored: Uint8Array,
): Promise<{ problems: readonly Problem[]; differences: readonly LayerDifference[]; paths: string[] }> {
  const file = join(folder, `${count++}.layer`);
  writeFileSync(file, stored);
  const paths: string[] = [];
  const unit = layerUnit(file);
  const { problems, differences } = await readLayer(unit, {
    begin: ({ path }) => void paths.push(path),
    push() {},
    end() {},
  });
  return { problems, differences, paths };
}

const files: Readonly<Record<string, Buffer>> = {
  "etc/app.conf": Buffer.from("port = 1\n"),
  "usr/lib/large.so": sampleText(300_000, 3),
  "var/empty": Buffer.alloc(0),
};

const asTold = (body: Buffer): string => `file of ${body.length} bytes (${digest(body)})`;

const tableOf = (told: Readonly<Record<string, Buffer>>): TableEntry[] => [
  { type: "dir", name: "./etc/" },
  { type: "symlink", name: "etc/link" },
  ...Object.entries(told).flatMap(([name, body]) => tableEntriesOf(`./${name}`, body)),
];

describe.each([
  ["eStargz", (entries: readonly TableEntry[]) => stargz(files, entries)],
  ["zstd:chunked", (entries: readonly TableEntry[]) => chunked(files, entries, 64)],
  ["zstd:chunked of older writers", (entries: readonly TableEntry[]) => chunked(files, entries, 40)],
])("the table of contents of %s", (_name, write) => {
  const told = async (entries: readonly TableEntry[]): Promise<string[]> => {
    const { problems, differences, paths } = await read(write(entries));
    expect(paths).toEqual(expect.arrayContaining(Object.keys(files)) as unknown);
    return [
      ...differences.map(({ path, text }) => `${path} ${text}`),
      ...problems.map(({ code, effect, subject, message }) => `${code} ${effect} ${subject.split(" ")[1]} ${message}`),
    ];
  };
  const promises =
    "is in the layer's table of contents, and in its tar not as it says: what engines would fetch by the table was not scanned";

  test("that is as the tar is needs no word", async () => {
    expect(await told(tableOf(files))).toEqual([]);
  });

  test("that leaves files out is told of each, and leaves nothing unscanned", async () => {
    const { "etc/app.conf": _, "var/empty": _empty, ...rest } = files;
    expect(await told(tableOf(rest))).toEqual([
      `etc/app.conf table of contents: no file; tar: ${asTold(files["etc/app.conf"]!)}`,
      `var/empty table of contents: no file; tar: ${asTold(Buffer.alloc(0))}`,
    ]);
  });

  test("that promises other files, or other bytes, is a gap as well", async () => {
    const [key, other] = [Buffer.from("key"), Buffer.from("port = 2\n")];
    expect(await told(tableOf({ ...files, "root/.ssh/id": key }))).toEqual([
      `root/.ssh/id table of contents: ${asTold(key)}; tar: no file`,
      `table-mismatch incomplete root/.ssh/id ${promises}`,
    ]);
    expect(await told(tableOf({ ...files, "etc/app.conf": other }))).toEqual([
      `etc/app.conf table of contents: ${asTold(other)}; tar: ${asTold(files["etc/app.conf"]!)}`,
      `table-mismatch incomplete etc/app.conf ${promises}`,
    ]);
  });

  test("whose chunks are others than its file, or overlap, is a gap as well", async () => {
    const change = (changed: Partial<TableEntry>): TableEntry[] =>
      tableOf(files).map((entry) => (entry.chunkOffset === 100_000 ? { ...entry, ...changed } : entry));
    const is = asTold(files["usr/lib/large.so"]!);
    const gap = `table-mismatch incomplete usr/lib/large.so ${promises}`;
    expect(await told(change({ chunkDigest: digest(Buffer.from("x")) }))).toEqual([
      `usr/lib/large.so table of contents: ${is}; tar: ${is} in other chunks`,
      gap,
    ]);
    expect(await told(change({ chunkOffset: 50_000 }))).toEqual([
      `usr/lib/large.so table of contents: ${is}; tar: file of 300000 bytes`,
      gap,
    ]);
  });

  test("that differs in many files is told of the first, and of how many more there are", async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`srv/${10 + i}`, Buffer.from(`${i}`)]));
    const lines = await told(tableOf({ ...files, ...many }));
    expect(lines).toHaveLength(21);
    expect(lines[0]).toMatch(/^srv\/10 /);
    expect(lines[20]).toBe(`table-mismatch incomplete srv/10 ${promises} (and 29 more)`);
  });

  test("that hides many files is told in the same way", async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`srv/${10 + i}`, Buffer.from(`${i}`)]));
    const write =
      _name === "eStargz" ? stargz : (...[all, entries]: Parameters<typeof stargz>) => chunked(all, entries, 64);
    const { differences, problems } = await read(write({ ...files, ...many }, tableOf(files)));
    expect(differences).toHaveLength(20);
    expect(problems.map(({ effect, message }) => `${effect} ${message}`)).toEqual([
      "note 10 more files of its tar are hidden from its table of contents",
    ]);
  });
});

test("what a table calls a digest is no text for people", async () => {
  const entries = tableOf(files).map((entry) =>
    entry.name === "./etc/app.conf" ? { ...entry, digest: "\u001b[2J secret", chunkDigest: "x" } : entry,
  );
  const { differences } = await read(stargz({ ...files, "etc/app.conf": Buffer.from("other") }, entries));
  expect(differences.map(({ text }) => text)).toEqual(["table of contents: file of 9 bytes; tar: file of 5 bytes"]);
});

test("a table that lies elsewhere than its footer says is damaged, and costs nothing else", async () => {
  const whole = chunked(files, tableOf(files), 40);
  for (const at of [0n, 1n, 2n ** 63n]) {
    const moved = Buffer.from(whole);
    moved.writeBigUInt64LE(at, whole.length - 40);
    const { problems, paths } = await read(moved);
    expect(problems).toMatchObject([
      { code: "layer-corrupt", effect: "note", message: "its table of contents is damaged" },
    ]);
    // What nobody reads as a table any more is looked at as what it is.
    expect(paths).toEqual([...Object.keys(files), "layer!skippable frame", "layer!skippable frame"]);
  }
});
