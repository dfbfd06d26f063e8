import { closeSync, openSync, readSync } from "node:fs";
import type { IdBytes } from "../../model/object-id.ts";
import { openWithoutWaiting } from "../regular-file.ts";
import { applyDelta } from "./delta.ts";
import { inflateExact } from "./inflate.ts";
import { readLoose, type LooseObject } from "./loose.ts";
import { objectId } from "./object-id.ts";
import { longestHeader, objectTypes, readEntryHeader } from "./pack-entry.ts";
import type { PackFile } from "./pack-folder.ts";
import { findInIndex } from "./pack-index.ts";
import { maxObjectBytes, mostCompressed } from "./pack-walk.ts";

/** Where objects may lie. */
export interface ObjectPlaces {
  readonly idBytes: IdBytes;
  readonly packs: readonly PackFile[];
  /** Object folders that hold this one loose. */
  loose(oid: string): readonly string[];
}

/** Objects kept at hand: walks of trees meet the same ones, and the bases of their deltas, again at once. */
const maxRecent = 1024;
/** A larger object is not worth the room, but for the one that was made last. */
const maxRecentBytes = 1 << 16;
/** Most commits, trees and deltas are shorter: header and data then come with one read. */
const firstRead = 4096;
/** A base that has to be looked for in another pack may need a third, and so on: nothing that was written in earnest does. */
const maxHops = 16;
/** Deltas of one chain that are held at once; the others are read a second time. */
const maxHeldBytes = 1 << 26;
/** What the deltas of one chain may make on the way to one object: a bomb makes half a gigabyte each time. */
const maxMadeBytes = 32 * 2 ** 30;

interface Step {
  readonly at: number;
  /** The delta, unless too much is held already. */
  readonly data: Buffer | undefined;
}

/** An entry as it is stored, with the offset or the id of what a delta is built on. */
interface StoredEntry {
  readonly type: number;
  readonly data: Buffer;
  readonly base?: number;
  readonly baseId?: string;
}

/**
 * Reads single objects by id, in any order, from whatever copy can be read: an object may lie in several packs and loose beside them, and where one
 * copy or the base of its delta is damaged, another one serves. Objects are read as a whole.
 */
export class ObjectFinder implements Disposable {
  readonly #places: ObjectPlaces;
  readonly #descriptors = new Map<PackFile, number>();
  readonly #recent = new Map<string, LooseObject>();
  #last: { readonly key: string; readonly object: LooseObject } | undefined;
  /** Entries that were tried in vain, and why: what is built on them is not tried again each time. */
  readonly #bad = new Map<string, string>();
  readonly #idAt = new Map<PackFile, Map<number, number>>();
  readonly #underWay = new Set<string>();

  constructor(places: ObjectPlaces) {
    this.#places = places;
  }

