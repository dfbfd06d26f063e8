import { createHash } from "node:crypto";
import type { IdBytes } from "../../model/object-id.ts";
import { readWholeFile } from "../whole-file.ts";

/** A pack index (gitformat-pack, "pack-*.idx files", versions 1 and 2) in memory: object ids in ascending order, and their offsets. */
export interface PackIndex {
  readonly count: number;
  readonly idBytes: IdBytes;
  /** Ids back to back. */
  readonly oids: Uint8Array;
  readonly offsets: Offsets;
  /** Number of objects whose first byte is at most i. */
  readonly fanout: Uint32Array;
  /** CRC-32 of each entry as it stands in the pack; version 1 has none. */
  readonly sums?: Uint32Array;
  /** Where the last entry ends, as the pack itself told: a pack that is cut off has no checksum behind it. */
  readonly end?: number;
}

/** Places in a file; of one below 4 GiB in half the memory. */
export type Offsets = Uint32Array | Float64Array;

const magic = 0xff744f63;
/** Fifty million objects. */
export const maxIndexBytes = 2 ** 31;

/**
 * Reads an index of a repository whose ids have so many bytes. `isChecked`: the hash at its end is looked at, too. Throws Error with a one-line
 * message when it is damaged.
 */
export function readPackIndex(path: string, idBytes: IdBytes, isChecked = false): PackIndex {
  const bytes = readWholeFile(path, maxIndexBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const second = bytes.length >= 8 && view.getUint32(0) === magic;
  if (second && view.getUint32(4) !== 2) throw new Error(`pack index of unknown version ${view.getUint32(4)}`);
  const fanoutAt = second ? 8 : 0;
  if (bytes.length < fanoutAt + 1024 + 2 * idBytes) throw new Error("pack index is cut off");
  const fanout = readFanout(view, fanoutAt);
  // Fewer bytes than an object needs in the index mean that the count lies.
  if (fanout[255]! * (idBytes + 4) > bytes.length) throw new Error("pack index is cut off");
  if (isChecked && !hasTrueHash(bytes, idBytes)) throw new Error("pack index has another checksum than it says");
  const at = fanoutAt + 1024;
  return second ? readSecond(bytes, view, fanout, idBytes, at) : readFirst(bytes, view, fanout, idBytes, at);
}

function hasTrueHash(bytes: Uint8Array, idBytes: IdBytes): boolean {
  const end = bytes.length - idBytes;
  const hash = createHash(idBytes === 20 ? "sha1" : "sha256").update(bytes.subarray(0, end));
  return hash.digest().equals(bytes.subarray(end));
}

/** 256 numbers: how many ids begin with at most each byte. Throws Error where they do not ascend. */
export function readFanout(view: DataView, at: number): Uint32Array {
  const fanout = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    fanout[i] = view.getUint32(at + 4 * i);
    if (i > 0 && fanout[i]! < fanout[i - 1]!) throw new Error("pack index has a damaged fan-out table");
  }
  return fanout;
}

function readFirst(bytes: Uint8Array, view: DataView, fanout: Uint32Array, idBytes: IdBytes, at: number): PackIndex {
  const count = fanout[255]!;
  const record = 4 + idBytes;
  const oids = new Uint8Array(count * idBytes);
  const offsets = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    offsets[i] = view.getUint32(at + record * i);
    oids.set(bytes.subarray(at + record * i + 4, at + record * (i + 1)), i * idBytes);
  }
  return { count, idBytes, oids, offsets, fanout };
}

function readSecond(bytes: Uint8Array, view: DataView, fanout: Uint32Array, idBytes: IdBytes, at: number): PackIndex {
  const count = fanout[255]!;
  const offsetsAt = at + count * (idBytes + 4);
  const largeAt = offsetsAt + count * 4;
  if (largeAt + 2 * idBytes > bytes.length) throw new Error("pack index is cut off");
  // A copy of its own: a part of the file's bytes would keep all of them.
  const oids = new Uint8Array(bytes.subarray(at, at + count * idBytes));
  const offsets = offsetsFor(count, largeAt + 2 * idBytes < bytes.length ? Infinity : 0x7fffffff);
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
  return { count, idBytes, oids, offsets, fanout, sums };
}

/** Room for places of which none is beyond `largest`. */
export function offsetsFor(count: number, largest: number): Offsets {
  return largest < 2 ** 32 ? new Uint32Array(count) : new Float64Array(count);
}

/** Position of the id at `ids[at …]` among ascending ones, or -1. */
export function findInIndex(
  index: Pick<PackIndex, "oids" | "fanout" | "idBytes">,
  ids: Uint8Array,
  at: number,
): number {
  const { idBytes } = index;
  const first = ids[at]!;
  let low = first === 0 ? 0 : index.fanout[first - 1]!;
  let high = index.fanout[first]!;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareIds(index.oids, middle * idBytes, ids, at, idBytes);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return -1;
}

function compareIds(a: Uint8Array, atA: number, b: Uint8Array, atB: number, idBytes: IdBytes): number {
  for (let i = 0; i < idBytes; i++) {
    const difference = a[atA + i]! - b[atB + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
