import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { append } from "../../model/multimap.ts";
import type { IdBytes } from "../../model/object-id.ts";
import { applyDelta } from "../git/delta.ts";
import { inflateExact } from "../git/inflate.ts";
import { objectId } from "../git/object-id.ts";
import { longestHeader, objectTypes, readEntryHeader } from "../git/pack-entry.ts";
import { chunksOf, type Bytes } from "./bytes.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { inflate, type InflateOutcome } from "./inflate.ts";
import { insideLimits } from "./limits.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import { TreeNames } from "./git-tree.ts";

/** An object that is built on another, or that another is built on, lies in memory as a whole; so does its delta. */
const mostObject = 1 << 27;
/** Bases that wait for more of what is built on them. */
const mostHeld = 1 << 28;
/** Entries up to this size are inflated with one call. */
const atOnce = 1 << 20;
const packHeader = 12;

interface Entry {
  readonly offset: number;
  /** Where its deflated data start and end. */
  readonly from: number;
  readonly end: number;
  readonly size: number;
  readonly type: number;
  readonly children: Entry[];
  isGiven: boolean;
}

/**
 * The objects of a git pack that lies somewhere alone, or behind the header of a bundle (`start`): gitformat-pack. Messages and tags come first, then the names in
 * trees, then files, which are called by their id and the name that a tree has for them. A pack whose objects are built on what is not in it is told.
 */
export function* packMembers(bytes: Bytes, report: ReportFault, start = 0): Generator<Member, void> {
  yield* new LonePack(bytes, start, report).members();
}

class LonePack {
  readonly #bytes: Bytes;
  readonly #start: number;
  readonly #report: ReportFault;
  /** What may still be made of it. */
  #left: number;
  #idBytes: IdBytes | undefined;
  readonly #roots: Entry[] = [];
  readonly #byOffset = new Map<number, Entry>();
  /** Entries that are built on an id that is not known yet. */
  readonly #waiting = new Map<string, Entry[]>();
  #names = new TreeNames(20);
  constructor(bytes: Bytes, start: number, report: ReportFault) {
    this.#bytes = bytes;
    this.#start = start;
    this.#report = report;
    this.#left = Math.max(insideLimits.freeBytes, (bytes.size - start) * insideLimits.maxRatio);
  }

  *members(): Generator<Member, void> {
    const count = this.#bytes.read(this.#start, packHeader).readUInt32BE(8);
    this.#list(count);
    this.#names = new TreeNames(this.#ids);
    const { commit, tag, tree, blob } = objectTypes;
    const passes: readonly (readonly number[])[] = [[commit, tag], [tree], [blob]];
    for (const types of passes)
      for (const root of this.#roots) if (types.includes(root.type)) yield* this.#family(root);
    yield* this.#unmade();
  }

  /** What is built on nothing that is here: the bytes that such a delta brings are there all the same. */
  *#unmade(): Generator<Member, void> {
    let count = 0;
    for (const entry of this.#byOffset.values()) {
      if (entry.isGiven) continue;
      count++;
      const delta = this.#data(entry);
      if (delta !== undefined) yield { name: this.#placeOf(entry), chunks: insertedBytes(delta) };
    }
    if (count === 0) return;
    const message = `what some objects of the pack are built on is damaged or not in it: of ${count} only what they add was read`;
    this.#report(lost("object-missing", "", message));
  }

  #placeOf({ offset }: Entry): string {
    return `object at byte ${offset - this.#start}`;
  }

