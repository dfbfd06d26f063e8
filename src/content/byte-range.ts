import { open, type FileHandle } from "node:fs/promises";
import type { UnpackedLayer, Wrapping } from "../model/unit.ts";
import { assembleTar, folderAsTar } from "./assembled-tar.ts";
import { expand, layerLimits, type StreamDamage } from "./compression.ts";

/** Bytes of one read; measured best together with zlib's output chunks of the same size. */
const READ_BYTES = 1 << 20;

/** Where bytes lie: a range of a file, or of what the file expands to. */
export interface ByteRange {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly wrapped?: Wrapping;
  /** It is no file: the bytes are made while they are read. `offset` is 0. */
  readonly unpacked?: UnpackedLayer;
  /** The only entry of that name in the archive that the file is, or expands to. */
  readonly entry?: string;
}

/**
 * Streams a range in chunks that are never written to again. Ends early, without an error, where the file does; errors of the
 * operating system are thrown. Damage of a wrapped file, or of an unpacked layer, is told to `report`.
 */
export async function* readRange(
  range: ByteRange,
  report: (damage: StreamDamage) => void = () => {},
): AsyncGenerator<Uint8Array, void> {
  const { file, offset, length, wrapped, unpacked } = range;
  if (unpacked !== undefined) {
    yield* unpacked.kind === "folder" ? folderAsTar(file, report) : assembleTar(file, unpacked.folder, report);
    return;
  }
  if (wrapped === undefined) {
    yield* readFileRange(file, offset, length);
    return;
  }
  const end = offset + length;
  let position = 0;
  for await (const chunk of expand(() => readFileRange(file, 0, Infinity), wrapped, layerLimits, report)) {
    const from = Math.max(0, offset - position);
    const to = Math.min(chunk.length, end - position);
    if (from < to) yield chunk.subarray(from, to);
    position += chunk.length;
    if (position >= end) return;
  }
}

/** The first bytes of a range, fewer where it is shorter. */
export async function readHead(range: ByteRange, bytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let missing = Math.min(bytes, range.length);
  if (missing > 0) {
    for await (const chunk of readRange({ ...range, length: missing })) {
      parts.push(chunk);
      missing -= chunk.length;
    }
  }
  return Buffer.concat(parts);
}

async function* readFileRange(file: string, offset: number, length: number): AsyncGenerator<Uint8Array, void> {
  const handle: FileHandle = await open(file, "r");
  try {
    let position = offset;
    const end = offset + length;
    while (position < end) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - position));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
