import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { openWithoutWaiting } from "../regular-file.ts";
import { createToldInflater, type InflateTold } from "./inflate.ts";
import { maxObjectBytes } from "./pack-walk.ts";
import { objectTypes } from "./pack-entry.ts";

export interface LooseObject {
  readonly type: number;
  readonly bytes: Buffer;
}

/** Path of a loose object in its `objects` folder. */
export function loosePath(objects: string, oid: string): string {
  return `${objects}/${oid.slice(0, 2)}/${oid.slice(2)}`;
}

/** The bytes of a loose object as they lie there, until the next one is read; undefined where it is no file, too large, or cannot be read. */
export function readLooseFile(objects: string, oid: string): Buffer | undefined {
  try {
    return readCompressed(loosePath(objects, oid));
  } catch {
    return undefined;
  }
}

/** Files up to this size are read into the same memory again and again. */
const room = Buffer.allocUnsafe(65_536);
let inflate: InflateTold | undefined;

/** Reads a loose object (gitformat-pack's neighbour: `<type> <size>\0` and the bytes, deflated). Throws Error when it is damaged or too large. */
export function readLoose(objects: string, oid: string): LooseObject {
  return readLooseUnless(objects, oid, undefined)!;
}

/** The same; undefined for one of the type that nobody asks for, of which nothing but the header is expanded. */
export function readLooseUnless(objects: string, oid: string, unwanted: number | undefined): LooseObject | undefined {
  const compressed = readCompressed(loosePath(objects, oid));
  inflate ??= createToldInflater();
  let type = 0;
  let start = 0;
  const all = inflate(compressed, (head) => {
    const end = head.indexOf(0);
    const header = /^(commit|tree|blob|tag) (\d+)$/.exec(head.toString("latin1", 0, Math.max(0, end)));
    if (header === null) throw new Error("object header is damaged");
    const size = Number(header[2]);
    if (size > maxObjectBytes) throw new Error("object is too large");
    type = objectTypes[header[1] as "commit" | "tree" | "blob" | "tag"];
    start = end + 1;
    return type === unwanted ? undefined : start + size;
  });
  return all === undefined ? undefined : { type, bytes: all.subarray(start) };
}

/** The file as it is; it holds until the next one is read. */
function readCompressed(path: string): Buffer {
  const descriptor = openSync(path, openWithoutWaiting);
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error("it is no file");
    if (stat.size > maxObjectBytes) throw new Error("object is too large");
    const bytes = stat.size <= room.length ? room : Buffer.allocUnsafeSlow(stat.size);
    let length = 0;
    while (length < stat.size) {
      const read = readSync(descriptor, bytes, length, stat.size - length, null);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
