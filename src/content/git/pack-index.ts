import { openSync, closeSync, fstatSync, readSync } from "node:fs";
import { openWithoutWaiting } from "../regular-file.ts";

/** A pack index (gitformat-pack, "pack-*.idx files", versions 1 and 2) in memory: object ids in ascending order, and their offsets. */
export interface PackIndex {
  readonly count: number;
  /** 20 bytes an object. */
  readonly oids: Uint8Array;
  readonly offsets: Float64Array;
  /** Number of objects whose first byte is at most i. */
  readonly fanout: Uint32Array;
  /** CRC-32 of each entry as it stands in the pack; version 1 has none. */
  readonly sums?: Uint32Array;
}

const idBytes = 20;
const magic = 0xff744f63;
/** Fewer bytes than an object needs in the index would mean that the count lies. */
const leastBytesPerObject = 24;

/** Reads an index. Throws Error with a one-line message when it is damaged. */
export function readPackIndex(path: string): PackIndex {
  const bytes = readWhole(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const second = bytes.length >= 8 && view.getUint32(0) === magic;
  if (second && view.getUint32(4) !== 2) throw new Error(`pack index of unknown version ${view.getUint32(4)}`);
  const fanoutAt = second ? 8 : 0;
  if (bytes.length < fanoutAt + 1024 + 2 * idBytes) throw new Error("pack index is cut off");
  const fanout = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    fanout[i] = view.getUint32(fanoutAt + 4 * i);
    if (i > 0 && fanout[i]! < fanout[i - 1]!) throw new Error("pack index has a damaged fan-out table");
  }
  const count = fanout[255]!;
  if (count * leastBytesPerObject > bytes.length) throw new Error("pack index is cut off");
  const at = fanoutAt + 1024;
  return second ? readSecond(bytes, view, fanout, count, at) : readFirst(bytes, view, fanout, count, at);
}

function readFirst(bytes: Uint8Array, view: DataView, fanout: Uint32Array, count: number, at: number): PackIndex {
  const oids = new Uint8Array(count * idBytes);
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    offsets[i] = view.getUint32(at + 24 * i);
    oids.set(bytes.subarray(at + 24 * i + 4, at + 24 * i + 24), i * idBytes);
  }
  return { count, oids, offsets, fanout };
}

function readSecond(bytes: Uint8Array, view: DataView, fanout: Uint32Array, count: number, at: number): PackIndex {
  const offsetsAt = at + count * (idBytes + 4);
  const largeAt = offsetsAt + count * 4;
  if (largeAt + 2 * idBytes > bytes.length) throw new Error("pack index is cut off");
  const oids = bytes.slice(at, at + count * idBytes);
  const offsets = new Float64Array(count);
  const sums = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    sums[i] = view.getUint32(offsetsAt - 4 * (count - i));
    const small = view.getUint32(offsetsAt + 4 * i);
    if (small < 0x80000000) {
      offsets[i] = small;
      continue;
    }
    const large = largeAt + 8 * (small - 0x80000000);
    if (large + 8 > bytes.length - 2 * idBytes) throw new Error("pack index names an offset outside its table");
    offsets[i] = view.getUint32(large) * 2 ** 32 + view.getUint32(large + 4);
  }
  return { count, oids, offsets, fanout, sums };
}

/** Position of the id at `ids[at … at+19]`, or -1. */
export function findInIndex(index: PackIndex, ids: Uint8Array, at: number): number {
  const first = ids[at]!;
  let low = first === 0 ? 0 : index.fanout[first - 1]!;
  let high = index.fanout[first]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareIds(index.oids, middle * idBytes, ids, at);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return -1;
}

function compareIds(a: Uint8Array, atA: number, b: Uint8Array, atB: number): number {
  for (let i = 0; i < idBytes; i++) {
    const difference = a[atA + i]! - b[atB + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function readWhole(path: string): Uint8Array {
  const descriptor = openSync(path, openWithoutWaiting);
  try {
    const bytes = new Uint8Array(fstatSync(descriptor).size);
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}
