import { cleanPath } from "../tar-path.ts";
import { chunksOf, type Bytes } from "./bytes.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { containerKind, kindBytes } from "./kind.ts";
import { insideLimits } from "./limits.ts";
import { lost, noted, type Member, type ReportFault } from "./member.ts";
import { compressor, SquashBlocks, SquashBomb, SquashDamage, storedBit } from "./squashfs/blocks.ts";
import { majorVersion } from "./squashfs/mark.ts";
import {
  folderEntries,
  readInode,
  skipBehind,
  TableReader,
  type Entry,
  type Inode,
  type TablePlace,
} from "./squashfs/inodes.ts";

const headBytes = 96;
/** What Linux takes as the logarithm of a block's size. */
const [leastBlockLog, mostBlockLog] = [12, 20];
/** Longest path of a folder that is looked into: Linux opens none that is longer. */
const longestPath = 4096;
/** Blocks that cannot be read, of all files together, behind which a file is read on. */
const mostDamaged = 1000;
/** Places of a fragment's block and its length. */
const fragmentBytes = 16;
const fragmentsPerBlock = 512;
const zeros = Buffer.alloc(1 << 16);

interface FileSystem {
  readonly bytes: Bytes;
  readonly blocks: SquashBlocks;
  readonly blockLog: number;
  readonly inodeCount: number;
  readonly root: TablePlace;
  /** Where it ends. */
  readonly end: number;
  /** Where tables begin. */
  readonly inodes: number;
  readonly folders: number;
  readonly fragments: number;
  /** Blocks that cannot be read and are still passed over. */
  patience: number;
}

type File = Extract<Inode, { kind: "file" }>;

/**
 * The files of a squashfs file system (version 4, Documentation/filesystems/squashfs.rst of Linux): snaps, AppImages (behind a program), live systems and firmware. Folders are walked from
 * the root on; what no folder leads to is read behind them. Links come as their targets; attributes are not read.
 */
export function* squashfsMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const system = readSuperblock(bytes, report);
  if (system === undefined) return;
  const seen = new Set<number>();
  try {
    yield* inFolders(system, seen, report);
    if (seen.size !== system.inodeCount) yield* unreached(system, seen, report);
  } catch (error) {
    if (!(error instanceof SquashBomb)) throw error;
    report(lost("bomb", "", tooMuch));
  }
  // What was put behind it: images of containers have signatures there, and devices a second file system.
  const behind = new ChunkReader(chunksOf(bytes, system.end));
  behind.skipZeros();
  if (containerKind(behind.peek(kindBytes)) !== undefined) yield { name: "", chunks: behind.stream() };
}

const tooMuch = "is packed so that it asks for too much: the rest was not read";

function readSuperblock(bytes: Bytes, report: ReportFault): FileSystem | undefined {
  const head = bytes.read(0, headBytes);
  const unread = (message: string): undefined => report(lost("unsupported", "", message)) as undefined;
  if (head.length < headBytes)
    return report(lost("archive-corrupt", "", "the squashfs file system is cut off")) as undefined;
  if (head[28] !== majorVersion) return unread("is a squashfs file system of an old version, which is not opened");
  const method = head.readUInt16LE(20);
  if (!Object.values(compressor).some((known) => known === method))
    return unread("is a squashfs file system that is packed by a method which is not read");
  const blockLog = head.readUInt16LE(22);
  const blockBytes = head.readUInt32LE(12);
  if (blockLog < leastBlockLog || blockLog > mostBlockLog || blockBytes !== 2 ** blockLog)
    return report(lost("archive-corrupt", "", "the header of the squashfs file system is damaged")) as undefined;
  const places = [32, 40, 64, 72, 80].map((field) => Number(head.readBigUInt64LE(field)));
  const [root = 0, used = 0, inodes = 0, folders = 0, fragments = 0] = places;
  if (used > bytes.size) report(lost("archive-corrupt", "", "the squashfs file system is cut off"));
  const most = 2 * Math.max(insideLimits.freeBytes, insideLimits.maxRatio * bytes.size);
  return {
    bytes,
    blocks: new SquashBlocks(bytes, method, blockBytes, most),
    ...{ blockLog, inodes, folders, fragments },
    inodeCount: head.readUInt32LE(4),
    end: used,
    patience: mostDamaged,
    root: { block: inodes + Math.floor(root / 65_536), offset: root % 65_536 },
  };
}

