import { crc32 } from "node:zlib";
import { cleanPath } from "../tar-path.ts";
import type { Bytes } from "./bytes.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { lost, noted, type Member, type ReportFault } from "./member.ts";
import { borrowLoans, expandFolder, faultOf, signatureBytes, type FolderFault, type Loans } from "./sevenzip/folder.ts";
import {
  hasBit,
  HeaderDamage,
  readHeader,
  type Files,
  type Folder,
  type Part,
  type Streams,
} from "./sevenzip/header.ts";

/** A header of half a million files has some 40 MB. */
const mostHeader = 64 << 20;
/** Headers that are packed in each other: programs pack one. */
const mostPacked = 4;

/**
 * The members of a 7z archive (7zFormat.txt), in the order in which they lie. Its list of members stands at its end, mostly packed itself. Files of one
 * folder are one stream, which is read once.
 */
export function* sevenZipMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const loans = borrowLoans();
  try {
    const header = findHeader(bytes, loans, report);
    if (header === undefined) return;
    const names = namesOf(header.files);
    for (const folder of header.streams.folders) yield* membersOf(bytes, header.streams, folder, names, loans, report);
    if (names.next().done !== true)
      report(lost("archive-corrupt", "", "the 7z archive names more files than it has data for"));
  } catch (error) {
    if (!(error instanceof HeaderDamage)) throw error;
    report(lost("archive-corrupt", "", `the 7z archive is cut off or damaged (${error.message})`));
  } finally {
    for (const loan of loans) loan.giveBack();
  }
}

interface Listed {
  readonly streams: Streams;
  readonly files: Files;
}

/** The list of members. Undefined where there is none, which is told unless the archive is empty. */
function findHeader(bytes: Bytes, loans: Loans, report: ReportFault): Listed | undefined {
  const head = bytes.read(0, signatureBytes);
  if (head.length < signatureBytes) throw new HeaderDamage("its first header is cut off");
  const [at, size] = [12, 20].map((field) => Number(head.readBigUInt64LE(field)) + (field === 12 ? signatureBytes : 0));
  if (crc32(head.subarray(12)) !== head.readUInt32LE(8))
    report(noted("archive-corrupt", "", "the checksum of the 7z archive's first header is wrong"));
  if (size === 0) return undefined;
  if (size! > mostHeader) throw new HeaderDamage("its header is too large");
  let packed: Buffer = bytes.read(at!, size!);
  if (packed.length < size!) throw new HeaderDamage("its list of members is missing");
  if (crc32(packed) !== head.readUInt32LE(28))
    report(noted("archive-corrupt", "", "the checksum of the 7z archive's header is wrong"));
  for (let depth = 0; depth < mostPacked; depth++) {
    const header = readHeader(packed);
    if (header.kind === "plain") return header;
    const [folder] = header.streams.folders;
    if (folder === undefined) return undefined;
    const fault = faultOf(folder, header.streams);
    if (fault !== undefined) {
      const subject = fault.code === "encrypted" ? "the list of the 7z archive's members" : "the 7z archive's header";
      report(lost(fault.code, "", `${subject} ${fault.message}`));
      return undefined;
    }
    packed = unpackHeader(bytes, header.streams, folder, loans);
  }
  throw new HeaderDamage("its header is packed too often");
}

function unpackHeader(bytes: Bytes, streams: Streams, folder: Folder, loans: Loans): Buffer {
  const size = folder.parts[0]?.size ?? 0;
  if (size > mostHeader) throw new HeaderDamage("its header is too large");
  const output = expandFolder(bytes, streams, folder, loans, () => {});
  const header = new ChunkReader(output).take(size);
  output.return();
  if (header === undefined) throw new HeaderDamage("its header cannot be unpacked");
  return header;
}

/** The names of files that have data, one by one; empty for one that has none. */
function* namesOf({ count, names, isEmpty }: Files): Generator<string, void> {
  let at = 0;
  for (let i = 0; i < count; i++) {
    let end = at;
    while (end + 1 < names.length && names.readUInt16LE(end) !== 0) end += 2;
    if (!hasBit(isEmpty, i)) yield names.toString("utf16le", at, end);
    at = Math.min(names.length, end + 2);
  }
}

function* membersOf(
  bytes: Bytes,
  streams: Streams,
  folder: Folder,
  names: Iterator<string, void>,
  loans: Loans,
  report: ReportFault,
): Generator<Member, void> {
  const nextName = (): string => cleanPath(names.next().value ?? "");
  const { parts } = folder;
  const hidden = faultOf(folder, streams);
  if (hidden !== undefined) {
    for (let i = 0; i < parts.length; i++) report(lost(hidden.code, nextName(), hidden.message));
    return;
  }
  let fault: FolderFault | undefined;
  const output = expandFolder(bytes, streams, folder, loans, (told) => (fault ??= told));
  try {
    const reader = new ChunkReader(output);
    for (const part of parts) {
      const name = nextName();
      const end = reader.position + part.size;
      yield { name, chunks: dataOf(reader, part, name, report, () => fault) };
      reader.skip(end - reader.position);
    }
    if (parts.length === 0 && !reader.isAtEnd) {
      report(noted("archive-corrupt", "", "holds data in the 7z archive that are no file's"));
      yield { name: "", chunks: reader.stream(folder.sizes.at(-1)) };
    }
  } finally {
    output.return();
  }
}

function* dataOf(
  reader: ChunkReader,
  { size, sum }: Part,
  name: string,
  report: ReportFault,
  faultOfStream: () => FolderFault | undefined,
): Generator<Uint8Array, void> {
  let made = 0;
  let proved = 0;
  for (const chunk of reader.stream(size)) {
    proved = crc32(chunk, proved);
    made += chunk.length;
    yield chunk;
  }
  const fault = faultOfStream();
  if (made < size) report(lost(fault?.code ?? "archive-corrupt", name, fault?.message ?? "is cut off"));
  // What came out was scanned; what was packed is something else.
  else if (sum >= 0 && sum !== proved)
    report(lost("archive-corrupt", name, "has another checksum than the 7z archive says"));
}
