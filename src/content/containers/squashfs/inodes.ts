import { SquashDamage, type SquashBlocks } from "./blocks.ts";

/** A place in a table: the offset of a block, and one in what that expands to. */
export interface TablePlace {
  readonly block: number;
  readonly offset: number;
}

/** Reads a table from a place on, from block to block. */
export class TableReader {
  readonly #blocks: SquashBlocks;
  #block: number;
  #offset: number;

  constructor(blocks: SquashBlocks, { block, offset }: TablePlace) {
    this.#blocks = blocks;
    this.#block = block;
    this.#offset = offset;
  }

  /** Where it stands. The end of a block is the begin of the next one. */
  get place(): TablePlace {
    const { data, next } = this.#blocks.table(this.#block);
    return this.#offset < data.length ? { block: this.#block, offset: this.#offset } : { block: next, offset: 0 };
  }

  /** The next `length` bytes. Throws where they cannot be read. */
  take(length: number): Buffer {
    const parts: Buffer[] = [];
    for (let left = length; left > 0;) {
      const { data, next } = this.#blocks.table(this.#block);
      const part = data.subarray(this.#offset, this.#offset + left);
      if (part.length === 0) {
        if (this.#offset > data.length || data.length === 0) throw new SquashDamage("a table is damaged");
        this.#block = next;
        this.#offset = 0;
        continue;
      }
      parts.push(part);
      this.#offset += part.length;
      left -= part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
  }
}

/** A file or a folder, as far as it is read. */
export type Inode =
  | {
      readonly kind: "folder";
      readonly listing: TablePlace;
      readonly bytes: number;
      /** Parts of an index to its entries, which follow the inode. */
      readonly parts: number;
    }
  | {
      readonly kind: "file";
      readonly size: number;
      readonly start: number;
      /** The block of ends of files that has its end, and where in it. */
      readonly fragment: { readonly index: number; readonly offset: number } | undefined;
      /** Where the lengths of its blocks stand. */
      readonly lengths: TablePlace;
    }
  | { readonly kind: "link"; readonly target: Buffer }
  /** Devices, pipes and sockets. */
  | { readonly kind: "other" };

/** No block of ends of files. */
const noFragment = 0xffffffff;
/** What Linux takes as the target of a link. */
const longestTarget = 65_536;
/** What a listing counts beyond its bytes. */
const dots = 3;

/** Reads the inode at which the reader stands, up to the lengths of a file's blocks. `folders`: where the table of listings begins. Throws where it is none. */
export function readInode(reader: TableReader, folders: number): Inode {
  const type = reader.take(16).readUInt16LE(0);
  switch (type) {
    case 1: {
      const at = reader.take(16);
      return folderOf(folders + at.readUInt32LE(0), at.readUInt16LE(10), at.readUInt16LE(8), 0);
    }
    case 8: {
      const at = reader.take(24);
      return folderOf(folders + at.readUInt32LE(8), at.readUInt16LE(18), at.readUInt32LE(4), at.readUInt16LE(16));
    }
    case 2: {
      const at = reader.take(16);
      return fileOf(reader, at.readUInt32LE(0), at.readUInt32LE(12), at.readUInt32LE(4), at.readUInt32LE(8));
    }
    case 9: {
      const at = reader.take(40);
      const [start, size] = [0, 8].map((field) => Number(at.readBigUInt64LE(field)));
      return fileOf(reader, start!, size!, at.readUInt32LE(28), at.readUInt32LE(32));
    }
    case 3:
    case 10: {
      const length = reader.take(8).readUInt32LE(4);
      if (length > longestTarget) throw new SquashDamage("a link is too long");
      const target = Buffer.from(reader.take(length));
      if (type === 10) reader.take(4);
      return { kind: "link", target };
    }
    default: {
      const rest = specialBytes.get(type);
      if (rest === undefined) throw new SquashDamage("an inode is damaged");
      reader.take(rest);
      return { kind: "other" };
    }
  }
}

/** What inodes of devices, pipes and sockets have behind what all have, by their type. */
const specialBytes: ReadonlyMap<number, number> = new Map([
  ...[4, 5, 13, 14].map((type) => [type, 8] as const),
  ...[6, 7].map((type) => [type, 4] as const),
  ...[11, 12].map((type) => [type, 12] as const),
]);

/** Passes over what follows an inode and belongs to it. `blocks`: how many a file has. Throws where that cannot be read. */
export function skipBehind(reader: TableReader, inode: Inode, blocks: number): void {
  if (inode.kind === "file") for (let i = 0; i < blocks; i++) reader.take(4);
  if (inode.kind !== "folder") return;
  for (let i = 0; i < inode.parts; i++) {
    const length = reader.take(12).readUInt32LE(8) + 1;
    if (length > 256) throw new SquashDamage("a folder's index is damaged");
    reader.take(length);
  }
}

function folderOf(block: number, offset: number, size: number, parts: number): Inode {
  return { kind: "folder", listing: { block, offset }, bytes: Math.max(0, size - dots), parts };
}

function fileOf(reader: TableReader, start: number, size: number, index: number, offset: number): Inode {
  const fragment = index === noFragment ? undefined : { index, offset };
  return { kind: "file", size, start, fragment, lengths: reader.place };
}

/** An entry of a folder. */
export interface Entry {
  readonly name: string;
  readonly place: TablePlace;
}

/** Entries under one header, at most; and what a header and an entry take. */
const mostEntries = 256;
const [headerBytes, entryBytes] = [12, 8];

/** The entries of a folder. `inodes`: where the table of inodes begins. Throws where they cannot be read any further. */
export function* folderEntries(
  blocks: SquashBlocks,
  { listing, bytes }: { readonly listing: TablePlace; readonly bytes: number },
  inodes: number,
): Generator<Entry, void> {
  const reader = new TableReader(blocks, listing);
  for (let left = bytes; left > 0;) {
    const header = reader.take(headerBytes);
    const [count, start] = [header.readUInt32LE(0) + 1, header.readUInt32LE(4)];
    if (count > mostEntries) throw new SquashDamage("a folder is damaged");
    left -= headerBytes;
    for (let i = 0; i < count; i++) {
      const entry = reader.take(entryBytes);
      const offset = entry.readUInt16LE(0);
      const length = entry.readUInt16LE(6) + 1;
      left -= entryBytes + length;
      if (length > 256 || left < 0) throw new SquashDamage("a folder is damaged");
      yield { name: reader.take(length).toString("utf8"), place: { block: inodes + start, offset } };
    }
  }
}
