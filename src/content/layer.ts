import type { Problem, ProblemCode } from "../model/problem.ts";
import { textEntry, type LayerDifference, type LayerReading, type LayerUnit } from "../model/unit.ts";
import { readRange } from "./byte-range.ts";
import {
  COMPRESSION_MAGIC_BYTES,
  expand,
  layerLimits,
  sniffCompression,
  type Compression,
  type ExpandLimits,
  type StreamDamage,
} from "./compression.ts";
import { hasher, isSameHash } from "./digest.ts";
import { EntryTexts, type EntryText } from "./entry-texts.ts";
import { readLayerTable } from "./layer-table.ts";
import { StrayBytes, strayPlaces } from "./stray-bytes.ts";
import { TableCheck, type TableFaults } from "./table-check.ts";
import { collectLayerPaths, MAX_GIT_FOLDERS } from "./layer-paths.ts";
import { walkTar } from "./tar-entries.ts";
import { isTarHeader, isZero, TAR_BLOCK } from "./tar-header.ts";
import { cleanPath } from "./tar-path.ts";

/** Told about every file of a layer, one after the other, synchronously. */
export interface LayerSink {
  /** A regular file begins. `path` is cleaned; empty for a layer that is no tar and so is one file itself. */
  begin(file: LayerFile): void;
  /** The file's next bytes; never written to again by the reader. */
  push(chunk: Uint8Array): void;
  /** What an entry says beside its body could hold a secret: its name, where it leads, its attributes. Called between files; absent where nobody wants to know. */
  beside?(text: EntryText): void;
  /** The file ended. Where `complete` is false the layer was cut off and fewer than `size` bytes came. */
  end(complete: boolean): void;
}

interface LayerFile {
  readonly path: string;
  readonly size: number;
  /** Its number among the entries that are no folders and no whiteouts; -1 for a whiteout. */
  readonly entry: number;
}

export interface LayerOutcome {
  readonly reading: LayerReading;
  readonly problems: readonly Problem[];
  /** Where its table of contents and its tar differ; of many the first ones. */
  readonly differences: readonly LayerDifference[];
  /** Entries of the tar, of all kinds. */
  readonly entries: number;
  /** Bytes after expansion. */
  readonly bytes: number;
}

export interface LayerOptions {
  readonly limits?: ExpandLimits;
  readonly signal?: AbortSignal;
  /** Hears how many of the stored bytes were read. */
  readonly reached?: (bytes: number) => void;
}

/**
 * Reads one layer from its file to its end, whatever happens on the way: verifies the digest of the stored bytes and of the expanded
 * tar, gives the files to `sink`, and tells what the layer removes from lower ones. Nothing is extracted and no more than some
 * mebibytes are held. What is wrong comes back as problems; only a bug, the sink, or an abort throws.
 */
