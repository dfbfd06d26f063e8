import type { IdBytes } from "../../model/object-id.ts";
import { parseCommit } from "./commit.ts";

/** How a commit hangs together with others: ids back to back, without a text made of them. */
export interface CommitLinks {
  readonly tree: Uint8Array;
  readonly parents: Uint8Array;
  /** Committer time, seconds since 1970. */
  readonly time: number;
}

const treeLine = Buffer.from("tree ");
const parentLine = Buffer.from("parent ");
const committerLine = Buffer.from("\ncommitter ");

/** Reads the links of a commit in a repository whose ids have so many bytes; undefined where it has no tree. Whatever is not written as git writes it is left to `parseCommit`. */
export function readLinks(bytes: Buffer, idBytes: IdBytes): CommitLinks | undefined {
  const tree = new Uint8Array(idBytes);
  let at = idLine(bytes, 0, treeLine, tree);
  if (at < 0) return oddLinks(bytes, idBytes);
  const parents: Uint8Array[] = [];
  for (;;) {
    const parent = new Uint8Array(idBytes);
    const next = idLine(bytes, at, parentLine, parent);
    if (next < 0) break;
    parents.push(parent);
    at = next;
  }
  const line = bytes.indexOf(committerLine, at - 1);
  const headerEnd = bytes.indexOf("\n\n", at - 1);
  if (line < 0 || (headerEnd >= 0 && line > headerEnd)) return oddLinks(bytes, idBytes);
  let end = bytes.indexOf(10, line + 1);
  if (end < 0) end = bytes.length;
  const close = bytes.lastIndexOf(0x3e, end);
  if (close < line) return oddLinks(bytes, idBytes);
  const time = Number.parseInt(bytes.toString("latin1", close + 1, Math.min(end, close + 32)), 10);
  return {
    tree,
    parents: parents.length === 1 ? parents[0]! : Buffer.concat(parents),
    time: Number.isSafeInteger(time) ? time : 0,
  };
}

/** Reads `<key><id>\n` at `at` into `id`. Gives where the next line begins, or -1. */
function idLine(bytes: Buffer, at: number, key: Uint8Array, id: Uint8Array): number {
  const idBytes = id.length;
  const start = at + key.length;
  if (bytes[start + 2 * idBytes] !== 10) return -1;
  for (let i = 0; i < key.length; i++) if (bytes[at + i] !== key[i]) return -1;
  for (let i = 0; i < idBytes; i++) {
    const high = digit(bytes[start + 2 * i]!);
    const low = digit(bytes[start + 2 * i + 1]!);
    if (high < 0 || low < 0) return -1;
    id[i] = high * 16 + low;
  }
  return start + 2 * idBytes + 1;
}

function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

function oddLinks(bytes: Buffer, idBytes: IdBytes): CommitLinks | undefined {
  const commit = parseCommit(bytes);
  // An id of the other length leads nowhere in this repository.
  if (commit?.tree.length !== 2 * idBytes) return undefined;
  return {
    tree: Buffer.from(commit.tree, "hex"),
    parents: Buffer.from(commit.parents.join(""), "hex"),
    time: commit.committerTime,
  };
}
