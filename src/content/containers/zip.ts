import { crc32 } from "node:zlib";
import { cleanPath } from "../tar-path.ts";
import { chunksOf, type Bytes } from "./bytes.ts";
import { unbzip2 } from "./bzip2.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { inflate, type InflateOutcome } from "./inflate.ts";
import { inflate64 } from "./inflate64.ts";
import { containerKind, kindBytes } from "./kind.ts";
import { LzmaDamage } from "./lzma/decoder.ts";
import { DecoderLoan, mostDictionary } from "./lzma/loan.ts";
import { expandLzma } from "./lzma/streams.ts";
import { lost, noted, type Member, type ReportFault } from "./member.ts";
import { hashOfStored, mostHashed } from "./stored-hash.ts";
import { isSheet, mostPart, readSharedTexts, sharedTexts, sheetLines } from "./workbook.ts";
import { unxz, type XzOutcome } from "./xz.ts";
import { localMagic, readDirectory, readLocal, type ZipEntry } from "./zip-directory.ts";
import { unzstdChunks, type ZstdOutcome } from "./zstd.ts";

/** Entries of one directory that are looked at; the walk of members has a limit of its own. */
const mostEntries = 1 << 20;
/** Bytes searched at once for headers that no directory names. */
const huntBytes = 1 << 20;

const flag = { encrypted: 1, descriptor: 8, strong: 64 } as const;
const method = { stored: 0, deflate: 8, deflate64: 9, bzip2: 12, lzma: 14, zstd: 93, xz: 95, aes: 99 } as const;

/**
 * The members of a ZIP file (APPNOTE 6.3.10): those that the central directory names, in the order in which they lie, and between them those that it
 * does not name. Where there is no directory, all that have a header. Members that share bytes are read once: files are made of such to be a
 * thousand times larger inside.
 */
export function* zipMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const directory = readDirectory(bytes, mostEntries);
  if (directory === undefined) {
    report(lost("archive-corrupt", "", "the ZIP file has no directory: it is cut off or damaged"));
    yield* unlisted(bytes, 0, bytes.size, () => {}, report);
    return;
  }
  if (!directory.isWhole) report(lost("archive-corrupt", "", "the directory of the ZIP file is damaged"));
  if (directory.isOfAnother)
    report(lost("archive-corrupt", "", "the ZIP file is cut off behind another one inside of it"));
  const entries = directory.entries.toSorted((a, b) => a.offset - b.offset);
  const tellUnlisted = (name: string): void =>
    report(noted("archive-corrupt", name, "is in the ZIP file, but not in its directory"));
  const shared = entries.find(({ name }) => name === sharedTexts);
  let texts: readonly string[] | undefined;
  let done = 0;
  let hunted = 0;
  let before: ZipEntry | undefined;
  for (const [i, entry] of entries.entries()) {
    const name = cleanPath(entry.name);
    if (entry.offset < done) {
      // The same member under one more name costs nothing; parts of others are no members.
      if (before?.offset !== entry.offset || before.name !== entry.name)
        report(lost("bomb", name, "shares its bytes with another member"));
      continue;
    }
    yield* unlisted(bytes, hunted, entry.offset, tellUnlisted, report);
    before = entry;
    const local = readLocal(bytes, entry.offset);
    if (local === undefined) {
      report(lost("archive-corrupt", name, "has no header where the directory of the ZIP file says"));
      continue;
    }
    if (local.name !== entry.name) report(noted("archive-corrupt", name, "has another name in its own header"));
    const end = local.offset + entry.compressed;
    done = Math.max(done, end);
    // What its own header promises beyond the directory is read for itself: programs that read from front to back never see the directory.
    const room = (entries[i + 1]?.offset ?? directory.start) - local.offset;
    hunted = isOther(local, entry, room) ? entry.offset : done;
    if (entry.compressed === 0 && (entry.expanded === 0 || entry.name.endsWith("/"))) continue;
    if (isHidden(entry, report) || isUnread(entry, report)) continue;
    if (end > bytes.size) report(lost("archive-corrupt", name, "is cut off: the ZIP file ends in it"));
    yield {
      name,
      chunks: dataOf(entry, chunksOf(bytes, local.offset, Math.min(end, bytes.size)), report),
      ...(entry.compressed > mostHashed || end > bytes.size
        ? {}
        : {
            storedHash: () =>
              hashOfStored(bytes, local.offset, entry.compressed, entry.method, entry.expanded, entry.sum),
          }),
    };
    if (!isSheet(name) || entry.expanded > mostPart) continue;
    texts ??= shared === undefined ? [] : readSharedTexts(partText(bytes, shared));
    yield { name: `${name} rows`, chunks: sheetLines(partText(bytes, entry), texts) };
  }
  yield* unlisted(bytes, hunted, directory.start, tellUnlisted, report);
  // Another archive behind this one, perhaps. What is none was scanned with the rest of the file.
  const behind = new ChunkReader(chunksOf(bytes, directory.endsAt));
  behind.skipZeros();
  if (containerKind(behind.peek(kindBytes)) !== undefined) yield { name: "", chunks: behind.stream() };
}

