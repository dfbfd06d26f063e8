import { createHash, hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { PackEntries } from "../../model/unit.ts";
import { readEntryHeader } from "./pack-entry.ts";
import { maxObjectBytes, mostCompressed } from "./pack-walk.ts";

/** A proof is as long as the id of a SHA-1 repository. */
export const proofBytes = 20;
/** Type (0: a delta), proof of the base, size. */
const prefixBytes = 1 + proofBytes + 8;
/** A longer entry is not copied to be hashed in one call. */
const scratchBytes = 1 << 18;
const windowBytes = 1 << 20;

const scratch = Buffer.alloc(scratchBytes);

/**
 * Keys for the entries of a pack that only their own bytes give: SHA-256 over what is stored and the key of what it is built on, cut to 20 bytes. Two
 * entries with one key are the same content, whatever an index calls them. A server copies most entries as they are when a repository is cloned, so
 * another clone has the same keys; hashing what is stored costs a fifteenth of hashing what it expands to.
 */
export class EntryProofs {
  readonly #entries: PackEntries;
  readonly #keys: Buffer;
  readonly #isProved: Uint8Array;

  constructor(entries: PackEntries) {
    this.#entries = entries;
    this.#keys = Buffer.alloc(entries.count * proofBytes);
    this.#isProved = new Uint8Array(entries.count);
  }

  /** All keys, back to back. */
  get keys(): Uint8Array {
    return this.#keys;
  }

  has(entry: number): boolean {
    return this.#isProved[entry] === 1;
  }

  /** The key of an entry in hex; undefined where it has none. */
  text(entry: number): string | undefined {
    return this.has(entry) ? this.#keys.toString("hex", entry * proofBytes, (entry + 1) * proofBytes) : undefined;
  }

  /** Makes the key of an entry whose base has one: `deflated` is what stands behind its header. */
  prove(entry: number, deflated: Uint8Array): void {
    if (this.has(entry)) return;
    const { parents, types, sizes } = this.#entries;
    const base = parents[entry]!;
    if (base >= 0 && !this.has(base)) return;
    scratch[0] = base < 0 ? types[entry]! : 0;
    if (base < 0) scratch.fill(0, 1, 1 + proofBytes);
    else this.#keys.copy(scratch, 1, base * proofBytes, (base + 1) * proofBytes);
    scratch.writeDoubleLE(sizes[entry]!, 1 + proofBytes);
    const length = prefixBytes + deflated.length;
    if (length <= scratchBytes) {
      scratch.set(deflated, prefixBytes);
      this.#keep(entry, hash("sha256", scratch.subarray(0, length), "binary"));
    } else {
      const sum = createHash("sha256").update(scratch.subarray(0, prefixBytes)).update(deflated);
      this.#keep(entry, sum.digest("binary"));
    }
  }

  /** `sum`: a character for each byte, which is made faster than a buffer. */
  #keep(entry: number, sum: string): void {
    this.#keys.write(sum, entry * proofBytes, proofBytes, "binary");
    this.#isProved[entry] = 1;
  }
}

/** Makes the keys of all entries that are whole, from front to back. Throws what the operating system says. */
export function proveEntries(pack: string, entries: PackEntries): EntryProofs {
  const proofs = new EntryProofs(entries);
  const { count, offsets, ends, sizes, sums, parents, idBytes } = entries;
  const descriptor = openSync(pack, "r");
  let window = Buffer.alloc(windowBytes);
  let from = 0;
  let to = 0;
  const prove = (entry: number): void => {
    const offset = offsets[entry]!;
    const length = ends[entry]! - offset;
    if (sizes[entry]! > maxObjectBytes || length > mostCompressed(sizes[entry]!)) return;
    if (offset < from || offset + length > to) {
      if (length > window.length) window = Buffer.alloc(length);
      from = offset;
      to = offset + readSync(descriptor, window, 0, window.length, offset);
    }
    const stored = window.subarray(offset - from, Math.min(offset + length, to) - from);
    if (stored.length < length || (sums !== undefined && crc32(stored) !== sums[entry])) return;
    const header = readEntryHeader(stored, 0, idBytes);
    if (header !== undefined) proofs.prove(entry, stored.subarray(header.length));
  };
  try {
    for (let entry = 0; entry < count; entry++) prove(entry);
    // A delta may name a base behind it by its id: those that waited for one are few, if any.
    for (let entry = 0; entry < count; entry++) if (parents[entry]! > entry) prove(entry);
  } finally {
    closeSync(descriptor);
  }
  return proofs;
}
