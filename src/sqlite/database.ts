/**
 * sqlite: one SQLite file, in whatever driver there is: better-sqlite3 where it was built, else what Node brings. Knows nothing of what is in it.
 */

/** One open database file. Every method throws what SQLite says. */
export interface Database {
  /** Rows by the names of their columns. */
  all(sql: string, ...values: readonly Value[]): Row[];
  run(sql: string, ...values: readonly Value[]): void;
  close(): void;
}

export type Value = number | string | Uint8Array | null;
export type Row = Readonly<Record<string, Value>>;

export interface DatabaseSettings {
  /** How long another process that writes is waited for. */
  readonly busyTimeoutMs: number;
  /**
   * `full`: what was committed is there after a loss of power. `normal`: after the end of a process alone, however it ended; after a loss of power
   * the last changes may be missing, and nothing is damaged (sqlite.org/pragma.html#pragma_synchronous).
   */
  readonly synchronous: "normal" | "full";
}

/** Gives what opens files. Undefined where there is no driver. */
export async function loadDatabase(): Promise<((path: string, settings: DatabaseSettings) => Database) | undefined> {
  const open = (await betterSqlite()) ?? (await nodeSqlite());
  return open === undefined ? undefined : (path, settings) => wrap(open(path), settings);
}

/** Takes back what was written since `BEGIN`, on the way of an error that is to be heard: a disk that is full has rolled back already, and says so with an error of its own. */
export function rollBack(database: Pick<Database, "run">): void {
  try {
    database.run("ROLLBACK");
  } catch {
    // Nothing is open any more.
  }
}

/** SQLite's words for a file that is none of its own any more. */
const damaged = /SQLITE_CORRUPT|SQLITE_NOTADB|malformed|not a database/;

/** Whether an error says that the file is damaged, or none of SQLite's. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return damaged.test("code" in error ? `${String(error.code)} ${error.message}` : error.message);
}

type Open = (path: string) => SqliteDatabase;

async function betterSqlite(): Promise<Open | undefined> {
  try {
    const { default: Better } = await import("better-sqlite3");
    // The native part is loaded by the first database.
    new Better(":memory:").close();
    return (path) => new Better(path);
  } catch {
    return undefined;
  }
}

/** Node 22.13 and later; it says "experimental" on stderr, where only the scan is to speak. */
async function nodeSqlite(): Promise<Open | undefined> {
  const warning = Object.getOwnPropertyDescriptor(process, "emitWarning") ?? {};
  process.emitWarning = (): void => {};
  try {
    const { DatabaseSync } = await import("node:sqlite");
    return (path) => new DatabaseSync(path);
  } catch {
    return undefined;
  } finally {
    Object.defineProperty(process, "emitWarning", warning);
  }
}

function wrap(database: SqliteDatabase, { busyTimeoutMs, synchronous }: DatabaseSettings): Database {
  try {
    // The file may be a stranger's: nothing in it is to be called, and none of its pages mapped (sqlite.org/security.html).
    database.exec("PRAGMA trusted_schema = OFF");
    database.exec("PRAGMA cell_size_check = ON");
    database.exec("PRAGMA mmap_size = 0");
    database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    // A reader never waits for a writer, and a process that is killed leaves at most a log that the next one reads or ignores (sqlite.org/wal.html).
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${synchronous}`);
  } catch (error) {
    database.close();
    throw error;
  }
  const statements = new Map<string, SqliteStatement>();
  const prepared = (sql: string): SqliteStatement => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
  };
  return {
    all: (sql, ...values) => prepared(sql).all(...values) as Row[],
    run(sql, ...values) {
      // A statement that may give rows is not one to be run; these come without values.
      if (values.length === 0) database.exec(sql);
      else prepared(sql).run(...values);
    },
    close: () => void database.close(),
  };
}
