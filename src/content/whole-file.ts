import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { openWithoutWaiting } from "./regular-file.ts";

/**
 * Reads a file of at most `maxBytes` whole. Whatever lies at the path, it waits for nothing and takes no more memory than that: a pipe, a folder and
 * a file of a terabyte of holes are refused. Throws Error with a one-line message that speaks of "it".
 */
export function readWholeFile(path: string, maxBytes: number): Buffer {
  const bytes = readFileIfThere(path, maxBytes);
  if (bytes === undefined) throw new Error("it is not there");
  return bytes;
}

/** The same; undefined where there is no such file. */
export function readFileIfThere(path: string, maxBytes: number): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, openWithoutWaiting);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Error("it is no file");
    if (stat.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    const bytes = Buffer.allocUnsafeSlow(stat.size);
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(descriptor, bytes, filled, bytes.length - filled, filled);
      // It was cut off meanwhile.
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new Error(`it cannot be read (${String(error.code)})`, { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
