/**
 * Reads the index of a repository (gitformat-index): versions 2 to 4, split and sparse ones, of SHA-1 and SHA-256 repositories. isomorphic-git
 * reads version 2 and whole ones alone, which is not what every git writes.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { readFileIfThere } from "../../../content/whole-file.ts";
import { readEwah } from "./ewah.ts";

/** One path in the index. */
export interface IndexEntry {
  readonly path: string;
  /** Whether the name is UTF-8: others can be shown, and not be opened by it. */
  readonly isUtf8: boolean;
  readonly id: string;
  /** As in a tree: `0o100644`, `0o120000` a link, `0o160000` a submodule, `0o40000` a folder of a sparse checkout. */
  readonly mode: number;
  /** 0; of a conflict 1 the base, 2 ours, 3 theirs. */
  readonly stage: number;
  /** Announced by `git add --intent-to-add`, without its content. */
  readonly isIntended: boolean;
  /** Not checked out (sparse checkout). */
  readonly isSkipped: boolean;
  /** What the file looked like when it was added; for telling whether it changed since. */
  readonly stat: { readonly changed: string; readonly modified: string; readonly node: number; readonly size: number };
}

/** An index of this size holds three million paths. */
const maxIndexBytes = 2 ** 28;
/** The longest path that an index can name for a working tree; and bytes of names for each byte of the index: in version 4 a name is what differs from the one before. */
const longestPath = 4096;
const maxNameRatio = 8;
/** Bytes of an entry before its id. */
const statBytes = 40;
const extended = 0x4000;
const intended = 0x2000;
const skipped = 0x4000;

/**
 * All entries of the index at `path`, in its order (by path); none where there is no index. `idBytes`: 20, or 32 in SHA-256 repositories.
 * Throws Error with a one-line message when it is damaged or of an unknown form.
 */
export function readIndex(path: string, idBytes: number): IndexEntry[] {
  const bytes = readFileIfThere(path, maxIndexBytes);
  if (bytes === undefined) return [];
  const { entries, link } = parseIndex(bytes, idBytes);
  if (link === undefined) return entries;
  const base = readFileIfThere(join(dirname(path), `sharedindex.${link.base}`), maxIndexBytes);
  if (base === undefined) throw new Error("the shared part of it is missing");
  return laidOver(parseIndex(base, idBytes).entries, entries, link);
}

interface Link {
  readonly base: string;
  readonly removed: readonly number[];
  readonly replaced: readonly number[];
}

function parseIndex(bytes: Buffer, idBytes: number): { entries: IndexEntry[]; link: Link | undefined } {
  const end = bytes.length - idBytes;
  if (end < 12 || bytes.toString("latin1", 0, 4) !== "DIRC") throw new Error("it is no index");
  const version = bytes.readUInt32BE(4);
  if (version < 2 || version > 4) throw new Error(`it is of unknown version ${version}`);
  checkSum(bytes, end);
  const count = bytes.readUInt32BE(8);
  if (count * (statBytes + idBytes + 2) > bytes.length) throw new Error("it is cut off");
  const entries: IndexEntry[] = [];
  let at = 12;
  let before: Buffer = Buffer.alloc(0);
  let named = 0;
  for (let i = 0; i < count; i++) {
    const idAt = at + statBytes;
    let nameAt = idAt + idBytes + 2;
    if (nameAt + 2 > end) throw new Error("it is cut off");
    const flags = bytes.readUInt16BE(idAt + idBytes);
    const more = version >= 3 && (flags & extended) !== 0 ? bytes.readUInt16BE(nameAt) : 0;
    if (version >= 3 && (flags & extended) !== 0) nameAt += 2;
    let kept = 0;
    if (version === 4) {
      const cut = readVarint(bytes, nameAt, end);
      if (cut.value > before.length) throw new Error("a name in it is damaged");
      kept = before.length - cut.value;
      nameAt = cut.end;
    }
    const nameEnd = bytes.indexOf(0, nameAt);
    if (nameEnd < 0 || nameEnd >= end) throw new Error("it is cut off");
    const length = kept + nameEnd - nameAt;
    named += length;
    if (length > longestPath || named > maxNameRatio * bytes.length)
      throw new Error("its names are longer than any path");
    const name: Buffer = Buffer.concat([before.subarray(0, kept), bytes.subarray(nameAt, nameEnd)]);
    if (version === 4) before = name;
    entries.push(entryAt(bytes, at, idBytes, name, flags, more));
    // Up to version 3 entries are filled up with one to eight NULs.
    at = version === 4 ? nameEnd + 1 : at + ((nameEnd - at + 8) & ~7);
  }
  return { entries, link: readExtensions(bytes, at, end, idBytes) };
}

