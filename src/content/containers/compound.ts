import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import { expandMacros } from "./compound/macros.ts";
import { unrtf } from "./compound/packed-rtf.ts";

const headBytes = 512;
/** The first numbers that stand for no sector, but for the end of a chain, a free one, a list of sectors. */
const leastSpecial = 0xfffffffa;
const noEntry = 0xffffffff;
const entryBytes = 128;
/** Sectors of the table that the header names itself. */
const inHeader = 109;
const kind = { folder: 1, stream: 2, root: 5 } as const;
/** Files that are looked into for what is packed in their own way: macros, texts of mails. */
const mostLooked = 16 << 20;
/** Folders in each other, by their path. */
const longestPath = 4096;

interface Compound {
  readonly bytes: Bytes;
  readonly sectorBytes: number;
  readonly smallBytes: number;
  /** Streams below this size lie in small sectors. */
  readonly smallBelow: number;
  /** Sectors of the table of chains, of the table of small ones, and of the stream that has all small ones. */
  readonly table: readonly number[];
  readonly smallTable: readonly number[];
  smallStream: readonly number[];
}

interface Entry {
  readonly name: string;
  readonly type: number;
  readonly siblings: readonly number[];
  readonly child: number;
  readonly start: number;
  readonly size: number;
}

class CompoundDamage extends Error {}

/** Whether a content begins as compound files do. */
export function isCompound(head: Buffer): boolean {
  return head.readUInt32BE(0) === 0xd0cf11e0 && head.readUInt32BE(4) === 0xa1b11ae1;
}

/**
 * The streams of a compound file ([MS-CFB]): installers of Windows (MSI), mails of Outlook, documents of Office before 2007, macros of later ones. Behind a stream that holds macros or
 * the packed text of a mail ([MS-OVBA] 2.4.1, [MS-OXRTFCP]) that text follows.
 */
export function* compoundMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  try {
    const compound = readHeader(bytes);
    for (const { path, entry } of streamsOf(compound, report)) {
      yield { name: path, chunks: told(compound, entry, path, report) };
      if (entry.size > mostLooked) continue;
      const text = packedText(entry.name, Buffer.concat([...sectorsOf(compound, entry)]).subarray(0, entry.size));
      if (text !== undefined) yield { name: `${path} text`, chunks: [text] };
    }
  } catch (error) {
    if (!(error instanceof CompoundDamage)) throw error;
    report(lost("archive-corrupt", "", `the compound file is cut off or damaged (${error.message})`));
  }
}

function packedText(name: string, stream: Buffer): Buffer | undefined {
  return expandMacros(stream) ?? (name.startsWith("__substg1.0_1009") ? unrtf(stream) : undefined);
}

function readHeader(bytes: Bytes): Compound {
  const head = bytes.read(0, headBytes);
  if (head.length < headBytes) throw new CompoundDamage("it ends in its header");
  const [sectorLog, smallLog] = [head.readUInt16LE(30), head.readUInt16LE(32)];
  if ((sectorLog !== 9 && sectorLog !== 12) || smallLog !== 6) throw new CompoundDamage("its header");
  const sectorBytes = 2 ** sectorLog;
  const table = Array.from({ length: inHeader }, (_, i) => head.readUInt32LE(76 + 4 * i));
  const sectors = Math.ceil(bytes.size / sectorBytes);
  // Further sectors of the table are listed in sectors, each with the number of the next list at its end.
  let next = head.readUInt32LE(68);
  for (let lists = 0; next < leastSpecial && lists * (sectorBytes / 4) <= sectors; lists++) {
    const list = sectorAt(bytes, sectorBytes, next);
    for (let at = 0; at + 8 <= list.length; at += 4) table.push(list.readUInt32LE(at));
    next = list.length < sectorBytes ? noEntry : list.readUInt32LE(sectorBytes - 4);
  }
  const compound = {
    ...{ bytes, sectorBytes, smallBytes: 2 ** smallLog, smallBelow: head.readUInt32LE(56) },
    ...{ table, smallTable: [] as readonly number[], smallStream: [] as readonly number[] },
  };
  compound.smallTable = chainOf(compound, head.readUInt32LE(60));
  return compound;
}

function sectorAt(bytes: Bytes, sectorBytes: number, sector: number): Buffer {
  return bytes.read((sector + 1) * sectorBytes, sectorBytes);
}

/** The sectors of a chain, in their order; as many as there can be for so many bytes. */
function chainOf({ bytes, sectorBytes, table }: Compound, start: number, mostBytes = bytes.size): number[] {
  const chain: number[] = [];
  const most = Math.ceil(Math.min(bytes.size, mostBytes) / sectorBytes);
  const perSector = sectorBytes / 4;
  for (let sector = start; sector < leastSpecial && chain.length < most;) {
    chain.push(sector);
    sector = numberAt(bytes, sectorBytes, table[Math.floor(sector / perSector)], sector % perSector);
  }
  return chain;
}

