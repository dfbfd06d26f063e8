import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import type { KeyObject } from "node:crypto";
import type { Writable } from "node:stream";
import { createGzip } from "node:zlib";
import { pack, type Pack } from "tar-stream";
import { reportToLines } from "../findings/index.ts";
import type { Report } from "../model/finding.ts";
import { sanitizeJson } from "../model/sanitize.ts";
import { recordsOf, recordToJson, type CaseRecord } from "./absorb.ts";
import type { CaseFile } from "./case-file.ts";
import { signManifest } from "./signature.ts";
import { linePieces } from "../model/line-pieces.ts";

/** What a manifest tells of one file of the bundle. */
export interface BundledFile {
  readonly name: string;
  readonly bytes: number;
  readonly lines: number;
  readonly sha256: string;
}

/** The files that hold the records of a case, by their kind. */
export const recordFiles: Readonly<Record<CaseRecord["kind"], string>> = {
  scan: "scans.jsonl",
  item: "findings.jsonl",
  entry: "decisions.jsonl",
};

/** What the case says as it is exported, decisions applied: for readers without leaktrace, and for `review` and `report`. */
const reportFile = "report.jsonl";

export interface BundleFacts {
  readonly version: string;
  /** ISO 8601 in UTC. */
  readonly created: string;
  readonly report: Report;
}

/**
 * Writes all of a case as one signed file: a tar, compressed by gzip, of a manifest with the SHA-256 of every other file, its signature, and the files: lines of JSON. The same
 * case, key and time give the same bytes. Throws ToolError where the case is damaged; what the stream throws.
 */
export async function writeBundle(
  file: CaseFile,
  key: KeyObject,
  output: Writable,
  facts: BundleFacts,
): Promise<readonly BundledFile[]> {
  return file.snapshot(async () => {
    const sources: readonly (readonly [string, () => Iterable<string>])[] = [
      ...Object.entries(recordFiles).map(([kind, name]) => [name, () => linesOf(file, kind)] as const),
      [reportFile, () => reportLines(facts.report)],
    ];
    const files = sources.map(([name, lines]) => measure(name, lines()));
    const manifest = Buffer.from(`${JSON.stringify(manifestOf(facts, files), null, 1)}\n`);
    const tar = pack();
    const written = pipeline(tar, createGzip(), output);
    const filled = fill(tar, [
      ["manifest.json", manifest.length, [manifest.toString()]],
      ["signature.json", undefined, [signManifest(manifest, key)]],
      ...sources.map(([name, lines], i) => [name, files[i]!.bytes, linePieces(lines())] as const),
    ]);
    await Promise.all([written, filled]);
    return files;
  });
}

function manifestOf({ version, created, report }: BundleFacts, files: readonly BundledFile[]): object {
  return {
    kind: "leaktrace-evidence",
    schema: 1,
    created,
    tool: { name: "leaktrace", version },
    rules: report.rules,
    files,
  };
}

function* linesOf(file: CaseFile, kind: string): Iterable<string> {
  for (const record of recordsOf(file))
    if (record.kind === kind) yield sanitizeJson(JSON.stringify(recordToJson(record)));
}

function* reportLines(report: Report): Iterable<string> {
  for (const line of reportToLines(report)) yield sanitizeJson(line);
}

function measure(name: string, lines: Iterable<string>): BundledFile {
  const hash = createHash("sha256");
  let bytes = 0;
  let count = 0;
  for (const line of lines) {
    hash.update(line).update("\n");
    bytes += Buffer.byteLength(line) + 1;
    count++;
  }
  return { name, bytes, lines: count, sha256: hash.digest("hex") };
}

/** Without anything that tells of this machine: no times, no users. */
async function fill(
  tar: Pack,
  entries: readonly (readonly [name: string, size: number | undefined, pieces: Iterable<string>])[],
): Promise<void> {
  for (const [name, size, texts] of entries) {
    const whole = size ?? Buffer.byteLength([...texts].join(""));
    const entry = tar.entry({ name, size: whole, mode: 0o600, mtime: new Date(0), uid: 0, gid: 0 });
    for (const text of texts)
      if (!entry.write(text)) await new Promise<void>((resolve) => void entry.once("drain", () => resolve()));
    await new Promise<void>((resolve) => {
      entry.once("close", () => resolve());
      entry.end(undefined);
    });
  }
  tar.finalize();
}
