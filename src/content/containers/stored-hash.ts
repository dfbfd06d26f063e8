import { createHash } from "node:crypto";
import type { Bytes } from "./bytes.ts";

/** More than this is not read a second time to be known. */
export const mostHashed = 8 << 20;

/** A hash of `length` stored bytes at `at`, and of the words that say how they are read. */
export function hashOfStored(bytes: Bytes, at: number, length: number, ...words: readonly (string | number)[]): string {
  return createHash("sha256")
    .update(`${words.join(" ")} `)
    .update(bytes.read(at, length))
    .digest("base64");
}
