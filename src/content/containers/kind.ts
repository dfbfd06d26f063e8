import { constants, inflateSync } from "node:zlib";
import { isTarHeader } from "../tar-header.ts";
import type { Bytes } from "./bytes.ts";
import { isBinaryPlist } from "./binary-plist.ts";
import { isSecretRing } from "./bare-key.ts";
import { isCabinet } from "./cabinet/mark.ts";
import { isCompound } from "./compound.ts";
import { isDiskImage } from "./disk-images.ts";
import { isJavaImage } from "./java-image.ts";
import { columnFile } from "./columns/mark.ts";
import { isDrawing, isPngWithText } from "./drawings.ts";
import type { CompressedKind } from "./compressed.ts";
import { isForeignArchive } from "./foreign.ts";
import { legacyMagic, lz4Magic } from "./lz4.ts";
import { isLzip } from "./lzip.ts";
import { isLzmaAlone } from "./lzma-alone.ts";
import { isOfficePart } from "./office-text.ts";
import { isRedisDump } from "./redis-dump.ts";
import { isSqliteLog } from "./sqlite-log.ts";
import { isRar } from "./rar.ts";
import { isSquashfs } from "./squashfs/mark.ts";
import { behindProgram } from "./behind-program.ts";
import { endBytes, endsAsZip } from "./zip-directory.ts";

/** Kinds that are read from their beginning to their end. */
export type StreamKind = CompressedKind | "tar" | "ar" | "cpio" | "rpm";
/** Kinds of which any place may be needed at any time. */
const placedKinds = [
  ...(["zip", "sqlite", "sqlite-log", "pdf", "office", "class", "pyc", "pickle"] as const),
  ...([
    "keystore",
    "bare-key",
    "foreign",
    "sevenzip",
    "rar",
    "squashfs",
    "redis-dump",
    "parquet",
    "avro",
    "orc",
    "disk-image",
    "java-image",
    "cabinet",
    "compound",
    "drawing",
    "png",
    "git-pack",
    "git-bundle",
    "binary-plist",
    "program",
  ] as const),
] as const;
export type PlacedKind = (typeof placedKinds)[number];
export type ContainerKind = StreamKind | PlacedKind;

/** How many bytes `containerKind` wants to see. */
export const kindBytes = 512;

/** Whether contents that begin with a byte can be containers at all, tars aside. */
const isFirst = new Uint8Array(256);
for (const byte of Buffer.from("1f2850fd42432130edca5325fece949596c5373cef526804024c4d807fcf5d6289d0514bda4f", "hex"))
  isFirst[byte] = 1;

/**
 * Whether it is worth asking what container a content is: nearly none are. Asked of every content of a history, so it looks at three places only: the
 * first byte, where tars say `ustar` (those from before POSIX do not, and are known only as members), and where the end of a ZIP file stands.
 */
export function mayBeContainer(bytes: Uint8Array, from: number, length: number): boolean {
  if (length < 14) return false;
  const first = bytes[from]!;
  if (isFirst[first] === 1 || (bytes[from + 2] === 0x0d && bytes[from + 3] === 0x0a)) return true;
  // Texts begin with these as well.
  if (first === 0x78 ? isZlibHeader(first, bytes[from + 1]!) : first === 0x23 && isBundleOrScript(bytes, from))
    return true;
  if (length < endBytes) return false;
  if (bytes[from + length - endBytes] === 0x50 && bytes[from + length - endBytes + 1] === 0x4b) return true;
  return length >= kindBytes && bytes[from + 257] === 0x75 && bytes[from + 258] === 0x73;
}

