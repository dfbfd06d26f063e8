import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32, inflateSync } from "node:zlib";
import type { IdBytes } from "../../model/object-id.ts";
import { openWithoutWaiting } from "../regular-file.ts";
import { applyDelta } from "./delta.ts";
import { inflateExact } from "./inflate.ts";
import { objectId } from "./object-id.ts";
import { longestHeader, objectTypes, readEntryHeader } from "./pack-entry.ts";
import { offsetsFor, type PackIndex } from "./pack-index.ts";
import { maxObjectBytes, mostCompressed } from "./pack-walk.ts";
import { append } from "../../model/multimap.ts";

/** A pack of more expanded bytes is not read only to learn its ids: this takes some ten seconds. */
const maxRebuiltBytes = 4 * 2 ** 30;
/** Read at once, and more where an entry is larger. */
const windowBytes = 1 << 20;
const packHeader = 12;
const objectsAStep = 256;

/** An entry as it lies in the pack. `id` is empty until it is known. */
interface Entry {
  readonly offset: number;
  readonly end: number;
  readonly headerLength: number;
  readonly size: number;
  readonly sum: number;
  type: number;
  id: Buffer;
  readonly children: Entry[];
}

export interface RebuiltIndex {
  readonly index: PackIndex;
  /** Why it does not hold all that the pack says it holds; undefined when it does. */
  readonly fault: string | undefined;
}

/**
 * Makes the index of a pack that has none, as `git index-pack` does: reads it from front to back and computes the ids. What lies behind damage is
 * not found, as only reading tells where an entry ends. Throws Error when the file is no pack, or what the operating system says.
 */
