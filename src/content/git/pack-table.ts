import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { IdBytes } from "../../model/object-id.ts";
import { openWithoutWaiting } from "../regular-file.ts";
import { objectTypes, longestHeader, readEntryHeader } from "./pack-entry.ts";
import type { PackFile } from "./pack-folder.ts";
import { findInIndex, type PackIndex } from "./pack-index.ts";

/** All entries of a pack in the order of their offsets, with what their headers say. */
export interface PackTable {
  readonly pack: string;
  /** Object folders of the repository: where other copies of its objects may lie. */
  readonly folders: readonly string[];
  readonly index: PackIndex;
  readonly count: number;
  /** Position in the index of entry i. */
  readonly inIndex: Uint32Array;
  readonly offsets: Float64Array;
  readonly ends: Float64Array;
  readonly sizes: Float64Array;
  /** Entry of the delta base; -1 for full objects; -2 when the base is not in this pack. */
  readonly parents: Int32Array;
  /** Type of the full object that the entry is built on; 0 when that is not in this pack, or damaged. */
  readonly types: Uint8Array;
  /** Entries that lie behind the end of the file, or whose header is damaged. */
  readonly damaged: readonly number[];
  /** What is wrong with the pack as a whole; undefined when nothing is. */
  readonly fault: string | undefined;
}

/** Headers are read through windows of this size; a pack is gone through once, from front to back. */
const windowBytes = 4 << 20;
const missing = -2;
/** No object has this type. */
const unknownType = 255;

/** Reads the headers of all entries of a pack. `folders`: object folders of the repository. Throws Error when the pack cannot be read at all. */
export function readPackTable({ pack, index }: PackFile, folders: readonly string[]): PackTable {
  const descriptor = openSync(pack, openWithoutWaiting);
  try {
    return { ...readHeaders(pack, descriptor, index), folders };
  } finally {
    closeSync(descriptor);
  }
}

/** How many objects a pack says it holds. Throws Error when the file is no pack or cannot be read. */
export function packCount(pack: string): number {
  const descriptor = openSync(pack, openWithoutWaiting);
  try {
    const head = Buffer.alloc(12);
    if (readSync(descriptor, head, 0, 12, 0) < 12 || head.toString("latin1", 0, 4) !== "PACK")
      throw new Error("is not a pack file");
    return head.readUInt32BE(8);
  } finally {
    closeSync(descriptor);
  }
}

function readHeaders(pack: string, descriptor: number, index: PackIndex): Omit<PackTable, "folders"> {
  const { idBytes } = index;
  const fileEnd = fstatSync(descriptor).size;
  const inIndex = orderByOffset(index.offsets);
  const { count } = index;
  const offsets = new Float64Array(count);
  const ends = new Float64Array(count);
  for (let i = 0; i < count; i++) offsets[i] = index.offsets[inIndex[i]!]!;
  const trailer = fileEnd - idBytes;
  for (let i = 0; i < count; i++)
    ends[i] = i + 1 < count ? Math.min(offsets[i + 1]!, Math.max(trailer, 0)) : Math.max(trailer, 0);

  const sizes = new Float64Array(count);
  const parents = new Int32Array(count).fill(-1);
  const types = new Uint8Array(count);
  const damaged: number[] = [];
  const entryAt = invert(inIndex);
  const window = new HeaderWindow(descriptor, fileEnd, idBytes);
  for (let i = 0; i < count; i++) {
    const header = offsets[i]! < trailer ? window.header(offsets[i]!) : undefined;
    if (header === undefined) {
      damaged.push(i);
      continue;
    }
    sizes[i] = header.size;
    if (header.type === objectTypes.ofsDelta) parents[i] = entryByOffset(offsets, offsets[i]! - header.baseDistance, i);
    else if (header.type === objectTypes.refDelta) {
      const at = findInIndex(index, window.bytes, window.at + header.length - idBytes);
      parents[i] = at < 0 ? missing : entryAt[at]!;
    } else types[i] = header.type;
  }
  inheritTypes(parents, types);
  return {
    pack,
    index,
    count,
    inIndex,
    offsets,
    ends,
    sizes,
    parents,
    types,
    damaged,
    fault: packFault(descriptor, fileEnd, index, offsets),
  };
}

