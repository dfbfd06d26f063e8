import { crc32 } from "node:zlib";
import { unbzip2 } from "./bzip2.ts";
import type { Bytes } from "./bytes.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { inflate, type InflateOutcome } from "./inflate.ts";
import { containerKind, kindBytes, longestLooseHeader, looseHeader } from "./kind.ts";
import { unlz4, type Lz4Outcome } from "./lz4.ts";
import { unlzip, type LzipOutcome } from "./lzip.ts";
import { unlzmaAlone, type LzmaOutcome } from "./lzma-alone.ts";
import { uncompress } from "./lzw.ts";
import { lost, noted, type Member, type ReportFault } from "./member.ts";
import { hashOfStored, mostHashed } from "./stored-hash.ts";
import { unxz, type XzOutcome } from "./xz.ts";
import { unzstdChunks, type ZstdOutcome } from "./zstd.ts";

/** Forms of one file each. */
export type CompressedKind = "gzip" | "zstd" | "xz" | "bzip2" | "lzma" | "lzip" | "lz4" | "lzw" | "zlib" | "swf";

/** What a compressed file holds: one member without a name. `whole`: the file, where it lies in memory. */
export function* compressedMember(
  kind: CompressedKind,
  reader: ChunkReader,
  report: ReportFault,
  whole?: Bytes,
): Generator<Member, void> {
  const rest = { isLeft: false };
  const chunks = expand(kind, reader, report, rest);
  // Files that are packed anew and hold the same differ in the time that their header tells (RFC 1952, 2.3); others are known by their id if they are the same.
  yield whole !== undefined && kind === "gzip" && whole.size > gzipTimeEnd && whole.size <= mostHashed
    ? {
        name: "",
        chunks,
        storedHash: () => hashOfStored(whole, gzipTimeEnd, whole.size - gzipTimeEnd, kind, whole.read(3, 1)[0] ?? 0),
      }
    : { name: "", chunks };
  if (rest.isLeft) yield { name: "", chunks: reader.stream() };
}

/** Whether bytes follow a stream that ended as it should. */
interface Rest {
  isLeft: boolean;
}

/** What of a Flash film is not compressed. */
const swfHeaderBytes = 8;

/** Where a gzip header has told its time. */
const gzipTimeEnd = 8;

function* expand(
  kind: CompressedKind,
  reader: ChunkReader,
  report: ReportFault,
  rest: Rest,
): Generator<Uint8Array, void> {
  switch (kind) {
    case "gzip":
      yield* gunzip(reader, report, rest);
      return;
    case "zlib":
      yield* withoutLooseHeader(unzlib(reader, report, rest));
      return;
    case "swf":
      reader.skip(swfHeaderBytes);
      yield* unzlib(reader, report, rest);
      return;
    case "bzip2":
      yield* unbzip2(reader.stream(), (message) => report(lost("archive-corrupt", "", message)));
      return;
    case "lzw":
      yield* uncompress(reader, (why) =>
        report(lost("archive-corrupt", "", `the .Z stream is cut off or damaged (${why})`)),
      );
      return;
    case "zstd":
    case "xz":
    case "lzma":
    case "lzip":
    case "lz4": {
      const outcome: ZstdOutcome & XzOutcome & LzmaOutcome & LzipOutcome & Lz4Outcome = {};
      yield* outcomeOf[kind](reader, outcome);
      if (outcome.fault !== undefined) report(lost(outcome.fault.code, "", outcome.fault.message));
    }
  }
}

const outcomeOf = {
  zstd: (reader: ChunkReader, outcome: ZstdOutcome) => unzstdChunks(reader.stream(), outcome),
  xz: (reader: ChunkReader, outcome: XzOutcome) => unxz(reader.stream(), outcome),
  lzma: unlzmaAlone,
  lzip: unlzip,
  lz4: unlz4,
};

/** File names and comments in a header end with a zero byte; longer ones are made to be searched. */
const longestText = 1 << 16;

/**
 * Expands gzip of any number of members (RFC 1952). Their frames are taken apart here: zlib does it as well, but where other bytes follow a member, it gives
 * neither them nor what it had expanded.
 */
function* gunzip(reader: ChunkReader, report: ReportFault, rest: Rest): Generator<Uint8Array, void> {
  for (let isFirst = true; ; isFirst = false) {
    // Members may be followed by zeros, as on tapes.
    if (!isFirst) reader.skipZeros();
    const start = reader.peek(3);
    if (start.length === 0) return;
    if (start.length < 3 || start.readUIntBE(0, 3) !== 0x1f8b08) {
      rest.isLeft = true;
      // No loss: they are scanned as they are, and may be a container themselves.
      if (containerKind(reader.peek(kindBytes)) === undefined)
        report(noted("archive-corrupt", "", "bytes behind the gzip stream were not expanded"));
      return;
    }
    if (!skipHeader(reader)) return cutOff(report);
    const outcome: InflateOutcome = { isWhole: false };
    let sum = 0;
    let size = 0;
    for (const piece of inflate(reader, "raw", outcome)) {
      sum = crc32(piece, sum);
      size += piece.length;
      yield piece;
    }
    if (!outcome.isWhole) return cutOff(report, outcome.fault);
    const end = reader.take(8);
    if (end === undefined) return cutOff(report);
    // What came out was scanned; what was packed is something else.
    if (end.readUInt32LE(0) !== sum || end.readUInt32LE(4) !== size % 2 ** 32) cutOff(report, "its checksum is wrong");
  }
}

/** Expands a stream of zlib (RFC 1950), which proves what came out by its own sum. */
function* unzlib(reader: ChunkReader, report: ReportFault, rest: Rest): Generator<Uint8Array, void> {
  const outcome: InflateOutcome = { isWhole: false };
  yield* inflate(reader, "zlib", outcome);
  if (!outcome.isWhole) {
    report(lost("archive-corrupt", "", `the zlib stream is cut off or damaged (${outcome.fault ?? "it is cut off"})`));
    return;
  }
  rest.isLeft = !reader.isAtEnd;
  if (rest.isLeft && containerKind(reader.peek(kindBytes)) === undefined)
    report(noted("archive-corrupt", "", "bytes behind the zlib stream were not expanded"));
}

/** A loose object of git has its type and size before its bytes: without these a file is what it was. */
function* withoutLooseHeader(chunks: Iterable<Uint8Array>): Generator<Uint8Array, void> {
  const reader = new ChunkReader(chunks);
  const header = looseHeader.exec(reader.peek(longestLooseHeader).toString("latin1"))?.[0];
  if (header !== undefined) reader.skip(header.length);
  yield* reader.stream();
}

function cutOff(report: ReportFault, fault = "unexpected end of file"): void {
  const why = fault === "unexpected end of file" ? "it is cut off" : fault;
  report(lost("archive-corrupt", "", `the gzip stream is cut off or damaged (${why})`));
}

function skipHeader(reader: ChunkReader): boolean {
  const flags = reader.take(10)?.[3];
  if (flags === undefined) return false;
  if ((flags & 4) !== 0 && !reader.skip(reader.take(2)?.readUInt16LE(0) ?? Infinity)) return false;
  for (const text of [8, 16]) if ((flags & text) !== 0 && !skipText(reader)) return false;
  return (flags & 2) === 0 || reader.skip(2);
}

function skipText(reader: ChunkReader): boolean {
  for (let i = 0; i < longestText; i++) {
    const byte = reader.byte();
    if (byte <= 0) return byte === 0;
  }
  return false;
}