  get #ids(): IdBytes {
    return this.#idBytes ?? 20;
  }

  /** Goes through the pack from front to back: only reading tells where an entry ends. */
  #list(count: number): void {
    let at = this.#start + packHeader;
    let found = 0;
    // More may lie there than its header says.
    const isOver = (rest: number): boolean => found >= count && (rest === 20 || rest === 32);
    for (; found < insideLimits.maxMembers && !isOver(this.#bytes.size - at); found++) {
      const end = this.#entry(at);
      if (end === undefined) break;
      at = end;
    }
    const rest = this.#bytes.size - at;
    this.#idBytes ??= rest === 32 ? 32 : 20;
    if (this.#left < 0) this.#tell("bomb", "the pack makes too much of its bytes: it was not read to its end");
    else if (found === insideLimits.maxMembers && !isOver(rest))
      this.#tell("bomb", `the pack holds more than ${found} objects: the rest was not read`);
    else if (found < count)
      this.#tell("archive-corrupt", `${count - found} of ${count} objects of the pack cannot be read`);
    else if (found > count || rest !== this.#ids || !this.#isAsSummed(at))
      this.#tell("archive-corrupt", "the pack has another checksum, or goes on behind its objects");
  }

  #isAsSummed(end: number): boolean {
    const sum = createHash(this.#ids === 20 ? "sha1" : "sha256");
    for (const chunk of chunksOf(this.#bytes, this.#start, end)) sum.update(chunk);
    return sum.digest().equals(this.#bytes.read(end, this.#ids));
  }

  #tell(code: "bomb" | "archive-corrupt" | "too-large", message: string): void {
    this.#report(lost(code, "", message));
  }

  /** Takes the entry at an offset, and gives where it ends; undefined where it is damaged. */
  #entry(offset: number): number | undefined {
    const head = this.#bytes.read(offset, longestHeader + 2);
    const isOnId = head.length > 0 && ((head[0]! >> 4) & 7) === objectTypes.refDelta;
    if (isOnId) this.#idBytes ??= idLengthOf(head);
    const header = readEntryHeader(head, 0, this.#ids);
    if (header === undefined) return undefined;
    const { type, size, length, baseDistance } = header;
    this.#left -= size;
    if (this.#left < 0) return undefined;
    const end = this.#endOf(offset + length, size);
    if (end === undefined) return undefined;
    const entry: Entry = { offset, from: offset + length, end, size, type, children: [], isGiven: false };
    this.#byOffset.set(offset, entry);
    if (type === objectTypes.ofsDelta) {
      const base = this.#byOffset.get(offset - baseDistance);
      if (base !== entry) base?.children.push(entry);
    } else if (type === objectTypes.refDelta)
      append(this.#waiting, head.toString("hex", length - this.#ids, length), entry);
    else this.#roots.push(entry);
    return end;
  }

  /** Where the deflated data at `from` end, if they make `size` bytes. */
  #endOf(from: number, size: number): number | undefined {
    if (size <= atOnce) {
      try {
        // What zlib cannot make smaller it makes a little larger; other writers may take more room.
        const { used, length } = inflateFirst(this.#bytes.read(from, Math.ceil(size * 1.25) + 4096), size);
        return length === size ? from + used : undefined;
      } catch {
        return undefined;
      }
    }
    const reader = new ChunkReader(chunksOf(this.#bytes, from));
    const outcome: InflateOutcome = { isWhole: false };
    let made = 0;
    for (const piece of inflate(reader, "zlib", outcome)) if ((made += piece.length) > size) return undefined;
    return outcome.isWhole && made === size ? from + reader.position : undefined;
  }

  /** An object with all that is built on it, without recursion: chains may be thousands of deltas long. */
  *#family(root: Entry): Generator<Member, void> {
    const { type } = root;
    const isAlone = root.children.length === 0 && this.#waiting.size === 0;
    if (root.size > mostObject && type !== objectTypes.blob)
      return this.#tell("too-large", "an object of the pack is too large to be put together");
    if (root.size > mostObject || (isAlone && root.size > atOnce)) {
      // It goes by in pieces, and is called by where it lies; what is built on it is lost.
      root.isGiven = true;
      yield { name: this.#placeOf(root), chunks: this.#stream(root) };
      return;
    }
    const stack: { entry: Entry; bytes: Buffer; next: number }[] = [];
    let held = 0;
    const keep = (entry: Entry, bytes: Buffer): void => {
      if (entry.children.length === 0) return;
      if (held + bytes.length > mostHeld)
        return this.#tell("too-large", "objects of the pack are built on too many large ones");
      held += bytes.length;
      stack.push({ entry, bytes, next: 0 });
    };
    const bytes = this.#data(root);
    if (bytes === undefined) return;
    yield this.#member(root, type, bytes);
    keep(root, bytes);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = top.entry.children[top.next++];
      // A base with no more children is let go before its last child is gone down to.
      if (top.next >= top.entry.children.length) {
        stack.pop();
        held -= top.bytes.length;
      }
      const made = child === undefined ? undefined : this.#make(child, top.bytes);
      if (child === undefined || made === undefined) continue;
      yield this.#member(child, type, made);
      keep(child, made);
    }
  }

  #member(entry: Entry, type: number, bytes: Buffer): Member {
    entry.isGiven = true;
    const id = objectId(type, bytes, this.#ids).toString("hex");
    // What waited for this id is built on it.
    for (const child of this.#waiting.get(id) ?? []) entry.children.push(child);
    this.#waiting.delete(id);
    if (type === objectTypes.tree) return { name: id, chunks: [this.#names.take(bytes)] };
    const name = type === objectTypes.blob ? this.#names.of(id) : undefined;
    return { name: name === undefined ? id : `${id}/${name}`, chunks: [bytes] };
  }

  *#stream({ from, end }: Entry): Generator<Uint8Array, void> {
    const reader = new ChunkReader(chunksOf(this.#bytes, from, end));
    yield* inflate(reader, "zlib", { isWhole: false });
  }

  #data({ from, end, size }: Entry): Buffer | undefined {
    if (size > mostObject) return undefined;
    try {
      return inflateExact(this.#bytes.read(from, end - from), size);
    } catch {
      return undefined;
    }
  }

  #make(entry: Entry, base: Buffer): Buffer | undefined {
    const delta = this.#data(entry);
    if (delta === undefined) return undefined;
    try {
      const size = resultSize(delta);
      this.#left -= size;
      if (size > mostObject || this.#left < 0) {
        if (this.#left < 0) this.#tell("bomb", "deltas of the pack make too much of its bytes");
        return undefined;
      }
      const made = applyDelta(base, delta);
      return Buffer.from(made.buffer, made.byteOffset, made.byteLength);
    } catch {
      return undefined;
    }
  }
}

/** The second number that a delta begins with. */
function resultSize(delta: Uint8Array): number {
  let at = 0;
  while (at < delta.length && delta[at]! >= 0x80) at++;
  let size = 0;
  for (let scale = 1; ++at < delta.length && scale < 2 ** 49; scale *= 128) {
    size += (delta[at]! & 0x7f) * scale;
    if (delta[at]! < 0x80) break;
  }
  return size;
}

/** The bytes that a delta does not copy (gitformat-pack, "Deltified representation"), as far as it can be read. */
function* insertedBytes(delta: Buffer): Generator<Buffer, void> {
  let at = 0;
  for (let number = 0; number < 2; number++) while (at < delta.length && delta[at++]! >= 0x80);
  while (at < delta.length) {
    const op = delta[at++]!;
    if (op < 0x80) {
      yield delta.subarray(at, at + op);
      at += op;
    } else for (let bits = op & 0x7f; bits > 0; bits >>= 1) at += bits & 1;
  }
}

/** How long the id is that stands between the header of an entry and its deflated data, which begin as zlib's do (RFC 1950). */
function idLengthOf(head: Buffer): IdBytes {
  const from = head.findIndex((byte) => byte < 0x80) + 1;
  const isZlib = (at: number): boolean =>
    at + 2 <= head.length && (head[at]! & 15) === 8 && head.readUInt16BE(at) % 31 === 0;
  return !isZlib(from + 20) && isZlib(from + 32) ? 32 : 20;
}

/** Inflates the stream that `bytes` begin with, and tells how many of them it took. Throws Error where it is damaged or longer than `size`. */
function inflateFirst(bytes: Uint8Array, size: number): { length: number; used: number } {
  // With `info` Node gives the stream beside the data; its declarations know only the data.
  const { buffer, engine } = inflateSync(bytes, {
    maxOutputLength: size + 1,
    chunkSize: Math.max(64, size + 1),
    info: true,
  }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
  return { length: buffer.length, used: engine.bytesWritten };
}
