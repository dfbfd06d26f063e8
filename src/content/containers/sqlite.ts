import { behindPages, toldSize } from "./behind-document.ts";
import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import {
  interiorIndex,
  leafIndex,
  leafTable,
  openSqlite,
  readPage,
  readRow,
  type SqliteFile,
  type SqlitePage,
  type SqliteValue,
} from "./sqlite-pages.ts";

/** Tables of one file; more are made to be listed. */
const mostTables = 10_000;
/** Columns of one table, and letters of a name that stand before its values. */
const mostColumns = 2_000;
const mostLabel = 256;
/** Bytes of rows that are given at once. */
const rowsAtOnce = 1 << 16;
/** Names by which columns say that they hold a name, and its value: rows of such tables are assignments. */
const nameColumns =
  /^(?:key|name|setting|property|attribute|(?:option|meta|config|setting|param|variable|item|host|origin)_?(?:name|key))$/i;
const valueColumns =
  /^(?:value|val|data|secret|token|password|content|(?:option|meta|config|setting|param|variable|item|password)_?(?:value|val))$/i;

/** A value that is a container itself: it is a member of its own. */
interface Packed {
  readonly column: string;
  readonly value: Buffer;
}

/** Gzip, Zstandard, xz, bzip2, ZIP. */
const packedHeads = /^(?:1f8b08|28b52ffd|fd377a585a00|425a68|504b0304)/;
/** Such values of one table that are opened: the rest was scanned as it stands. */
const mostPacked = 10_000;
const mostPackedBytes = 64 << 20;

interface Table {
  readonly name: string;
  readonly root: number;
  readonly columns: readonly string[];
}

/**
 * The tables of an SQLite database as texts, `column = "value"` for each value; then rows on pages that no table has any more: what was deleted stays
 * until its page is used again. A reader of pages of its own, since SQLite itself would be given a hostile file, whole, and shows no free pages.
 */
export function* sqliteMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const file = openSqlite(bytes);
  if (file === undefined) {
    report(lost("archive-corrupt", "", "the header of the database is damaged"));
    return;
  }
  const seen = new Uint8Array(file.pages + 1);
  const tables = [...tablesOf(file, seen)];
  for (const table of tables) {
    const packed: Packed[] = [];
    yield { name: table.name, chunks: rowTexts(file, pagesBelow(file, table.root, seen), table.columns, packed) };
    for (const { column, value } of packed) yield { name: `${table.name} ${column}`.trimEnd(), chunks: [value] };
  }
  yield { name: "free pages", chunks: rowTexts(file, unseenPages(file, seen), []) };
  if (file.left <= 0)
    report(lost("bomb", "", "says that its rows are larger than the database: the rest was not read"));
  if (toldSize(bytes, file.pageSize) > bytes.size) report(lost("archive-corrupt", "", "the database is cut off"));
  yield* behindPages(bytes, file.pageSize);
}

/** The rows of one table, as far as they can be read. */
export function* tableRows(file: SqliteFile, name: string): Generator<readonly SqliteValue[], void> {
  const seen = new Uint8Array(file.pages + 1);
  const table = [...tablesOf(file, seen)].find((one) => one.name === name);
  if (table === undefined) return;
  for (const page of pagesBelow(file, table.root, seen))
    for (const cell of page.cells) {
      const row = readRow(file, page, cell);
      if (row !== undefined) yield row;
    }
}

/** Tables as the schema names them; it is a table itself, on the first page. */
function* tablesOf(file: SqliteFile, seen: Uint8Array): Generator<Table, void> {
  let count = 0;
  for (const page of pagesBelow(file, 1, seen)) {
    for (const cell of page.cells) {
      const [kind, name, , root, sql] = readRow(file, page, cell) ?? [];
      if (kind !== "table" || typeof name !== "string" || typeof sql !== "string") continue;
      if (++count > mostTables) return;
      yield { name, root: Number(root), columns: columnsOf(sql) };
    }
  }
}

