import { closeSync, lstatSync, openSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { makeFolder } from "../disk/index.ts";
import {
  isDamage,
  loadDatabase,
  type Database,
  type DatabaseSettings,
  type Row,
  type Value,
  rollBack,
} from "../sqlite/database.ts";

/** What a value is: part of its key, and told by `cache show`. The numbers stand in files. */
export const entryKinds = {
  snapshot: 1,
  segment: 2,
  ruleMarks: 3,
  layer: 4,
  family: 5,
  graph: 6,
  committed: 7,
  document: 8,
} as const;
export type EntryKind = keyof typeof entryKinds;

export interface StoredEntry {
  readonly kind: EntryKind;
  /** What a group of values is about; 32 bytes. */
  readonly scope: Uint8Array;
  /** Tells the values of a scope apart. */
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

export interface StoreFacts {
  readonly path: string;
  readonly entries: Readonly<Record<EntryKind, number>>;
  /** Bytes of all values. */
  readonly bytes: number;
}

export interface StoreOptions {
  /** Values of more bytes than this together: the ones not used for longest go. */
  readonly maxBytes?: number;
}

/** Changes with the layout of the table; what values hold has versions of its own. */
const layout = 1;
const defaultMaxBytes = 512 << 20;
/** Down to this share of the bound, so that not every scan has to make room. */
const roomShare = 0.8;
/** A process that still has a replaced file open is gone by then. */
const replacedMs = 24 * 3600 * 1000;
const dayMs = 24 * 3600 * 1000;
/** Another scan that writes is waited for so long, then passed over: a cache is never worth waiting for. Nor is it worth a wait for the disk. */
const settings: DatabaseSettings = { busyTimeoutMs: 1_000, synchronous: "normal" };

const table = `CREATE TABLE IF NOT EXISTS entry (
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, scope BLOB NOT NULL, name BLOB NOT NULL,
  used INTEGER NOT NULL, size INTEGER NOT NULL, sum INTEGER NOT NULL, value BLOB NOT NULL,
  UNIQUE (kind, scope, name))`;

/**
 * What scans leave for later ones: values under keys, in one SQLite file. Nothing that goes wrong here is an error of the scan: a value that cannot
 * be read is not there, one that cannot be written is not kept, and a file that is damaged is left for a new one.
 */
export class Store implements Disposable {
  readonly path: string;
  readonly #folder: string;
  readonly #maxBytes: number;
  #database: Database | undefined;

  private constructor(folder: string, path: string, database: Database, options: StoreOptions) {
    this.#folder = folder;
    this.path = path;
    this.#database = database;
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
  }

  /** Opens the store in a folder, which is made where it is not there. Gives a line for people where that is not possible. */
  static async open(folder: string, options: StoreOptions = {}): Promise<Store | string> {
    const load = await loadDatabase();
    if (load === undefined) return "no SQLite: neither better-sqlite3 nor node:sqlite is there";
    try {
      makeFolder(folder, 0o700);
      const fault = folderFault(folder);
      if (fault !== undefined) return `${folder}: ${fault}`;
      // A file that cannot even be opened is left for the next number; twice is bad luck, more is a bad disk.
      for (let attempt = 0; attempt < 2; attempt++) {
        const path = join(folder, currentName(folder));
        closeSync(openSync(path, "a", 0o600));
        const store = tryOpen(folder, path, (file) => load(file, settings), options);
        if (store !== undefined) return store;
      }
      return `${folder}: its file is damaged`;
    } catch (error) {
      return `${folder}: ${error instanceof Error && "code" in error ? String(error.code) : "cannot be used"}`;
    }

    function tryOpen(folder: string, path: string, open: (path: string) => Database, options: StoreOptions) {
      try {
        const database = open(path);
        database.run(table);
        return new Store(folder, path, database, options);
      } catch (error) {
        if (!isDamage(error)) throw error;
        leave(path);
        return undefined;
      }
    }
  }

  /** The values of a scope, by the order in which they came. Damaged ones are left out. */
  read(kind: EntryKind, scope: Uint8Array): { readonly name: Uint8Array; readonly value: Uint8Array }[] {
    const rows = this.#rows(
      "SELECT id, name, used, sum, value FROM entry WHERE kind = ? AND scope = ? ORDER BY id",
      entryKinds[kind],
      scope,
    );
    const today = Math.floor(Date.now() / dayMs);
    if (rows.some(({ used }) => used !== today))
      this.#change("UPDATE entry SET used = ? WHERE kind = ? AND scope = ?", today, entryKinds[kind], scope);
    return rows.flatMap(({ name, sum, value }) =>
      name instanceof Uint8Array && value instanceof Uint8Array && crc32(value) === sum ? [{ name, value }] : [],
    );
  }

  /** One value of a scope; undefined where it is not there or damaged. */
  readOne(kind: EntryKind, scope: Uint8Array, name: Uint8Array): Uint8Array | undefined {
    const [row] = this.#rows(
      "SELECT used, sum, value FROM entry WHERE kind = ? AND scope = ? AND name = ?",
      ...[entryKinds[kind], scope, name],
    );
    if (row === undefined || !(row["value"] instanceof Uint8Array) || crc32(row["value"]) !== row["sum"])
      return undefined;
    const today = Math.floor(Date.now() / dayMs);
    if (row["used"] !== today)
      this.#change("UPDATE entry SET used = ? WHERE kind = ? AND scope = ?", today, entryKinds[kind], scope);
    return row["value"];
  }

  /** The names of the values of a scope. */
  names(kind: EntryKind, scope: Uint8Array): Uint8Array[] {
    const rows = this.#rows("SELECT name FROM entry WHERE kind = ? AND scope = ?", entryKinds[kind], scope);
    return rows.flatMap(({ name }) => (name instanceof Uint8Array ? [name] : []));
  }

  /** Keeps values, and forgets others, in one step: all of it is done, or nothing. */
  write(entries: readonly StoredEntry[], forget: readonly Omit<StoredEntry, "value">[] = []): void {
    this.#transaction((database) => {
      const today = Math.floor(Date.now() / dayMs);
      for (const { kind, scope, name } of forget)
        database.run("DELETE FROM entry WHERE kind = ? AND scope = ? AND name = ?", entryKinds[kind], scope, name);
      for (const { kind, scope, name, value } of entries) {
        database.run(
          "INSERT OR REPLACE INTO entry (kind, scope, name, used, size, sum, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
          ...[entryKinds[kind], scope, name, today, value.length, crc32(value), value],
        );
      }
      this.#makeRoom(database);
    });
  }

  facts(): StoreFacts {
    const entries = { snapshot: 0, segment: 0, ruleMarks: 0, layer: 0, family: 0, graph: 0, committed: 0, document: 0 };
    let bytes = 0;
    for (const row of this.#rows("SELECT kind, COUNT(*) AS count, SUM(size) AS bytes FROM entry GROUP BY kind")) {
      bytes += Number(row["bytes"]);
      for (const kind of Object.keys(entries) as EntryKind[])
        if (entryKinds[kind] === row["kind"]) entries[kind] = Number(row["count"]);
    }
    return { path: this.path, entries, bytes };
  }

  /** Forgets everything, and gives the room back. Scans that have the file open go on. */
  clear(): void {
    this.#change("DELETE FROM entry");
    this.#change("VACUUM");
    this.#change("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  [Symbol.dispose](): void {
    try {
      this.#database?.close();
    } catch {
      // What was not written is not kept.
    }
    this.#database = undefined;
  }

  /** The oldest go first; of those of one day the ones that came first. */
  #makeRoom(database: Database): void {
    let bytes = Number(database.all("SELECT TOTAL(size) AS bytes FROM entry")[0]?.["bytes"] ?? 0);
    if (bytes <= this.#maxBytes) return;
    for (const row of database.all("SELECT id, size FROM entry ORDER BY used, id")) {
      if (bytes <= this.#maxBytes * roomShare) break;
      database.run("DELETE FROM entry WHERE id = ?", row["id"] ?? 0);
      bytes -= Number(row["size"]);
    }
  }

  #transaction(change: (database: Database) => void): void {
    const database = this.#database;
    if (database === undefined) return;
    try {
      database.run("BEGIN IMMEDIATE");
      try {
        change(database);
        database.run("COMMIT");
      } catch (error) {
        rollBack(database);
        throw error;
      }
      database.run("PRAGMA incremental_vacuum");
    } catch (error) {
      this.#failed(error);
    }
  }

  #rows(sql: string, ...values: readonly Value[]): Row[] {
    try {
      return this.#database?.all(sql, ...values) ?? [];
    } catch (error) {
      this.#failed(error);
      return [];
    }
  }

  #change(sql: string, ...values: readonly Value[]): void {
    try {
      this.#database?.run(sql, ...values);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Busy or full: the next call may fare better. Damaged: this file is not asked again, by nobody. */
  #failed(error: unknown): void {
    if (!isDamage(error)) return;
    this[Symbol.dispose]();
    try {
      leave(this.path);
    } catch {
      // The next scan finds the damage again.
    }
    removeReplaced(this.#folder);
  }
}

