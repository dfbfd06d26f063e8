import { constants, inflateRawSync } from "node:zlib";
import { append } from "../../model/multimap.ts";
import { cleanPath } from "../tar-path.ts";
import { chunksOf, type Bytes } from "./bytes.ts";
import { LzxDamage, LzxDecoder } from "./cabinet/lzx.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { containerKind, kindBytes } from "./kind.ts";
import { insideLimits } from "./limits.ts";
import { lost, noted, type Member, type ReportFault } from "./member.ts";

const headBytes = 36;
const [folderBytes, fileBytes, blockHeadBytes] = [8, 16, 8];
/** Names end with a zero byte within so many. */
const longestName = 256;
const flag = { previous: 1, next: 2, reserved: 4 } as const;
const method = { stored: 0, zip: 1, quantum: 2, lzx: 3 } as const;
/** What a block comes to at most; one that is stored, or of LZX, may be packed to a little more. */
const [mostBlock, mostPacked] = [32_768, 38_912];
/** Files that belong to a folder of another cabinet as well are told by these instead of its number. */
const goesOn = { fromBefore: 0xfffd, toNext: 0xfffe, both: 0xffff } as const;
const utf8Name = 0x80;

interface Folder {
  readonly at: number;
  readonly blocks: number;
  readonly type: number;
}

interface File {
  readonly name: string;
  readonly size: number;
  /** Where it begins in what its folder expands to. */
  readonly at: number;
  readonly folder: number;
}

interface Cabinet {
  readonly folders: readonly Folder[];
  readonly files: readonly File[];
  /** What folders and blocks have behind their headers for whoever made them. */
  readonly blockReserve: number;
  readonly end: number;
  readonly isWhole: boolean;
}

interface Outcome {
  fault?: string;
  isUnread?: boolean;
}

class CabinetDamage extends Error {}

/**
 * The files of a cabinet ([MS-CAB]): stored, MSZIP or LZX. Those of a folder are one stream, which is read once. Of a set each cabinet is read for itself: what begins in another one is named, and
 * what goes on in another one is read as far as it is here.
 */
export function* cabinetMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const cabinet = readCabinet(bytes);
  if (cabinet === undefined) return report(lost("archive-corrupt", "", "the cabinet is cut off or damaged"));
  if (!cabinet.isWhole) report(lost("archive-corrupt", "", "the list of the cabinet's files is cut off or damaged"));
  const work = { left: Math.max(insideLimits.freeBytes, insideLimits.maxRatio * bytes.size) };
  const byFolder = filesByFolder(cabinet);
  for (const [index, folder] of cabinet.folders.entries()) {
    const files = byFolder.get(index) ?? [];
    if (files.some((file) => file.folder === goesOn.fromBefore || file.folder === goesOn.both))
      for (const { name } of files)
        report(lost("unsupported", name, "begins in another cabinet, which is not put together"));
    else yield* filesOf(bytes, cabinet, folder, files, work, report);
  }
  // Signatures stand behind it, and sometimes the next one.
  const behind = new ChunkReader(chunksOf(bytes, cabinet.end));
  behind.skipZeros();
  if (containerKind(behind.peek(kindBytes)) !== undefined) yield { name: "", chunks: behind.stream() };
}

function filesByFolder({ folders, files }: Cabinet): ReadonlyMap<number, readonly File[]> {
  const byFolder = new Map<number, File[]>();
  for (const file of files) {
    const { folder } = file;
    append(byFolder, folder < goesOn.fromBefore ? folder : folder === goesOn.toNext ? folders.length - 1 : 0, file);
  }
  return byFolder;
}

