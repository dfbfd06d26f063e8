import { readdirSync } from "node:fs";
import { join } from "node:path";
import { IdSet } from "../model/id-set.ts";
import { SortedIds } from "../model/sorted-ids.ts";
import type { GraphUnit, UnitResult } from "../model/unit.ts";
import { packIdentity, samplesOf } from "./folder-state.ts";
import { keyOf, sealValue, unsealValue } from "./seal.ts";
import type { Store } from "./store.ts";

/** What reading trees and commits told, and what it rests on. Lists of ids lie back to back. */
interface GraphRecord {
  /** All objects that were there. */
  readonly present: Uint8Array;
  /** The contents that were looked for. */
  readonly wanted: Uint8Array;
  /** Missing objects that trees name. */
  readonly missing: Uint8Array;
  readonly units: ReadonlyMap<string, UnitResult>;
}

/** Of a history of some hundred thousand commits more would have to be kept than is worth it. */
const mostBytes = 96 << 20;
const version = 2;

/**
 * What reading the trees and commits of a repository told, for packs that have not changed since.
 *
 * What a unit tells depends on its entries, on the contents looked for, and on which objects are there. It is taken over where every object that was there still is,
 * where what was missing still is, and where each content looked for now was looked for then, or was not there: then no tree that was whole names it.
 * It holds names, so it is sealed with a key that only bytes of the repository give.
 */
export class GraphMemory {
  readonly #store: Store;
  readonly #scope: Uint8Array;
  readonly #units = new Map<string, UnitResult>();
  readonly #folders: readonly string[];
  #packs: ReadonlyMap<string, Uint8Array> | undefined;
  #before: GraphRecord | undefined;
  #isOpened = false;
  #last: GraphUnit | undefined;
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
    const { oids, offsets, sizes } = source.entries;
    const key = keyOf(pack, oids, bytesOf(offsets), bytesOf(sizes)).toString("latin1");
    const known = this.#open(unit)?.units.get(key);
    const result = known ?? (await read(unit));
    if (known === undefined) this.#isNew = true;
    // Detections are never kept, and damage is looked at again.
    const isKept = result.hits.length === 0 && result.problems.length === 0 && result.interrupted !== true;
    if (isKept && this.#bytes <= mostBytes) {
      this.#units.set(key, result);
      this.#bytes += sizeOf(result);
    }
    return result;
  }

  /** Keeps what was read, in place of what was known. */
  keep(): void {
    const unit = this.#last;
    const [sealing] = this.#identities();
    const key = sealing === undefined ? undefined : sealKey(sealing[0]);
    if (!this.#isNew || unit === undefined || key === undefined || this.#bytes > mostBytes) return;
    const missing = [...this.#units.values()].map(({ graph }) => graph?.missing.ids ?? new Uint8Array());
    const record: GraphRecord = {
      present: new SortedIds(unit.present).ids(),
      wanted: unit.wanted,
      missing: Buffer.concat(missing),
      units: this.#units,
    };
    const outdated = this.#store.read("graph", this.#scope);
    const value = sealValue(key, version, record);
    this.#store.write(
      [{ kind: "graph", scope: this.#scope, name: sealing![1], value }],
      outdated.map(({ name }) => ({ kind: "graph", scope: this.#scope, name })),
    );
  }

  /** What is known, where it holds for the repository as it is now. */
  #open(unit: GraphUnit): GraphRecord | undefined {
    if (this.#isOpened) return this.#before;
    this.#isOpened = true;
    for (const { name, value } of this.#store.read("graph", this.#scope)) {
      const record = this.#unseal(name, value);
      if (record !== undefined && holds(record, unit)) this.#before = record;
    }
    return this.#before;
  }

  #unseal(name: Uint8Array, value: Uint8Array): GraphRecord | undefined {
    const pack = [...this.#identities()].find(([, identity]) => Buffer.compare(identity, name) === 0)?.[0];
    const key = pack === undefined ? undefined : sealKey(pack);
    // It is what `keep` was given.
    return key === undefined ? undefined : (unsealValue(key, version, value) as GraphRecord | undefined);
  }

  /** All packs with their identities. */
  #identities(): ReadonlyMap<string, Uint8Array> {
    return (this.#packs ??= new Map(this.#folders.flatMap((folder) => identitiesIn(join(folder, "pack")))));
  }
}

/** Whether what a record tells would be told of the repository as it is now. */
function holds({ present, wanted, missing }: GraphRecord, unit: GraphUnit): boolean {
  const { idBytes } = unit.present;
  const isNow = new SortedIds(unit.present);
  const setOf = (ids: Uint8Array): IdSet => {
    const set = new IdSet(idBytes);
    for (let at = 0; at < ids.length; at += idBytes) set.add(ids, at);
    return set;
  };
  const every = (ids: Uint8Array, test: (at: number) => boolean): boolean => {
    for (let at = 0; at < ids.length; at += idBytes) if (!test(at)) return false;
    return true;
  };
  const wantedBefore = setOf(wanted);
  const wantedNow = setOf(unit.wanted);
  const presentBefore = setOf(present);
  return (
    every(present, (at) => isNow.has(present, at)) &&
    every(missing, (at) => !isNow.has(missing, at)) &&
    every(wanted, (at) => wantedNow.has(wanted, at)) &&
    every(unit.wanted, (at) => wantedBefore.has(unit.wanted, at) || !presentBefore.has(unit.wanted, at))
  );
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

/** What a result takes, nearly: the lists of its graph. */
function sizeOf({ graph }: UnitResult): number {
  const lists =
    graph === undefined ? [] : [...Object.values(graph), ...Object.values(graph.hits), ...Object.values(graph.missing)];
  return lists.reduce((sum: number, list) => sum + (ArrayBuffer.isView(list) ? list.byteLength : 0), 0);
}
