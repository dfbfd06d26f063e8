import { closeSync, openSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { PackEntries } from "../../model/unit.ts";
import type { EntryProofs } from "./entry-proof.ts";
import { buildFamilies, type Families } from "./family.ts";
import { EntryReader } from "./entry-reader.ts";
import { createInflater, type InflateInto } from "./inflate.ts";
import { readEntryHeader } from "./pack-entry.ts";

/** Memory in which objects are put together: the kernel of detection, or anything like it. Addresses are bytes from its start. */
export interface ObjectMemory {
  readonly arena: number;
  /** Makes room for `bytes` behind `arena`; views taken before are stale. */
  reserve(bytes: number): void;
  readonly bytes: Buffer;
  deltaTargetSize(delta: number, length: number): number;
  applyDelta(
    delta: number,
    deltaLength: number,
    base: number,
    baseLength: number,
    out: number,
    outLength: number,
    scratch: number,
  ): number;
  /** Bytes of scratch that `applyDelta` needs. */
  copyBytes(outLength: number): number;
}

/** `T` is what a visitor keeps of an object for the objects that are built on it. */
export interface PackVisitor<T> {
  /**
   * An object is whole in memory at `[address, address + length)`. Memory behind it may be overwritten. For a delta, `base` is what was given for
   * the object it is built on, and the memory still knows what the delta copied.
   */
  object(entry: number, address: number, length: number, base: T | undefined): T | undefined;
  /** How many bytes a byte of an object stands for, where it takes that much longer than others of its size. */
  weight?(kept: T): number;
  /** An object cannot be made; `lost` wanted objects in all, with those that are built on it. */
  damaged(entry: number, why: string, lost: number): void;
  /** Deltas of these entries make more than `maxExpansion` allows: nothing more is made of the entries; `lost` wanted objects in all. */
  bomb(entry: number, lost: number): void;
  /** Too large to be put together in memory. */
  tooLarge(entry: number, size: number, lost: number): void;
  cancelled(): boolean;
}

/** An object, its delta and its base have to lie in memory together. */
export const maxObjectBytes = 1 << 29;

/**
 * What the deltas of some entries may make: so much for each byte that the entries take, and their share of what all packs of a store may. A delta of ten bytes
 * can make half a gigabyte, and a pack of a megabyte holds thirty thousand of them. A file of any size with three thousand versions, or of 2 MB with
 * any number, stays below the most: git copies at most 64 KiB with one instruction of some six bytes, which deflate to three or four. Whole repositories
 * of such versions are small, so the packs of a store may make 64 GiB that way (20 s of CPU), and beyond it a quarter for each byte: a store of one megabyte
 * 34 GB, one of a hundred 0.9 TB, into however many packs and units it is cut.
 */
const maxExpansion = 1 << 15;
const steadyExpansion = 1 << 13;
const largeExpansion = 64 * 2 ** 30;
const freeExpansion = 2 ** 30;

/**
 * Makes every object of the entries, each base before its children, and shows it to the visitor. Families are walked depth-first with the
 * heaviest branch last, which takes its parent's place in memory. Entries that are near to each other are read together.
 * `errors` names the numbers that `applyDelta` gives. `proofs` gets the keys of entries that it has none of. Of what is not wanted only that is made on which something is
 * built that is.
 */
export function walkPack<T>(
  pack: string,
  entries: PackEntries,
  memory: ObjectMemory,
  visitor: PackVisitor<T>,
  errors: readonly string[],
  proofs?: EntryProofs,
): void {
  const descriptor = openSync(pack, "r");
  try {
    new Walk(descriptor, entries, memory, visitor, errors, proofs).run();
  } finally {
    closeSync(descriptor);
  }
}

function mostExpanded({ count, ends, offsets, share }: PackEntries): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += ends[i]! - offsets[i]!;
  return freeExpansion * share + Math.min(bytes * maxExpansion, bytes * steadyExpansion + largeExpansion * share);
}

/** One a thread: it keeps native memory. */
let inflater: InflateInto | undefined;

interface Frame<T> {
  readonly entry: number;
  readonly address: number;
  readonly length: number;
  child: number;
  readonly kept: T | undefined;
}

class Walk<T> {
  readonly #reader: EntryReader;
  readonly #entries: PackEntries;
  readonly #memory: ObjectMemory;
  readonly #visitor: PackVisitor<T>;
  readonly #errors: readonly string[];
  readonly #proofs: EntryProofs | undefined;
  readonly #families: Families;
  readonly #into: InflateInto;
  /** What deltas may still make. */
  #left: number;