function readCabinet(bytes: Bytes): Cabinet | undefined {
  const head = bytes.read(0, headBytes);
  if (head.length < headBytes) return undefined;
  const flags = head.readUInt16LE(30);
  let at = headBytes;
  let [folderReserve, blockReserve] = [0, 0];
  if ((flags & flag.reserved) !== 0) {
    const sizes = bytes.read(at, 4);
    if (sizes.length < 4) return undefined;
    [folderReserve = 0, blockReserve = 0] = sizes.subarray(2);
    at += 4 + sizes.readUInt16LE(0);
  }
  // The names of the cabinets around it, and of their disks.
  const names = 2 * ((flags & flag.previous) + (flags & flag.next) / 2);
  for (let i = 0; i < names; i++) at += textAt(bytes, at).length + 1;
  const folders: Folder[] = [];
  for (let i = head.readUInt16LE(26); i > 0; i--, at += folderBytes + folderReserve) {
    const folder = bytes.read(at, folderBytes);
    if (folder.length < folderBytes) return undefined;
    folders.push({ at: folder.readUInt32LE(0), blocks: folder.readUInt16LE(4), type: folder.readUInt16LE(6) });
  }
  const files: File[] = [];
  const count = head.readUInt16LE(28);
  at = head.readUInt32LE(16);
  for (let i = 0; i < count; i++) {
    const file = bytes.read(at, fileBytes);
    if (file.length < fileBytes) break;
    const name = textAt(bytes, at + fileBytes);
    files.push({
      name: cleanPath(
        name.toString((file.readUInt16LE(14) & utf8Name) === 0 ? "latin1" : "utf8").replaceAll("\\", "/"),
      ),
      ...{ size: file.readUInt32LE(0), at: file.readUInt32LE(4), folder: file.readUInt16LE(8) },
    });
    at += fileBytes + name.length + 1;
  }
  const isWhole =
    files.length === count && files.every(({ folder }) => folder < folders.length || folder >= goesOn.fromBefore);
  return { folders, files, blockReserve, end: head.readUInt32LE(8), isWhole };
}

function textAt(bytes: Bytes, at: number): Buffer {
  const text = bytes.read(at, longestName + 1);
  const end = text.indexOf(0);
  return text.subarray(0, end < 0 ? longestName : end);
}

function* filesOf(
  bytes: Bytes,
  cabinet: Cabinet,
  folder: Folder,
  files: readonly File[],
  work: { left: number },
  report: ReportFault,
): Generator<Member, void> {
  const outcome: Outcome = {};
  const output = expandFolder(bytes, cabinet, folder, work, outcome);
  const reader = new ChunkReader(output);
  try {
    let before: File | undefined;
    for (const file of files.toSorted((a, b) => a.at - b.at)) {
      if (file.size === 0) continue;
      if (file.at < reader.position) {
        // Makers of cabinets store what is the same once.
        if (before?.at !== file.at || before.size !== file.size)
          report(lost("bomb", file.name, "shares its bytes with another member"));
        continue;
      }
      before = file;
      reader.skip(file.at - reader.position);
      const end = file.at + file.size;
      yield { name: file.name, chunks: dataOf(reader, file, outcome, report) };
      reader.skip(end - reader.position);
    }
    // What comes behind the last file is no file's.
    if (!reader.isAtEnd) {
      report(noted("archive-corrupt", "", "holds data in the cabinet that are no file's"));
      yield { name: "", chunks: reader.stream() };
    }
  } finally {
    output.return();
  }
}

function* dataOf(reader: ChunkReader, file: File, outcome: Outcome, report: ReportFault): Generator<Uint8Array, void> {
  let left = file.size;
  for (const chunk of reader.stream(file.size)) {
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0) {
    if (outcome.isUnread === true) report(lost("unsupported", file.name, outcome.fault ?? ""));
    else if (file.folder === goesOn.toNext)
      report(lost("unsupported", file.name, "goes on in another cabinet, which is not put together"));
    else
      report(
        lost("archive-corrupt", file.name, `is cut off or damaged (${outcome.fault ?? "the cabinet ends in it"})`),
      );
  } else if (outcome.fault !== undefined)
    report(lost("archive-corrupt", file.name, `may be damaged (${outcome.fault})`));
}

