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
  applyDelta(delta: number, deltaLength: number, base: number, baseLength: number, out: number, outLength: number): number;
}

export interface PackVisitor {
  /** An object is whole in memory at `[address, address + length)`. Memory behind it may be overwritten. */
  object(entry: number, address: number, length: number): void;
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
export function walkPack(pack: string, entries: PackEntries, memory: ObjectMemory, visitor: PackVisitor, errors: readonly string[]): void {
  const descriptor = openSync(pack, "r");
  try {
    new Walk(descriptor, entries, memory, visitor, errors).run();
  } finally {
    closeSync(descriptor);
  }
}

interface Frame {
  readonly entry: number;
  readonly address: number;
  readonly length: number;
  child: number;
}

class Walk {
  readonly #descriptor: number;
  readonly #entries: PackEntries;
  readonly #memory: ObjectMemory;
  readonly #visitor: PackVisitor;
  readonly #errors: readonly string[];
  readonly #families: Families;
  #compressed = Buffer.alloc(1 << 16);

  constructor(descriptor: number, entries: PackEntries, memory: ObjectMemory, visitor: PackVisitor, errors: readonly string[]) {
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
      this.#visitor.object(root, address, data.length);
      this.#descend({ entry: root, address, length: data.length, child: this.#families.first[root]! });
    }
  }

  /** Walks the families of a base in memory, without recursion: chains may be thousands of deltas long. */
  #descend(root: Frame): void {
    const { first, children } = this.#families;
    const stack: Frame[] = [root];
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
      this.#visitor.object(entry, address, made);
      if (first[entry] !== first[entry + 1]) stack.push({ entry, address, length: made, child: first[entry]! });
    }
  }

  /** Makes a delta's object behind its base. Gives its length, or -1 when that is not possible (the visitor is told). */
  #make(entry: number, base: Frame): number {
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
    this.#place(data, delta);
    const error = this.#memory.applyDelta(delta, data.length, base.address, base.length, out, size);
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
