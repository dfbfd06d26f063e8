import type { IdBytes } from "../../model/object-id.ts";

/** Object types as a pack writes them (gitformat-pack, "Object types"). */
export const objectTypes = { commit: 1, tree: 2, blob: 3, tag: 4, ofsDelta: 6, refDelta: 7 } as const;

export interface EntryHeader {
  readonly type: number;
  /** Size of the inflated data: of the object, or of the delta. */
  readonly size: number;
  /** Bytes of the header: the compressed data follow. */
  readonly length: number;
  /** For OFS deltas: how far before this entry its base starts; else 0. */
  readonly baseDistance: number;
}

/** A header takes no more: 10 bytes of type and size, then 10 of distance or 32 of id. */
export const longestHeader = 42;

/** Reads the header of a pack entry at `bytes[at]`. Undefined when it is damaged or cut off. For REF deltas the base's id is the last `idBytes` of it. */
export function readEntryHeader(bytes: Uint8Array, at: number, idBytes: IdBytes): EntryHeader | undefined {
  let p = at;
  let byte = bytes[p++];
  if (byte === undefined) return undefined;
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  for (let scale = 16; byte & 0x80; scale *= 128) {
    byte = bytes[p++];
    if (byte === undefined || scale > 2 ** 49) return undefined;
    size += (byte & 0x7f) * scale;
  }
  if (type === 0 || type === 5) return undefined;
  if (type === objectTypes.refDelta)
    return p + idBytes <= bytes.length ? { type, size, length: p + idBytes - at, baseDistance: 0 } : undefined;
  if (type !== objectTypes.ofsDelta) return { type, size, length: p - at, baseDistance: 0 };
  byte = bytes[p++];
  if (byte === undefined) return undefined;
  let distance = byte & 0x7f;
  while (byte & 0x80) {
    byte = bytes[p++];
    if (byte === undefined || distance > 2 ** 45) return undefined;
    distance = (distance + 1) * 128 + (byte & 0x7f);
  }
  return { type, size, length: p - at, baseDistance: distance };
}
