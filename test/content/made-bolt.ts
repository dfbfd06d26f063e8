/** A database of bbolt with one page, in which all buckets lie; real ones have pages of their own for large ones. */
export type Buckets = { readonly [key: string]: Buckets | Buffer | string };

const pageBytes = 4096;

export function boltOf(buckets: Buckets): Buffer {
  const head = (number: number, written: number): Buffer => {
    const page = Buffer.alloc(pageBytes);
    page.writeUInt32LE(number, 0);
    page.writeUInt16LE(4, 8);
    page.writeUInt32LE(0xed0cdaed, 16);
    page.writeUInt32LE(pageBytes, 24);
    page.writeUInt32LE(2, 32);
    page.writeUInt32LE(written, 64);
    return page;
  };
  const root = leaf(buckets);
  const pages = Math.ceil(root.length / pageBytes);
  root.writeUInt32LE(pages - 1, 12);
  const old = head(0, 1);
  // An older head, of which the tree is gone.
  old.writeUInt32LE(7, 32);
  return Buffer.concat([old, head(1, 2), root, Buffer.alloc(pages * pageBytes - root.length)]);
}

function leaf(buckets: Buckets): Buffer {
  const entries = Object.entries(buckets).sort(([a], [b]) => (a < b ? -1 : 1));
  const head = Buffer.alloc(16 + 16 * entries.length);
  head.writeUInt16LE(2, 8);
  head.writeUInt16LE(entries.length, 10);
  const parts: Buffer[] = [head];
  let at = head.length;
  entries.forEach(([key, value], i) => {
    const isBucket = typeof value !== "string" && !Buffer.isBuffer(value);
    const body = isBucket ? Buffer.concat([Buffer.alloc(16), leaf(value)]) : Buffer.from(value);
    const place = 16 + 16 * i;
    [isBucket ? 1 : 0, at - place, key.length, body.length].forEach((number, n) =>
      head.writeUInt32LE(number, place + 4 * n),
    );
    parts.push(Buffer.from(key), body);
    at += key.length + body.length;
  });
  return Buffer.concat(parts);
}
