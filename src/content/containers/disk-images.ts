import { inflateRawSync, inflateSync } from "node:zlib";
import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import { unzstdChunks, type ZstdOutcome } from "./zstd.ts";

/** Stands for what a disk has no data for: longer ones say no more. */
const hole = Buffer.alloc(512);
const sectorBytes = 512;
/** Damaged parts behind which a disk is read on. */
const mostDamaged = 1000;

/** Whether a content begins as a disk of QEMU (QCOW2), or as one of VMware of the kind that is sparse. */
export function isDiskImage(head: Buffer): boolean {
  if (head.readUInt32BE(0) === 0x514649fb) return head.readUInt32BE(4) === 2 || head.readUInt32BE(4) === 3;
  return head.readUInt32BE(0) === 0x4b444d56 && head.readUInt32LE(4) >= 1 && head.readUInt32LE(4) <= 3;
}

/**
 * What a virtual disk holds in packed parts, in the order of the disk, as one member: what is not packed stands in the file as it is. File systems on it are not read as such. Nothing comes of a disk without
 * packed parts.
 */
export function diskMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  return bytes.read(0, 1)[0] === 0x51 ? qcowMembers(bytes, report) : vmdkMembers(bytes, report);
}

/** Of QCOW2 (docs/interop/qcow2.txt of QEMU): the header as far as it is looked at, and sizes of clusters that QEMU takes. */
const qcowHeadBytes = 105;
const [leastClusterBits, mostClusterBits] = [9, 21];
const compressedBit = 62n;
/** Of an entry: where a cluster stands. */
const offsetMask = 0x00ff_ffff_ffff_fe00n;

interface Qcow {
  readonly bytes: Bytes;
  readonly clusterBits: number;
  readonly isZstd: boolean;
}

function* qcowMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const head = bytes.read(0, qcowHeadBytes);
  const clusterBits = head.length < qcowHeadBytes ? 0 : head.readUInt32BE(20);
  if (clusterBits < leastClusterBits || clusterBits > mostClusterBits)
    return report(lost("archive-corrupt", "", "the header of the disk image is cut off or damaged"));
  if (head.readUInt32BE(32) !== 0) return report(lost("encrypted", "", "is an encrypted disk image"));
  const isNew = head.readUInt32BE(4) >= 3;
  const isZstd = isNew && (head.readBigUInt64BE(72) & 8n) !== 0n && head.readUInt32BE(100) > 104 && head[104] === 1;
  const disk = { bytes, clusterBits, isZstd };
  const tables = tablesOf(disk, Number(head.readBigUInt64BE(40)), head.readUInt32BE(36));
  if (!hasPacked(disk, tables)) return;
  yield { name: "", chunks: qcowData(disk, tables, report) };
}

/** Where second tables stand, as the first one tells: at clusters. Each of them once, for several entries can name the same. */
function tablesOf({ bytes, clusterBits }: Qcow, at: number, count: number): readonly number[] {
  const list = bytes.read(at, Math.min(8 * count, bytes.size));
  const tables = new Set<number>();
  for (let i = 0; i + 8 <= list.length; i += 8) {
    const table = Number(list.readBigUInt64BE(i) & offsetMask);
    if (table > 0 && table % 2 ** clusterBits === 0) tables.add(table);
  }
  return [...tables];
}

function hasPacked(disk: Qcow, tables: readonly number[]): boolean {
  for (const table of tables) {
    const list = disk.bytes.read(table, 2 ** disk.clusterBits);
    for (let i = 0; i + 8 <= list.length; i += 8) if ((list[i]! & 0x40) !== 0) return true;
  }
  return false;
}

function* qcowData(disk: Qcow, tables: readonly number[], report: ReportFault): Generator<Uint8Array, void> {
  const { bytes, clusterBits } = disk;
  const clusterBytes = 2 ** clusterBits;
  let patience = mostDamaged;
  let isInHole = false;
  for (const table of tables) {
    const list = bytes.read(table, clusterBytes);
    for (let i = 0; i + 8 <= list.length; i += 8) {
      const entry = list.readBigUInt64BE(i);
      const isPacked = ((entry >> compressedBit) & 1n) === 1n;
      const at = Number(entry & offsetMask);
      if (!isPacked && (at === 0 || (entry & 1n) === 1n)) {
        if (!isInHole) yield hole;
        isInHole = true;
        continue;
      }
      isInHole = false;
      const data = isPacked ? packedCluster(disk, entry) : bytes.read(at, clusterBytes);
      if (data !== undefined && data.length > 0) yield data;
      else if (patience-- === mostDamaged)
        report(lost("archive-corrupt", "", "is a disk image of which parts are cut off or damaged"));
      if (patience < 0) return;
    }
  }
}