  /**
   * Undefined where there is no such object. Throws Error with a one-line message when every copy is damaged: a copy counts only when its bytes
   * hash to the id.
   */
  read(oid: string): LooseObject | undefined {
    const recent = this.#recent.get(oid);
    if (recent !== undefined) return recent;
    let fault: unknown;
    for (const copy of this.#copies(oid)) {
      try {
        const object = copy();
        if (objectId(object.type, object.bytes, this.#places.idBytes).toString("hex") !== oid)
          throw new Error("its bytes are not what its id says");
        this.#remember(oid, object);
        return object;
      } catch (error) {
        fault ??= error;
      }
    }
    if (fault !== undefined) throw fault;
    return undefined;
  }

  *#copies(oid: string): Generator<() => LooseObject> {
    const id = Buffer.from(oid, "hex");
    if (id.length !== this.#places.idBytes) return;
    for (const pack of this.#places.packs) {
      const at = findInIndex(pack.index, id, 0);
      if (at >= 0) yield () => this.#fromPack(pack, pack.index.offsets[at]!);
    }
    for (const folder of this.#places.loose(oid)) yield () => readLoose(folder, oid);
  }

  #fromPack(pack: PackFile, offset: number): LooseObject {
    const steps: Step[] = [];
    const seen = new Set<number>();
    let held = 0;
    let object: LooseObject | undefined;
    try {
      for (let at = offset; object === undefined;) {
        object = this.#known(keyOf(pack, at));
        if (object !== undefined) break;
        if (seen.has(at)) throw new Error("deltas form a circle");
        seen.add(at);
        let entry: StoredEntry;
        try {
          const why = this.#bad.get(keyOf(pack, at));
          if (why !== undefined) throw new Error(why);
          entry = this.#entry(pack, at);
        } catch (error) {
          // A damaged base may lie somewhere else in one piece.
          object = at === offset ? undefined : this.#elsewhere(this.#idOf(pack, at));
          if (object === undefined) throw error;
          break;
        }
        const { type, data, base, baseId } = entry;
        if (base === undefined && baseId === undefined) {
          this.#remember(keyOf(pack, at), (object = { type, bytes: data }));
          break;
        }
        held += data.length;
        steps.push({ at, data: held > maxHeldBytes ? undefined : data });
        if (base !== undefined) at = base;
        else if ((object = this.#elsewhere(baseId)) === undefined) throw new Error("the base of its delta is missing");
      }
      return this.#apply(pack, steps, object);
    } catch (error) {
      const message = error instanceof Error ? error.message : "it cannot be read";
      for (const { at } of steps) this.#bad.set(keyOf(pack, at), message);
      throw error;
    }
  }

  #apply(pack: PackFile, steps: Step[], base: LooseObject): LooseObject {
    let object = base;
    let made = 0;
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      // Put back until it is done: what stays in the list is what failed.
      steps.push(step);
      const bytes = applyDelta(object.bytes, step.data ?? this.#entry(pack, step.at).data);
      made += bytes.length;
      if (made > maxMadeBytes) throw new Error("its deltas make too many bytes on the way");
      object = { type: object.type, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
      this.#remember(keyOf(pack, step.at), object);
      steps.pop();
    }
    return object;
  }

  /** An object by its id, for one that is built on it. Undefined where no copy of it can be read. */
  #elsewhere(oid: string | undefined): LooseObject | undefined {
    if (oid === undefined || this.#underWay.has(oid) || this.#underWay.size >= maxHops) return undefined;
    this.#underWay.add(oid);
    try {
      return this.read(oid);
    } catch {
      return undefined;
    } finally {
      this.#underWay.delete(oid);
    }
  }

  #idOf(pack: PackFile, offset: number): string | undefined {
    const { offsets, oids, idBytes } = pack.index;
    let positions = this.#idAt.get(pack);
    if (positions === undefined) {
      positions = new Map();
      for (let i = 0; i < offsets.length; i++) positions.set(offsets[i]!, i);
      this.#idAt.set(pack, positions);
    }
    const at = positions.get(offset);
    return at === undefined ? undefined : hex(oids, at * idBytes, idBytes);
  }

  #entry(pack: PackFile, offset: number): StoredEntry {
    const { idBytes } = this.#places;
    let bytes = this.#bytes(pack, offset, firstRead);
    const header = readEntryHeader(bytes, 0, idBytes);
    if (header === undefined) throw new Error("its header is damaged");
    const { type, size, length, baseDistance } = header;
    if (size > maxObjectBytes) throw new Error("object is too large");
    // What zlib makes of data that it cannot make smaller; what follows the end of the stream is not looked at.
    const usual = length + size + (size >>> 8) + 128;
    if (usual > firstRead) bytes = this.#bytes(pack, offset, usual);
    let data: Buffer;
    try {
      data = inflateExact(bytes.subarray(length), size);
    } catch (error) {
      // Other writers may take more room.
      const most = Math.ceil(length + mostCompressed(size));
      if (bytes.length < Math.max(usual, firstRead)) throw error;
      bytes = this.#bytes(pack, offset, most);
      data = inflateExact(bytes.subarray(length), size);
    }
    if (type === objectTypes.ofsDelta) return { type, data, base: offset - baseDistance };
    if (type !== objectTypes.refDelta) return { type, data };
    const at = findInIndex(pack.index, bytes, length - idBytes);
    return at < 0
      ? { type, data, baseId: hex(bytes, length - idBytes, idBytes) }
      : { type, data, base: pack.index.offsets[at]! };
  }

  #bytes(pack: PackFile, offset: number, count: number): Buffer {
    let descriptor = this.#descriptors.get(pack);
    if (descriptor === undefined) this.#descriptors.set(pack, (descriptor = openSync(pack.pack, openWithoutWaiting)));
    const bytes = Buffer.allocUnsafe(Math.max(count, longestHeader));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
  }

  #known(key: string): LooseObject | undefined {
    return this.#last?.key === key ? this.#last.object : this.#recent.get(key);
  }

  #remember(key: string, object: LooseObject): void {
    this.#last = { key, object };
    if (object.bytes.length > maxRecentBytes) return;
    this.#recent.set(key, object);
    if (this.#recent.size > maxRecent) this.#recent.delete(this.#recent.keys().next().value!);
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor);
    this.#descriptors.clear();
  }
}

function keyOf(pack: PackFile, offset: number): string {
  return `${pack.pack}:${offset}`;
}

function hex(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.subarray(at, at + length)).toString("hex");
}
