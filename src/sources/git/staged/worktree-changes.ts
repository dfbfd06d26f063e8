import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type BigIntStats,
} from "node:fs";
import { join } from "node:path";
import type { IndexEntry } from "./index-file.ts";
import { append } from "../../../model/multimap.ts";

/** A file of the working tree that is not what the index has for it. */
export type WorktreeChange =
  | { readonly kind: "file"; readonly path: string; readonly size: number }
  | { readonly kind: "link"; readonly path: string; readonly target: Buffer }
  | { readonly kind: "unreadable"; readonly path: string; readonly why: string };

const submoduleMode = 0o160000;
const folderMode = 0o40000;
const typeBits = 0o170000;
const chunkBytes = 1 << 20;
/** Not through a link that was put in the file's place meanwhile, and without waiting for the writer of a FIFO. */
const openFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * What `git diff` shows: tracked files of the working tree at `root` that differ from the index. A file is read where size and times do not
 * say that it is as it was added; line ends are compared as they are. `indexTime`: when the index was written, nanoseconds since 1970;
 * `hash`: of the repository's object ids.
 */
export function* worktreeChanges(
  root: string,
  entries: readonly IndexEntry[],
  indexTime: bigint,
  hash: "sha1" | "sha256",
): Generator<WorktreeChange> {
  const isFolder = folderTest(root);
  for (const [path, sides] of byPath(entries)) {
    const first = sides[0]!;
    const type = first.mode & typeBits;
    if (type === submoduleMode || type === folderMode) continue;
    const place = join(root, path);
    if (!isFolder(path)) continue;
    try {
      if (!first.isUtf8) {
        yield { kind: "unreadable", path, why: "its name is not UTF-8" };
        continue;
      }
      const stat = lstatSync(place, { bigint: true, throwIfNoEntry: false });
      // Deleted, or a folder now: nothing of it would be added.
      if (stat === undefined || (!stat.isFile() && !stat.isSymbolicLink())) continue;
      if (sides.length === 1 && first.stage === 0 && !first.isIntended && isAsAdded(first, stat, indexTime)) continue;
      const target = stat.isSymbolicLink() ? readlinkSync(place, { encoding: "buffer" }) : undefined;
      const id = target === undefined ? fileId(place, hash) : bytesId(target, hash);
      if (sides.some((side) => side.id === id)) continue;
      yield target === undefined ? { kind: "file", path, size: Number(stat.size) } : { kind: "link", path, target };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      yield { kind: "unreadable", path, why: code === "EACCES" ? "permission denied" : `cannot be read (${code})` };
    }
  }
}

function byPath(entries: readonly IndexEntry[]): Map<string, IndexEntry[]> {
  const paths = new Map<string, IndexEntry[]>();
  for (const entry of entries) {
    append(paths, entry.path, entry);
  }
  return paths;
}

/** Whether the folders above a path are folders: behind a link lies another place, where nothing of the repository is. */
function folderTest(root: string): (path: string) => boolean {
  const known = new Map<string, boolean>([["", true]]);
  const isFolder = (folder: string): boolean => {
    const before = known.get(folder);
    if (before !== undefined) return before;
    const above = folder.includes("/") ? folder.slice(0, folder.lastIndexOf("/")) : "";
    const is = isFolder(above) && lstatSync(join(root, folder), { throwIfNoEntry: false })?.isDirectory() === true;
    known.set(folder, is);
    return is;
  };
  return (path) => {
    // Names that git refuses, and that lead elsewhere.
    if (path.startsWith("/") || path.split("/").some((part) => part === ".." || part === "." || part === ""))
      return false;
    return isFolder(path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
  };
}

/** By size and times; a file that was written when the index was, or later, has to be read. */
function isAsAdded({ stat: added, mode }: IndexEntry, stat: BigIntStats, indexTime: bigint): boolean {
  const isLink = (mode & typeBits) === 0o120000;
  return (
    stat.isSymbolicLink() === isLink &&
    stat.mtimeNs < indexTime &&
    timeText(stat.mtimeNs) === added.modified &&
    timeText(stat.ctimeNs) === added.changed &&
    Number(stat.size & 0xffff_ffffn) === added.size &&
    Number(stat.ino & 0xffff_ffffn) === added.node
  );
}

function timeText(nanoseconds: bigint): string {
  return `${(nanoseconds / 1_000_000_000n) & 0xffff_ffffn}.${nanoseconds % 1_000_000_000n}`;
}

function bytesId(bytes: Uint8Array, hash: string): string {
  return createHash(hash).update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function fileId(path: string, hash: string): string {
  const descriptor = openSync(path, openFlags);
  try {
    const { size } = fstatSync(descriptor);
    const sum = createHash(hash).update(`blob ${size}\0`);
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(size, 1)));
    for (let read = 0; read < size;) {
      const count = readSync(descriptor, chunk, 0, Math.min(chunk.length, size - read), read);
      if (count === 0) break;
      sum.update(chunk.subarray(0, count));
      read += count;
    }
    return sum.digest("hex");
  } finally {
    closeSync(descriptor);
  }
}