export async function readLayer(unit: LayerUnit, sink: LayerSink, options: LayerOptions = {}): Promise<LayerOutcome> {
  const limits = options.limits ?? layerLimits;
  const problems: Problem[] = [];
  const differences: LayerDifference[] = [];
  const add = (code: ProblemCode, effect: Problem["effect"], message: string): void => {
    problems.push({ code, effect, target: unit.target, subject: layerName(unit), message });
  };
  const paths = collectLayerPaths();
  const texts = new EntryTexts();
  const strays = new StrayBytes();
  let compression: Compression = "none";
  // What is wrong with an archive as a whole was told when its entries were looked up.
  const stored = storedBytes(unit, (damage) => {
    if (unit.unpacked !== undefined) damaged(damage);
  });
  const tarHash = hasher(unit.diffId);
  /** The stored bytes are the tar, and are hashed already. */
  let isPlain = false;
  let bytes = 0;
  let entries = 0;
  let isWhole = true;
  let isUnpadded = false;
  let isOneFile = false;
  let peeked: Peeked | undefined;
  let check: TableCheck | undefined;
  const damaged = (damage: StreamDamage): void => {
    if (damage.kind !== "trailing") isWhole = false;
    else if (damage.at !== undefined && unit.unpacked === undefined) {
      strays.add(strayPlaces.behind, damage.at, unit.length - damage.at);
      return add(
        "layer-corrupt",
        "note",
        `${unit.length - damage.at} bytes behind the compressed tar were scanned as a file`,
      );
    }
    add(codes[damage.kind], "incomplete", damage.message);
  };

  try {
    check = await openCheck(unit, () => add("layer-corrupt", "note", "its table of contents is damaged"));
    peeked = await peek(stored.open);
    compression = sniffCompression(peeked.head);
    isPlain = compression === "none" && isSameHash(unit.digest, unit.diffId);
    if (compression === "gzip") strays.addGzipHeader(peeked.head);
    const chunks = expand(peeked.open, compression, limits, damaged, (at, length) => {
      strays.add(strayPlaces.frame, at, length, check !== undefined);
    });
    const walk = walkTar({
      entry(entry) {
        entries++;
        const path = cleanPath(entry.name);
        const number = paths.entry(path, entry);
        // A whiteout has the name of what it removes.
        if (sink.beside !== undefined && (number >= 0 || entry.type === "directory")) {
          for (const text of texts.of(path, entry.type === "directory", entry.beside)) sink.beside(text);
        }
        if (entry.type !== "file") return;
        check?.begin(path, entry.size);
        sink.begin({ path, size: entry.size, entry: number });
      },
      data(chunk) {
        check?.push(chunk);
        sink.push(chunk);
      },
      end(complete) {
        check?.end();
        sink.end(complete);
      },
      stray(bytes) {
        sink.begin({ path: strayPlaces.tar, size: bytes.length, entry: textEntry });
        sink.push(bytes);
        sink.end(true);
      },
    });
    let shape: "tar" | "other" | undefined;
    let head: Uint8Array = new Uint8Array(0);
    const take = async (chunk: Uint8Array): Promise<void> => {
      if (shape === "tar") await walk.write(chunk);
      else sink.push(chunk);
    };
    const decide = async (): Promise<void> => {
      shape = looksLikeTar(head) ? "tar" : "other";
      if (shape === "other") sink.begin({ path: "", size: await expandedSize(unit, compression, limits), entry: 0 });
      await take(head);
    };
    for await (const chunk of chunks) {
      options.signal?.throwIfAborted();
      options.reached?.(stored.length());
      if (!isPlain) tarHash.update(chunk);
      bytes += chunk.length;
      if (shape !== undefined) {
        await take(chunk);
        continue;
      }
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      if (head.length >= TAR_BLOCK) await decide();
    }
    if (shape === undefined && head.length > 0) await decide();
    if (shape === "tar") {
      const damage = await walk.finish();
      isUnpadded = walk.isUnpadded;
      const faults = check?.faults();
      if (faults !== undefined) {
        differences.push(...faults.differences);
        problems.push(...tableProblems(unit, faults));
      }
      if (damage !== undefined && isWhole) {
        add("layer-corrupt", "incomplete", `${damage.message} (${damage.entries} entries were read)`);
      }
    } else if (shape === "other") {
      sink.end(isWhole);
      isOneFile = isWhole;
    }
    await stored.drain();
    await strays.read(unit, sink, options.signal);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    isWhole = false;
    add("unreadable", "incomplete", `cannot be read (${error.code})`);
  } finally {
    await peeked?.close();
  }

  const digest = stored.digest();
  const diffId = !isWhole ? "" : isPlain ? digest : tarHash.digest();
  if (stored.length() < unit.length)
    add("layer-corrupt", "incomplete", `${unit.length - stored.length()} bytes of the stored layer are missing`);
  if (unit.digest !== "" && unit.digest !== digest)
    add("digest-mismatch", "incomplete", `the stored bytes hash to ${digest}`);
  if (unit.diffId !== "" && isWhole && unit.diffId !== diffId)
    add("diff-id-mismatch", "note", `the uncompressed layer hashes to ${diffId}`);
  if (strays.isFull) add("layer-corrupt", "incomplete", "has more skippable frames than are looked at");
  if (texts.isFull) add("layer-corrupt", "incomplete", "more names and links than are looked at could hold secrets");
  for (const message of paths.gaps()) add("layer-corrupt", "note", message);
  if (paths.leavesOutRepositories())
    add("too-large", "incomplete", `has more than ${MAX_GIT_FOLDERS} git repositories: not all of them are read`);
  const shape = { compression, isUnpadded, ...(isOneFile ? { isOneFile: true as const } : {}) };
  return { reading: { digest, diffId, ...shape, ...paths.result() }, problems, differences, entries, bytes };
}

