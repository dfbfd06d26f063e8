import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { ToolError } from "../model/problem.ts";
import { codeOf } from "../model/thrown.ts";
import {
  isDamage,
  loadDatabase,
  type Database,
  type DatabaseSettings,
  type Row,
  type Value,
  rollBack,
} from "../sqlite/database.ts";
import { applicationId, hasOwnSchema, migrate, migrations, versionOf } from "./schema.ts";

/** A scan of another process writes once a second, for a moment; a merge of a large case takes some seconds. */
const settings: DatabaseSettings = { busyTimeoutMs: 20_000, synchronous: "full" };

/** A case tells where secrets are. */
const caseMode = 0o600;

/** No record of ours comes near; a row of more is not read. */
const maxRecordBytes = 32 << 20;

const headerBytes = 100;
const magic = "SQLite format 3\0";

type Opener = (path: string, settings: DatabaseSettings) => Database;

/**
 * A case that is open: one SQLite file with a write-ahead log. What a call has written is on the disk when it returns, so it is there after a `kill -9` and after a loss of
 * power. Every method throws ToolError `case` with one line that says what is wrong with the file.
 */
export class CaseFile implements Disposable {
  /** As people named it. */
  readonly path: string;
  /** What people should know of the file: others can read it, nothing can be written. */
  readonly notes: readonly string[];
  readonly #database: Database;
  readonly #copy: string | undefined;

  private constructor(path: string, notes: readonly string[], database: Database, copy: string | undefined) {
    this.path = path;
    this.notes = notes;
    this.#database = database;
    this.#copy = copy;
  }

  /**
   * Opens a case, and makes it where there is none and `create` is set. Only a regular file that says by its header that it is a case, of a version that is known here, is
   * opened at all; older ones are brought to the newest version. Where nothing can be written, a copy is read, and no method that writes works.
   */
  static async open(path: string, { create = false } = {}): Promise<CaseFile> {
    const load = await loadDatabase();
    if (load === undefined)
      throw new ToolError("case", "there is no SQLite: neither better-sqlite3 nor node:sqlite is installed", {
        hint: "npm rebuild better-sqlite3",
      });
    return guarded(path, () => {
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined || (stat.isFile() && stat.size === 0 && create)) {
        if (!create)
          throw new ToolError("case", `there is no case ${path}`, { hint: "leaktrace scan . --case FILE makes one." });
        createCase(path, stat !== undefined, load);
      } else checkFile(path, stat);
      const notes: string[] = [];
      if (stat !== undefined && process.getuid !== undefined && (stat.mode & 0o077) !== 0)
        notes.push(`others can read ${path} (mode ${(stat.mode & 0o777).toString(8)}): chmod 600 makes it yours alone`);
      const copy = isWritable(path) ? undefined : copyOf(path);
      if (copy !== undefined) notes.push(`${path} cannot be written; a copy is read`);
      try {
        return new CaseFile(
          path,
          notes,
          openDatabase(copy === undefined ? path : join(copy, "case"), path, load),
          copy,
        );
      } catch (error) {
        if (copy !== undefined) rmSync(copy, { recursive: true, force: true });
        throw error;
      }
    });
  }

  /** Whether nothing can be written. */
  get isReadOnly(): boolean {
    return this.#copy !== undefined;
  }

  rows(sql: string, ...values: readonly Value[]): Row[] {
    return guarded(this.path, () => this.#database.all(sql, ...values));
  }

  run(sql: string, ...values: readonly Value[]): void {
    guarded(this.path, () => this.#database.run(sql, ...values));
  }

  /** Does all that `act` writes, or nothing of it. */
  change<T>(act: () => T): T {
    if (this.isReadOnly) throw new ToolError("case", `${this.path} cannot be written`);
    return guarded(this.path, () => {
      this.#database.run("BEGIN IMMEDIATE");
      try {
        const result = act();
        this.#database.run("COMMIT");
        return result;
      } catch (error) {
        rollBack(this.#database);
        throw error;
      }
    });
  }

  /** Reads as if nobody else wrote meanwhile. */
  async snapshot<T>(act: () => Promise<T>): Promise<T> {
    this.run("BEGIN");
    try {
      return await act();
    } finally {
      rollBack(this.#database);
    }
  }

  /** What SQLite finds wrong with the file, one line each; empty where it is whole. */
  damage(): readonly string[] {
    return this.rows("PRAGMA integrity_check(20)")
      .map(({ integrity_check: line }) => String(line))
      .filter((line) => line !== "ok");
  }

  [Symbol.dispose](): void {
    try {
      this.#database.close();
    } catch {
      // All that was written is on the disk.
    }
    if (this.#copy !== undefined) rmSync(this.#copy, { recursive: true, force: true });
  }
}

/** The SQL for a text that may be longer than anything of ours: then null. */
export function bounded(text: string, name = text): string {
  return `CASE WHEN octet_length(${text}) > ${maxRecordBytes} THEN NULL ELSE ${text} END AS ${name}`;
}

/** A text of a row; one that is none, or longer than any of ours, is damage. */
export function textOf(row: Row, column: string, path: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new ToolError("case", `${path} is damaged: a row holds no ${column}`);
  return value;
}

/** Whether a path is a regular file that begins as a case does. Opens nothing else. */
export function looksLikeCase(path: string): boolean {
  try {
    return lstatSync(path).isFile() && headerOf(path)?.readUInt32BE(68) === applicationId;
  } catch {
    return false;
  }
}

function checkFile(path: string, stat: Stats): void {
  if (stat.isSymbolicLink()) throw new ToolError("case", `${path} is a link`, { hint: "Name the file itself." });
  if (!stat.isFile()) throw new ToolError("case", `${path} is ${stat.isDirectory() ? "a folder" : "no regular file"}`);
  const header = headerOf(path);
  if (header?.readUInt32BE(68) !== applicationId)
    throw new ToolError("case", `${path} is not a case of leaktrace, and is left as it is`);
  checkVersion(path, header.readUInt32BE(60));
}

function checkVersion(path: string, version: number): void {
  if (version <= migrations.length) return;
  throw new ToolError(
    "case",
    `${path} was written by a newer leaktrace (schema ${version}; this one knows ${migrations.length})`,
    { hint: "Nothing was changed in it." },
  );
}

/** The header of a SQLite file; undefined where it is none. */
function headerOf(path: string): Buffer | undefined {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const header = Buffer.alloc(headerBytes);
    if (!fstatSync(file).isFile() || readSync(file, header, 0, headerBytes, 0) < headerBytes) return undefined;
    return header.toString("latin1", 0, magic.length) === magic ? header : undefined;
  } finally {
    closeSync(file);
  }
}

/** A new case appears whole: it is made beside its place, and given its name when it is done. */
function createCase(path: string, replaces: boolean, load: Opener): void {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    closeSync(openSync(temporary, "wx", caseMode));
    const database = load(temporary, settings);
    try {
      migrate(database);
    } finally {
      database.close();
    }
    if (replaces || !link(temporary, path)) renameSync(temporary, path);
  } catch (error) {
    // Somebody else was quicker: then that one is opened.
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    for (const end of ["", "-wal", "-shm"]) rmSync(`${temporary}${end}`, { force: true });
  }
}

/** Gives a file a second name where nothing has it yet. False where the file system knows no such names (exFAT). */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (/^(?:EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS)$/.test(codeOf(error))) return false;
    throw error;
  }
}

