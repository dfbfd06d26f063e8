import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { SortedIds } from "../model/sorted-ids.ts";
import type { GraphUnit, UnitResult } from "../model/unit.ts";
import { packIdentity, samplesOf } from "./folder-state.ts";
import { keyOf, sealValue, unsealValue } from "./seal.ts";
import { freshName, type Store, type StoredEntry } from "./store.ts";

/** What reading trees and commits told, and what it rests on. Lists of ids lie back to back; what is large lies in rows of its own. */
interface GraphRecord {
  /** The rows are sealed with it. */
  readonly key: Uint8Array;
  /** Names of the rows with all objects that were there. */
  readonly present: readonly Uint8Array[];
  /** The contents that were looked for. */
  readonly wanted: Uint8Array;
  /** Missing objects that trees name. */
  readonly missing: Uint8Array;
  /** Names of the rows with what came of units, by the units. */
  readonly units: ReadonlyMap<string, Uint8Array>;
}

/** Of a history of some hundred thousand commits more would have to be kept than is worth it. */
const mostBytes = 96 << 20;
/** Rows wait until they are so many bytes, and are written together. */
const waitingBytes = 8 << 20;
/** Ids of objects in one row. */
const idsPerRow = 1 << 16;
const keyBytes = 32;
const version = 3;

/**
 * What reading the trees and commits of a repository told, for packs that have not changed since.
 *
 * What a unit tells depends on its entries, on the contents looked for, and on which objects are there. It is taken over where every object that was there still is,
 * where what was missing still is, and where each content looked for now was looked for then, or was not there: then no tree that was whole names it.
 * It holds names, so it is sealed with a key that only bytes of the repository give.
 *
 * What came of a unit is written when it came, under a name that nobody else knows, and counts once the record names it: so little is held in memory, and
 * a scan that is cut off leaves rows that the next one forgets.
 */
export class GraphMemory {
  readonly #store: Store;
  readonly #scope: Uint8Array;
  readonly #folders: readonly string[];
  #packs: ReadonlyMap<string, Uint8Array> | undefined;
  #before: GraphRecord | undefined;
  /** The name of what was known before. */
  #recordName: Uint8Array | undefined;
  #isOpened = false;
  #key: Uint8Array = randomBytes(keyBytes);
  #last: GraphUnit | undefined;
  /** Rows of the units of this scan. */
  readonly #units = new Map<string, Uint8Array>();
  readonly #missing: Uint8Array[] = [];
  #waiting: StoredEntry[] = [];
  #waitingBytes = 0;
  #bytes = 0;
  #isNew = false;

  /** `scope`: the folder of objects, and all that decides what is found. `folders`: this one, and those that it borrows from. */
  constructor(store: Store, scope: Uint8Array, folders: readonly string[]) {
    this.#store = store;
    this.#scope = scope;
    this.#folders = folders;
  }

  /** What comes of a unit: as an earlier scan left it, or by `read`. */
  async read(unit: GraphUnit, read: (unit: GraphUnit) => Promise<UnitResult>): Promise<UnitResult> {
    const { source } = unit;
    const pack = source.kind === "pack" ? this.#identities().get(source.pack) : undefined;
    if (source.kind !== "pack" || pack === undefined) return read(unit);
    this.#last = unit;
    this.#open(unit);
    const { oids, offsets, sizes } = source.entries;
    const key = keyOf(pack, oids, bytesOf(offsets), bytesOf(sizes)).toString("latin1");
    const row = this.#before?.units.get(key);
    const known = row === undefined ? undefined : this.#readRow(row);
    if (row !== undefined && known !== undefined) {
      const result = known as UnitResult;
      this.#note(key, row, result);
      return result;
    }
    this.#isNew = true;
    const result = await read(unit);
    // Detections are never kept, and damage is looked at again.
    const isKept = result.hits.length === 0 && result.problems.length === 0 && result.interrupted !== true;
    if (isKept && this.#bytes <= mostBytes) this.#note(key, this.#writeRow(result), result);
    return result;
  }

  #note(key: string, row: Uint8Array, { graph }: UnitResult): void {
    this.#units.set(key, row);
    if (graph !== undefined) this.#missing.push(graph.missing.ids);
  }

  #readRow(name: Uint8Array): unknown {
    const value = this.#store.readOne("graph", this.#scope, name);
    if (value === undefined) return undefined;
    this.#bytes += value.length;
    return unsealValue(this.#key, version, value);
  }

