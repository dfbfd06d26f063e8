import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compress } from "../../fixtures/images/compress.ts";
import { readLayer } from "../../src/content/layer.ts";
import type { Problem } from "../../src/model/problem.ts";
import { scratch } from "../cli/scan-program.ts";
import { sampleText } from "./streams.ts";
import { endOfTar, rawEntry } from "./tar-blocks.ts";
import { layerUnit } from "../layer-unit.ts";

const folder = scratch();
let count = 0;

/** What reading a layer tells beside its files, and their paths. */
async function read(stored: Uint8Array): Promise<{ problems: readonly Problem[]; paths: string[] }> {
  const file = join(folder, `${count++}.layer`);
  writeFileSync(file, stored);
  const paths: string[] = [];
  const unit = layerUnit(file);
  const { problems } = await readLayer(unit, { begin: ({ path }) => void paths.push(path), push() {}, end() {} });
  return { problems, paths };
}

const digest = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const files: Readonly<Record<string, Buffer>> = {
  "etc/app.conf": Buffer.from("port = 1\n"),
  "usr/lib/large.so": sampleText(300_000, 3),
  "var/empty": Buffer.alloc(0),
};

interface Entry {
  type: string;
  name: string;
  size?: number;
  digest?: string;
  chunkOffset?: number;
  chunkSize?: number;
  chunkDigest?: string;
}

/** As writers of both formats make it: files of more than one chunk have an entry for each. */
function entriesOf(name: string, body: Buffer): Entry[] {
  const chunk = 100_000;
  const first = { type: "reg", name, size: body.length, ...(body.length > 0 ? { digest: digest(body) } : {}) };
  if (body.length <= chunk) return [body.length === 0 ? first : { ...first, chunkDigest: digest(body) }];
  const part = (from: number): Pick<Entry, "chunkOffset" | "chunkSize" | "chunkDigest"> => ({
    chunkOffset: from,
    // The last one leaves its size out.
    ...(from + chunk < body.length ? { chunkSize: chunk } : {}),
    chunkDigest: digest(body.subarray(from, from + chunk)),
  });
  const others = [chunk, 2 * chunk].filter((from) => from < body.length);
  return [{ ...first, ...part(0) }, ...others.map((from) => ({ type: "chunk", name, ...part(from) }))];
}

const tableOf = (told: Readonly<Record<string, Buffer>>): Entry[] => [
  { type: "dir", name: "./etc/" },
  { type: "symlink", name: "etc/link" },
  ...Object.entries(told).flatMap(([name, body]) => entriesOf(`./${name}`, body)),
];

const tarEntries = Object.entries(files).map(([name, body]) => rawEntry({ name: `./${name}` }, body));
const json = (entries: readonly Entry[]): Buffer => Buffer.from(JSON.stringify({ version: 1, entries }));

/** eStargz: a gzip member for each file, one for the table, and one that says where that is. */
function stargz(entries: readonly Entry[]): Buffer {
  const members = tarEntries.map((entry) => gzipSync(entry));
  const table = gzipSync(Buffer.concat([rawEntry({ name: "stargz.index.json" }, json(entries)), endOfTar]));
  const at = members.reduce((sum, member) => sum + member.length, 0);
  const extra = Buffer.from(`SG\u0016\0${at.toString(16).padStart(16, "0")}STARGZ`, "latin1");
  const footer = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, extra.length, 0]),
    extra,
    Buffer.from([1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]),
  ]);
  expect(footer.length).toBe(51);
  return Buffer.concat([...members, table, footer]);
}

/** zstd:chunked: a frame of zstd, then the table and the footer in frames that decoders pass over. */
function chunked(entries: readonly Entry[], footerBytes: 40 | 64): Buffer {
  const body = compress(Buffer.concat([...tarEntries, endOfTar]), "zstd");
  const text = json(entries);
  const table = compress(text, "zstd");
  const footer = Buffer.alloc(footerBytes);
  footer.writeBigUInt64LE(BigInt(body.length + 8), 0);
  footer.writeBigUInt64LE(BigInt(table.length), 8);
  footer.writeBigUInt64LE(BigInt(text.length), 16);
  footer.writeBigUInt64LE(1n, 24);
  footer.write(footerBytes === 64 ? "GNUlInUx" : "GnUlInUx", footerBytes - 8);
  return Buffer.concat([body, skippable(table), skippable(footer)]);
}

function skippable(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50, 0);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

describe.each([
  ["eStargz", stargz],
  ["zstd:chunked", (entries: readonly Entry[]) => chunked(entries, 64)],
  ["zstd:chunked of older writers", (entries: readonly Entry[]) => chunked(entries, 40)],
])("the table of contents of %s", (_name, write) => {
  const told = async (entries: readonly Entry[]): Promise<string[]> => {
    const { problems, paths } = await read(write(entries));
    expect(paths).toEqual(expect.arrayContaining(Object.keys(files)) as unknown);
    return problems.map(
      ({ code, effect, subject, message }) => `${code} ${effect} ${subject.split(" ")[1]} ${message}`,
    );
  };
  const promises =
    "is in the layer's table of contents, and in its tar not as it says: what engines would fetch by the table was not scanned";

  test("that is as the tar is needs no word", async () => {
    expect(await told(tableOf(files))).toEqual([]);
  });

  test("that leaves files out is told, and that it leaves nothing unscanned", async () => {
    const { "etc/app.conf": _, "var/empty": _empty, ...rest } = files;
    expect(await told(tableOf(rest))).toEqual([
      "table-mismatch note etc/app.conf is in the layer's tar and hidden from its table of contents (and 1 more)",
    ]);
  });

  test("that promises other files, or other bytes, is a gap", async () => {
    const more = tableOf({ ...files, "root/.ssh/id": Buffer.from("key") });
    expect(await told(more)).toEqual([`table-mismatch incomplete root/.ssh/id ${promises}`]);
    const other = tableOf({ ...files, "etc/app.conf": Buffer.from("port = 2\n") });
    expect(await told(other)).toEqual([`table-mismatch incomplete etc/app.conf ${promises}`]);
  });

  test("whose chunks are others than its file, or overlap, is a gap", async () => {
    const change = (changed: Partial<Entry>): Entry[] =>
      tableOf(files).map((entry) => (entry.chunkOffset === 100_000 ? { ...entry, ...changed } : entry));
    const expected = [`table-mismatch incomplete usr/lib/large.so ${promises}`];
    expect(await told(change({ chunkDigest: digest(Buffer.from("x")) }))).toEqual(expected);
    expect(await told(change({ chunkOffset: 50_000 }))).toEqual(expected);
  });
});

test("a table that lies elsewhere than its footer says is damaged, and costs nothing else", async () => {
  const whole = chunked(tableOf(files), 40);
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
