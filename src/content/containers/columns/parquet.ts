import { cleanPath } from "../../tar-path.ts";
import type { Bytes } from "../bytes.ts";
import { insideLimits } from "../limits.ts";
import { lost, type Member, type ReportFault } from "../member.ts";
import { unpack, type Codec } from "./codecs.ts";
import { ThriftDamage, ThriftReader, type Fields, type Value } from "./thrift.ts";

/** Behind the footer its length and the mark once more. */
const tailBytes = 8;
/** The footer of a file with thousands of columns has some megabytes. */
const mostFooter = 64 << 20;
/** A header of a page has some tens of bytes, and samples of values. */
const mostPageHead = 1 << 16;
const mostPage = 256 << 20;
/** By their numbers (parquet.thrift, CompressionCodec). The fifth is of a form that nobody writes any more. */
const codecs: readonly (Codec | undefined)[] = [
  "none",
  "snappy",
  "gzip",
  undefined,
  "brotli",
  undefined,
  "zstd",
  "lz4",
];

/** The columns of a Parquet file, a member for each part of one (parquet.thrift): pages as they are unpacked, in which texts stand behind their lengths. */
export function* parquetMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const tail = bytes.read(Math.max(0, bytes.size - tailBytes), tailBytes);
  const length = tail.length < tailBytes ? 0 : tail.readUInt32LE(0);
  const mark = tail.toString("latin1", 4);
  if (mark === "PARE") return report(lost("encrypted", "", "is an encrypted table"));
  if (mark !== "PAR1" || length > mostFooter || length + tailBytes > bytes.size)
    return report(lost("archive-corrupt", "", "the Parquet file is cut off or damaged"));
  // Parts of columns can share their pages.
  const work = { left: 2 * Math.max(insideLimits.freeBytes, insideLimits.maxRatio * bytes.size) };
  try {
    const footer = new ThriftReader(bytes.read(bytes.size - tailBytes - length, length)).fields();
    for (const group of listOf(footer.get(4))) {
      for (const column of listOf(fieldsOf(group).get(1))) {
        const about = fieldsOf(fieldsOf(column).get(3));
        const name = cleanPath(
          listOf(about.get(3))
            .map((part) => (Buffer.isBuffer(part) ? part.toString("utf8") : ""))
            .join("."),
        );
        const codec = codecs[numberOf(about.get(4))];
        if (fieldsOf(column).has(8)) report(lost("encrypted", name, "is encrypted"));
        else if (codec === undefined) report(lost("unsupported", name, "is packed by a method that is not read"));
        else if (codec !== "none") yield { name, chunks: pagesOf(bytes, about, codec, name, work, report) };
      }
    }
  } catch (error) {
    if (!(error instanceof ThriftDamage)) throw error;
    report(lost("archive-corrupt", "", `the Parquet file is damaged (${error.message})`));
  }
}

function* pagesOf(
  bytes: Bytes,
  about: Fields,
  codec: Codec,
  name: string,
  work: { left: number },
  report: ReportFault,
): Generator<Uint8Array, void> {
  const damaged = (): void => report(lost("archive-corrupt", name, "is a column that is cut off or damaged"));
  const dictionary = numberOf(about.get(11));
  let at = dictionary > 0 ? Math.min(dictionary, numberOf(about.get(9))) : numberOf(about.get(9));
  const end = Math.min(bytes.size, at + numberOf(about.get(7)));
  if (at < 4 || end <= at) return damaged();
  while (at < end) {
    const page = pageAt(bytes, at);
    if (page === undefined || page.packed < 0 || page.size < 0 || page.size > mostPage) return damaged();
    work.left -= page.size + page.packed;
    if (work.left < 0) return report(lost("bomb", name, "expands to too much: the rest was not read"));
    const stored = bytes.read(page.at, page.packed);
    if (stored.length < page.packed) return damaged();
    // Of the second form of pages what tells how values repeat is not packed.
    const data = page.isPacked ? unpack(codec, stored.subarray(page.levels), page.size) : stored;
    if (data === undefined) damaged();
    else yield data;
    at = page.at + page.packed;
  }
}

interface Page {
  readonly at: number;
  readonly size: number;
  readonly packed: number;
  readonly levels: number;
  readonly isPacked: boolean;
}

function pageAt(bytes: Bytes, at: number): Page | undefined {
  const reader = new ThriftReader(bytes.read(at, mostPageHead));
  try {
    const head = reader.fields();
    const second = fieldsOf(head.get(8));
    return {
      at: at + reader.at,
      size: numberOf(head.get(2)),
      packed: numberOf(head.get(3)),
      levels: Math.max(0, numberOf(second.get(5)) + numberOf(second.get(6))),
      isPacked: second.get(7) !== 0,
    };
  } catch (error) {
    if (error instanceof ThriftDamage) return undefined;
    throw error;
  }
}

const none: Fields = new Map();

function fieldsOf(value: Value | undefined): Fields {
  return value instanceof Map ? (value as Fields) : none;
}

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

function numberOf(value: Value | undefined): number {
  return typeof value === "number" ? value : 0;
}