/** A cluster that is packed: its place and the number of its sectors share an entry. Undefined where it cannot be expanded. */
function packedCluster({ bytes, clusterBits, isZstd }: Qcow, entry: bigint): Buffer | undefined {
  const offsetBits = BigInt(62 - (clusterBits - 8));
  const at = Number(entry & ((1n << offsetBits) - 1n));
  const sectors = Number((entry & ((1n << compressedBit) - 1n)) >> offsetBits) + 1;
  const stored = bytes.read(at, sectors * sectorBytes - (at % sectorBytes));
  const most = 2 ** clusterBits;
  if (!isZstd) return expanded(() => inflateRawSync(stored, { maxOutputLength: most }));
  // What follows the frame in its last sector is not a part of it.
  const parts: Buffer[] = [];
  let size = 0;
  const outcome: ZstdOutcome = {};
  for (const piece of unzstdChunks([stored], outcome)) {
    parts.push(Buffer.from(piece));
    size += piece.length;
    if (size >= most) break;
  }
  return size === 0 ? undefined : Buffer.concat(parts).subarray(0, most);
}

/** Of VMware's sparse disks (Virtual Disk Format 5.0, "Stream-Optimized Compressed Sparse Extents"). */
const vmdkHeadBytes = 79;
const vmdkFlag = { packed: 1 << 16, marked: 1 << 17 } as const;
const marker = { end: 0, footer: 3 } as const;
const [markerBytes, grainHeadBytes] = [16, 12];
/** A grain has 64 KiB in all that is about. */
const mostGrain = 1 << 21;

function* vmdkMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const head = bytes.read(0, vmdkHeadBytes);
  if (head.length < vmdkHeadBytes)
    return report(lost("archive-corrupt", "", "the header of the disk image is cut off or damaged"));
  const flags = head.readUInt32LE(8);
  if ((flags & vmdkFlag.packed) === 0) return;
  if ((flags & vmdkFlag.marked) === 0)
    return report(lost("unsupported", "", "is a packed disk image of a kind that is not read"));
  yield { name: "", chunks: vmdkData(bytes, sectorBytes * Number(head.readBigUInt64LE(64)), report) };
}

/** Grains stand one behind the other, each behind a marker that tells its sector and its size; other markers stand before tables. */
function* vmdkData(bytes: Bytes, from: number, report: ReportFault): Generator<Uint8Array, void> {
  const damaged = (): void =>
    report(lost("archive-corrupt", "", "is a disk image of which parts are cut off or damaged"));
  let patience = mostDamaged;
  let expected = 0;
  for (let at = from; at < bytes.size;) {
    const head = bytes.read(at, markerBytes);
    if (head.length < markerBytes) return damaged();
    const value = Number(head.readBigUInt64LE(0));
    const size = head.readUInt32LE(8);
    if (size === 0) {
      const type = head.readUInt32LE(12);
      if (type === marker.end) return;
      if (type > marker.footer) return damaged();
      at += sectorBytes * (1 + value);
      continue;
    }
    if (size > mostGrain) return damaged();
    const stored = bytes.read(at + grainHeadBytes, size);
    const data = expanded(() => inflateSync(stored, { maxOutputLength: mostGrain }));
    if (value !== expected) yield hole;
    if (data !== undefined) yield data;
    else if (patience-- === mostDamaged) damaged();
    if (patience < 0) return;
    expected = value + Math.ceil((data?.length ?? 0) / sectorBytes);
    at += sectorBytes * Math.ceil((grainHeadBytes + size) / sectorBytes);
  }
  damaged();
}

function expanded(inflate: () => Buffer): Buffer | undefined {
  try {
    return inflate();
  } catch {
    return undefined;
  }
}
