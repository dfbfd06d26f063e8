import type { IdBytes } from "../../model/object-id.ts";
import { readWholeFile } from "../whole-file.ts";
import { readChunks, viewOf } from "./chunk-file.ts";
import { maxIndexBytes, offsetsFor, readFanout, type PackIndex } from "./pack-index.ts";

/** A multi-pack-index (gitformat-pack, "multi-pack-index"): for each object one pack of several that holds it, and the offset there. */
export interface MultiPackIndex {
  /** File names of the packs, ending in `.pack`. Only names: nothing in them leads to another folder. */
  readonly packs: readonly string[];
  /** What it knows of one of them: objects that it gives to another pack are left out. Throws Error where its tables are damaged. */
  readonly indexOf: (pack: number) => PackIndex;
}

const headerBytes = 12;

/** Reads a multi-pack-index. Throws Error with a one-line message when it is damaged or keeps ids of another length. */
export function readMultiPackIndex(path: string, idBytes: IdBytes): MultiPackIndex {
  const bytes = readWholeFile(path, maxIndexBytes);
  const view = viewOf(bytes);
  if (bytes.length < headerBytes || view.getUint32(0) !== 0x4d494458) throw new Error("is not a multi-pack-index");
  const version = view.getUint8(4);
  if (version !== 1 && version !== 2) throw new Error(`multi-pack-index of unknown version ${version}`);
  if (view.getUint8(5) !== (idBytes === 20 ? 1 : 2)) throw new Error("multi-pack-index keeps ids of another length");
  const chunk = chunksOf(bytes, view.getUint8(6));
  const names = readNames(chunk("PNAM"), view.getUint32(8));
  return { packs: names, indexOf: (pack) => indexOf(pack, chunk, idBytes) };
}

function chunksOf(bytes: Uint8Array, count: number): ReturnType<typeof readChunks> {
  try {
    return readChunks(bytes, headerBytes, count);
  } catch (error) {
    throw new Error("multi-pack-index is cut off", { cause: error });
  }
}

function readNames(bytes: Uint8Array, count: number): string[] {
  const names = Buffer.from(bytes).toString("utf8").split("\0").slice(0, count);
  if (names.length < count || !names.every((name) => /^[^/\\]+\.(?:idx|pack)$/.test(name)))
    throw new Error("multi-pack-index has a damaged list of packs");
  return names.map((name) => name.replace(/\.idx$/, ".pack"));
}

function indexOf(pack: number, chunk: (name: string) => Uint8Array, idBytes: IdBytes): PackIndex {
  const ids = chunk("OIDL");
  const places = viewOf(chunk("OOFF"));
  const large = viewOf(chunk("LOFF"));
  if (chunk("OIDF").length < 1024) throw new Error("multi-pack-index is cut off");
  const total = readFanout(viewOf(chunk("OIDF")), 0)[255]!;
  if (ids.length < total * idBytes || places.byteLength < total * 8) throw new Error("multi-pack-index is cut off");
  let count = 0;
  for (let i = 0; i < total; i++) if (places.getUint32(8 * i) === pack) count++;
  const oids = new Uint8Array(count * idBytes);
  const offsets = offsetsFor(count, large.byteLength === 0 ? 0xffffffff : Infinity);
  const fanout = new Uint32Array(256);
  let at = 0;
  for (let i = 0; i < total; i++) {
    if (places.getUint32(8 * i) !== pack) continue;
    oids.set(ids.subarray(i * idBytes, (i + 1) * idBytes), at * idBytes);
    fanout[ids[i * idBytes]!]!++;
    offsets[at++] = offsetOf(places.getUint32(8 * i + 4), large);
  }
  for (let i = 1; i < 256; i++) fanout[i]! += fanout[i - 1]!;
  return { count, idBytes, oids, offsets, fanout };
}

/** Offsets of 31 bits and more lie in a table of their own, where there is one; without it 32 bits are meant. */
function offsetOf(small: number, large: DataView): number {
  if (small < 0x80000000 || large.byteLength === 0) return small;
  const at = 8 * (small - 0x80000000);
  if (at + 8 > large.byteLength) throw new Error("multi-pack-index names an offset outside its table");
  return large.getUint32(at) * 2 ** 32 + large.getUint32(at + 4);
}
