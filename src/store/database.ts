/** Another scan that writes is waited for so long, then passed over: a cache is never worth waiting for. */
const busyTimeoutMs = 1_000;

/** One open database file. Every method throws what SQLite says. */
export interface Database {
  /** Rows as arrays of plain values. */
  all(sql: string, ...values: readonly Value[]): Row[];
  run(sql: string, ...values: readonly Value[]): void;
  close(): void;
}

export type Value = number | Uint8Array;
export type Row = Readonly<Record<string, number | Uint8Array | null>>;

/** Opens a file, in whatever driver there is: better-sqlite3 where it was built, else what Node brings. Undefined where there is neither. */
export async function loadDatabase(): Promise<((path: string) => Database) | undefined> {
  const open = (await betterSqlite()) ?? (await nodeSqlite());
  return open === undefined ? undefined : (path) => wrap(open(path));
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

function wrap(database: SqliteDatabase): Database {
  // A reader never waits for a writer, and a process that is killed leaves at most a log that the next one reads or ignores (sqlite.org/wal.html).
  // NORMAL: after a loss of power the last scans may be forgotten; nothing is damaged.
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  database.exec("PRAGMA auto_vacuum = INCREMENTAL");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  return {
    all: (sql, ...values) => database.prepare(sql).all(...values) as Row[],
    run(sql, ...values) {
      // A statement that may give rows is not one to be run; these come without values.
      if (values.length === 0) database.exec(sql);
      else database.prepare(sql).run(...values);
    },
    close: () => void database.close(),
  };
}