  constructor(
    descriptor: number,
    entries: PackEntries,
    memory: ObjectMemory,
    visitor: PackVisitor<T>,
    errors: readonly string[],
    proofs: EntryProofs | undefined,
  ) {
    this.#proofs = proofs;
    this.#entries = entries;
    this.#memory = memory;
    this.#visitor = visitor;
    this.#errors = errors;
    this.#families = buildFamilies(entries);
    this.#reader = new EntryReader(descriptor, entries.offsets, entries.ends, this.#families.wanted);
    this.#left = mostExpanded(entries);
    this.#into = inflater ??= createInflater();
  }

  run(): void {
    const { roots, wanted } = this.#families;
    for (const root of roots) {
      if (this.#visitor.cancelled()) return;
      const size = this.#entries.sizes[root]!;
      if (size > maxObjectBytes) {
        this.#visitor.tooLarge(root, size, wanted[root]!);
        continue;
      }
      const address = this.#memory.arena;
      const fault = this.#inflate(root, address);
      if (fault !== undefined) {
        this.#visitor.damaged(root, fault, wanted[root]!);
        continue;
      }
      const kept = this.#visitor.object(root, address, size, undefined);
      this.#descend({ entry: root, address, length: size, child: this.#families.first[root]!, kept });
    }
  }

  /** Walks the families of a base in memory, without recursion: chains may be thousands of deltas long. */
  #descend(root: Frame<T>): void {
    const { first, children } = this.#families;
    const stack: Frame<T>[] = [root];
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      if (frame.child === first[frame.entry + 1]! || this.#visitor.cancelled()) {
        stack.pop();
        continue;
      }
      const entry = children[frame.child++]!;
      const isLast = frame.child === first[frame.entry + 1]!;
      const made = this.#make(entry, frame);
      if (made < 0) continue;
      let address = align(frame.address + frame.length);
      if (isLast) {
        // The parent has no more children: its place is free.
        this.#memory.bytes.copyWithin(frame.address, address, address + made);
        address = frame.address;
        stack.pop();
      }
      const kept = this.#visitor.object(entry, address, made, frame.kept);
      if (kept !== undefined) this.#left -= made * ((this.#visitor.weight?.(kept) ?? 1) - 1);
      if (first[entry] !== first[entry + 1]) stack.push({ entry, address, length: made, child: first[entry]!, kept });
    }
  }

  /** Makes a delta's object behind its base. Gives its length, or -1 when that is not possible (the visitor is told). */
  #make(entry: number, base: Frame<T>): number {
    const lost = this.#families.wanted[entry]!;
    const out = align(base.address + base.length);
    const deltaLength = this.#entries.sizes[entry]!;
    const fault = this.#inflate(entry, out);
    if (fault !== undefined) {
      this.#visitor.damaged(entry, fault, lost);
      return -1;
    }
    const memory = this.#memory;
    const size = memory.deltaTargetSize(out, deltaLength);
    if (size < 0) {
      this.#visitor.damaged(entry, this.#errors[1]!, lost);
      return -1;
    }
    if (size > maxObjectBytes) {
      this.#visitor.tooLarge(entry, size, lost);
      return -1;
    }
    this.#left -= size;
    if (this.#left < 0) {
      this.#visitor.bomb(entry, lost);
      return -1;
    }
    // The delta makes room for what it makes.
    const delta = align(out + size);
    const scratch = align(delta + deltaLength);
    memory.reserve(scratch + memory.copyBytes(size) - memory.arena);
    memory.bytes.copyWithin(delta, out, out + deltaLength);
    const error = memory.applyDelta(delta, deltaLength, base.address, base.length, out, size, scratch);
    if (error === 0) return size;
    this.#visitor.damaged(entry, this.#errors[error] ?? "it is damaged", lost);
    return -1;
  }

  /** Inflates an entry to an address. Gives what is wrong with it, if anything. */
  #inflate(entry: number, address: number): string | undefined {
    const { offsets, ends, sizes, sums } = this.#entries;
    const size = sizes[entry]!;
    if (size > maxObjectBytes) return "its delta is too large";
    const length = ends[entry]! - offsets[entry]!;
    if (length > mostCompressed(size)) return "it takes more room than its data can";
    try {
      const bytes = this.#reader.bytes(entry);
      // zlib has a sum of its own, but only over the data: a flipped bit in a header would give another base without a word.
      if (sums !== undefined && crc32(bytes) !== sums[entry]) return "its checksum is wrong";
      const header = readEntryHeader(bytes, 0, this.#entries.idBytes);
      if (header === undefined) return "its header is damaged";
      this.#memory.reserve(address + size - this.#memory.arena);
      const deflated = bytes.subarray(header.length);
      this.#into(deflated, this.#memory.bytes, address, size);
      this.#proofs?.prove(entry, deflated);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : "it cannot be read";
    }
  }
}

/** Deflating makes nothing longer than this (zlib's deflateBound is an eighth more and a few bytes): a pack whose index lies is not read as a whole. */
export function mostCompressed(size: number): number {
  return size * 1.25 + 4096;
}

function align(address: number): number {
  return Math.ceil(address / 16) * 16;
}