function openDatabase(file: string, path: string, load: Opener): Database {
  const database = load(file, settings);
  try {
    // What stands in the log is newer than the header.
    checkVersion(path, versionOf(database));
    migrate(database);
    const fresh = load(":memory:", settings);
    try {
      migrate(fresh);
      if (!hasOwnSchema(database, fresh))
        throw new ToolError("case", `${path} holds other tables than a case has, and is not used`);
    } finally {
      fresh.close();
    }
    // What is taken away is overwritten.
    database.run("PRAGMA secure_delete = ON");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A private folder with a copy. */
function copyOf(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), "leaktrace-case-"));
  copyFileSync(path, join(folder, "case"), constants.COPYFILE_FICLONE);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, join(folder, "case-wal"));
  return folder;
}

function guarded<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw asToolError(path, error);
  }
}

/** SQLite's reasons in one line; the messages of both drivers name the same codes or words. */
function asToolError(path: string, error: unknown): unknown {
  if (error instanceof ToolError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  const said = `${code} ${error.message}`;
  const because = (message: string, hint?: string): ToolError =>
    new ToolError("case", message, { cause: error, ...(hint === undefined ? {} : { hint }) });
  if (isDamage(error))
    return because(
      `${path} is damaged`,
      "leaktrace case verify FILE says more; a copy or a bundle of it can be imported into a new one.",
    );
  if (/SQLITE_BUSY|SQLITE_LOCKED|is locked/.test(said))
    return because(`another process is writing to ${path}; try again`);
  if (/SQLITE_FULL|is full|ENOSPC|EDQUOT/.test(said))
    return because(`cannot write ${path}: the disk is full; nothing was changed`);
  if (/SQLITE_READONLY|readonly|SQLITE_CANTOPEN|unable to open|SQLITE_IOERR|disk I\/O/.test(said))
    return because(`cannot write ${path}${code.startsWith("SQLITE") ? ` (${code})` : ""}`);
  if (/^E[A-Z0-9]+$/.test(code)) return because(`cannot use ${path} (${code})`);
  return error;
}
