/** Databases of rpm in each of their forms, with one installed package. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";

export interface InstalledPackage {
  readonly name: string;
  readonly vendor: string;
  /** By their absolute paths. */
  readonly files: Readonly<Record<string, string>>;
}

/** The header of a package, as rpm keeps it: an index, then its values. */
export function rpmHeader({ name, vendor, files }: InstalledPackage): Buffer {
  const paths = Object.keys(files);
  const folders = [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf("/") + 1)))];
  const int32 = (...numbers: number[]): [4, number, Buffer] => {
    const bytes = Buffer.alloc(4 * numbers.length);
    numbers.forEach((number, i) => bytes.writeUInt32BE(number, 4 * i));
    return [4, numbers.length, bytes];
  };
  const texts = (kind: 6 | 8, list: readonly string[]): [6 | 8, number, Buffer] => [
    kind,
    list.length,
    Buffer.from(list.map((text) => `${text}\0`).join("")),
  ];
  const sums = paths.map((path) => createHash("sha256").update(files[path]!).digest("hex"));
  const fields: readonly (readonly [number, readonly [number, number, Buffer]])[] = [
    [1000, texts(6, [name])],
    [1011, texts(6, [vendor])],
    // A folder has no hash.
    [1035, texts(8, [...sums, ""])],
    [1116, int32(...paths.map((path) => folders.indexOf(path.slice(0, path.lastIndexOf("/") + 1))), 0)],
    [1117, texts(8, [...paths.map((path) => path.slice(path.lastIndexOf("/") + 1)), "folder"])],
    [1118, texts(8, folders)],
    [5011, int32(8)],
  ];
  const index: Buffer[] = [];
  let values = Buffer.alloc(0);
  for (const [tag, [kind, count, bytes]] of fields) {
    if (kind === 4) values = Buffer.concat([values, Buffer.alloc((4 - (values.length % 4)) % 4)]);
    const entry = Buffer.alloc(16);
    [tag, kind, values.length, count].forEach((number, i) => entry.writeUInt32BE(number, 4 * i));
    index.push(entry);
    values = Buffer.concat([values, bytes]);
  }
  const head = Buffer.alloc(8);
  head.writeUInt32BE(fields.length, 0);
  head.writeUInt32BE(values.length, 4);
  return Buffer.concat([head, ...index, values]);
}

/** `rpmdb.sqlite`. */
export function sqliteDatabase(header: Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "leaktrace-rpm-"));
  const database = new Database(join(folder, "db"));
  database.exec("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)");
  database.prepare("INSERT INTO Packages (blob) VALUES (?)").run(header);
  database.close();
  const bytes = readFileSync(join(folder, "db"));
  rmSync(folder, { recursive: true });
  return bytes;
}

/** `Packages.db`: a page of slots, then blocks. */
export function slotDatabase(header: Buffer): Buffer {
  const page = Buffer.alloc(4096);
  page.write("RpmP", 0);
  page.writeUInt32LE(1, 12);
  page.write("Slot", 48);
  [1, 4096 / 16, Math.ceil((header.length + 28) / 16)].forEach((number, i) => page.writeUInt32LE(number, 52 + 4 * i));
  const blob = Buffer.alloc(16);
  blob.write("BlbS", 0);
  [1, 1, header.length].forEach((number, i) => blob.writeUInt32LE(number, 4 + 4 * i));
  return Buffer.concat([page, blob, header, Buffer.alloc(28)]);
}

/** `Packages`, a hash of Berkeley DB: its head, a page with a key and a value elsewhere, and the pages of the value. */
export function hashDatabase(header: Buffer): Buffer {
  const pageBytes = 512;
  const head = Buffer.alloc(pageBytes);
  head.writeUInt32LE(0x061561, 12);
  head.writeUInt32LE(pageBytes, 20);
  head[25] = 8;
  const bucket = Buffer.alloc(pageBytes);
  bucket.writeUInt16LE(2, 20);
  bucket[25] = 13;
  bucket.writeUInt16LE(500, 26);
  bucket.writeUInt16LE(488, 28);
  bucket.set([1, 1, 0, 0, 0], 500);
  bucket[488] = 3;
  bucket.writeUInt32LE(2, 492);
  bucket.writeUInt32LE(header.length, 496);
  const pages: Buffer[] = [head, bucket];
  const room = pageBytes - 26;
  for (let at = 0; at < header.length; at += room) {
    const part = header.subarray(at, at + room);
    const page = Buffer.alloc(pageBytes);
    page.writeUInt32LE(at + room < header.length ? pages.length + 1 : 0, 16);
    page.writeUInt16LE(part.length, 22);
    page[25] = 7;
    page.set(part, 26);
    pages.push(page);
  }
  return Buffer.concat(pages);
}