export function rebuildIndex(pack: string, idBytes: IdBytes): RebuiltIndex {
  const steps = rebuildInSteps(pack, idBytes, maxRebuiltBytes);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, of a pack that may expand to `maxBytes`, for those who have something else to do in between: it comes up every few hundred objects. */
export function* rebuildInSteps(pack: string, idBytes: IdBytes, maxBytes: number): Generator<void, RebuiltIndex> {
  const descriptor = openSync(pack, openWithoutWaiting);
  try {
    return yield* new Rebuild(descriptor, idBytes, maxBytes).run();
  } finally {
    closeSync(descriptor);
  }
}

class Rebuild {
  readonly #descriptor: number;
  readonly #idBytes: IdBytes;
  readonly #maxBytes: number;
  readonly #end: number;
  readonly #entries: Entry[] = [];
  readonly #byOffset = new Map<number, Entry>();
  /** Entries that are built on an id that is not known yet. */
  readonly #waiting = new Map<string, Entry[]>();
  #window = Buffer.alloc(0);
  #windowAt = 0;
  #made = 0;
  #fault: string | undefined;

  constructor(descriptor: number, idBytes: IdBytes, maxBytes: number) {
    this.#descriptor = descriptor;
    this.#idBytes = idBytes;
    this.#maxBytes = maxBytes;
    this.#end = fstatSync(descriptor).size;
  }

  *run(): Generator<void, RebuiltIndex> {
    const head = this.#bytes(0, packHeader);
    if (head.length < packHeader || head.toString("latin1", 0, 4) !== "PACK") throw new Error("is not a pack file");
    const count = head.readUInt32BE(8);
    const roots: Entry[] = [];
    let at = packHeader;
    while (this.#entries.length < count && this.#fault === undefined) {
      const entry = this.#entry(at, roots);
      if (entry === undefined) break;
      at = entry.end;
      if (this.#entries.length % objectsAStep === 0) yield;
    }
    let made = 0;
    for (const root of roots) for (const _ of this.#descend(root)) if (++made % objectsAStep === 0) yield;
    const known = this.#entries.filter(({ id }) => id.length > 0);
    if (known.length < count) this.#fault ??= `${count - known.length} of its ${count} objects cannot be read`;
    return { index: this.#index(known), fault: this.#fault };
  }

  /** The entry at an offset; undefined where it is damaged or the file ends. */
  #entry(offset: number, roots: Entry[]): Entry | undefined {
    const header = readEntryHeader(this.#bytes(offset, longestHeader), 0, this.#idBytes);
    if (header === undefined || header.size > maxObjectBytes) return undefined;
    const { type, size, length, baseDistance } = header;
    this.#made += size;
    if (this.#made > this.#maxBytes) {
      this.#fault = "is too large to be read without an index";
      return undefined;
    }
    const bytes = this.#bytes(offset, Math.ceil(length + mostCompressed(size)));
    let data: Buffer;
    let used: number;
    try {
      ({ data, used } = inflateFirst(bytes.subarray(length), size));
    } catch {
      return undefined;
    }
    const stored = bytes.subarray(0, length + used);
    const end = offset + stored.length;
    const entry: Entry = { offset, end, headerLength: length, size, sum: crc32(stored), type, id: none, children: [] };
    if (type === objectTypes.ofsDelta) this.#byOffset.get(offset - baseDistance)?.children.push(entry);
    else if (type === objectTypes.refDelta) {
      const base = stored.toString("hex", length - this.#idBytes, length);
      append(this.#waiting, base, entry);
    } else {
      entry.id = objectId(type, data, this.#idBytes);
      roots.push(entry);
    }
    this.#entries.push(entry);
    this.#byOffset.set(offset, entry);
    return entry;
  }

  /** Computes the ids of all that is built on a full object, without recursion: chains may be thousands of deltas long. */
  *#descend(root: Entry): Generator<void> {
    this.#release(root);
    if (root.children.length === 0) return;
    const stack = [{ entry: root, bytes: this.#data(root), next: 0 }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = top.entry.children[top.next++];
      if (child === undefined) {
        stack.pop();
        continue;
      }
      // A base with no more children is let go before its last child is gone down to.
      if (top.next === top.entry.children.length) stack.pop();
      if (this.#fault !== undefined) continue;
      const bytes = this.#make(child, top.bytes);
      if (bytes === undefined) continue;
      child.type = root.type;
      child.id = objectId(root.type, bytes, this.#idBytes);
      this.#release(child);
      if (child.children.length > 0) stack.push({ entry: child, bytes: Buffer.from(bytes.buffer), next: 0 });
      yield;
    }
  }

  /** What waited for this entry's id is built on it. */
  #release(entry: Entry): void {
    const id = entry.id.toString("hex");
    for (const child of this.#waiting.get(id) ?? []) entry.children.push(child);
    this.#waiting.delete(id);
  }

  #make(entry: Entry, base: Uint8Array): Uint8Array | undefined {
    try {
      const bytes = applyDelta(base, this.#data(entry));
      this.#made += bytes.length;
      if (this.#made > this.#maxBytes) this.#fault = "is too large to be read without an index";
      return bytes;
    } catch {
      return undefined;
    }
  }

  #data({ offset, end, headerLength, size }: Entry): Buffer {
    return inflateExact(this.#bytes(offset, end - offset).subarray(headerLength), size);
  }

  #bytes(offset: number, length: number): Buffer {
    const end = Math.min(offset + length, this.#end);
    if (offset < this.#windowAt || end > this.#windowAt + this.#window.length) {
      const window = Buffer.allocUnsafe(Math.max(windowBytes, length));
      this.#window = window.subarray(0, readSync(this.#descriptor, window, 0, window.length, offset));
      this.#windowAt = offset;
    }
    const at = offset - this.#windowAt;
    return this.#window.subarray(at, at + length);
  }

  #index(entries: Entry[]): PackIndex {
    entries.sort((a, b) => Buffer.compare(a.id, b.id));
    const fanout = new Uint32Array(256);
    for (const { id } of entries) fanout[id[0]!]!++;
    for (let i = 1; i < 256; i++) fanout[i]! += fanout[i - 1]!;
    const offsets = offsetsFor(entries.length, this.#end);
    entries.forEach(({ offset }, i) => (offsets[i] = offset));
    return {
      count: entries.length,
      idBytes: this.#idBytes,
      oids: Buffer.concat(entries.map(({ id }) => id)),
      offsets,
      fanout,
      sums: Uint32Array.from(entries, ({ sum }) => sum),
      end: entries.reduce((last, { end }) => Math.max(last, end), 0),
    };
  }
}

const none = Buffer.alloc(0);

/** Inflates the stream that `bytes` begin with, and tells how many of them it took. Throws Error as `inflateExact`. */
function inflateFirst(bytes: Uint8Array, size: number): { data: Buffer; used: number } {
  // With `info` Node gives the stream beside the data; its declarations know only the data.
  const result = inflateSync(bytes, {
    maxOutputLength: size + 1,
    chunkSize: Math.max(64, size + 1),
    info: true,
  }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
  if (result.buffer.length !== size) throw new Error(`inflates to ${result.buffer.length} bytes instead of ${size}`);
  return { data: result.buffer, used: result.engine.bytesWritten };
}
