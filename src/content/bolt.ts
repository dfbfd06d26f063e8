/** Reads databases of bbolt (etcd's, "Bolt database file format"): trees of pages, in which a bucket is a value of its own. Read only, whatever is written meanwhile. */

const pageHead = 16;
const metaMagic = 0xed0cdaed;
const branchFlag = 1;
const leafFlag = 2;
const bucketFlag = 1;
/** Trees of a real database have four levels at most. */
const mostDepth = 32;
/** Bytes of a key, as bbolt limits them. */
const mostKey = 32_768;
/** Entries of one bucket. */
const mostEntries = 1_000_000;

export interface BoltEntry {
  readonly key: string;
  /** Of a bucket: what lies in it. */
  readonly bucket?: BoltBucket;
  readonly value: Buffer;
}

/** A tree by the number of its page, or one that lies within a page. */
export type BoltBucket = { readonly root: number } | { readonly inline: Buffer };

export interface BoltFile {
  readonly bytes: Buffer;
  readonly pageBytes: number;
  readonly root: BoltBucket;
}

/** Undefined for what is no such database. */
export function openBolt(bytes: Buffer): BoltFile | undefined {
  let newest: { file: BoltFile; written: bigint } | undefined;
  // Two heads are written in turn; of the first page's size it is known where the second is.
  const first = bytes.length >= 80 ? bytes.readUInt32LE(pageHead + 8) : 0;
  for (const at of [0, first]) {
    if (at + 80 > bytes.length || bytes.readUInt32LE(at + pageHead) !== metaMagic) continue;
    const pageBytes = bytes.readUInt32LE(at + pageHead + 8);
    if (pageBytes < 512 || pageBytes > 1 << 20) continue;
    const written = bytes.readBigUInt64LE(at + pageHead + 48);
    const root = { root: Number(bytes.readBigUInt64LE(at + pageHead + 16)) };
    if (newest === undefined || written > newest.written) newest = { file: { bytes, pageBytes, root }, written };
  }
  return newest?.file;
}

/** The bucket behind some keys. */
export function bucketAt(file: BoltFile, keys: readonly string[]): BoltBucket | undefined {
  let bucket: BoltBucket | undefined = file.root;
  for (const key of keys) {
    if (bucket === undefined) return undefined;
    bucket = firstOf(file, bucket, key)?.bucket;
  }
  return bucket;
}

function firstOf(file: BoltFile, bucket: BoltBucket, key: string): BoltEntry | undefined {
  for (const entry of entriesOf(file, bucket)) if (entry.key === key) return entry;
  return undefined;
}

/** What lies in a bucket, in the order of its keys. */
export function* entriesOf(file: BoltFile, bucket: BoltBucket): Generator<BoltEntry, void> {
  let left = mostEntries;
  for (const entry of "inline" in bucket ? leaf(bucket.inline) : below(file, bucket.root, new Set(), 0)) {
    if (left-- <= 0) return;
    yield entry;
  }
}

function* below(file: BoltFile, number: number, seen: Set<number>, depth: number): Generator<BoltEntry, void> {
  const at = number * file.pageBytes;
  if (depth > mostDepth || seen.has(number) || !Number.isSafeInteger(at) || at + pageHead > file.bytes.length) return;
  seen.add(number);
  // A page goes on over as many as it says.
  const page = file.bytes.subarray(at, at + (1 + file.bytes.readUInt32LE(at + 12)) * file.pageBytes);
  if (page.readUInt16LE(8) === leafFlag) yield* leaf(page);
  if (page.readUInt16LE(8) !== branchFlag) return;
  for (let i = 0; i < page.readUInt16LE(10) && pageHead + 16 * i + 16 <= page.length; i++)
    yield* below(file, Number(page.readBigUInt64LE(pageHead + 16 * i + 8)), seen, depth + 1);
}

function* leaf(page: Buffer): Generator<BoltEntry, void> {
  if (page.length < pageHead) return;
  for (let i = 0; i < page.readUInt16LE(10); i++) {
    const at = pageHead + 16 * i;
    if (at + 16 > page.length) return;
    const start = at + page.readUInt32LE(at + 4);
    const middle = start + page.readUInt32LE(at + 8);
    const end = middle + page.readUInt32LE(at + 12);
    if (end > page.length || middle - start > mostKey) continue;
    const key = page.toString("utf8", start, middle);
    const value = page.subarray(middle, end);
    const isBucket = (page.readUInt32LE(at) & bucketFlag) !== 0 && value.length >= 16;
    yield isBucket ? { key, value, bucket: bucketIn(value) } : { key, value };
  }
}

/** A bucket begins with the number of its page; one without stands behind that. */
function bucketIn(value: Buffer): BoltBucket {
  const root = Number(value.readBigUInt64LE(0));
  return root === 0 ? { inline: value.subarray(16) } : { root };
}
