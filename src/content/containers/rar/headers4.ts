import { crc32 } from "node:zlib";
import type { Bytes } from "../bytes.ts";
import { cleanPath } from "../../tar-path.ts";
import type { Entry, Method } from "./entry.ts";
import type { Listing } from "./listing.ts";

const [mainHead, fileHead, serviceHead, endHead] = [0x73, 0x74, 0x7a, 0x7b] as const;
const leastHead = 7;
/** Fixed part of a file's header, without high halves of sizes. */
const fileHeadBytes = 32;

/** The files of an archive of RAR 1.5 to 4 whose mark stands at its beginning. */
export function* files4(bytes: Bytes, listing: Listing): Generator<Entry, void> {
  for (let at = 7; ;) {
    const start = bytes.read(at, leastHead);
    // Old versions write no end.
    if (start.length === 0) return;
    if (start.length < leastHead) return listing.damaged("it is cut off");
    const [type, flags, size] = [start[2]!, start.readUInt16LE(3), start.readUInt16LE(5)];
    const head = bytes.read(at, size);
    if (size < leastHead || head.length < size) return listing.damaged("a header is cut off");
    if ((crc32(head.subarray(2)) & 0xffff) !== head.readUInt16LE(0) && isChecked(type))
      return listing.damaged("a header's checksum is wrong");
    if (type === endHead) return (flags & 1) === 0 ? undefined : listing.goesOn();
    if (type === mainHead && (flags & 0x80) !== 0) return listing.encrypted();
    const isFile = type === fileHead || type === serviceHead;
    if (isFile && size < fileHeadBytes) return listing.damaged("a header is cut off");
    const packed = isFile ? wide(head, 7, flags, 32) : (flags & 0x8000) !== 0 && size >= 11 ? head.readUInt32LE(7) : 0;
    const entry = isFile ? entryOf(head, at + size, packed) : undefined;
    if (entry !== undefined) yield entry;
    at += size + packed;
  }
}

/** Sums of the old kinds of service headers are made of more than the header. */
function isChecked(type: number): boolean {
  return type === mainHead || type === fileHead || type === serviceHead || type === endHead;
}

/** Undefined for folders, and for services other than comments. */
function entryOf(head: Buffer, at: number, packedBytes: number): Entry | undefined {
  const flags = head.readUInt16LE(3);
  const dictionary = (flags >> 5) & 7;
  const from = fileHeadBytes + ((flags & 0x100) === 0 ? 0 : 8);
  const name = head.subarray(from, from + head.readUInt16LE(26));
  const isService = head[2] === serviceHead;
  if ((dictionary === 7 && !isService) || (isService && name.toString("latin1") !== "CMT")) return undefined;
  const isFromBefore = (flags & 1) !== 0;
  const goesOn = (flags & 2) !== 0;
  const path = (flags & 0x200) === 0 ? name.toString("utf8") : unicodeName(name);
  return {
    name: isService ? "" : cleanPath(path.replaceAll("\\", "/")),
    at,
    packedBytes,
    size: wide(head, 11, flags, 36),
    method: methodOf(head[25]!, head[24]!),
    dictionaryBytes: 0x10000 << Math.min(dictionary, 6),
    isSolid: (flags & 0x10) !== 0,
    isEncrypted: (flags & 4) !== 0,
    isFromBefore,
    goesOn,
    sum: isFromBefore || goesOn ? undefined : head.readUInt32LE(16),
  };
}

/** 0x30 is none, up to 0x35 the best; 29 and 36 are the versions of RAR that wrote the method that is read. */
function methodOf(method: number, version: number): Method {
  if (method === 0x30) return "stored";
  return method < 0x36 && (version === 29 || version === 36) ? "lz3" : "unknown";
}

/** A size, and its high half where large files are told of. */
function wide(head: Buffer, low: number, flags: number, high: number): number {
  return (
    head.readUInt32LE(low) + ((flags & 0x100) !== 0 && head.length >= high + 4 ? head.readUInt32LE(high) * 2 ** 32 : 0)
  );
}

/** A name in the letters of its system, a zero, and how UTF-16 is made of it; or UTF-8. */
function unicodeName(bytes: Buffer): string {
  const zero = bytes.indexOf(0);
  if (zero < 0) return bytes.toString("utf8");
  const plain = bytes.subarray(0, zero);
  const packed = bytes.subarray(zero + 1);
  const high = (packed[0] ?? 0) << 8;
  const units: number[] = [];
  let flags = 0;
  for (let at = 1, bits = 0; at < packed.length; bits -= 2, flags = (flags << 2) & 0xff) {
    if (bits === 0) {
      flags = packed[at++]!;
      bits = 8;
    }
    const byte = packed[at++] ?? 0;
    if (flags >> 6 === 0) units.push(byte);
    else if (flags >> 6 === 1) units.push(high | byte);
    else if (flags >> 6 === 2) units.push(byte | ((packed[at++] ?? 0) << 8));
    else {
      // So many letters of the plain name, as they are or moved.
      const moved = (byte & 0x80) === 0 ? undefined : (packed[at++] ?? 0);
      for (let left = (byte & 0x7f) + 2; left > 0 && units.length < plain.length; left--) {
        const letter = plain[units.length]!;
        units.push(moved === undefined ? letter : ((letter + moved) & 0xff) | high);
      }
    }
  }
  return Buffer.from(Uint16Array.from(units).buffer).toString("utf16le");
}