  /** Gives the name of the row. */
  #writeRow(what: object): Uint8Array {
    const name = freshName();
    const value = sealValue(this.#key, version, what);
    this.#waiting.push({ kind: "graph", scope: this.#scope, name, value });
    this.#bytes += value.length;
    this.#waitingBytes += value.length;
    if (this.#waitingBytes >= waitingBytes) this.#flush();
    return name;
  }

  #flush(): void {
    if (this.#waiting.length > 0) this.#store.write(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Keeps what was read, in place of what was known. */
  keep(): void {
    const unit = this.#last;
    const [sealing] = this.#identities();
    const key = sealing === undefined ? undefined : sealKey(sealing[0]);
    if (!this.#isNew || unit === undefined) return;
    if (key === undefined || this.#bytes > mostBytes) {
      this.#waiting = [];
      this.#forgetAllBut([...(this.#before?.units.values() ?? []), ...(this.#before?.present ?? [])], this.#recordName);
      return;
    }
    const present = this.#writePresent(unit);
    const record: GraphRecord = {
      ...{ key: this.#key, present, units: this.#units },
      ...{ wanted: unit.wanted, missing: Buffer.concat(this.#missing) },
    };
    this.#flush();
    const name = sealing![1];
    this.#store.write([{ kind: "graph", scope: this.#scope, name, value: sealValue(key, version, record) }]);
    this.#forgetAllBut([...present, ...this.#units.values()], name);
  }

  #writePresent(unit: GraphUnit): Uint8Array[] {
    const ids = new SortedIds(unit.present);
    const names: Uint8Array[] = [];
    for (let from = 0; from < ids.size; from += idsPerRow)
      names.push(this.#writeRow({ ids: ids.ids(from, Math.min(ids.size, from + idsPerRow)) }));
    return names;
  }

  /** Another scan of the same repository may be under way: rows that it has written already are gone for it, and read again. */
  #forgetAllBut(rows: readonly Uint8Array[], record: Uint8Array | undefined): void {
    const kept = new Set([...rows, ...(record === undefined ? [] : [record])].map(hex));
    const names = this.#store.names("graph", this.#scope).filter((name) => !kept.has(hex(name)));
    if (names.length > 0)
      this.#store.write(
        [],
        names.map((name) => ({ kind: "graph", scope: this.#scope, name })),
      );
  }

  /** Takes up what is known, where it holds for the repository as it is now. */
  #open(unit: GraphUnit): void {
    if (this.#isOpened) return;
    this.#isOpened = true;
    for (const [pack, identity] of this.#identities()) {
      const value = this.#store.readOne("graph", this.#scope, identity);
      const key = value === undefined ? undefined : sealKey(pack);
      // It is what `keep` was given.
      const record = key === undefined ? undefined : (unsealValue(key, version, value!) as GraphRecord | undefined);
      if (record === undefined || !this.#holds(record, unit)) continue;
      this.#before = record;
      this.#recordName = identity;
      this.#key = record.key;
      return;
    }
  }

  /** Whether what a record tells would be told of the repository as it is now. */
  #holds({ key, present, wanted, missing }: GraphRecord, unit: GraphUnit): boolean {
    const { idBytes } = unit.present;
    const isNow = new SortedIds(unit.present);
    const wantedBefore = SortedIds.of(idBytes, [wanted]);
    const wantedNow = SortedIds.of(idBytes, [unit.wanted]);
    if (some(idBytes, missing, (at) => isNow.has(missing, at))) return false;
    if (some(idBytes, wanted, (at) => !wantedNow.has(wanted, at))) return false;
    for (const name of present) {
      const value = this.#store.readOne("graph", this.#scope, name);
      const row =
        value === undefined ? undefined : (unsealValue(key, version, value) as { ids: Uint8Array } | undefined);
      if (row === undefined) return false;
      const { ids } = row;
      // A content that is looked for now, and was there and not looked for.
      const isUnasked = (at: number): boolean => wantedNow.has(ids, at) && !wantedBefore.has(ids, at);
      if (some(idBytes, ids, (at) => !isNow.has(ids, at) || isUnasked(at))) return false;
    }
    return true;
  }

  /** All packs with their identities. */
  #identities(): ReadonlyMap<string, Uint8Array> {
    return (this.#packs ??= new Map(this.#folders.flatMap((folder) => identitiesIn(join(folder, "pack")))));
  }
}

function some(idBytes: number, ids: Uint8Array, test: (at: number) => boolean): boolean {
  for (let at = 0; at < ids.length; at += idBytes) if (test(at)) return true;
  return false;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function identitiesIn(folder: string): [string, Uint8Array][] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".pack"))
      .sort()
      .map((name) => [join(folder, name), keyOf("pack", name, packIdentity(join(folder, name)))]);
  } catch {
    return [];
  }
}

function sealKey(pack: string): Uint8Array | undefined {
  try {
    return keyOf("graph", ...samplesOf(pack));
  } catch {
    return undefined;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