function entryAt(bytes: Buffer, at: number, idBytes: number, name: Buffer, flags: number, more: number): IndexEntry {
  const time = (from: number): string => `${bytes.readUInt32BE(from)}.${bytes.readUInt32BE(from + 4)}`;
  const path = name.toString("utf8");
  return {
    path,
    isUtf8: Buffer.from(path, "utf8").equals(name),
    id: bytes.toString("hex", at + statBytes, at + statBytes + idBytes),
    mode: bytes.readUInt32BE(at + 24),
    stage: (flags >>> 12) & 3,
    isIntended: (more & intended) !== 0,
    isSkipped: (more & skipped) !== 0,
    stat: {
      changed: time(at),
      modified: time(at + 8),
      node: bytes.readUInt32BE(at + 20),
      size: bytes.readUInt32BE(at + 36),
    },
  };
}

/** Where git wrote a checksum (it can be told not to), it has to be right: a name that changed would be a file that is not looked at. */
function checkSum(bytes: Buffer, end: number): void {
  const sum = bytes.subarray(end);
  if (sum.every((byte) => byte === 0)) return;
  const hash = createHash(sum.length === 20 ? "sha1" : "sha256").update(bytes.subarray(0, end));
  if (!hash.digest().equals(sum)) throw new Error("its checksum is wrong");
}

/** Optional extensions have a name that begins with a capital; the others have to be understood. */
function readExtensions(bytes: Buffer, from: number, end: number, idBytes: number): Link | undefined {
  let link: Link | undefined;
  for (let at = from; at + 8 <= end;) {
    const name = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32BE(at + 4);
    const start = at + 8;
    if (start + size > end) throw new Error("an extension in it is cut off");
    if (name === "link") {
      const base = bytes.toString("hex", start, start + idBytes);
      // Without bitmaps nothing of the shared part was removed or replaced.
      if (/^0+$/.test(base)) link = undefined;
      else if (size <= idBytes) link = { base, removed: [], replaced: [] };
      else {
        const removed = readEwah(bytes, start + idBytes);
        const replaced = readEwah(bytes, removed.end);
        link = { base, removed: removed.positions, replaced: replaced.positions };
      }
    } else if (name !== "sdir" && !/^[A-Z]/.test(name))
      throw new Error(`it has an extension that is not known (${JSON.stringify(name)})`);
    at = start + size;
  }
  return link;
}

/** Lays a split index over its shared part: replaced entries come first and have no names. */
function laidOver(base: readonly IndexEntry[], own: readonly IndexEntry[], { removed, replaced }: Link): IndexEntry[] {
  const joined: (IndexEntry | undefined)[] = base.slice();
  let next = 0;
  for (const position of replaced) {
    const entry = own[next++];
    const old = joined[position];
    if (entry === undefined || old === undefined) throw new Error("it does not fit its shared part");
    joined[position] = { ...entry, path: old.path, isUtf8: old.isUtf8 };
  }
  for (const position of removed) joined[position] = undefined;
  return [...joined.filter((entry) => entry !== undefined), ...own.slice(next)].sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : a.stage - b.stage,
  );
}

function readVarint(bytes: Buffer, at: number, end: number): { value: number; end: number } {
  let value = bytes[at]! & 0x7f;
  let next = at + 1;
  for (let last = bytes[at]!; (last & 0x80) !== 0 && next < end && next < at + 6; next++) {
    last = bytes[next]!;
    value = (value + 1) * 128 + (last & 0x7f);
  }
  return { value, end: next };
}
