import type { Bytes } from "./bytes.ts";

export const localMagic = 0x04034b50;
const localBytes = Buffer.from("PK\x03\x04", "latin1");
const centralMagic = 0x02014b50;
const endMagic = 0x06054b50;
const endMark = Buffer.from("PK\x05\x06", "latin1");
const end64Magic = 0x06064b50;
const locator64Magic = 0x07064b50;
export const endBytes = 22;
const longestComment = 65_535;
const unset = 0xffffffff;

/** What a header of a ZIP file says of one member (APPNOTE 4.3.7 and 4.3.12). */
export interface ZipEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly sum: number;
  readonly compressed: number;
  readonly expanded: number;
  /** Of its local header; of a local header itself, where its data begin. */
  readonly offset: number;
  /** The method behind AES encryption. */
  readonly hiddenMethod?: number;
}

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  /** Where the central directory begins: members lie before it. */
  readonly start: number;
  /** Where the archive ends, its comment too. */
  readonly endsAt: number;
  /** How many entries the end record counts. */
  readonly told: number;
  /** Whether it could be read as far as it should go. */
  readonly isWhole: boolean;
  /** Whether members and other bytes around it say that it belongs to an archive which lies, uncompressed, in this one. */
  readonly isOfAnother: boolean;
}

/** Whether a content ends as a ZIP file does. A comment may follow its end, but is looked for only where `mayHaveComment`. */
export function endsAsZip(bytes: Bytes, mayHaveComment = true): boolean {
  if (bytes.size < endBytes) return false;
  if (hasEndAt(bytes.read(bytes.size - endBytes, endBytes), 0)) return true;
  if (!mayHaveComment) return false;
  const from = Math.max(0, bytes.size - endBytes - longestComment);
  const tail = bytes.read(from, bytes.size - from);
  for (let i = tail.lastIndexOf(endMark); i >= 0; i = i === 0 ? -1 : tail.lastIndexOf(endMark, i - 1))
    if (hasEndAt(tail, i)) return true;
  return false;
}

/** Whether the end record of a ZIP file stands there, with a comment up to the end of the bytes. */
function hasEndAt(bytes: Buffer, at: number): boolean {
  return (
    bytes.length >= at + endBytes &&
    bytes.readUInt32LE(at) === endMagic &&
    at + endBytes + bytes.readUInt16LE(at + 20) === bytes.length
  );
}

/** Reads the central directory, at most `most` entries of it. Undefined where there is none. */
export function readDirectory(bytes: Bytes, most: number): ZipDirectory | undefined {
  const end = findEnd(bytes);
  if (end === undefined) return undefined;
  const { size, told, at } = end;
  // What stands before the archive (a program that unpacks itself) shifts all offsets.
  const start = at - size;
  if (start < 0) return undefined;
  const shift = start - end.offset;
  const entries: ZipEntry[] = [];
  let from = start;
  while (from + 46 <= at && entries.length < most) {
    const head = bytes.read(from, 46);
    if (head.length < 46 || head.readUInt32LE(0) !== centralMagic) break;
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => head.readUInt16LE(field));
    const rest = bytes.read(from + 46, nameLength! + extraLength!);
    const extra = rest.subarray(nameLength);
    const sizes = [24, 20, 42].map((field) => head.readUInt32LE(field));
    const [expanded, compressed, offset] = wide(sizes, extra);
    const hidden = hiddenMethod(extra);
    entries.push({
      name: nameOf(rest.subarray(0, nameLength), head.readUInt16LE(8)),
      flags: head.readUInt16LE(8),
      method: head.readUInt16LE(10),
      sum: head.readUInt32LE(16),
      compressed: compressed!,
      expanded: expanded!,
      offset: offset! + shift,
      ...(hidden === undefined ? {} : { hiddenMethod: hidden }),
    });
    from += 46 + nameLength! + extraLength! + commentLength!;
  }
  // A program that unpacks itself does not begin with a member, and nothing follows.
  const isOfAnother = shift > 0 && end.isFollowed && bytes.read(0, 4).equals(localBytes);
  return {
    entries,
    start,
    endsAt: end.endsAt,
    told,
    isWhole: entries.length >= told || entries.length >= most,
    isOfAnother,
  };
}

