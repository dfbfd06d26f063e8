import { isCabinet } from "./cabinet/mark.ts";
import { chunksOf, type Bytes } from "./bytes.ts";
import { isForeignArchive } from "./foreign.ts";
import { lost, type Member, type ReportFault } from "./member.ts";
import { isSquashfs } from "./squashfs/mark.ts";
import { isTarHeader } from "../tar-header.ts";

/**
 * Archives behind programs that unpack them: 7z and RAR in a Windows program, tar behind a shell script, what installers carry. Where a program ends, its
 * headers tell (PE, ELF); a script ends with the line in front of the archive.
 */

/** A script that unpacks what stands behind it is at most so long. */
export const longestScript = 1 << 20;
/** Behind a program a text with settings may come first. */
export const longestSettings = 1 << 16;
/** Signatures may follow the last record of a program's archive. */
export const longestTail = 1 << 14;
const leastArchive = 32;
/** Of ELF a segment takes 32 or 56 bytes in the table of them (System V ABI, "Program Header"). A header that says more is not believed: it would have gigabytes read. */
const [leastSegment, mostSegment] = [32, 128];
const tarBlock = 512;

const magics: readonly Buffer[] = [
  ...["1f8b08", "fd377a585a00", "377abcaf271c", "28b52ffd", "04224d18", "425a68", "526172211a07"],
].map((hex) => Buffer.from(hex, "hex"));
/** In a script they begin a line. */
const lineMagics = magics.map((magic) => Buffer.concat([Buffer.from("\n"), magic]));
/** What is looked for behind settings has to be long. */
const longMagics = magics.filter(({ length }) => length >= 6);
const nsisMark = Buffer.from("\xef\xbe\xad\xdeNullsoftInst", "latin1");
const pyInstallerMark = Buffer.from("MEI\x0c\x0b\x0a\x0b\x0e", "latin1");

/** What stands behind a program: the offset of an archive that can be opened, or the name of one that cannot. */
type Behind = { readonly at: number } | { readonly name: string };

/** What stands behind the program or the script that a content begins with. */
export function behindProgram(bytes: Bytes): Behind | undefined {
  const head = bytes.read(0, 4);
  if (head.length < 4) return undefined;
  if (head.readUInt16BE(0) === 0x2321) return behindScript(bytes);
  const end = endOfProgram(bytes);
  const behind = end === 0 || end + leastArchive > bytes.size ? undefined : behindEnd(bytes, end);
  return behind ?? (end > 0 && holdsPyInstaller(bytes) ? { name: "PyInstaller archive" } : undefined);
}

/** Whether an archive that can be opened stands behind a compiled program, of which these bytes are the begin. */
export function carriesOpened(begin: Bytes): boolean {
  const behind = endOfProgram(begin) > 0 ? behindProgram(begin) : undefined;
  return behind !== undefined && "at" in behind;
}

/** Where a program ends, as its headers say; 0 where they cannot be read. */
export function endOfProgram(bytes: Bytes): number {
  const head = bytes.read(0, 4);
  if (head.length < 4) return 0;
  if (head.readUInt16BE(0) === 0x4d5a) return endOfPe(bytes);
  return head.readUInt32BE(0) === 0x7f454c46 ? endOfElf(bytes) : 0;
}

/** The archive behind a program, as a member of its own. What stands there and cannot be opened is told. */
export function* programMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const behind = behindProgram(bytes);
  if (behind === undefined) return;
  if ("at" in behind) yield { name: "", chunks: chunksOf(bytes, behind.at) };
  else report(lost("unsupported", "", `carries a ${behind.name}, which is not opened`));
}

function behindScript(bytes: Bytes): Behind | undefined {
  const script = bytes.read(0, Math.min(bytes.size, longestScript));
  let first = Infinity;
  for (const magic of lineMagics) {
    const at = script.indexOf(magic);
    if (at >= 0 && at + 1 < first && isArchive(bytes, at + 1)) first = at + 1;
  }
  return first === Infinity ? undefined : { at: first };
}

function behindEnd(bytes: Bytes, end: number): Behind | undefined {
  if (isArchive(bytes, end)) return { at: end };
  const settings = bytes.read(end, longestSettings);
  if (settings.includes(nsisMark)) return { name: "NSIS archive" };
  const places = longMagics.map((magic) => settings.indexOf(magic)).filter((at) => at >= 0);
  return places.length === 0 ? undefined : { at: end + Math.min(...places) };
}

/** Whether an archive begins there, as far as its first bytes tell; ZIP files are looked for by their end where programs are in front. */
export function isArchive(bytes: Bytes, at: number): boolean {
  const head = bytes.read(at, tarBlock);
  if (head.length < leastArchive) return false;
  if (head.readUInt32BE(0) === 0x504b0304) return true;
  if (head.readUIntBE(0, 3) === 0x1f8b08) return (head[3]! & 0xe0) === 0;
  if (head.toString("latin1", 0, 3) === "BZh") return head.readUIntBE(4, 6) === 0x314159265359;
  return (
    magics.some((magic) => head.subarray(0, magic.length).equals(magic)) ||
    isForeignArchive(head) ||
    isSquashfs(head) ||
    isCabinet(head) ||
    isTarHeader(head)
  );
}

/** Where the sections of a Windows program end; 0 where they cannot be read. */
function endOfPe(bytes: Bytes): number {
  const stub = bytes.read(0, 64);
  if (stub.length < 64) return 0;
  const header = bytes.read(stub.readUInt32LE(60), 24);
  if (header.length < 24 || header.readUInt32BE(0) !== 0x50450000) return 0;
  const count = header.readUInt16LE(6);
  const table = bytes.read(stub.readUInt32LE(60) + 24 + header.readUInt16LE(20), 40 * count);
  let end = 0;
  for (let at = 0; at + 40 <= table.length; at += 40)
    end = Math.max(end, table.readUInt32LE(at + 16) + table.readUInt32LE(at + 20));
  return end;
}

/** Where the table of sections of an ELF program ends, or the last segment; 0 where they cannot be read. */
function endOfElf(bytes: Bytes): number {
  const head = bytes.read(0, 64);
  if (head.length < 64 || head[5] !== 1) return 0;
  const isWide = head[4] === 2;
  const sections = isWide ? Number(head.readBigUInt64LE(40)) : head.readUInt32LE(32);
  const counts = isWide ? 54 : 42;
  const behindSections = sections + head.readUInt16LE(counts + 4) * head.readUInt16LE(counts + 6);
  const segments = isWide ? Number(head.readBigUInt64LE(32)) : head.readUInt32LE(28);
  const size = head.readUInt16LE(counts);
  if (size > mostSegment) return 0;
  const table = bytes.read(segments, size * head.readUInt16LE(counts + 2));
  let end = sections === 0 ? 0 : behindSections;
  for (let at = 0; size >= leastSegment && at + size <= table.length; at += size) {
    const length = isWide
      ? Number(table.readBigUInt64LE(at + 8)) + Number(table.readBigUInt64LE(at + 32))
      : table.readUInt32LE(at + 4) + table.readUInt32LE(at + 16);
    end = Math.max(end, length);
  }
  return end;
}

function holdsPyInstaller(bytes: Bytes): boolean {
  const from = Math.max(0, bytes.size - longestTail);
  return bytes.read(from, bytes.size - from).includes(pyInstallerMark);
}