/** All that the folders lead to. `seen`: inodes that were read, by their places: several names of one file lead to one inode. */
function* inFolders(system: FileSystem, seen: Set<number>, report: ReportFault): Generator<Member, void> {
  const open: { readonly path: string; readonly entries: Iterator<Entry, void> }[] = [];
  const look = function* (place: TablePlace, path: string): Generator<Member, void> {
    const inode = inodeAt(system, place, path, seen, report);
    if (inode === undefined) return;
    if (inode.kind !== "folder") yield* memberOf(system, inode, path, report);
    else if (path.length > longestPath) report(lost("too-deep", path, "is a folder that lies too deep"));
    else open.push({ path, entries: folderEntries(system.blocks, inode, system.inodes) });
  };
  yield* look(system.root, "");
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const { path } = folder;
    try {
      const next = folder.entries.next();
      if (next.done === true) open.pop();
      else yield* look(next.value.place, cleanPath(`${path}/${next.value.name}`));
    } catch (error) {
      if (!(error instanceof SquashDamage)) throw error;
      report(lost("archive-corrupt", path, `is a folder that is damaged (${error.message})`));
      open.pop();
    }
  }
}

/** The inode at a place, unless it was read before. */
function inodeAt(
  { blocks, folders }: FileSystem,
  place: TablePlace,
  path: string,
  seen: Set<number>,
  report: ReportFault,
): Inode | undefined {
  const key = keyOf(place);
  if (seen.has(key)) return undefined;
  seen.add(key);
  try {
    return readInode(new TableReader(blocks, place), folders);
  } catch (error) {
    if (!(error instanceof SquashDamage)) throw error;
    report(lost("archive-corrupt", path, `is damaged (${error.message})`));
    return undefined;
  }
}

function keyOf({ block, offset }: TablePlace): number {
  return block * 8192 + offset;
}

function* memberOf(system: FileSystem, inode: Inode, path: string, report: ReportFault): Generator<Member, void> {
  if (inode.kind === "link") yield { name: path, chunks: [inode.target] };
  else if (inode.kind === "file" && inode.size > 0) yield { name: path, chunks: fileData(system, inode, path, report) };
}

/** Goes through the table of inodes from its begin, for files that no folder leads to. */
function* unreached(system: FileSystem, seen: Set<number>, report: ReportFault): Generator<Member, void> {
  const reader = new TableReader(system.blocks, { block: system.inodes, offset: 0 });
  try {
    for (let i = 0; i < system.inodeCount; i++) {
      const key = keyOf(reader.place);
      const inode = readInode(reader, system.folders);
      skipBehind(reader, inode, inode.kind === "file" ? blocksOf(system, inode) : 0);
      if (seen.has(key) || inode.kind === "folder" || inode.kind === "other") continue;
      const name = `inode ${i + 1}`;
      report(noted("archive-corrupt", name, "is in the squashfs file system, but in none of its folders"));
      yield* memberOf(system, inode, name, report);
    }
  } catch (error) {
    if (!(error instanceof SquashDamage)) throw error;
    report(lost("archive-corrupt", "", `the squashfs file system is damaged (${error.message})`));
  }
}

/** How many blocks a file has beside its end in a fragment. */
function blocksOf({ blockLog }: FileSystem, { size, fragment }: File): number {
  return fragment === undefined ? Math.ceil(size / 2 ** blockLog) : Math.floor(size / 2 ** blockLog);
}

function* fileData(system: FileSystem, file: File, path: string, report: ReportFault): Generator<Uint8Array, void> {
  const { blocks, blockLog } = system;
  const damaged = (error: unknown): void => {
    if (error instanceof SquashBomb) return report(lost("bomb", path, tooMuch));
    if (!(error instanceof SquashDamage)) throw error;
    report(lost("archive-corrupt", path, `is cut off or damaged (${error.message})`));
  };
  try {
    const lengths = new TableReader(blocks, file.lengths);
    let at = file.start;
    let left = file.size;
    for (let i = blocksOf(system, file); i > 0; i--) {
      const length = lengths.take(4).readUInt32LE(0);
      const wanted = Math.min(left, 2 ** blockLog);
      left -= wanted;
      // A hole.
      if (length === 0) yield* zerosOf(wanted);
      else {
        try {
          yield part(blocks.data(at, length), 0, wanted);
        } catch (error) {
          if (--system.patience < 0) throw error;
          damaged(error);
        }
      }
      at += length % storedBit;
    }
    if (file.fragment !== undefined) yield part(fragmentOf(system, file.fragment.index), file.fragment.offset, left);
  } catch (error) {
    damaged(error);
  }
}

function* zerosOf(count: number): Generator<Uint8Array, void> {
  for (let left = count; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
}

function part(data: Buffer, from: number, length: number): Buffer {
  const bytes = data.subarray(from, from + length);
  if (bytes.length < length) throw new SquashDamage("a block is too short");
  return bytes;
}

/** A block of ends of files, by its number. */
function fragmentOf({ bytes, blocks, fragments }: FileSystem, index: number): Buffer {
  const pointer = bytes.read(fragments + 8 * Math.floor(index / fragmentsPerBlock), 8);
  if (pointer.length < 8) throw new SquashDamage("the table of fragments is cut off");
  const { data } = blocks.table(Number(pointer.readBigUInt64LE(0)));
  const entry = part(data, fragmentBytes * (index % fragmentsPerBlock), fragmentBytes);
  return blocks.fragment(Number(entry.readBigUInt64LE(0)), entry.readUInt32LE(8));
}