/** Names of columns out of `CREATE TABLE name (a TEXT, "b c" BLOB, …)`, as far as they are easily told; only readers need them. */
function columnsOf(sql: string): string[] {
  const columns: string[] = [];
  let depth = 0;
  let start = 0;
  const take = (end: number): void => {
    const found = /^\s*(?:"([^"]*)"|`([^`]*)`|\[([^\]]*)\]|([^\s,()]+))/.exec(sql.slice(start, end));
    columns.push((found?.[1] ?? found?.[2] ?? found?.[3] ?? found?.[4] ?? "").slice(0, mostLabel));
  };
  for (let i = 0; i < sql.length && columns.length < mostColumns; i++) {
    const character = sql[i];
    if (character === "(") {
      if (++depth === 1) start = i + 1;
    } else if (character === ")") {
      if (--depth === 0) {
        take(i);
        break;
      }
    } else if (character === "," && depth === 1) {
      take(i);
      start = i + 1;
    }
  }
  return columns;
}

/** Pages with rows of the tree below a page, each page once. */
function* pagesBelow(file: SqliteFile, root: number, seen: Uint8Array): Generator<SqlitePage, void> {
  const waiting = [root];
  while (waiting.length > 0) {
    const number = waiting.pop()!;
    if (!(number >= 1 && number <= file.pages) || seen[number] === 1) continue;
    seen[number] = 1;
    const page = readPage(file, number);
    if (page === undefined) continue;
    for (let i = page.children.length - 1; i >= 0; i--) waiting.push(page.children[i]!);
    if (page.kind === leafTable || page.kind === leafIndex || page.kind === interiorIndex) yield page;
  }
}

function* unseenPages(file: SqliteFile, seen: Uint8Array): Generator<SqlitePage, void> {
  for (let number = 1; number <= file.pages; number++) {
    const page = seen[number] === 1 ? undefined : readPage(file, number);
    if (page?.kind === leafTable) yield page;
  }
}

/** The rows of some pages as texts; `columns`: names of the values, as far as they are known. */
export function* rowTexts(
  file: SqliteFile,
  pages: Iterable<SqlitePage>,
  columns: readonly string[],
  packed?: Packed[],
): Generator<Uint8Array, void> {
  let packedBytes = 0;
  const nameAt = columns.findIndex((column) => nameColumns.test(column));
  const valueAt = columns.findIndex((column) => valueColumns.test(column));
  let parts: Uint8Array[] = [];
  let size = 0;
  for (const page of pages) {
    for (const cell of page.cells) {
      const row = readRow(file, page, cell);
      if (row === undefined) continue;
      const name = row[nameAt];
      // As an assignment where it is one; the value's own line would be a second sighting of it.
      const isAssignment = nameAt !== valueAt && typeof name === "string" && row[valueAt] !== undefined;
      row.forEach((value, i) => {
        if (value.length === 0) return;
        if (packed !== undefined && isPacked(value) && packed.length < mostPacked && packedBytes < mostPackedBytes) {
          packed.push({ column: columns[i] ?? "", value: Buffer.from(value) });
          packedBytes += value.length;
        }
        const label =
          isAssignment && i === valueAt ? name.slice(0, mostLabel).replace(/\s+/g, " ") : (columns[i] ?? "");
        for (const part of labelled(label, value)) size += parts[parts.push(part) - 1]!.length;
      });
      if (size < rowsAtOnce) continue;
      yield Buffer.concat(parts);
      parts = [];
      size = 0;
    }
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

function isPacked(value: SqliteValue): value is Buffer {
  return typeof value !== "string" && packedHeads.test(value.toString("hex", 0, 6));
}

function labelled(label: string, value: SqliteValue): Uint8Array[] {
  if (typeof value === "string") return [Buffer.from(label === "" ? `${value}\n` : `${label} = "${value}"\n`)];
  return [Buffer.from(label === "" ? "" : `${label} = `), value, Buffer.from("\n")];
}