/** A descriptor behind the data of a member (4.3.9), and deflated nothing. */
const leastHidden = 24 + 2;

/** Whether a member's own header stands for other data than the directory says. `room`: bytes up to the next member. */
function isOther(local: ZipEntry, entry: ZipEntry, room: number): boolean {
  if (local.method !== entry.method) return true;
  if ((local.flags & flag.descriptor) === 0) return local.compressed > entry.compressed;
  return entry.compressed === 0 && room > leastHidden;
}

/** A part of a document once more, as text; what is wrong with it was told when it was a member. */
function partText(bytes: Bytes, entry: ZipEntry): string {
  const local = readLocal(bytes, entry.offset);
  if (local === undefined || entry.expanded > mostPart || !readable.has(entry.method)) return "";
  const parts: Buffer[] = [];
  let size = 0;
  const stored = chunksOf(bytes, local.offset, Math.min(local.offset + entry.compressed, bytes.size));
  for (const chunk of expanded(entry.method, stored, entry.expanded, () => {})) {
    size += chunk.length;
    if (size > mostPart) break;
    parts.push(Buffer.from(chunk));
  }
  return Buffer.concat(parts).toString("utf8");
}

function isHidden(entry: ZipEntry, report: ReportFault): boolean {
  if ((entry.flags & (flag.encrypted | flag.strong)) === 0) return false;
  report(lost("encrypted", cleanPath(entry.name), "is encrypted"));
  return true;
}

const readable: ReadonlySet<number> = new Set(Object.values(method).filter((known) => known !== method.aes));

function isUnread(entry: ZipEntry, report: ReportFault): boolean {
  if (readable.has(entry.method)) return false;
  report(lost("unsupported", cleanPath(entry.name), `is compressed by method ${entry.method}, which is not read`));
  return true;
}

/** The expanded data of a member, checked against what its header says of them. */
function* dataOf(entry: ZipEntry, stored: Iterable<Uint8Array>, report: ReportFault): Generator<Uint8Array, void> {
  const name = cleanPath(entry.name);
  let sum = 0;
  let size = 0;
  let isDamaged = false;
  const damaged = (message: string, code: "archive-corrupt" | "unsupported" | "bomb" = "archive-corrupt"): void => {
    if (!isDamaged) report(lost(code, name, message));
    isDamaged = true;
  };
  for (const chunk of expanded(entry.method, stored, entry.expanded, damaged)) {
    sum = crc32(chunk, sum);
    size += chunk.length;
    yield chunk;
  }
  if (isDamaged) return;
  // What came out was scanned; what was packed is something else.
  if (size !== entry.expanded) damaged("has another size than the ZIP file says");
  else if (sum !== entry.sum) damaged("has another checksum than the ZIP file says");
}