/** Reads the local header at `at`; `offset` is where its data begin. Undefined where none stands there. */
export function readLocal(bytes: Bytes, at: number): ZipEntry | undefined {
  const head = bytes.read(at, 30);
  if (head.length < 30 || head.readUInt32LE(0) !== localMagic) return undefined;
  const nameLength = head.readUInt16LE(26);
  const extraLength = head.readUInt16LE(28);
  const rest = bytes.read(at + 30, nameLength + extraLength);
  if (rest.length < nameLength + extraLength) return undefined;
  const extra = rest.subarray(nameLength);
  const [expanded, compressed] = wide([head.readUInt32LE(22), head.readUInt32LE(18)], extra);
  return {
    name: nameOf(rest.subarray(0, nameLength), head.readUInt16LE(6)),
    flags: head.readUInt16LE(6),
    method: head.readUInt16LE(8),
    sum: head.readUInt32LE(14),
    compressed: compressed!,
    expanded: expanded!,
    offset: at + 30 + nameLength + extraLength,
  };
}

interface End {
  /** Where the directory ends: at the end record, or at that of ZIP64. */
  readonly at: number;
  readonly size: number;
  readonly offset: number;
  readonly told: number;
  /** Whether bytes stand behind the end of the archive. */
  readonly isFollowed: boolean;
  /** Where its comment ends. */
  readonly endsAt: number;
}

function findEnd(bytes: Bytes): End | undefined {
  const from = Math.max(0, bytes.size - endBytes - longestComment);
  const tail = bytes.read(from, bytes.size - from);
  for (let i = tail.length - endBytes; i >= 0; i--) {
    if (tail[i] !== 0x50 || tail.readUInt32LE(i) !== endMagic) continue;
    const endsAt = i + endBytes + tail.readUInt16LE(i + 20);
    if (endsAt > tail.length) continue;
    const at = from + i;
    const isFollowed = endsAt < tail.length;
    const end = {
      isFollowed,
      endsAt: from + endsAt,
      at,
      told: tail.readUInt16LE(i + 10),
      size: tail.readUInt32LE(i + 12),
      offset: tail.readUInt32LE(i + 16),
    };
    return end64(bytes, at, end) ?? end;
  }
  return undefined;
}

function end64(bytes: Bytes, at: number, { isFollowed, endsAt }: End): End | undefined {
  const locator = bytes.read(at - 20, 20);
  if (at < 20 || locator.length < 20 || locator.readUInt32LE(0) !== locator64Magic) return undefined;
  // Its offset shifts as all others do; the record itself stands right before the locator, unless it has data of its own.
  for (const place of [at - 20 - 56, Number(locator.readBigUInt64LE(8))]) {
    const record = place < 0 ? Buffer.alloc(0) : bytes.read(place, 56);
    if (record.length < 56 || record.readUInt32LE(0) !== end64Magic) continue;
    const [told, size, offset] = [32, 40, 48].map((field) => Number(record.readBigUInt64LE(field)));
    return { at: place, told: told!, size: size!, offset: offset!, isFollowed, endsAt };
  }
  return undefined;
}

/** Fields that are full stand in the ZIP64 extra field, in this order (4.5.3). */
function wide(fields: readonly number[], extra: Buffer): number[] {
  const found = extraField(extra, 1);
  let at = 0;
  return fields.map((field) => {
    if (field !== unset || found === undefined || at + 8 > found.length) return field;
    at += 8;
    return Number(found.readBigUInt64LE(at - 8));
  });
}

function hiddenMethod(extra: Buffer): number | undefined {
  const found = extraField(extra, 0x9901);
  return found === undefined || found.length < 7 ? undefined : found.readUInt16LE(5);
}

function extraField(extra: Buffer, id: number): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
  }
  return undefined;
}

const strict = new TextDecoder("utf-8", { fatal: true });

/** Names without the mark of UTF-8 are in the code page of whoever packed them; many are UTF-8 all the same. */
function nameOf(bytes: Buffer, flags: number): string {
  if ((flags & 0x800) !== 0) return bytes.toString("utf8");
  try {
    return strict.decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}
