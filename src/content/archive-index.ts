import { open } from "node:fs/promises";
import type { Wrapping } from "../model/unit.ts";
import { readRange } from "./byte-range.ts";
import { expand, layerLimits, type StreamDamage } from "./compression.ts";
import { isTarHeader, isZero, padded, parsePax, parseTarHeader, parseText, TAR_BLOCK } from "./tar-header.ts";
import { cleanPath } from "./tar-path.ts";

/** Entries of an outer archive; an image has some files for each layer. More is no image, or meant to fill memory. */
const MAX_ENTRIES = 1_000_000;
/** Long names and PAX records of one entry, as tar-stream limits them. */
const MAX_EXTENSION_BYTES = 4 << 20;
/** Files kept while a compressed archive goes by, because it cannot be read at a place: manifests and configs. */
const MAX_KEPT_FILE_BYTES = 4 << 20;
const MAX_KEPT_BYTES = 64 << 20;

export interface ArchiveEntry {
  readonly type: "file" | "hard-link" | "symbolic-link" | "other";
  /** Where a link points to, as written. */
  readonly target: string;
  /** Of the body, in the archive (expanded, where it is compressed). */
  readonly offset: number;
  readonly length: number;
}

export interface ArchiveIndex {
  /** By cleaned path; where a path stands twice the last one, as in extraction. */
  readonly entries: ReadonlyMap<string, ArchiveEntry>;
  /** Files in whose place another one of the same path came: extraction leaves nothing of them, the archive has them all the same. */
  readonly replaced: readonly (ArchiveEntry & { readonly path: string })[];
  /** Small files of a compressed archive. */
  readonly kept: ReadonlyMap<string, Uint8Array>;
  /** What ended the reading before the end of the archive. */
  readonly damage?: string;
}

export interface IndexOptions {
  readonly wrapped?: Wrapping;
  readonly signal?: AbortSignal;
  /** Asked after each entry; `true` ends the reading. */
  readonly isEnough?: (path: string) => boolean;
}

/** Learns in one pass where the files of a tar lie. Bodies of plain archives are jumped over. Errors of the operating system are thrown. */
export async function indexArchive(file: string, options: IndexOptions = {}): Promise<ArchiveIndex> {
  const entries = new Map<string, ArchiveEntry>();
  const replaced: (ArchiveEntry & { path: string })[] = [];
  const kept = new Map<string, Uint8Array>();
  let keptBytes = 0;
  let damage: string | undefined;
  const input =
    options.wrapped === undefined
      ? await readerAt(file)
      : readerThrough(file, options.wrapped, (told) => (damage ??= told.message));
  let extension: { name?: string; target?: string; size?: number } = {};
  try {
    for (;;) {
      options.signal?.throwIfAborted();
      if (entries.size + replaced.length >= MAX_ENTRIES) {
        damage ??= `the archive holds more than ${MAX_ENTRIES} entries: the others were not read`;
        break;
      }
      const block = await input.take(TAR_BLOCK);
      if (block === undefined) break;
      if (!isTarHeader(block)) {
        if (isZero(block)) continue;
        damage ??= `the archive is damaged after ${entries.size} entries`;
        break;
      }
      const header = parseTarHeader(block);
      const isExtension = header.type === "x" || header.type === "g" || header.type === "L" || header.type === "K";
      const size = isExtension ? header.size : (extension.size ?? header.size);
      if (!(size >= 0) || !Number.isSafeInteger(size) || (isExtension && size > MAX_EXTENSION_BYTES)) {
        damage ??= `the archive is damaged after ${entries.size} entries`;
        break;
      }
      if (isExtension) {
        const body = await input.take(padded(size));
        if (body === undefined) break;
        extension = { ...extension, ...readExtension(header.type, body.subarray(0, size)) };
        continue;
      }
      const path = cleanPath(extension.name ?? header.name);
      const type = typeOf(header.type);
      const length = type === "file" ? size : 0;
      const before = entries.get(path);
      if (before?.type === "file" && before.length > 0) replaced.push({ ...before, path });
      entries.set(path, {
        type,
        target: extension.target ?? header.linkName,
        offset: input.position(),
        length,
      });
      extension = {};
      if (options.isEnough?.(path) === true) break;
      if (
        options.wrapped !== undefined &&
        type === "file" &&
        length <= MAX_KEPT_FILE_BYTES &&
        keptBytes + length <= MAX_KEPT_BYTES
      ) {
        const body = await input.take(padded(length));
        if (body === undefined) break;
        kept.set(path, body.slice(0, length));
        keptBytes += length;
      } else {
        await input.skip(padded(length));
      }
    }
  } finally {
    await input.close();
  }
  return { entries, replaced, kept, ...(damage === undefined ? {} : { damage }) };
}

function readExtension(type: string, body: Uint8Array): { name?: string; target?: string; size?: number } {
  if (type === "L") return { name: parseText(body) };
  if (type === "K") return { target: parseText(body) };
  if (type === "g") return {};
  const records = parsePax(body);
  const name = records.get("path");
  const target = records.get("linkpath");
  const size = records.get("size");
  return {
    ...(name === undefined ? {} : { name }),
    ...(target === undefined ? {} : { target }),
    ...(size === undefined ? {} : { size: /^\d+$/.test(size) ? Number(size) : Number.NaN }),
  };
}

function typeOf(flag: string): ArchiveEntry["type"] {
  if (flag === "1") return "hard-link";
  if (flag === "2") return "symbolic-link";
  return flag === "0" || flag === "7" ? "file" : "other";
}

interface Input {
  position(): number;
  /** Exactly so many bytes; undefined where the archive ends before. */
  take(bytes: number): Promise<Uint8Array | undefined>;
  skip(bytes: number): Promise<void>;
  close(): Promise<void>;
}

async function readerAt(file: string): Promise<Input> {
  const handle = await open(file, "r");
  let position = 0;
  return {
    position: () => position,
    async take(bytes) {
      const buffer = Buffer.allocUnsafe(bytes);
      const { bytesRead } = await handle.read(buffer, 0, bytes, position);
      position += bytesRead;
      return bytesRead === bytes ? buffer : undefined;
    },
    async skip(bytes) {
      position += bytes;
    },
    close: () => handle.close(),
  };
}

function readerThrough(file: string, wrapped: Wrapping, report: (damage: StreamDamage) => void): Input {
  const chunks = expand(() => readRange({ file, offset: 0, length: Infinity }), wrapped, layerLimits, report);
  let chunk: Uint8Array = new Uint8Array(0);
  let position = 0;
  const refill = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    chunk = next.value;
    return true;
  };
  const advance = (bytes: number): Uint8Array => {
    const part = chunk.subarray(0, bytes);
    chunk = chunk.subarray(part.length);
    position += part.length;
    return part;
  };
  return {
    position: () => position,
    async take(bytes) {
      const parts: Uint8Array[] = [];
      let missing = bytes;
      while (missing > 0) {
        if (chunk.length === 0 && !(await refill())) return undefined;
        const part = advance(missing);
        parts.push(part);
        missing -= part.length;
      }
      return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    },
    async skip(bytes) {
      let missing = bytes;
      while (missing > 0) {
        if (chunk.length === 0 && !(await refill())) return;
        missing -= advance(missing).length;
      }
    },
    async close() {
      await chunks.return();
    },
  };
}