/** What the blocks of a folder expand to, as far as they can be read. What is wrong is told in `outcome`. */
function* expandFolder(
  bytes: Bytes,
  cabinet: Cabinet,
  folder: Folder,
  work: { left: number },
  outcome: Outcome,
): Generator<Uint8Array, void> {
  const by = folder.type & 15;
  if (by !== method.stored && by !== method.zip && by !== method.lzx) {
    outcome.fault = `is packed by ${by === method.quantum ? "Quantum" : `method ${by}`}, which is not read`;
    outcome.isUnread = true;
    return;
  }
  try {
    const blocks = blocksOf(bytes, cabinet, folder, outcome);
    const output =
      by === method.lzx ? unlzx(blocks, (folder.type >> 8) & 31) : by === method.zip ? unzip(blocks) : stored(blocks);
    for (const piece of output) {
      // Folders can share their blocks.
      work.left -= piece.length;
      if (work.left < 0) throw new CabinetDamage("the cabinet expands to too much");
      yield piece;
    }
  } catch (error) {
    if (!(error instanceof CabinetDamage || error instanceof LzxDamage)) throw error;
    outcome.fault = error.message;
  }
}

interface Block {
  readonly packed: Buffer;
  readonly size: number;
}

function* blocksOf(bytes: Bytes, { blockReserve }: Cabinet, folder: Folder, outcome: Outcome): Generator<Block, void> {
  let { at } = folder;
  for (let i = 0; i < folder.blocks; i++) {
    const head = bytes.read(at, blockHeadBytes);
    if (head.length < blockHeadBytes) throw new CabinetDamage("the cabinet ends in it");
    const [sum, length, size] = [head.readUInt32LE(0), head.readUInt16LE(4), head.readUInt16LE(6)];
    if (size > mostBlock || length > mostPacked) throw new CabinetDamage("a block is too large");
    const packed = bytes.read(at + blockHeadBytes + blockReserve, length);
    if (packed.length < length) throw new CabinetDamage("the cabinet ends in it");
    if (sum !== 0 && sum !== sumOf(bytes.read(at + 4, 4 + blockReserve), sumOf(packed, 0)) >>> 0)
      outcome.fault ??= "a block has another checksum than the cabinet says";
    yield { packed, size };
    // The rest of this one is in the next cabinet.
    if (size === 0) return;
    at += blockHeadBytes + blockReserve + length;
  }
}

/** The checksum of [MS-CAB] 3.1: words, and of what is left the first byte is the highest. */
function sumOf(bytes: Buffer, begin: number): number {
  const whole = bytes.length & ~3;
  let sum = begin;
  for (let at = 0; at < whole; at += 4) sum ^= bytes.readUInt32LE(at);
  let rest = 0;
  for (let at = whole; at < bytes.length; at++) rest = (rest << 8) | bytes[at]!;
  return sum ^ rest;
}

function* stored(blocks: Iterable<Block>): Generator<Uint8Array, void> {
  for (const { packed } of blocks) yield packed;
}

/** Blocks of deflate, each with what came before for a dictionary ([MS-MCI]). */
function* unzip(blocks: Iterable<Block>): Generator<Uint8Array, void> {
  let dictionary: Buffer | undefined;
  for (const { packed, size } of blocks) {
    if (size === 0) return;
    if (packed.toString("latin1", 0, 2) !== "CK") throw new CabinetDamage("a block has no mark");
    try {
      const options = { maxOutputLength: mostBlock, finishFlush: constants.Z_SYNC_FLUSH };
      dictionary = inflateRawSync(packed.subarray(2), dictionary === undefined ? options : { ...options, dictionary });
    } catch {
      throw new CabinetDamage("a block cannot be expanded");
    }
    yield dictionary;
    if (dictionary.length !== size) throw new CabinetDamage("a block has another size than the cabinet says");
  }
}

function* unlzx(blocks: Iterator<Block, void>, windowLog: number): Generator<Uint8Array, void> {
  // A frame may end with a byte that stands in the next block.
  const pieces: Buffer[] = [];
  const sizes: number[] = [];
  const takeNext = (): boolean => {
    const next = blocks.next();
    if (next.done === true) return false;
    pieces.push(next.value.packed);
    sizes.push(next.value.size);
    return true;
  };
  const decoder = new LzxDecoder(windowLog, () => (pieces.length > 0 || takeNext() ? pieces.shift() : undefined));
  while (sizes.length > 0 || takeNext()) {
    const size = sizes.shift()!;
    if (size === 0) return;
    yield decoder.frame(size);
  }
}
