import { rollBack, type Database } from "../sqlite/database.ts";

/** `LTCA`; stands in the header of every case (sqlite.org/fileformat.html, 1.3.14), so that no other database is taken for one. */
export const applicationId = 0x4c544341;

/**
 * How the tables came to be: version n is what the first n scripts make. A script is never changed once it was released; a new layout is a new script behind
 * the others. Texts in `record` have versions of their own (`schema`), and are read by `findings/record.ts` and `entry.ts`.
 */
export const migrations: readonly string[] = [
  // scan: `ended` is null while it runs, or was killed. item: what was told of a secret (its place is empty), or one of its places. seen: which scan told it.
  `CREATE TABLE scan (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, began TEXT NOT NULL, ended TEXT, record TEXT NOT NULL) STRICT;
   CREATE TABLE item (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, target TEXT NOT NULL, place TEXT NOT NULL, record TEXT NOT NULL) STRICT;
   CREATE TABLE seen (scan INTEGER NOT NULL, item INTEGER NOT NULL, PRIMARY KEY (scan, item)) STRICT, WITHOUT ROWID;
   CREATE TABLE entry (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL) STRICT;`,
  // The places of one secret are read when somebody looks at it.
  "CREATE INDEX item_of ON item (fingerprint);",
];

/** Brings an open database to the newest version, in one step: it is done, or nothing was. Version 0 is an empty file. */
export function migrate(database: Database, scripts: readonly string[] = migrations): void {
  if (versionOf(database) >= scripts.length) return;
  database.run("BEGIN IMMEDIATE");
  try {
    // Another process may have done it meanwhile.
    for (const script of scripts.slice(versionOf(database))) database.run(script);
    database.run(`PRAGMA application_id = ${applicationId}`);
    database.run(`PRAGMA user_version = ${scripts.length}`);
    database.run("COMMIT");
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

export function versionOf(database: Database): number {
  return Number(database.all("PRAGMA user_version")[0]?.["user_version"] ?? 0);
}

/**
 * Whether a database holds the tables of a fresh one and nothing else, word by word. A file from somebody else can hold triggers, views and generated columns, which run
 * with our statements: such a file is none of ours.
 */
export function hasOwnSchema(database: Database, fresh: Database): boolean {
  return schemaText(database) === schemaText(fresh);
}

function schemaText(database: Database): string {
  return JSON.stringify(database.all("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"));
}
