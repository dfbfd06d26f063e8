import type { Bytes } from "./bytes.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import { rowTexts } from "./sqlite.ts";
import { leafIndex, leafTable, mostRowBytes, readPage, type SqliteFile } from "./sqlite-pages.ts";

/** Bytes before the first frame, and before the page in each (File Format, 4.1). */
const [headBytes, frameHead] = [32, 24];
/** Of a page at least so much is used (File Format, 1.3.4). */
const leastUsable = 480;
/** Frames of one log; SQLite itself empties it after a thousand. */
const mostFrames = 200_000;

/** Whether a content begins as a write-ahead log does: its magic number, then the version of its format. */
export function isSqliteLog(head: Buffer): boolean {
  return (head.readUInt32BE(0) & 0xfffffffe) >>> 0 === 0x377f0682 && head.readUInt32BE(4) === 3_007_000;
}

/**
 * Rows in the write-ahead log of an SQLite database: pages that were written and are not in the database yet, or are there by now. Every version of a page
 * is read. The schema may not be in the log, so values stand alone, a line each.
 */
export function* sqliteLogMembers(log: Bytes, report: ReportFault): Generator<Member, void> {
  const pageSize = log.read(8, 4).readUInt32BE(0);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0)
    return report(lost("archive-corrupt", "", "the header of the write-ahead log is damaged"));
  yield { name: "", chunks: framesText(log, pageSize, report) };
  if ((log.size - headBytes) % (frameHead + pageSize) !== 0)
    report(lost("archive-corrupt", "", "the write-ahead log is cut off"));
}

function* framesText(log: Bytes, pageSize: number, report: ReportFault): Generator<Uint8Array, void> {
  const step = frameHead + pageSize;
  const all = Math.floor((log.size - headBytes) / step);
  const count = Math.min(mostFrames, all);
  if (count < all) report(lost("too-large", "", `has ${all} frames: ${mostFrames} were read`));
  /** Where the newest version of each page lies. */
  const newest = new Map<number, number>();
  const numbers: number[] = [];
  for (let frame = 0; frame < count; frame++) {
    const at = headBytes + frame * step;
    const number = log.read(at, 4).readUInt32BE(0);
    numbers.push(number);
    newest.set(number, at + frameHead);
  }
  const first = newest.get(1);
  const head = first === undefined ? Buffer.alloc(0) : log.read(first, 100);
  const usable = pageSize - (head[20] ?? 0);
  if (usable < leastUsable)
    return report(lost("archive-corrupt", "", "the first page in the write-ahead log is damaged"));
  const pages = numbers.reduce((most, number) => Math.max(most, number), 0);
  const encoding =
    (["utf8", "utf8", "utf16le", "utf16be"] as const)[head.length < 60 ? 0 : head.readUInt32BE(56)] ?? "utf8";
  let left = mostRowBytes(log.size);
  for (const [frame, number] of numbers.entries()) {
    const here = headBytes + frame * step + frameHead;
    const bytes: Bytes = {
      size: pages * pageSize,
      read(at, length) {
        const asked = Math.floor(at / pageSize) + 1;
        const place = asked === number ? here : newest.get(asked);
        return place === undefined ? Buffer.alloc(0) : log.read(place + (at % pageSize), Math.min(length, pageSize));
      },
    };
    const file: SqliteFile = { bytes, pageSize, usable, pages, encoding, left };
    const page = readPage(file, number);
    if (page?.kind === leafTable || page?.kind === leafIndex) yield* rowTexts(file, [page], []);
    left = file.left;
  }
}
