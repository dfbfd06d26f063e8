import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { IdBytes } from "../../model/object-id.ts";
import { partition } from "../../model/partition.ts";
import { openWithoutWaiting } from "../regular-file.ts";
import { objectTypes, longestHeader, readEntryHeader, type EntryHeader } from "./pack-entry.ts";
import type { PackFile } from "./pack-folder.ts";
import { findInIndex, type Offsets, type PackIndex } from "./pack-index.ts";

/** All entries of a pack in the order of their offsets, with what their headers say. */
export interface PackTable {
  readonly pack: string;
  /** Object folders of the repository: where other copies of its objects may lie. */
  readonly folders: readonly string[];
  readonly index: PackIndex;
  readonly count: number;
  /** Position in the index of entry i. */
  readonly inIndex: Uint32Array;
  /** Where entry i begins in the pack. */
  readonly offsetOf: (entry: number) => number;
  /** Where it ends. */
  readonly endOf: (entry: number) => number;
  /** What its header says it expands to. */
  readonly sizes: Uint32Array | Float64Array;
  /** Entry of the delta base; -1 for full objects; -2 when the base is not in this pack. */
  readonly parents: Int32Array;
  /** Type of the full object that the entry is built on; 0 when that is not in this pack, or damaged. */
  readonly types: Uint8Array;
  /** Entries that lie behind the end of the file, or whose header is damaged. */
  readonly damaged: readonly number[];
  /** What is wrong with the pack as a whole; undefined when nothing is. */
  readonly fault: string | undefined;
}

/** Headers are read through windows of this size where a pack is gone through once, from front to back, */
const windowBytes = 4 << 20;
/** and of this size where some entries are looked up: a delta mostly lies near what it is built on. */
const partWindowBytes = 4096;
const missing = -2;
/** No object has this type. */
const unknownType = 255;

