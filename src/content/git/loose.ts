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

/** The bytes of a loose object as they lie there; undefined where it is no file, too large, or cannot be read. */
export function readLooseFile(objects: string, oid: string): Buffer | undefined {
  const path = loosePath(objects, oid);
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size <= maxObjectBytes ? readFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** The longest header: type, space, up to 20 digits, NUL. */
const longestHeader = 32;
/** The code tables of a deflate block come before its first byte and take up to some 300 bytes (RFC 1951, 3.2.7); empty blocks may come before them. */
const firstBytes = 1_024;
const mostBytes = 65_536;

/** The beginning of what is deflated: at least the header, and not much more than `mostBytes` can hold. */
function inflateHead(compressed: Buffer): Buffer {
  for (let take = firstBytes; ; take *= 8) {
    const head = inflateSync(compressed.subarray(0, take), { finishFlush: constants.Z_SYNC_FLUSH });
    if (head.length >= longestHeader || take >= mostBytes || take >= compressed.length) {
      return head.subarray(0, longestHeader);
    }
  }
}

/** Reads a loose object (gitformat-pack's neighbour: `<type> <size>\0` and the bytes, deflated). Throws Error when it is damaged or too large. */
export function readLoose(objects: string, oid: string): LooseObject {
  const path = loosePath(objects, oid);
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error("it is no file");
  if (stat.size > maxObjectBytes) throw new Error("object is too large");
  const compressed = readFileSync(path);
  // The header first: what comes out is then bounded by the size that it tells.
  const head = inflateHead(compressed);
  const end = head.indexOf(0);
  const header = /^(commit|tree|blob|tag) (\d+)$/.exec(head.toString("latin1", 0, Math.max(0, end)));
  if (header === null) throw new Error("object header is damaged");
  const size = Number(header[2]);
  if (size > maxObjectBytes) throw new Error("object is too large");
  const bytes = inflateExact(compressed, end + 1 + size).subarray(end + 1);
  return { type: objectTypes[header[1] as "commit" | "tree" | "blob" | "tag"], bytes };
}
