import { readdirSync, readSync, openSync, closeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { withAlternates } from "./alternates.ts";
import { applyDelta } from "./delta.ts";
import { inflateExact } from "./inflate.ts";
import { readLoose, type LooseObject } from "./loose.ts";
import { readEntryHeader } from "./pack-entry.ts";
import { findInIndex } from "./pack-index.ts";
import { maxObjectBytes, mostCompressed } from "./pack-walk.ts";
import { readPackTable, type PackTable } from "./pack-table.ts";

/** Everything that lies in a repository's object folders: its own and those it borrows from. */
export interface ObjectStore {
  readonly packs: readonly PackTable[];
  readonly loose: readonly LooseFolder[];
  /** What could not be read: a path, and why. */
  readonly faults: readonly { readonly subject: string; readonly message: string }[];
  /** Packs that came from a partial clone: objects are missing on purpose. */
  readonly promised: boolean;
}

export interface LooseFolder {
  readonly objects: string;
  readonly oids: readonly string[];
}

/** Opens an `objects` folder: reads all pack indexes and entry headers, and lists loose objects. What is damaged is listed, not thrown. */
export function openObjectStore(objects: string): ObjectStore {
  const packs: PackTable[] = [];
  const loose: LooseFolder[] = [];
  const faults: { subject: string; message: string }[] = [];
  let promised = false;
  for (const folder of withAlternates(objects, faults)) {
    const packFolder = join(folder, "pack");
    const list = (path: string): string[] => listFolder(path, faults);
    const names = list(packFolder);
    for (const name of names.filter((name) => name.endsWith(".idx"))) {
      try {
        const table = readPackTable(join(packFolder, name));
        packs.push(table);
        if (table.fault !== undefined) faults.push({ subject: table.pack, message: table.fault });
      } catch (error) {
        faults.push({ subject: join(packFolder, name), message: messageOf(error) });
      }
    }
    for (const name of names.filter(
      (name) => name.endsWith(".pack") && !names.includes(name.replace(/pack$/, "idx")),
    )) {
      faults.push({ subject: join(packFolder, name), message: "has no index" });
    }
    promised ||= names.some((name) => name.endsWith(".promisor"));
    loose.push({ objects: folder, oids: listLoose(folder, list) });
  }
  return { packs, loose, faults, promised };
}

function listLoose(objects: string, list: (path: string) => string[]): string[] {
  const oids: string[] = [];
  for (const prefix of list(objects)) {
    if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
    for (const rest of list(join(objects, prefix))) if (/^[0-9a-f]{38}$/.test(rest)) oids.push(prefix + rest);
  }
  return oids;
}

/** A folder that is not there holds nothing; one that cannot be listed may hold anything. */
function listFolder(folder: string, faults: { subject: string; message: string }[]): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") faults.push({ subject: folder, message: `folder cannot be listed (${code ?? "unknown"})` });
    return [];
  }
}

/** Reads single objects by id, in any order: for walks over few commits and trees. Large objects are read as a whole. */
export class ObjectReader {
  readonly #store: ObjectStore;
  readonly #looseFolder = new Map<string, string>();
  readonly #entryOf = new Map<PackTable, Uint32Array>();
  readonly #descriptors = new Map<string, number>();
  readonly #recent = new Map<string, LooseObject>();

  constructor(store: ObjectStore) {
    this.#store = store;
    for (const { objects, oids } of store.loose)
      for (const oid of oids) if (!this.#looseFolder.has(oid)) this.#looseFolder.set(oid, objects);
  }

  has(oid: string): boolean {
    const bytes = Buffer.from(oid, "hex");
    return this.#looseFolder.has(oid) || this.#store.packs.some((pack) => findInIndex(pack.index, bytes, 0) >= 0);
  }

  /** Undefined where there is no such object. Throws Error with a one-line message when it is damaged. */
  read(oid: string): LooseObject | undefined {
    const recent = this.#recent.get(oid);
    if (recent !== undefined) return recent;
    const object = this.#find(oid);
    if (object === undefined) return undefined;
    this.#recent.set(oid, object);
    if (this.#recent.size > maxRecent) this.#recent.delete(this.#recent.keys().next().value!);
    return object;
  }

  close(): void {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor);
    this.#descriptors.clear();
  }

  #find(oid: string): LooseObject | undefined {
    const folder = this.#looseFolder.get(oid);
    if (folder !== undefined) return readLoose(folder, oid);
    const bytes = Buffer.from(oid, "hex");
    for (const pack of this.#store.packs) {
      const at = findInIndex(pack.index, bytes, 0);
      if (at >= 0) return this.#fromPack(pack, this.#entries(pack)[at]!);
    }
    return undefined;
  }

  #entries(pack: PackTable): Uint32Array {
    let entries = this.#entryOf.get(pack);
    if (entries === undefined) {
      entries = new Uint32Array(pack.count);
      for (let i = 0; i < pack.count; i++) entries[pack.inIndex[i]!] = i;
      this.#entryOf.set(pack, entries);
    }
    return entries;
  }

  #fromPack(pack: PackTable, entry: number): LooseObject {
    const chain: number[] = [];
    let at = entry;
    while (pack.parents[at]! >= 0) {
      chain.push(at);
      at = pack.parents[at]!;
      if (chain.length > pack.count) throw new Error("deltas form a circle");
    }
    if (pack.parents[at] === -2) throw new Error("the base of its delta is missing");
    let bytes: Uint8Array = this.#data(pack, at);
    for (const delta of chain.reverse()) bytes = applyDelta(bytes, this.#data(pack, delta));
    return { type: pack.types[entry]!, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
  }

  #data(pack: PackTable, entry: number): Buffer {
    let descriptor = this.#descriptors.get(pack.pack);
    if (descriptor === undefined) this.#descriptors.set(pack.pack, (descriptor = openSync(pack.pack, "r")));
    const offset = pack.offsets[entry]!;
    if (pack.sizes[entry]! > maxObjectBytes) throw new Error("object is too large");
    const length = pack.ends[entry]! - offset;
    if (length > mostCompressed(pack.sizes[entry]!)) throw new Error("it takes more room than its data can");
    const compressed = Buffer.alloc(length);
    const read = readSync(descriptor, compressed, 0, compressed.length, offset);
    const header = readEntryHeader(compressed.subarray(0, read), 0);
    const sum = pack.index.sums?.[pack.inIndex[entry]!];
    if (sum !== undefined && crc32(compressed.subarray(0, read)) !== sum) throw new Error("its checksum is wrong");
    if (header === undefined) throw new Error("its header is damaged");
    return inflateExact(compressed.subarray(header.length, read), pack.sizes[entry]!);
  }
}

/** Objects kept at hand: walks of trees meet the same ones again at once. */
const maxRecent = 256;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.split("\n", 1)[0]! : "cannot be read";
}
