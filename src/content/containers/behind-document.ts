import { isArchive } from "./behind-program.ts";
import { chunksOf, type Bytes } from "./bytes.ts";
import type { Member } from "./member.ts";
import { endsAsZip, localMagic } from "./zip-directory.ts";

/**
 * Archives behind documents that say where they end: PDF files and databases are read by those who know them as if nothing followed, so this is where people (and
 * programs that hide something) put one.
 */

const endOfPdf = Buffer.from("%%EOF");
const searchBytes = 1 << 20;
const lineEnds = 2;

/** The archive behind the last part of a PDF file that one stands behind. Updates are written behind the file, each with an end of its own (ISO 32000, 7.5.6). */
export function* behindPdf(bytes: Bytes): Generator<Member, void> {
  const overlap = endOfPdf.length + lineEnds;
  for (let from = 0; from < bytes.size; from += searchBytes) {
    const part = bytes.read(from, searchBytes + overlap);
    for (let at = part.indexOf(endOfPdf); at >= 0 && at < searchBytes; at = part.indexOf(endOfPdf, at + 1)) {
      let end = at + endOfPdf.length;
      while (end < at + overlap && (part[end] === 10 || part[end] === 13)) end++;
      if (!mayBegin.has(part[end]!) || !isUnread(bytes, from + end)) continue;
      yield { name: "", chunks: chunksOf(bytes, from + end) };
      return;
    }
  }
}

/** First bytes of archives, tars aside: these begin with a name. */
const mayBegin: ReadonlySet<number> = new Set(Buffer.from("1ffd372804425250", "hex"));

/** Whether an archive begins there that is not read anyway: of what ends as a ZIP file the members are (`placedMembers`). */
function isUnread(bytes: Bytes, at: number): boolean {
  if (!isArchive(bytes, at)) return false;
  return bytes.read(at, 4).readUInt32LE(0) !== localMagic || !endsAsZip(bytes);
}

/** The size of a database as its header says (SQLite, "Database File Format", 1.3.7: how many pages there are); 0 where it does not. */
export function toldSize(bytes: Bytes, pageSize: number): number {
  const header = bytes.read(0, 100);
  // The number of pages counts where it was written together with the change counter.
  const isTold = header.length === 100 && header.readUInt32BE(24) === header.readUInt32BE(92);
  return isTold ? header.readUInt32BE(28) * pageSize : 0;
}

/** The archive behind the pages of a database. */
export function* behindPages(bytes: Bytes, pageSize: number): Generator<Member, void> {
  const end = toldSize(bytes, pageSize);
  if (end > 0 && isUnread(bytes, end)) yield { name: "", chunks: chunksOf(bytes, end) };
}
