import { closeSync, existsSync, openSync, readSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { withAlternates } from "../../content/git/alternates.ts";
import { applyDelta, maxObjectBytes } from "../../content/git/delta.ts";
import { idsWithPrefix } from "../../content/git/id-prefix.ts";
import { inflateExact } from "../../content/git/inflate.ts";
import { loosePath, readLoose, type LooseObject } from "../../content/git/loose.ts";
import { longestHeader, objectTypes, readEntryHeader } from "../../content/git/pack-entry.ts";
import { findInIndex, readPackIndex, type PackIndex } from "../../content/git/pack-index.ts";

/** Where an object lies. */
export type Holder =
  | { readonly kind: "loose"; readonly objects: string }
  /** `index`: path of the pack's index. */
  | { readonly kind: "pack"; readonly index: string };

interface Pack {
  readonly path: string;
  readonly index: PackIndex;
}

/** git writes chains of 50 deltas, and 4095 when asked to; a longer one runs in a circle. */
const maxChain = 5000;
/** Objects kept at hand: walks of trees meet the same ones, and the bases of their deltas, again at once. */
const maxRecent = 1024;
/** A larger object is not worth the room. */
const maxRecentBytes = 1 << 16;
/** Most commits, trees and deltas are shorter: header and data then come with one read. */
const firstRead = 4096;

/**
 * Reads commits and trees of a repository one by one. `openObjectStore` looks at every entry of every pack first, which takes a second for
 * half a million objects; a push needs a few hundred of them, so here only the indexes of the packs are read.
 */
export class PushObjects implements Disposable {
  /** Some objects were left at the remote on purpose. */
  readonly isPartial: boolean;
  /** What could not be read: a path, and why. */
  readonly faults: readonly { readonly subject: string; readonly message: string }[];
  readonly #folders: readonly string[];
  readonly #packs: readonly Pack[];
  readonly #descriptors = new Map<string, number>();
  readonly #recent = new Map<string, LooseObject>();

  constructor(objects: string) {
    const faults: { subject: string; message: string }[] = [];
    const packs: Pack[] = [];
    this.#folders = withAlternates(objects, faults);
    let isPartial = false;
    for (const folder of this.#folders.map((objects) => join(objects, "pack"))) {
      const names = existsSync(folder) ? readdirSync(folder).sort() : [];
      isPartial ||= names.some((name) => name.endsWith(".promisor"));
      for (const name of names.filter((name) => name.endsWith(".idx"))) {
        const path = join(folder, name);
        try {
          packs.push({ path, index: readPackIndex(path) });
        } catch (error) {
          faults.push({ subject: path, message: error instanceof Error ? error.message : "cannot be read" });
        }
      }
    }
    this.#packs = packs;
    this.isPartial = isPartial;
    this.faults = faults;
  }

  holder(oid: string): Holder | undefined {
    const objects = this.#folders.find((folder) => existsSync(loosePath(folder, oid)));
    if (objects !== undefined) return { kind: "loose", objects };
    const id = Buffer.from(oid, "hex");
    const pack = this.#packs.find(({ index }) => findInIndex(index, id, 0) >= 0);
    return pack === undefined ? undefined : { kind: "pack", index: pack.path };
  }

  has(oid: string): boolean {
    return this.holder(oid) !== undefined;
  }

  /** Ids that begin with some hexadecimal digits, two at least; sorted. */
  withPrefix(digits: string): string[] {
    const found = new Set<string>();
    for (const folder of this.#folders) {
      const path = join(folder, digits.slice(0, 2));
      for (const rest of existsSync(path) ? readdirSync(path) : [])
        if (/^[0-9a-f]{38,62}$/.test(rest) && rest.startsWith(digits.slice(2))) found.add(digits.slice(0, 2) + rest);
    }
    for (const { index } of this.#packs) for (const oid of idsWithPrefix(index, digits)) found.add(oid);
    return [...found].sort();
  }

  /** Undefined where there is no such object. Throws Error with a one-line message when it is damaged. */
  read(oid: string): LooseObject | undefined {
    const recent = this.#recent.get(oid);
    if (recent !== undefined) return recent;
    const object = this.#find(oid);
    if (object !== undefined) this.#remember(oid, object);
    return object;
  }

  #find(oid: string): LooseObject | undefined {
    const id = Buffer.from(oid, "hex");
    for (const pack of this.#packs) {
      const at = findInIndex(pack.index, id, 0);
      if (at >= 0) return this.#fromPack(pack, pack.index.offsets[at]!);
    }
    const folder = this.#folders.find((folder) => existsSync(loosePath(folder, oid)));
    return folder === undefined ? undefined : readLoose(folder, oid);
  }

  #fromPack(pack: Pack, offset: number): LooseObject {
    const chain: { key: string; delta: Buffer }[] = [];
    let at = offset;
    let object: LooseObject | undefined;
    while (object === undefined) {
      const key = `${pack.path}:${at}`;
      object = this.#recent.get(key);
      if (object !== undefined) break;
      const { type, data, base } = this.#entry(pack, at);
      if (base === undefined) this.#remember(key, (object = { type, bytes: data }));
      else {
        chain.push({ key, delta: data });
        at = base;
      }
      if (chain.length > maxChain) throw new Error("deltas form a circle");
    }
    for (const { key, delta } of chain.reverse()) {
      const bytes = applyDelta(object.bytes, delta);
      object = { type: object.type, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
      this.#remember(key, object);
    }
    return object;
  }

  /** One entry as it is stored; `base` is the offset of what a delta is built on. */
  #entry(pack: Pack, offset: number): { type: number; data: Buffer; base: number | undefined } {
    let bytes = this.#bytes(pack, offset, firstRead);
    const header = readEntryHeader(bytes, 0);
    if (header === undefined) throw new Error("its header is damaged");
    const { type, size, length, baseDistance } = header;
    if (size > maxObjectBytes) throw new Error("object is too large");
    // Deflate makes nothing longer than this; what follows the end of its stream is not looked at.
    const most = length + size + (size >>> 8) + 128;
    if (most > bytes.length && bytes.length === firstRead) bytes = this.#bytes(pack, offset, most);
    const data = inflateExact(bytes.subarray(length), size);
    if (type === objectTypes.ofsDelta) return { type, data, base: offset - baseDistance };
    if (type !== objectTypes.refDelta) return { type, data, base: undefined };
    const at = findInIndex(pack.index, bytes, length - 20);
    if (at < 0) throw new Error("the base of its delta is missing");
    return { type, data, base: pack.index.offsets[at]! };
  }

  #bytes(pack: Pack, offset: number, count: number): Buffer {
    let descriptor = this.#descriptors.get(pack.path);
    if (descriptor === undefined)
      this.#descriptors.set(pack.path, (descriptor = openSync(pack.path.replace(/idx$/, "pack"), "r")));
    const bytes = Buffer.allocUnsafe(Math.max(count, longestHeader));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
  }

  #remember(key: string, object: LooseObject): void {
    if (object.bytes.length > maxRecentBytes) return;
    this.#recent.set(key, object);
    if (this.#recent.size > maxRecent) this.#recent.delete(this.#recent.keys().next().value!);
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor);
    this.#descriptors.clear();
  }
}