/** What of a table of contents was not scanned, or is not told file by file. */
function* tableProblems(unit: LayerUnit, { promised, moreHidden }: TableFaults): Iterable<Problem> {
  const problem = (effect: Problem["effect"], path: string, message: string): Problem => ({
    code: "table-mismatch",
    effect,
    target: unit.target,
    subject: path === "" ? layerName(unit) : `${layerName(unit)} ${path}`,
    message,
  });
  const only =
    "is in the layer's table of contents, and in its tar not as it says: what engines would fetch by the table was not scanned";
  const more = promised.count > 1 ? ` (and ${promised.count - 1} more)` : "";
  if (promised.count > 0) yield problem("incomplete", promised.path, `${only}${more}`);
  if (moreHidden > 0)
    yield problem("note", "", `${moreHidden} more files of its tar are hidden from its table of contents`);
}

/** What holds the tar beside the layer's table of contents, where it has one at hand. */
async function openCheck(unit: LayerUnit, damaged: () => void): Promise<TableCheck | undefined> {
  if (unit.wrapped !== undefined || unit.unpacked !== undefined) return undefined;
  const table = await readLayerTable(unit);
  if (table === "damaged") damaged();
  return table === undefined || table === "damaged" ? undefined : new TableCheck(table);
}

const codes: Readonly<Record<StreamDamage["kind"], ProblemCode>> = {
  truncated: "layer-corrupt",
  corrupt: "layer-corrupt",
  trailing: "layer-corrupt",
  bomb: "bomb",
  unsupported: "unsupported",
};

/** How problems name a layer: by its digest, its diffID, or its place. */
function layerName(unit: LayerUnit): string {
  return unit.digest || unit.diffId || `${unit.file}@${unit.offset}`;
}

function looksLikeTar(head: Uint8Array): boolean {
  return isTarHeader(head) || (head.length >= TAR_BLOCK && isZero(head.subarray(0, TAR_BLOCK)));
}

/** The stored bytes, hashed once however often they are opened. */
function storedBytes(
  unit: LayerUnit,
  report: (damage: StreamDamage) => void,
): {
  open: () => AsyncIterable<Uint8Array>;
  drain: () => Promise<void>;
  digest: () => string;
  length: () => number;
} {
  const hash = hasher(unit.digest);
  let hashed = 0;
  async function* open(): AsyncGenerator<Uint8Array, void> {
    let offset = 0;
    for await (const chunk of readRange(unit, report)) {
      const known = Math.min(chunk.length, hashed - offset);
      offset += chunk.length;
      if (known < chunk.length) {
        hash.update(known === 0 ? chunk : chunk.subarray(known));
        hashed = offset;
      }
      yield chunk;
    }
  }
  return {
    open,
    async drain() {
      if (hashed >= unit.length) return;
      const from = hashed;
      for await (const chunk of readRange({
        ...unit,
        offset: unit.offset + from,
        length: unit.length - from,
      })) {
        hash.update(chunk);
        hashed += chunk.length;
      }
    },
    digest: () => hash.digest(),
    length: () => hashed,
  };
}

interface Peeked {
  readonly head: Uint8Array;
  readonly open: () => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Looks at the first bytes without reading them twice: in an archive that is compressed as a whole, every start is a long way. */
async function peek(open: () => AsyncIterable<Uint8Array>): Promise<Peeked> {
  const started = open()[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < COMPRESSION_MAGIC_BYTES) {
    const next = await started.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  let isFirst = true;
  const resumed = async function* (): AsyncGenerator<Uint8Array, void> {
    if (head.length > 0) yield head;
    for (let next = await started.next(); next.done !== true; next = await started.next()) yield next.value;
  };
  return {
    head,
    open() {
      if (!isFirst) return open();
      isFirst = false;
      return resumed();
    },
    async close() {
      await started.return?.();
    },
  };
}

/** The size of a layer that is one file: its content id begins with it, so a compressed one is expanded once to count. */
async function expandedSize(unit: LayerUnit, compression: Compression, limits: ExpandLimits): Promise<number> {
  if (compression === "none") return unit.length;
  let size = 0;
  for await (const chunk of expand(
    () => readRange(unit),
    compression,
    limits,
    () => {},
  ))
    size += chunk.length;
  return size;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && "syscall" in error && "code" in error && typeof error.code === "string";
}
