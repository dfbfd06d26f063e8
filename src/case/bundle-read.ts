import { createHash, type KeyObject } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { checkedFields } from "../findings/index.ts";
import { ToolError } from "../model/problem.ts";
import { recordFromJson, type CaseRecord } from "./absorb.ts";
import { recordFiles, type BundledFile } from "./bundle-write.ts";
import { readSignature } from "./signature.ts";

/** A bundle expands to no more than this: a case of a million findings is smaller. */
const maxBytes = 2 ** 31;
const maxManifestBytes = 1 << 20;
/** Of all files together that are held while their records are read. */
const maxRecordBytes = 1 << 30;

export interface OpenedBundle {
  readonly created: string;
  readonly version: string;
  readonly files: readonly BundledFile[];
  /** Who signed it, as the bundle itself says. */
  readonly signer: { readonly keyId: string; readonly publicKey: KeyObject } | undefined;
  /** What is not as it was signed, one line each. Empty: whole, and signed by `signer`. */
  readonly differences: readonly string[];
  /** In the order in which a case takes them; empty unless asked for. */
  readonly records: readonly CaseRecord[];
}

/**
 * Reads a bundle of unknown making, proves every sum and the signature, and gives its records where `withRecords` is set. Throws ToolError `bundle` for what is no bundle, or is too
 * large, and `record-invalid` for records that leaktrace does not write.
 */
export async function openBundle(path: string, { withRecords = false } = {}): Promise<OpenedBundle> {
  const texts = new Map<string, string>();
  const seen = new Map<string, BundledFile>();
  const records = new Map<string, CaseRecord[]>();
  const differences: string[] = [];
  let total = 0;
  let held = 0;
  const take = async (name: string, body: AsyncIterable<Buffer>): Promise<void> => {
    const hash = createHash("sha256");
    const isText = name === "manifest.json" || name === "signature.json";
    const isRecords = withRecords && Object.values(recordFiles).includes(name);
    const kept: Buffer[] = [];
    let [bytes, lines] = [0, 0];
    for await (const piece of body) {
      hash.update(piece);
      bytes += piece.length;
      total += piece.length;
      for (let at = piece.indexOf(0x0a); at >= 0; at = piece.indexOf(0x0a, at + 1)) lines++;
      if (total > maxBytes || (isText && bytes > maxManifestBytes)) throw notBundle(path, "it is too large");
      if (isRecords && (held += piece.length) > maxRecordBytes) throw notBundle(path, "it is too large");
      if (isText || isRecords) kept.push(piece);
    }
    if (seen.has(name) || texts.has(name)) differences.push(`${name} is in it twice`);
    if (isText) texts.set(name, Buffer.concat(kept).toString("utf8"));
    else seen.set(name, { name, bytes, lines, sha256: hash.digest("hex") });
    if (isRecords) records.set(name, recordsIn(Buffer.concat(kept), name));
  };
  const reader = extract();
  reader.on("entry", (header, body, next) => {
    take(header.name, body as AsyncIterable<Buffer>).then(() => next(), next);
  });
  try {
    await pipeline(createReadStream(path), createGunzip(), reader);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    if (texts.get("manifest.json") === undefined) throw notBundle(path, "it cannot be read");
    differences.push("it is damaged or cut off");
  }
  const manifest = texts.get("manifest.json");
  if (manifest === undefined) throw notBundle(path, "it has no manifest");
  const told = readManifest(manifest, path);
  const signed = readSignature(texts.get("signature.json") ?? "", Buffer.from(manifest));
  if (signed === undefined) differences.unshift("it has no signature of a bundle");
  else if (!signed.isValid) differences.unshift("the signature does not fit the manifest");
  differences.push(...compare(told.files, seen));
  return {
    ...told,
    signer: signed?.isValid === true ? { keyId: signed.keyId, publicKey: signed.publicKey } : undefined,
    differences,
    records: Object.values(recordFiles).flatMap((name) => records.get(name) ?? []),
  };
}

function compare(told: readonly BundledFile[], seen: ReadonlyMap<string, BundledFile>): readonly string[] {
  const names = new Set(told.map(({ name }) => name));
  return [
    ...told.flatMap(({ name, sha256 }) => {
      const file = seen.get(name);
      if (file === undefined) return [`${name} is missing`];
      return file.sha256 === sha256 ? [] : [`${name} is not as it was signed`];
    }),
    ...[...seen.keys()].filter((name) => !names.has(name)).map((name) => `${name} was not signed`),
  ];
}

function readManifest(text: string, path: string): Pick<OpenedBundle, "created" | "version" | "files"> {
  try {
    const fields = checkedFields(JSON.parse(text), "manifest");
    fields.oneOf("kind", ["leaktrace-evidence"]);
    if (fields.number("schema") !== 1) throw notBundle(path, "it was written by a newer leaktrace");
    return {
      created: fields.text("created"),
      version: fields.fields("tool").text("version"),
      files: fields.list("files", (file) => ({
        name: file.text("name"),
        bytes: file.number("bytes"),
        lines: file.number("lines"),
        sha256: file.text("sha256"),
      })),
    };
  } catch (error) {
    if (error instanceof ToolError && error.code === "bundle") throw error;
    throw notBundle(path, "its manifest cannot be read");
  }
}

function recordsIn(bytes: Buffer, name: string): CaseRecord[] {
  const found: CaseRecord[] = [];
  let number = 0;
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(0x0a, from);
    const end = newline < 0 ? bytes.length : newline;
    number++;
    const line = bytes.toString("utf8", from, end);
    from = end + 1;
    try {
      found.push(recordFromJson(JSON.parse(line)));
    } catch (error) {
      const what = error instanceof ToolError ? error.message : "it is not JSON";
      throw new ToolError("record-invalid", `line ${number} of ${name} cannot be read: ${what}`);
    }
  }
  return found;
}

function notBundle(path: string, what: string): ToolError {
  return new ToolError("bundle", `${path} is not a bundle of leaktrace: ${what}`);
}
