import { bytesInMemory } from "./containers/bytes.ts";
import { openSqlite } from "./containers/sqlite-pages.ts";
import { tableRows } from "./containers/sqlite.ts";

/** Headers of one database; a system has some thousand packages. */
const mostHeaders = 100_000;

/** The headers of the packages in a database of rpm, whichever of its three forms it has; none where it is damaged. */
export function* rpmHeaders(database: Buffer): Generator<Buffer, void> {
  let count = 0;
  for (const header of headersIn(database)) {
    if (++count > mostHeaders) return;
    yield header;
  }
}

function headersIn(database: Buffer): Iterable<Buffer> {
  if (database.toString("latin1", 0, 15) === "SQLite format 3") return sqliteHeaders(database);
  if (database.toString("latin1", 0, 4) === "RpmP") return slotHeaders(database);
  const isHash = database.length > berkeley.head && [true, false].some((isLittle) => isBerkeley(database, isLittle));
  return isHash ? berkeleyHeaders(database) : [];
}

/** Table `Packages` of `rpmdb.sqlite`: a number and a header. */
function* sqliteHeaders(database: Buffer): Generator<Buffer, void> {
  const file = openSqlite(bytesInMemory(database));
  if (file === undefined) return;
  for (const row of tableRows(file, "Packages")) {
    const header = row[1];
    if (header instanceof Buffer) yield header;
  }
}

const slots = { pageBytes: 4096, slotBytes: 16, blockBytes: 16, first: 32, blobHead: 16 } as const;

/** rpm's own format, `Packages.db` (rpm, `lib/backend/ndb/rpmpkg.c`): pages of slots, each naming the blocks of one header. */
function* slotHeaders(database: Buffer): Generator<Buffer, void> {
  if (database.length < slots.first) return;
  const end = Math.min(database.readUInt32LE(12) * slots.pageBytes, database.length);
  for (let at = slots.first; at + slots.slotBytes <= end; at += slots.slotBytes) {
    const blob = database.readUInt32LE(at + 8) * slots.blockBytes;
    if (database.toString("latin1", at, at + 4) !== "Slot" || blob < slots.first) continue;
    if (database.toString("latin1", blob, blob + 4) !== "BlbS") continue;
    const start = blob + slots.blobHead;
    const length = database.readUInt32LE(blob + 12);
    if (start + length <= database.length) yield database.subarray(start, start + length);
  }
}

/** Berkeley DB: the head of a database that is a hash, kinds of pages, and how a value is kept that is too large for its page. */
const berkeley = {
  head: 72,
  magic: 0x061561,
  pageHead: 26,
  hashPages: new Set([2, 13]),
  overflowPage: 7,
  onOtherPages: 3,
} as const;

function isBerkeley(database: Buffer, isLittle: boolean): boolean {
  return (isLittle ? database.readUInt32LE(12) : database.readUInt32BE(12)) === berkeley.magic;
}

/** A hash of Berkeley DB, `Packages` (Oracle, "Berkeley DB", `dbinc/db_page.h`): values are headers, which lie on pages of their own. */
function* berkeleyHeaders(database: Buffer): Generator<Buffer, void> {
  const isLittle = isBerkeley(database, true);
  const u32 = (at: number): number => (isLittle ? database.readUInt32LE(at) : database.readUInt32BE(at));
  const u16 = (at: number): number => (isLittle ? database.readUInt16LE(at) : database.readUInt16BE(at));
  const pageBytes = u32(20);
  if (pageBytes < 512 || pageBytes > 65_536) return;
  const pages = Math.floor(database.length / pageBytes);
  for (let number = 1; number < pages; number++) {
    const page = number * pageBytes;
    if (!berkeley.hashPages.has(database[page + 25]!)) continue;
    const entries = u16(page + 20);
    // Keys and values in turn.
    for (let i = 1; i < entries && berkeley.pageHead + 2 * i + 2 <= pageBytes; i += 2) {
      const item = u16(page + berkeley.pageHead + 2 * i);
      if (item + 12 > pageBytes || database[page + item] !== berkeley.onOtherPages) continue;
      yield chain(u32(page + item + 4), u32(page + item + 8));
    }
  }

  function chain(first: number, length: number): Buffer {
    const parts: Buffer[] = [];
    let left = Math.min(length, database.length);
    for (let next = first; left > 0 && next > 0 && next < pages;) {
      const page = next * pageBytes;
      if (database[page + 25] !== berkeley.overflowPage) break;
      const size = Math.min(u16(page + 22), pageBytes - berkeley.pageHead, left);
      if (size === 0) break;
      parts.push(database.subarray(page + berkeley.pageHead, page + berkeley.pageHead + size));
      left -= size;
      next = u32(page + 16);
    }
    return Buffer.concat(parts);
  }
}
