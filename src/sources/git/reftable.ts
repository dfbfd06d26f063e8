/**
 * One file of the reftable format (git, Documentation/technical/reftable): refs in blocks with prefix-compressed names, then their logs in deflated
 * blocks. Blocks are gone through from front to back: indexes inside the file are for those who look for one name.
 */
import { crc32, inflateSync } from "node:zlib";
import type { IdBytes } from "../../model/object-id.ts";
import { BlockReader } from "./reftable-block.ts";

/** What a table says of a name; tables that come later in the stack say otherwise. */
export interface TableRef {
  readonly name: string;
  /** Absent where the name was deleted, or leads to another name. */
  readonly oid?: string;
  /** For annotated tags: the object behind the tag. */
  readonly peeled?: string;
  /** The name that a symbolic ref leads to. */
  readonly target?: string;
}

export interface TableLog {
  readonly name: string;
  /** What orders the entries of a name, sixteen hex digits: the newest is the least. */
  readonly order: string;
  /** Absent where the entry was deleted. */
  readonly entry?: LogEntry;
}

export interface LogEntry {
  readonly oldId: string;
  readonly newId: string;
  readonly person: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** As git writes it: `+0130`. */
  readonly zone: string;
  readonly message: string;
}

export interface Reftable {
  readonly refs: readonly TableRef[];
  readonly logs: readonly TableLog[];
  /** What ended the reading before the file did; undefined when nothing did. */
  readonly fault: string | undefined;
}

/** Logs that inflate to more than this are not read to their end. */
const maxLogBytes = 2 ** 30;
const footerFields = 44;

/** Reads a table. What lies before damage is given. Throws Error with a one-line message when the bytes are no reftable. */
export function readReftable(bytes: Buffer): Reftable {
  const form = readForm(bytes);
  const refs: TableRef[] = [];
  const logs: TableLog[] = [];
  try {
    const logsAt = form.logsAt > 0 ? form.logsAt : form.end;
    readRefs(bytes, form, Math.min(logsAt, form.end), refs);
    if (form.logsAt > 0) readLogs(bytes, form, logs);
    return { refs, logs, fault: form.fault };
  } catch (error) {
    return { refs, logs, fault: error instanceof Error ? error.message : "it cannot be read" };
  }
}

interface Form {
  readonly idBytes: IdBytes;
  readonly headerBytes: number;
  readonly blockSize: number;
  /** Where the first log block starts; 0: there is none. */
  readonly logsAt: number;
  /** Where the footer starts. */
  readonly end: number;
  readonly fault: string | undefined;
}

function readForm(bytes: Buffer): Form {
  if (bytes.length < 24 || bytes.toString("latin1", 0, 4) !== "REFT") throw new Error("is not a reftable");
  const version = bytes[4]!;
  if (version !== 1 && version !== 2) throw new Error(`reftable of unknown version ${version}`);
  const headerBytes = version === 1 ? 24 : 28;
  const hash = version === 1 ? "sha1" : bytes.toString("latin1", 24, 28);
  if (hash !== "sha1" && hash !== "s256") throw new Error("reftable keeps ids of an unknown hash");
  const footerBytes = headerBytes + footerFields;
  const end = bytes.length - footerBytes;
  const form = { idBytes: hash === "s256" ? 32 : 20, headerBytes, blockSize: bytes.readUIntBE(5, 3) } as const;
  const footer = end < headerBytes ? undefined : bytes.subarray(end);
  // Without its footer nobody knows where logs start; refs come first, and are read as far as they go.
  if (footer === undefined || footer.readUInt32BE(footerBytes - 4) !== crc32(footer.subarray(0, -4)))
    return { ...form, logsAt: 0, end: bytes.length, fault: "reftable is cut off, or its footer is damaged" };
  const logsAt = Number(footer.readBigUInt64BE(headerBytes + 24));
  const isLogFirst = bytes[headerBytes] === 0x67;
  return { ...form, logsAt: isLogFirst ? headerBytes : logsAt, end, fault: undefined };
}

