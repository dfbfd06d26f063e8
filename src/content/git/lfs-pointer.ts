import type { LfsPointer } from "../../model/unit.ts";

/** A pointer is smaller than this (git-lfs specification, "The Pointer"), and at least this long. */
const mostBytes = 1024;
const leastBytes = 100;
const firstByte = "v".charCodeAt(0);
const begin = "version https://git-lfs.github.com/spec/v1\n";

/** Whether a blob of this length that begins with this byte can be a Git LFS pointer. */
export function mayBePointer(length: number, first: number | undefined): boolean {
  return first === firstByte && length >= leastBytes && length < mostBytes;
}

/** What a Git LFS pointer says; undefined where the blob is none. */
export function readPointer(content: string, bytes: Buffer): LfsPointer | undefined {
  const text = bytes.toString("latin1");
  if (!text.startsWith(begin)) return undefined;
  const sha256 = /^oid sha256:([0-9a-f]{64})$/m.exec(text)?.[1];
  const size = /^size (\d{1,15})$/m.exec(text)?.[1];
  return sha256 === undefined || size === undefined ? undefined : { content, sha256, size: Number(size) };
}