/** Reads the headers of all entries of a pack. `folders`: object folders of the repository. Throws Error when the pack cannot be read at all. */
export function readPackTable({ pack, index }: PackFile, folders: readonly string[]): PackTable {
  const descriptor = openSync(pack, openWithoutWaiting);
  try {
    const fileEnd = fstatSync(descriptor).size;
    const window = new HeaderWindow(descriptor, trailerOf(fileEnd, index), index.idBytes, windowBytes);
    return { ...readHeaders(pack, window, index, allPlaces(index, window.end)), folders };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The same of some entries alone, and of those that they are built on: the price is one of these, and a look at the offsets of the index. `wanted`: their
 * positions in the index.
 */
export function readPackPart(
  { pack, index }: PackFile,
  folders: readonly string[],
  wanted: readonly number[],
): PackTable {
  const descriptor = openSync(pack, openWithoutWaiting);
  try {
    const end = trailerOf(fstatSync(descriptor).size, index);
    const window = new HeaderWindow(descriptor, end, index.idBytes, partWindowBytes);
    return { ...readHeaders(pack, window, index, placesOf(window, index, wanted)), folders };
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

/** Which entries are looked at, in the order of their offsets. What is known from the index is not kept twice: a history can have ten million entries. */
interface Places extends Pick<PackTable, "inIndex" | "offsetOf" | "endOf"> {
  /** All offsets, ascending; wanted only while headers are read. */
  readonly offsets: Offsets;
}

function allPlaces(index: PackIndex, trailer: number): Places {
  const { count } = index;
  const inIndex = orderByOffset(index.offsets);
  const offsets = index.offsets.slice();
  for (let i = 0; i < count; i++) offsets[i] = index.offsets[inIndex[i]!]!;
  const offsetOf = (entry: number): number => index.offsets[inIndex[entry]!]!;
  const endOf = (entry: number): number => (entry + 1 < count ? Math.min(offsetOf(entry + 1), trailer) : trailer);
  return { inIndex, offsets, offsetOf, endOf };
}

/** Places of some entries and of what they are built on. An entry ends where the next one begins, so all offsets are gone through once. */
function placesOf(window: HeaderWindow, index: PackIndex, wanted: readonly number[]): Places {
  const offsets = withBases(window, index, wanted);
  const ends = new Float64Array(offsets.length).fill(window.end);
  const inIndex = new Int32Array(offsets.length).fill(-1);
  for (let i = 0; i < index.count; i++) {
    const offset = index.offsets[i]!;
    let last = partition(offsets.length, (at) => offsets[at]! <= offset) - 1;
    if (last >= 0 && offsets[last] === offset) inIndex[last--] = i;
    if (last >= 0 && offset < ends[last]!) ends[last] = offset;
  }
  const indexed = offsets.map((_, at) => at).filter((at) => inIndex[at]! >= 0);
  const begins = Float64Array.from(indexed, (at) => offsets[at]!);
  return {
    inIndex: Uint32Array.from(indexed, (at) => inIndex[at]!),
    offsets: begins,
    offsetOf: (entry) => begins[entry]!,
    endOf: (entry) => ends[indexed[entry]!]!,
  };
}

/** Offsets of entries, and of those that they are built on, ascending. A base that the index does not know may be among them. */
function withBases(window: HeaderWindow, index: PackIndex, wanted: readonly number[]): number[] {
  const offsets = new Set<number>();
  for (const position of wanted) {
    let at = index.offsets[position]!;
    while (!offsets.has(at) && offsets.size <= index.count) {
      offsets.add(at);
      const header = window.header(at);
      if (header?.type === objectTypes.ofsDelta) at -= header.baseDistance;
      else if (header?.type === objectTypes.refDelta) {
        const base = window.baseInIndex(index, header);
        if (base < 0) break;
        at = index.offsets[base]!;
      } else break;
    }
  }
  return [...offsets].sort((a, b) => a - b);
}

/** Where the checksum begins that lies behind all entries. */
function trailerOf(fileEnd: number, { idBytes, end }: PackIndex): number {
  return end ?? Math.max(0, fileEnd - idBytes);
}

function readHeaders(
  pack: string,
  window: HeaderWindow,
  index: PackIndex,
  { inIndex, offsets, offsetOf, endOf }: Places,
): Omit<PackTable, "folders"> {
  const count = inIndex.length;
  let sizes: PackTable["sizes"] = new Uint32Array(count);
  const parents = new Int32Array(count).fill(-1);
  const types = new Uint8Array(count);
  const damaged: number[] = [];
  const entryAt = invert(inIndex, index.count);
  for (let i = 0; i < count; i++) {
    const header = window.header(offsets[i]!);
    if (header === undefined) {
      damaged.push(i);
      continue;
    }
    if (header.size >= 2 ** 32 && sizes instanceof Uint32Array) sizes = Float64Array.from(sizes);
    sizes[i] = header.size;
    if (header.type === objectTypes.ofsDelta) parents[i] = entryByOffset(offsets, offsets[i]! - header.baseDistance, i);
    else if (header.type === objectTypes.refDelta) {
      const at = window.baseInIndex(index, header);
      parents[i] = at < 0 ? missing : entryAt[at]!;
    } else types[i] = header.type;
  }
  inheritTypes(parents, types);
  return {
    pack,
    index,
    count,
    inIndex,
    offsetOf,
    endOf,
    sizes,
    parents,
    types,
    damaged,
    fault: packFault(window.descriptor, window.end, index),
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

function packFault(descriptor: number, end: number, index: PackIndex): string | undefined {
  const head = Buffer.alloc(12);
  if (readSync(descriptor, head, 0, 12, 0) < 12 || head.toString("latin1", 0, 4) !== "PACK")
    return "is not a pack file";
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) return `has unknown version ${version}`;
  let last = 0;
  for (const offset of index.offsets) if (offset > last) last = offset;
  if (last >= end) return `is cut off: its entries end at byte ${end}, its index goes to ${last}`;
  if (head.readUInt32BE(8) !== index.count) return `holds ${head.readUInt32BE(8)} objects, its index ${index.count}`;
  return undefined;
}

/** Positions of the index in the order of their offsets. */
function orderByOffset(offsets: Offsets): Uint32Array {
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

function invert(order: Uint32Array, count: number): Uint32Array {
  const inverse = new Uint32Array(count);
  for (let i = 0; i < order.length; i++) inverse[order[i]!] = i;
  return inverse;
}

function entryByOffset(offsets: Offsets, offset: number, before: number): number {
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
  readonly descriptor: number;
  /** Where the entries end. */
  readonly end: number;
  readonly #bytes: Buffer;
  readonly #idBytes: IdBytes;
  /** Where the header asked for last starts. */
  #at = 0;
  #from = 0;
  #filled = 0;

  constructor(descriptor: number, end: number, idBytes: IdBytes, size: number) {
    this.descriptor = descriptor;
    this.end = end;
    this.#idBytes = idBytes;
    this.#bytes = Buffer.alloc(size + longestHeader);
  }

  /** The header at an offset; undefined where it is damaged, or where no entry can be. */
  header(offset: number): EntryHeader | undefined {
    if (offset < 0 || offset >= this.end) return undefined;
    const end = Math.min(offset + longestHeader, this.end);
    if (offset < this.#from || end > this.#from + this.#filled) {
      this.#from = offset;
      this.#filled = readSync(this.descriptor, this.#bytes, 0, this.#bytes.length, offset);
    }
    this.#at = offset - this.#from;
    return readEntryHeader(this.#bytes.subarray(0, this.#filled), this.#at, this.#idBytes);
  }

  /** Position in the index of what the REF delta is built on whose header was asked for last; -1 where it is not there. */
  baseInIndex(index: PackIndex, header: EntryHeader): number {
    return findInIndex(index, this.#bytes, this.#at + header.length - this.#idBytes);
  }
}
