import { closeSync, openSync, readSync } from "node:fs";
import type { PackEntries } from "../../model/unit.ts";
import { buildFamilies, type Families } from "./family.ts";
import { inflateExact } from "./inflate.ts";
import { readEntryHeader } from "./pack-entry.ts";

/** Memory in which objects are put together: the kernel of detection, or anything like it. Addresses are bytes from its start. */
export interface ObjectMemory {
  readonly arena: number;
  /** Makes room for `bytes` behind `arena`; views taken before are stale. */
  reserve(bytes: number): void;
  readonly bytes: Buffer;
  deltaTargetSize(delta: number, length: number): number;
  applyDelta(delta: number, deltaLength: number, base: number, baseLength: number, out: number, outLength: number, scratch: number): number;
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
  /** An object cannot be made; `lost` wanted objects in all, with those that are built on it. */
  damaged(entry: number, why: string, lost: number): void;
  /** Too large to be put together in memory. */
  tooLarge(entry: number, size: number, lost: number): void;
  cancelled(): boolean;
}

/** An object, its delta and its base have to lie in memory together. */
export const maxObjectBytes = 1 << 29;

/**
 * Makes every object of the entries, each base before its children, and shows it to the visitor. Families are walked depth-first with the
 * heaviest branch last, which takes its parent's place in memory. Entries are read with one exact read each.
 * `errors` names the numbers that `applyDelta` gives.
 */
export function walkPack<T>(pack: string, entries: PackEntries, memory: ObjectMemory, visitor: PackVisitor<T>, errors: readonly string[]): void {
  const descriptor = openSync(pack, "r");
  try {
    new Walk(descriptor, entries, memory, visitor, errors).run();
  } finally {
    closeSync(descriptor);
  }
}

interface Frame<T> {
  readonly entry: number;
  readonly address: number;
  readonly length: number;
  child: number;
  readonly kept: T | undefined;
}

class Walk<T> {
  readonly #descriptor: number;
  readonly #entries: PackEntries;
  readonly #memory: ObjectMemory;
  readonly #visitor: PackVisitor<T>;
  readonly #errors: readonly string[];
  readonly #families: Families;
  #compressed = Buffer.alloc(1 << 16);

  constructor(descriptor: number, entries: PackEntries, memory: ObjectMemory, visitor: PackVisitor<T>, errors: readonly string[]) {
    this.#descriptor = descriptor;
    this.#entries = entries;
    this.#memory = memory;
    this.#visitor = visitor;
    this.#errors = errors;
    this.#families = buildFamilies(entries);
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
      const data = this.#read(root);
      if (typeof data === "string") {
        this.#visitor.damaged(root, data, wanted[root]!);
        continue;
      }
      const address = this.#memory.arena;
      this.#place(data, address);
      const kept = this.#visitor.object(root, address, data.length, undefined);
      this.#descend({ entry: root, address, length: data.length, child: this.#families.first[root]!, kept });
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
      if (first[entry] !== first[entry + 1]) stack.push({ entry, address, length: made, child: first[entry]!, kept });
    }
  }

  /** Makes a delta's object behind its base. Gives its length, or -1 when that is not possible (the visitor is told). */
  #make(entry: number, base: Frame<T>): number {
    const lost = this.#families.wanted[entry]!;
    const data = this.#read(entry);
    if (typeof data === "string") {
      this.#visitor.damaged(entry, data, lost);
      return -1;
    }
    const out = align(base.address + base.length);
    this.#place(data, out);
    const size = this.#memory.deltaTargetSize(out, data.length);
    if (size < 0) {
      this.#visitor.damaged(entry, this.#errors[1]!, lost);
      return -1;
    }
    if (size > maxObjectBytes) {
      this.#visitor.tooLarge(entry, size, lost);
      return -1;
    }
    const delta = align(out + size);
    const scratch = align(delta + data.length);
    this.#memory.reserve(scratch + this.#memory.copyBytes(size) - this.#memory.arena);
    this.#memory.bytes.set(data, delta);
    const error = this.#memory.applyDelta(delta, data.length, base.address, base.length, out, size, scratch);
    if (error === 0) return size;
    this.#visitor.damaged(entry, this.#errors[error] ?? "it is damaged", lost);
    return -1;
  }

  #place(data: Uint8Array, address: number): void {
    this.#memory.reserve(address + data.length - this.#memory.arena);
    this.#memory.bytes.set(data, address);
  }

  /** The inflated data of an entry, or what is wrong with it. */
  #read(entry: number): Buffer | string {
    const { offsets, ends, sizes } = this.#entries;
    const offset = offsets[entry]!;
    const length = ends[entry]! - offset;
    if (sizes[entry]! > maxObjectBytes) return "its delta is too large";
    if (length > this.#compressed.length) this.#compressed = Buffer.alloc(length * 2);
    try {
      const read = readSync(this.#descriptor, this.#compressed, 0, length, offset);
      const bytes = this.#compressed.subarray(0, read);
      const header = readEntryHeader(bytes, 0);
      if (header === undefined) return "its header is damaged";
      return inflateExact(bytes.subarray(header.length), sizes[entry]!);
    } catch (error) {
      return error instanceof Error ? error.message : "it cannot be read";
    }
  }
}

function align(address: number): number {
  return Math.ceil(address / 16) * 16;
}
