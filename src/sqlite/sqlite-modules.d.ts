/** The few parts of the two SQLite drivers that are used; neither brings types that Node 20 has. */
interface SqliteStatement {
  get(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): unknown[];
  run(...values: readonly unknown[]): unknown;
}

interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  close(): unknown;
}

declare module "better-sqlite3" {
  const Database: new (path: string) => SqliteDatabase;
  export default Database;
}

declare module "node:sqlite" {
  export const DatabaseSync: new (path: string) => SqliteDatabase;
}