function* expanded(
  by: number,
  stored: Iterable<Uint8Array>,
  size: number,
  damaged: (message: string, code?: "archive-corrupt" | "unsupported" | "bomb") => void,
): Generator<Uint8Array, void> {
  switch (by) {
    case method.stored:
      yield* stored;
      return;
    case method.deflate:
    case method.deflate64: {
      const outcome: InflateOutcome = { isWhole: false };
      const reader = new ChunkReader(stored);
      yield* by === method.deflate ? inflate(reader, "raw", outcome) : inflate64(reader, outcome);
      if (!outcome.isWhole) damaged(`is damaged (${outcome.fault ?? "it is cut off"})`);
      return;
    }
    case method.bzip2:
      yield* unbzip2(stored, (message) => damaged(`is damaged: ${message}`));
      return;
    case method.zstd: {
      const outcome: ZstdOutcome = {};
      yield* unzstdChunks(stored, outcome);
      if (outcome.fault !== undefined) damaged(outcome.fault.message, outcome.fault.code);
      return;
    }
    case method.xz: {
      const outcome: XzOutcome = {};
      yield* unxz(stored, outcome);
      if (outcome.fault !== undefined) damaged(outcome.fault.message, outcome.fault.code);
      return;
    }
    default:
      yield* unlzma(stored, size, damaged);
  }
}

/** Raw LZMA behind a header of ZIP's own: version, length of the properties, properties (5.8.8). */
function* unlzma(
  stored: Iterable<Uint8Array>,
  size: number,
  damaged: (message: string, code?: "archive-corrupt" | "unsupported") => void,
): Generator<Uint8Array, void> {
  const reader = new ChunkReader(stored);
  const header = reader.take(9);
  if (header === undefined) return damaged("is damaged (it is cut off)");
  const dictionary = header.readUInt32LE(5);
  if (dictionary > mostDictionary) return damaged("needs too large a dictionary", "unsupported");
  const loan = new DecoderLoan();
  try {
    yield* expandLzma(reader, loan.decoder(dictionary, header[4]), header[4]!, size);
  } catch (error) {
    if (!(error instanceof LzmaDamage)) throw error;
    damaged(`is damaged (${error.message})`);
  } finally {
    loan.giveBack();
  }
}

/** Members with a header in a stretch of the file that the directory says nothing of. `tell` hears their names. */
function* unlisted(
  bytes: Bytes,
  from: number,
  to: number,
  tell: (name: string) => void,
  report: ReportFault,
): Generator<Member, void> {
  let at = from;
  while (at + 30 <= to) {
    const found = findMagic(bytes, at, to);
    if (found < 0) return;
    at = found + 4;
    const local = readLocal(bytes, found);
    if (local === undefined || local.offset > to || !readable.has(local.method)) continue;
    if (local.name.endsWith("/")) continue;
    if (isHidden(local, report)) continue;
    const hasSize = (local.flags & flag.descriptor) === 0;
    const limit = hasSize ? Math.min(to, local.offset + local.compressed) : to;
    const name = cleanPath(local.name);
    tell(name);
    // Stored data of unknown length end at the next header.
    const end = hasSize || local.method !== method.stored ? limit : endOfStored(bytes, local.offset, to);
    yield { name, chunks: expanded(local.method, chunksOf(bytes, local.offset, end), local.expanded, () => {}) };
    at = hasSize ? end : local.offset;
  }
}

function endOfStored(bytes: Bytes, from: number, to: number): number {
  const next = findMagic(bytes, from, to);
  return next < 0 ? to : next;
}

const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(localMagic);

/** Where the next local header may stand; -1: nowhere before `to`. */
function findMagic(bytes: Bytes, from: number, to: number): number {
  for (let at = from; at < to; at += huntBytes) {
    const found = bytes.read(at, Math.min(huntBytes + 3, to - at)).indexOf(magicBytes);
    if (found >= 0) return at + found;
  }
  return -1;
}
