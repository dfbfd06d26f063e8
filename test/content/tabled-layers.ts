import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { compress } from "../../fixtures/images/compress.ts";
import { endOfTar, rawEntry } from "./tar-blocks.ts";

/** As tables write it. */
export const digest = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** An entry of a table of contents. */
export interface TableEntry {
  type: string;
  name: string;
  size?: number;
  digest?: string;
  chunkOffset?: number;
  chunkSize?: number;
  chunkDigest?: string;
}

/** As writers of both formats make it: files of more than one chunk have an entry for each. */
export function tableEntriesOf(name: string, body: Buffer): TableEntry[] {
  const chunk = 100_000;
  const first = { type: "reg", name, size: body.length, ...(body.length > 0 ? { digest: digest(body) } : {}) };
  if (body.length <= chunk) return [body.length === 0 ? first : { ...first, chunkDigest: digest(body) }];
  const part = (from: number): Pick<TableEntry, "chunkOffset" | "chunkSize" | "chunkDigest"> => ({
    chunkOffset: from,
    // The last one leaves its size out.
    ...(from + chunk < body.length ? { chunkSize: chunk } : {}),
    chunkDigest: digest(body.subarray(from, from + chunk)),
  });
  const others = [chunk, 2 * chunk].filter((from) => from < body.length);
  return [{ ...first, ...part(0) }, ...others.map((from) => ({ type: "chunk", name, ...part(from) }))];
}

const tarEntries = (files: Readonly<Record<string, Buffer>>): Buffer[] =>
  Object.entries(files).map(([name, body]) => rawEntry({ name: `./${name}` }, body));
const json = (entries: readonly TableEntry[]): Buffer => Buffer.from(JSON.stringify({ version: 1, entries }));

/** eStargz: a gzip member for each file, one for the table, and one that says where that is. */
export function stargz(files: Readonly<Record<string, Buffer>>, entries: readonly TableEntry[]): Buffer {
  const members = tarEntries(files).map((entry) => gzipSync(entry));
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
export function chunked(
  files: Readonly<Record<string, Buffer>>,
  entries: readonly TableEntry[],
  footerBytes: 40 | 64,
): Buffer {
  const body = compress(Buffer.concat([...tarEntries(files), endOfTar]), "zstd");
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