/** Tells the kind of a container by its first bytes; names are never asked. Undefined for everything else. */
export function containerKind(head: Buffer): ContainerKind | undefined {
  if (head.length < 14) return undefined;
  switch (head[0]) {
    case 0x1f:
      if (head[1] === 0x9d) return (head[2]! & 0x60) === 0 && isLzwBits(head[2]! & 0x1f) ? "lzw" : byTar(head);
      // Deflate is the only method, and the upper flags are not used (RFC 1952, 2.3.1).
      return head[1] === 0x8b && head[2] === 8 && (head[3]! & 0xe0) === 0 ? "gzip" : byTar(head);
    case 0x28:
      return head.readUInt32LE(0) === 0xfd2fb528 ? "zstd" : byTar(head);
    case 0x50:
      if (isPack(head)) return "git-pack";
      if (head[1] === 0x41) return columnFile(head) ?? byPlace(head);
      return isZip(head) ? "zip" : isSkippableZstd(head) ? "zstd" : byTar(head);
    case 0x23:
      return /^# v[23] git bundle\n/.test(head.toString("latin1", 0, 16)) ? "git-bundle" : byPlace(head);
    case 0x78:
      return isZlib(head) ? "zlib" : byPlace(head);
    case 0xfd:
      return head.readUIntBE(0, 6) === 0xfd377a585a00 ? "xz" : byTar(head);
    case 0x42:
      return isBzip2(head) ? "bzip2" : byTar(head);
    case 0x43:
      return isSwf(head) ? "swf" : byPlace(head);
    case 0x04:
      return head.readUInt32LE(0) === lz4Magic ? "lz4" : byTar(head);
    case 0x02:
      return head.readUInt32LE(0) === legacyMagic ? "lz4" : byTar(head);
    case 0x5d:
      return isLzmaAlone(head) ? "lzma" : byTar(head);
    case 0x21:
      // Libraries are archives of this kind as well, but what they hold stands in them as it is, and was scanned with them.
      return head.toString("latin1", 0, 21) === "!<arch>\ndebian-binary" ? "ar" : byTar(head);
    case 0xfe:
    case 0xce:
      return isJavaKeystore(head) ? "keystore" : byTar(head);
    case 0x30:
      if (isPkcs12(head)) return "keystore";
      if (isDerKey(head)) return "bare-key";
      return /^07070[127]$/.test(head.toString("latin1", 0, 6)) ? "cpio" : byTar(head);
    case 0x37:
      if (head.readUIntBE(0, 6) === 0x377abcaf271c) return "sevenzip";
      return isSqliteLog(head) ? "sqlite-log" : byTar(head);
    case 0x52:
      if (isRedisDump(head)) return "redis-dump";
      return isRar(head) ? "rar" : byPlace(head);
    case 0x4c:
      return isLzip(head) ? "lzip" : byPlace(head);
    case 0x68:
      return isSquashfs(head) ? "squashfs" : byPlace(head);
    case 0x4d:
      if (isCabinet(head)) return "cabinet";
      return isForeignArchive(head) ? "foreign" : byPlace(head);
    case 0x80:
      // Protocol 2 and later; from 4 on a frame follows (PEP 3154).
      return head[1]! >= 2 && head[1]! <= 5 && (head[1]! < 4 || head[2] === 0x95) ? "pickle" : byPlace(head);
    case 0x4f:
      return columnFile(head) ?? byPlace(head);
    case 0x51:
    case 0x4b:
      return isDiskImage(head) ? "disk-image" : byPlace(head);
    case 0xda:
      return isJavaImage(head) ? "java-image" : byTar(head);
    case 0xd0:
      return isCompound(head) ? "compound" : byTar(head);
    case 0x89:
      return isPngWithText(head) ? "png" : byPlace(head);
    case 0x3c:
      if (isDrawing(head)) return "drawing";
      return isOfficePart(head) ? "office" : byPlace(head);
    case 0xef:
      return isOfficePart(head) ? "office" : byPlace(head);
    case 0x94:
    case 0x95:
    case 0x96:
    case 0xc5:
      return isSecretRing(head) ? "bare-key" : byTar(head);
    case 0x62:
      return isBinaryPlist(head) ? "binary-plist" : byPlace(head);
    case 0xca:
      return isClass(head) ? "class" : byTar(head);
    case 0x53:
      return head.toString("latin1", 0, 15) === "SQLite format 3" && head[15] === 0 ? "sqlite" : byTar(head);
    case 0x25:
      return head.toString("latin1", 0, 5) === "%PDF-" ? "pdf" : byTar(head);
    case 0xed:
      return head.readUInt32BE(0) === 0xedabeedb ? "rpm" : byTar(head);
    default:
      return byPlace(head);
  }
}

/** The same for all of a content: archives can stand behind a program that unpacks them, and are then told by their end. */
export function containerKindOf(bytes: Bytes): ContainerKind | undefined {
  const head = bytes.read(0, kindBytes);
  const kind = containerKind(head);
  return kind ?? kindByEnd(bytes, isProgram(head));
}

/** What a content is that does not begin as a container: an archive may stand behind a program. */
export function kindByEnd(bytes: Bytes, program: boolean): PlacedKind | undefined {
  if (endsAsZip(bytes, program)) return "zip";
  return program && behindProgram(bytes) !== undefined ? "program" : undefined;
}

function isBundleOrScript(bytes: Uint8Array, from: number): boolean {
  return bytes[from + 2] === 0x76 || bytes[from + 1] === 0x21;
}

/** Programs of ELF, Windows and macOS, and scripts: archives stand behind them, with comments too. */
export function isProgram(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32BE(0);
  return (
    magic === 0x7f454c46 ||
    magic >>> 16 === 0x4d5a ||
    magic >>> 16 === 0x2321 ||
    (magic & 0xfeffffff) >>> 0 === 0xcefaedfe ||
    magic === 0xcafebabe
  );
}

const placed: ReadonlySet<ContainerKind> = new Set<ContainerKind>(placedKinds);

export function isPlaced(kind: ContainerKind): kind is PlacedKind {
  return placed.has(kind);
}

const forms: ReadonlySet<ContainerKind> = new Set<ContainerKind>([
  ...([
    "gzip",
    "zstd",
    "xz",
    "bzip2",
    "lzma",
    "lzip",
    "lz4",
    "lzw",
    "zlib",
    "swf",
    "rpm",
    "class",
    "pyc",
    "pickle",
    "sqlite-log",
    "office",
    "bare-key",
    "binary-plist",
    "program",
    "drawing",
    "png",
    "disk-image",
    "redis-dump",
    "avro",
    "orc",
  ] as const),
]);

