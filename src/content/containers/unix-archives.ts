import { cleanPath } from "../tar-path.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { containerKind, kindBytes } from "./kind.ts";
import { lost, type Member, type ReportFault } from "./member.ts";

/** Names in the table of long names, or in a cpio header: a path is far shorter. */
const mostNames = 4 << 20;
const mostPath = 1 << 16;

/** The members of an `ar` archive (a Debian package), with System V's and BSD's long names. */
export function* arMembers(reader: ChunkReader, report: ReportFault): Generator<Member, void> {
  reader.skip(8);
  let names = "";
  while (!reader.isAtEnd) {
    const header = reader.take(60);
    const size = Number(header?.toString("latin1", 48, 58).trim() || Number.NaN);
    if (header === undefined || header.readUInt16BE(58) !== 0x600a || !Number.isSafeInteger(size) || size < 0) {
      report(lost("archive-corrupt", "", "the ar archive is cut off or damaged"));
      return;
    }
    const told = header.toString("latin1", 0, 16).trimEnd();
    let left = size;
    let name = told.replace(/\/$/, "");
    if (told === "//") {
      names = size <= mostNames ? (reader.take(size)?.toString("utf8") ?? "") : "";
      left = 0;
      if (names === "") reader.skip(size);
    } else if (/^\/\d+$/.test(told)) name = longName(names, Number(told.slice(1)));
    else if (/^#1\/\d{1,5}$/.test(told)) {
      const length = Math.min(size, Number(told.slice(3)));
      name = (reader.take(length)?.toString("utf8") ?? "").replace(/\0+$/, "");
      left = size - length;
    }
    const from = reader.position;
    // The tables of symbols (`/`, `/SYM64/`, `__.SYMDEF`) hold names of functions.
    if (told !== "//" && told !== "/" && told !== "/SYM64/")
      yield { name: cleanPath(name), chunks: reader.stream(left) };
    if (!reader.skip(left - (reader.position - from)) || !reader.skip(size & 1)) {
      if (reader.position - from < left)
        report(lost("archive-corrupt", cleanPath(name), "is cut off: the archive ends in it"));
      return;
    }
  }
}

/** A name in the table of long names; every member can name the same place, so that not more is looked at than a path has. */
function longName(names: string, at: number): string {
  const rest = names.slice(at, at + mostPath);
  const end = rest.indexOf("/\n");
  return end < 0 ? rest : rest.slice(0, end);
}

/** The files of a cpio archive: the portable format and the new one, with or without sums (RPM's payload, initial RAM disks). */
export function* cpioMembers(reader: ChunkReader, report: ReportFault): Generator<Member, void> {
  const damaged = (): void => report(lost("archive-corrupt", "", "the cpio archive is cut off or damaged"));
  for (let hasEnded = false; ;) {
    if (hasEnded || reader.peek(1)[0] === 0) reader.skipZeros();
    if (reader.isAtEnd) return;
    const magic = reader.peek(6).toString("latin1");
    const isNew = magic === "070701" || magic === "070702";
    if (!isNew && magic !== "070707") {
      if (!hasEnded) return damaged();
      // A kernel takes an initial RAM disk that is many archives, each compressed in its own way.
      yield { name: "", chunks: reader.stream() };
      return;
    }
    const header = reader.take(isNew ? 110 : 76)?.toString("latin1");
    if (header === undefined) return damaged();
    const field = (from: number, length: number): number => {
      const text = header.slice(from, from + length);
      return (isNew ? /^[0-9a-fA-F]+$/ : /^[0-7]+$/).test(text) ? Number.parseInt(text, isNew ? 16 : 8) : Number.NaN;
    };
    const mode = isNew ? field(14, 8) : field(18, 6);
    const size = isNew ? field(54, 8) : field(65, 11);
    const nameLength = isNew ? field(94, 8) : field(59, 6);
    if (!(size >= 0) || !(nameLength > 0) || nameLength > mostPath) return damaged();
    const name = reader.take(nameLength)?.toString("utf8", 0, nameLength - 1);
    // The new format pads header and name, and bodies, to four bytes.
    if (name === undefined || (isNew && !reader.skip((4 - ((110 + nameLength) & 3)) & 3))) return damaged();
    hasEnded = name === "TRAILER!!!";
    if (hasEnded) continue;
    const from = reader.position;
    // Links have a body too, and what says that it is a folder or a device can.
    const isFile = (mode & 0o170000) === 0o100000;
    if (isFile || size > 0) yield { name: cleanPath(name), chunks: reader.stream(size) };
    if (!reader.skip(size - (reader.position - from))) {
      report(lost("archive-corrupt", cleanPath(name), "is cut off: the archive ends in it"));
      return;
    }
    if (isNew) reader.skip((4 - (size & 3)) & 3);
  }
}

/** What stands in front of them. */
const leadBytes = 96;
/** Most bytes of an RPM's headers, as rpm itself limits them. */
const mostRpmHeader = 256 << 20;

/** How far behind headers that lie about their sizes a payload is looked for. */
const mostSought = 1 << 20;
/** Marks of what payloads are packed with, and of cpio: gzip, xz, zstd, bzip2, both forms of cpio. */
const payloadMarks = ["1f8b08", "fd377a585a00", "28b52ffd", "425a68", "3037303730"].map((hex) =>
  Buffer.from(hex, "hex"),
);

/**
 * An RPM package: lead, signatures and header, which are passed over, then the payload, which is compressed; it is told as one member without a name. Where it does not
 * stand behind the headers it is looked for.
 */
export function* rpmMembers(reader: ChunkReader, report: ReportFault): Generator<Member, void> {
  if (!skipHeaders(reader) || containerKind(reader.peek(kindBytes)) === undefined) {
    report(lost("archive-corrupt", "", "the RPM package is cut off or damaged"));
    const rest = reader.peek(mostSought);
    const places = payloadMarks.map((mark) => rest.indexOf(mark)).filter((at) => at >= 0);
    reader.skip(Math.min(...places, rest.length));
  }
  yield { name: "", chunks: reader.stream() };
}

/** False where they are damaged: what follows may be anything. */
function skipHeaders(reader: ChunkReader): boolean {
  if (!reader.skip(leadBytes)) return false;
  for (const isSignature of [true, false]) {
    const intro = reader.peek(16);
    if (intro.length < 16 || intro.readUInt32BE(0) >>> 8 !== 0x8eade8) return false;
    const size = 16 * intro.readUInt32BE(8) + intro.readUInt32BE(12);
    // Signatures are padded to eight bytes.
    const padded = 16 + size + (isSignature ? (8 - (size & 7)) & 7 : 0);
    // What goes beyond the file is looked through from its begin.
    const seen = Math.min(padded, mostSought);
    if (size > mostRpmHeader || reader.peek(seen).length < seen) return false;
    if (!reader.skip(padded)) return false;
  }
  return true;
}