function readRefs(bytes: Buffer, form: Form, end: number, refs: TableRef[]): void {
  const { headerBytes, blockSize, idBytes } = form;
  for (let start = 0; start < end;) {
    // The first block begins with the file's header.
    const skip = start === 0 ? headerBytes : 0;
    if (start + skip >= end) return;
    const type = bytes[start + skip]!;
    // Behind the refs come indexes; all that they know was read.
    if (type !== 0x72) {
      if (type === 0x69 || type === 0x6f || type === 0x67) return;
      throw new Error(`reftable is damaged at byte ${start}`);
    }
    if (start + skip + 4 > end) throw new Error("reftable is cut off");
    const length = bytes.readUIntBE(start + skip + 1, 3);
    if (length < skip + 6 || start + length > end) throw new Error(`reftable is damaged at byte ${start}`);
    readRefBlock(new BlockReader(bytes.subarray(start, start + length), skip + 4), idBytes, refs);
    // Blocks are filled up to the block size with zeros, unless the writer did without.
    const isPadded = length < blockSize && bytes[start + length] === 0;
    start += isPadded ? blockSize : length;
  }
}

function readRefBlock(block: BlockReader, idBytes: IdBytes, refs: TableRef[]): void {
  while (block.hasMore()) {
    const { key, extra } = block.key();
    const name = key.toString("utf8");
    block.varint();
    if (extra === 0) refs.push({ name });
    else if (extra === 1) refs.push({ name, oid: block.id(idBytes) });
    else if (extra === 2) refs.push({ name, oid: block.id(idBytes), peeled: block.id(idBytes) });
    else if (extra === 3) refs.push({ name, target: block.text() });
    else throw new Error(`reftable has a ref of unknown kind ${extra}`);
  }
}

function readLogs(bytes: Buffer, { logsAt, end, headerBytes, idBytes }: Form, logs: TableLog[]): void {
  let inflated = 0;
  for (let start = logsAt; start < end;) {
    if (bytes[start] === 0x69) return;
    if (bytes[start] !== 0x67 || start + 4 > end) throw new Error(`reftable is damaged at byte ${start}`);
    // In a file of logs alone, the first block's length counts the file's header, too.
    const skip = start === headerBytes ? headerBytes : 0;
    const length = bytes.readUIntBE(start + 1, 3) - skip - 4;
    inflated += length;
    if (length < 2) throw new Error(`reftable is damaged at byte ${start}`);
    if (inflated > maxLogBytes) throw new Error(`logs of a reftable inflate to more than ${maxLogBytes} bytes`);
    const { data, used } = inflateBlock(bytes.subarray(start + 4, end), length);
    readLogBlock(new BlockReader(data, 0), idBytes, logs);
    start += 4 + used;
  }
}

function readLogBlock(block: BlockReader, idBytes: IdBytes, logs: TableLog[]): void {
  while (block.hasMore()) {
    const { key, extra } = block.key();
    // `<name>\0` and eight bytes.
    const at = key.length - 9;
    if (at < 0 || key[at] !== 0) throw new Error("reftable has a log without a name");
    const log = { name: key.toString("utf8", 0, at), order: key.toString("hex", at + 1) };
    if (extra === 0) logs.push(log);
    else if (extra === 1) logs.push({ ...log, entry: readEntry(block, idBytes) });
    else throw new Error(`reftable has a log of unknown kind ${extra}`);
  }
}

function readEntry(block: BlockReader, idBytes: IdBytes): LogEntry {
  const oldId = block.id(idBytes);
  const newId = block.id(idBytes);
  const person = block.text();
  const email = block.text();
  const time = block.varint();
  const zone = block.zone();
  return { oldId, newId, person, email, time, zone, message: block.text() };
}

function inflateBlock(bytes: Uint8Array, length: number): { data: Buffer; used: number } {
  // With `info` Node gives the stream beside the data; its declarations know only the data.
  const { buffer, engine } = inflateSync(bytes, { maxOutputLength: length, info: true }) as unknown as {
    readonly buffer: Buffer;
    readonly engine: { readonly bytesWritten: number };
  };
  if (buffer.length !== length) throw new Error("a log block of a reftable has another length than it says");
  return { data: buffer, used: engine.bytesWritten };
}