/** A delta has the type of what it is built on. REF deltas may point forward, so chains are followed, not the order; a cycle ends with type 0. */
function inheritTypes(parents: Int32Array, types: Uint8Array): void {
  const chain: number[] = [];
  for (let i = 0; i < parents.length; i++) {
    let at = i;
    while (types[at] === 0 && parents[at]! >= 0 && chain.length <= parents.length) {
      chain.push(at);
      at = parents[at]!;
    }
    // A type found to be unknown is noted too: otherwise each entry of a long chain that leads nowhere would follow it to its end.
    const type = types[at]! || unknownType;
    for (const entry of chain) types[entry] = type;
    chain.length = 0;
  }
  for (let i = 0; i < types.length; i++) if (types[i] === unknownType) types[i] = 0;
}

function packFault(descriptor: number, fileEnd: number, index: PackIndex, offsets: Float64Array): string | undefined {
  const head = Buffer.alloc(12);
  if (readSync(descriptor, head, 0, 12, 0) < 12 || head.toString("latin1", 0, 4) !== "PACK")
    return "is not a pack file";
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) return `has unknown version ${version}`;
  const last = offsets[index.count - 1];
  if (last !== undefined && last >= fileEnd - index.idBytes)
    return `is cut off: it ends at byte ${fileEnd}, its index goes to ${last}`;
  if (head.readUInt32BE(8) !== index.count) return `holds ${head.readUInt32BE(8)} objects, its index ${index.count}`;
  return undefined;
}

/** Positions of the index in the order of their offsets. */
function orderByOffset(offsets: Float64Array): Uint32Array {
  const { length } = offsets;
  const order = new Uint32Array(length);
  const scale = 2 ** Math.ceil(Math.log2(Math.max(2, length)));
  let largest = 0;
  for (const offset of offsets) if (offset > largest) largest = offset;
  if (largest * scale < Number.MAX_SAFE_INTEGER) {
    // Offset and position in one number: typed arrays sort those ten times faster than with a comparison of ours.
    const keys = new Float64Array(length);
    for (let i = 0; i < length; i++) keys[i] = offsets[i]! * scale + i;
    keys.sort();
    for (let i = 0; i < length; i++) order[i] = keys[i]! % scale;
    return order;
  }
  for (let i = 0; i < length; i++) order[i] = i;
  return order.sort((a, b) => offsets[a]! - offsets[b]!);
}

function invert(order: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) inverse[order[i]!] = i;
  return inverse;
}

function entryByOffset(offsets: Float64Array, offset: number, before: number): number {
  let low = 0;
  let high = before;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (offsets[middle]! === offset) return middle;
    if (offsets[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  return missing;
}

class HeaderWindow {
  readonly bytes = Buffer.alloc(windowBytes + longestHeader);
  /** Where in `bytes` the header asked for last starts. */
  at = 0;
  readonly #descriptor: number;
  readonly #fileEnd: number;
  readonly #idBytes: IdBytes;
  #from = 0;
  #filled = 0;

  constructor(descriptor: number, fileEnd: number, idBytes: IdBytes) {
    this.#descriptor = descriptor;
    this.#fileEnd = fileEnd;
    this.#idBytes = idBytes;
  }

  header(offset: number): ReturnType<typeof readEntryHeader> {
    const end = Math.min(offset + longestHeader, this.#fileEnd);
    if (offset < this.#from || end > this.#from + this.#filled) {
      this.#from = offset;
      this.#filled = readSync(this.#descriptor, this.bytes, 0, this.bytes.length, offset);
    }
    this.at = offset - this.#from;
    return readEntryHeader(this.bytes.subarray(0, this.#filled), this.at, this.#idBytes);
  }
}