/** Whether its members hold all of its bytes, so that nobody need look at the bytes themselves. */
export function isSaidByMembers(kind: ContainerKind): boolean {
  return kind === "class";
}

/** Whether it is one thing in another form, and so adds no level of its own. */
export function isCompressed(kind: ContainerKind): boolean {
  return forms.has(kind);
}

function isZip(head: Buffer): boolean {
  const magic = head.readUInt32LE(0);
  // A member; the end of an empty archive; the mark of a part of one.
  return magic === 0x04034b50 || magic === 0x06054b50 || (magic === 0x08074b50 && head.readUInt32LE(4) === 0x04034b50);
}

/** A pack of git: its versions differ in nothing that is read (gitformat-pack). */
export function isPack(head: Buffer): boolean {
  return (
    head.length >= 12 &&
    head.readUInt32BE(0) === 0x5041434b &&
    (head[7] === 2 || head[7] === 3) &&
    head.readUIntBE(4, 3) === 0
  );
}

/** Deflate with the usual window and no dictionary (RFC 1950, 2.2). */
function isZlibHeader(first: number, second: number): boolean {
  return first === 0x78 && (second & 0x20) === 0 && (0x7800 + second) % 31 === 0;
}

/** A stream of zlib, as far as its first bytes can be expanded. One that begins like text has to be an object of git. */
function isZlib(head: Buffer): boolean {
  if (!isZlibHeader(head[0]!, head[1]!)) return false;
  try {
    const start = inflateSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostOfHead });
    return (start.length > 0 && head[1] !== 0x5e) || looseHeader.test(start.toString("latin1", 0, longestLooseHeader));
  } catch {
    return false;
  }
}

/** What `kindBytes` of input can make. */
const mostOfHead = 1 << 20;

/** What a loose object of git begins with. */
export const looseHeader = /^(?:blob|tree|commit|tag) \d{1,20}\0/;
export const longestLooseHeader = 32;

function isSkippableZstd(head: Buffer): boolean {
  return (head[0]! & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
}

function isLzwBits(bits: number): boolean {
  return bits >= 9 && bits <= 16;
}

/** A Flash film that is compressed by zlib behind its first eight bytes (SWF File Format Specification 19, "The SWF header"): since version 6. */
function isSwf(head: Buffer): boolean {
  return head[1] === 0x57 && head[2] === 0x53 && head[3]! >= 6 && head[3]! < 0x40 && isZlibHeader(head[8]!, head[9]!);
}

function isBzip2(head: Buffer): boolean {
  const level = head[3]!;
  if (head[1] !== 0x5a || head[2] !== 0x68 || level < 0x31 || level > 0x39) return false;
  const magic = head.readUIntBE(4, 6);
  return magic === 0x314159265359 || magic === 0x177245385090;
}

/** Fat Mach-O files have the same magic, and then the number of their parts where classes have their version. */
function isClass(head: Buffer): boolean {
  return head.readUInt32BE(0) === 0xcafebabe && head.readUInt16BE(6) >= 45;
}

function isJavaKeystore(head: Buffer): boolean {
  const magic = head.readUInt32BE(0);
  return (magic === 0xfeedfeed || magic === 0xcececece) && [1, 2].includes(head.readUInt32BE(4));
}

/** A sequence that begins with the number 3, and goes on with a sequence (RFC 7292, 4). */
function isPkcs12(head: Buffer): boolean {
  const inside = 2 + (head[1]! > 0x80 && head[1]! < 0x85 ? head[1]! & 7 : 0);
  return head[1] !== 0x80 && head.readUInt32BE(inside) === 0x02010330;
}

/** A sequence as keys and certificates are (a number or a sequence stands first in it), and nothing behind it that is more than a line end. */
function isDerKey(head: Buffer): boolean {
  const first = head[1]!;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first < 0x80 ? first + 2 > head.length || first + 4 < head.length : lengthBytes < 1 || lengthBytes > 3)
    return false;
  const inside = 2 + lengthBytes;
  return (head[inside] === 2 && head[inside + 1] === 1 && head[inside + 2]! <= 1) || head[inside] === 0x30;
}

/** Python 3.7 and later: a version, `\r\n`, flags, and a code object behind the header (PEP 552). */
function isPyc(head: Buffer): boolean {
  if (head.length < 17 || head[2] !== 0x0d || head[3] !== 0x0a) return false;
  const version = head.readUInt16LE(0);
  return version >= 3390 && version < 4000 && head.readUInt32LE(4) <= 3 && (head[16]! & 0x7f) === 0x63;
}

/** What the first byte does not tell. */
function byPlace(head: Buffer): ContainerKind | undefined {
  return isSkippableZstd(head) ? "zstd" : isPyc(head) ? "pyc" : byTar(head);
}

function byTar(head: Buffer): ContainerKind | undefined {
  return isTarHeader(head) ? "tar" : undefined;
}
