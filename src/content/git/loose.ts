import { readFileSync, statSync } from "node:fs";
import { constants, inflateSync } from "node:zlib";
import { inflateExact } from "./inflate.ts";
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

/** The longest header: type, space, up to 20 digits, NUL. */
const longestHeader = 32;

/** Reads a loose object (gitformat-pack's neighbour: `<type> <size>\0` and the bytes, deflated). Throws Error when it is damaged or too large. */
export function readLoose(objects: string, oid: string): LooseObject {
  const path = loosePath(objects, oid);
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error("it is no file");
  if (stat.size > maxObjectBytes) throw new Error("object is too large");
  const compressed = readFileSync(path);
  // The header first: what comes out is then bounded by the size that it tells.
  const head = inflateSync(compressed.subarray(0, 2 * longestHeader), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
    0,
    longestHeader,
  );
  const end = head.indexOf(0);
  const header = /^(commit|tree|blob|tag) (\d+)$/.exec(head.toString("latin1", 0, Math.max(0, end)));
  if (header === null) throw new Error("object header is damaged");
  const size = Number(header[2]);
  if (size > maxObjectBytes) throw new Error("object is too large");
  const bytes = inflateExact(compressed, end + 1 + size).subarray(end + 1);
  return { type: objectTypes[header[1] as "commit" | "tree" | "blob" | "tag"], bytes };
}