/** Bytes of all files of the store in a folder; 0 where there is none. */
export function storedBytes(folder: string): number {
  return storeFiles(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Forgets everything in a folder. A file that others may have open is emptied, not removed. Gives the number of bytes that came free. */
export async function clearFolder(folder: string): Promise<number> {
  const before = storedBytes(folder);
  if (before === 0) return 0;
  const store = await Store.open(folder);
  if (typeof store === "string") {
    for (const name of storeFiles(folder)) rmSync(join(folder, name), { force: true });
  } else {
    store.clear();
    store[Symbol.dispose]();
  }
  return before - storedBytes(folder);
}

/** A name for a value that no other process gives. */
export function freshName(): Uint8Array {
  return randomBytes(16);
}

/** Whoever can write to the folder decides what counts as scanned: on a shared machine nobody else may. */
function folderFault(folder: string): string | undefined {
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) return "is no folder";
  if (process.getuid !== undefined && stat.uid !== process.getuid()) return "belongs to another user";
  return process.getuid !== undefined && (stat.mode & 0o022) !== 0 ? "others can write to it" : undefined;
}

const nameOf = (number: number): string => `scans-${layout}-${number}.db`;

/** The first number that nobody has found damaged. */
function currentName(folder: string): string {
  const names = new Set(readdirSync(folder));
  let number = 1;
  while (names.has(`${nameOf(number)}.damaged`)) number++;
  return nameOf(number);
}

/** A damaged file is not removed while others may have it open (sqlite.org/howtocorrupt.html, 2.4): it is marked, and a new one begun. */
function leave(path: string): void {
  writeFileSync(`${path}.damaged`, "", { mode: 0o600 });
}

/** Empties what was marked long ago; the marks stay, so that numbers are not used twice. */
function removeReplaced(folder: string): void {
  try {
    const names = storeFiles(folder);
    for (const mark of names.filter((name) => name.endsWith(".damaged"))) {
      if (Date.now() - statSync(join(folder, mark)).mtimeMs < replacedMs) continue;
      for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, mark.replace(/\.damaged$/, end)), { force: true });
    }
  } catch {
    // They take room, and harm nobody.
  }
}

function storeFiles(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^scans-\d+-\d+\.db(?:-wal|-shm|\.damaged)?$/.test(name));
  } catch {
    return [];
  }
}
