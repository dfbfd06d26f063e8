import { closeSync, constants, openSync, readSync } from "node:fs";
import { createHash } from "node:crypto";
import type { LayerUnit, UnitResult } from "../model/unit.ts";
import { keyOf, sealValue, unsealValue } from "./seal.ts";

/** What a layer's scan came to, but for its detections; `only` are the paths of the files that have some. */
export interface LayerRecord {
  readonly result: Omit<UnitResult, "hits">;
  readonly only: readonly string[];
}

const version = 4;
const chunkBytes = 4 << 20;
const sampleBytes = 1 << 16;

/**
 * Reads a layer's stored bytes once. Gives a key to seal with, which only these bytes give; undefined where they are not what the layer's digest says,
 * so that no image can pass for another one that is known.
 */
export function proveLayer({ file, offset, length, digest }: LayerUnit): Uint8Array | undefined {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(chunkBytes);
  const samples = createHash("sha256");
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    for (let at = 0; at < length;) {
      const read = readSync(descriptor, chunk, 0, Math.min(chunkBytes, length - at), offset + at);
      if (read === 0) return undefined;
      hash.update(chunk.subarray(0, read));
      samples.update(chunk.subarray(0, Math.min(read, sampleBytes)));
      at += read;
    }
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  return `sha256:${hash.digest("hex")}` === digest ? keyOf("layer", samples.digest()) : undefined;
}

export function writeLayerRecord(record: LayerRecord, key: Uint8Array): Uint8Array {
  return sealValue(key, version, record);
}

/** Undefined for what was not written with this key and by this version. */
export function readLayerRecord(bytes: Uint8Array, key: Uint8Array): LayerRecord | undefined {
  // It is what `writeLayerRecord` was given.
  return unsealValue(key, version, bytes) as LayerRecord | undefined;
}