/** A number of a table, by the sector in which it stands. */
function numberAt(bytes: Bytes, sectorBytes: number, sector: number | undefined, index: number): number {
  if (sector === undefined || sector >= leastSpecial) return noEntry;
  const number = bytes.read((sector + 1) * sectorBytes + 4 * index, 4);
  return number.length < 4 ? noEntry : number.readUInt32LE(0);
}

/** All streams with their paths: those that folders lead to, then the others. */
function* streamsOf(
  compound: Compound,
  report: ReportFault,
): Generator<{ readonly path: string; readonly entry: Entry }, void> {
  const { bytes, sectorBytes } = compound;
  const list = chainOf(compound, bytes.read(48, 4).readUInt32LE(0));
  const count = (list.length * sectorBytes) / entryBytes;
  const entryAt = (id: number): Entry | undefined => {
    const sector = list[Math.floor((id * entryBytes) / sectorBytes)];
    if (sector === undefined) return undefined;
    return readEntry(bytes.read((sector + 1) * sectorBytes + ((id * entryBytes) % sectorBytes), entryBytes));
  };
  const root = entryAt(0);
  if (root?.type !== kind.root) throw new CompoundDamage("it has no list of streams");
  compound.smallStream = chainOf(compound, root.start);
  const seen = new Set([0]);
  const open = [{ id: root.child, folder: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { id, folder } = next;
    const entry = seen.has(id) ? undefined : entryAt(id);
    if (entry === undefined) continue;
    seen.add(id);
    for (const sibling of entry.siblings) open.push({ id: sibling, folder });
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.type === kind.stream) yield { path, entry };
    else if (path.length <= longestPath) open.push({ id: entry.child, folder: path });
    else report(lost("too-deep", path, "is a folder that lies too deep"));
  }
  for (let id = 1; id < count; id++) {
    const entry = seen.has(id) ? undefined : entryAt(id);
    if (entry?.type === kind.stream) yield { path: entry.name, entry };
  }
}

function readEntry(entry: Buffer): Entry | undefined {
  if (entry.length < entryBytes) return undefined;
  const length = Math.min(64, entry.readUInt16LE(64));
  return {
    name: nameOf(entry.toString("utf16le", 0, Math.max(0, length - 2))),
    type: entry[66]!,
    siblings: [entry.readUInt32LE(68), entry.readUInt32LE(72)],
    child: entry.readUInt32LE(76),
    start: entry.readUInt32LE(116),
    size: Number(entry.readBigUInt64LE(120) & 0xffffffffffffn),
  };
}

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";

/** Installers write two letters as one, and so fit longer names (what `msidump` tells is the same). */
function nameOf(written: string): string {
  return Array.from(written, (letter) => {
    const code = letter.charCodeAt(0);
    if (code === 0x4840) return "!";
    if (code < 0x3800 || code >= 0x4840) return letter.replace(/[/\\]/, "_");
    const [first, second] = [letters[code & 63]!, letters[((code - 0x3800) >> 6) & 63]!];
    return code < 0x4800 ? first + second : first;
  }).join("");
}

/** The sectors of a stream, the last one too, whatever of it belongs to another. */
function* sectorsOf(compound: Compound, { start, size }: Entry): Generator<Buffer, void> {
  const { bytes, sectorBytes, smallBytes, smallTable, smallStream } = compound;
  if (size >= compound.smallBelow) {
    for (const sector of chainOf(compound, start, size)) yield sectorAt(bytes, sectorBytes, sector);
    return;
  }
  const [perSector, perTable] = [sectorBytes / smallBytes, sectorBytes / 4];
  let left = Math.ceil(size / smallBytes);
  for (let small = start; small < leastSpecial && left > 0; left--) {
    const sector = smallStream[Math.floor(small / perSector)];
    if (sector === undefined) return;
    yield bytes.read((sector + 1) * sectorBytes + (small % perSector) * smallBytes, smallBytes);
    small = numberAt(bytes, sectorBytes, smallTable[Math.floor(small / perTable)], small % perTable);
  }
}

function* told(compound: Compound, entry: Entry, path: string, report: ReportFault): Generator<Uint8Array, void> {
  let left = entry.size;
  for (const sector of sectorsOf(compound, entry)) {
    const part = sector.subarray(0, left);
    left -= part.length;
    yield part;
    if (left === 0) break;
  }
  if (left > 0) report(lost("archive-corrupt", path, "is cut off: the compound file ends in it"));
}
