import { readFileSync, statSync } from "node:fs";
import { inflateSync } from "node:zlib";
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
  if (statSync(path).size > maxObjectBytes) throw new Error("object is too large");
  const inflated = inflateSync(readFileSync(path), { maxOutputLength: maxObjectBytes + longestHeader });
  const end = inflated.subarray(0, longestHeader).indexOf(0);
  const header = /^(commit|tree|blob|tag) (\d+)$/.exec(inflated.toString("latin1", 0, Math.max(0, end)));
  if (header === null) throw new Error("object header is damaged");
  const bytes = inflated.subarray(end + 1);
  if (bytes.length !== Number(header[2])) throw new Error(`holds ${bytes.length} bytes instead of ${header[2]}`);
  return { type: objectTypes[header[1] as "commit" | "tree" | "blob" | "tag"], bytes };
}
