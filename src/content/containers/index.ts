/**
 * containers: contents that hold other contents. What goes in are bytes, wherever they came from; what comes out are members and how to read them, one
 * after the other, in the calling thread, without a file being written. What cannot be read is reported, never thrown. How deep and how much is read
 * decides whoever walks the members.
 */
import { bareKeyMembers } from "./bare-key.ts";
import { plistMembers } from "./binary-plist.ts";
import type { Bytes } from "./bytes.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { cabinetMembers } from "./cabinet.ts";
import { classMembers, pickleMembers, pycMembers } from "./compiled.ts";
import { compressedMember } from "./compressed.ts";
import { avroMembers } from "./columns/avro.ts";
import { orcMembers } from "./columns/orc.ts";
import { parquetMembers } from "./columns/parquet.ts";
import { compoundMembers } from "./compound.ts";
import { diskMembers } from "./disk-images.ts";
import { javaImageMembers } from "./java-image.ts";
import { drawingMembers, pngMembers } from "./drawings.ts";
import { programMembers } from "./behind-program.ts";
import { foreignMembers } from "./foreign.ts";
import { bundleMembers } from "./git-bundle.ts";
import { packMembers } from "./git-pack.ts";
import type { PlacedKind, StreamKind } from "./kind.ts";
import type { Member, ReportFault } from "./member.ts";
import { keystoreMembers } from "./keystore.ts";
import { officeMembers } from "./office-text.ts";
import { pdfMembers } from "./pdf.ts";
import { rarMembers } from "./rar.ts";
import { redisMembers } from "./redis-dump.ts";
import { sevenZipMembers } from "./sevenzip.ts";
import { sqliteLogMembers } from "./sqlite-log.ts";
import { sqliteMembers } from "./sqlite.ts";
import { squashfsMembers } from "./squashfs.ts";
import { tarMembers } from "./tar.ts";
import { arMembers, cpioMembers, rpmMembers } from "./unix-archives.ts";
import { zipMembers } from "./zip.ts";
import { endsAsZip } from "./zip-directory.ts";

export { BlockList, LastBytes, bytesInMemory, bytesOfFile, chain, chunksOf, type Bytes } from "./bytes.ts";
export { ChunkReader } from "./chunk-reader.ts";
export {
  containerKind,
  containerKindOf,
  isCompressed,
  isPlaced,
  isProgram,
  isSaidByMembers,
  kindByEnd,
  kindBytes,
  mayBeContainer,
  type ContainerKind,
  type PlacedKind,
  type StreamKind,
} from "./kind.ts";
export { carriesOpened, longestScript } from "./behind-program.ts";
export { PassingProgram } from "./passing-program.ts";
export { endsAsZip } from "./zip-directory.ts";
export { isLaterVolume, laterVolumeMessage } from "./volumes.ts";
export { lost, type Member, type MemberFault, type ReportFault } from "./member.ts";

/** The members of a container that is read in one go. Each is to be read, or left, before the next one is asked for. `whole`: the container, where it lies in memory. */
export function streamedMembers(
  kind: StreamKind,
  reader: ChunkReader,
  report: ReportFault,
  whole?: Bytes,
): Generator<Member, void> {
  switch (kind) {
    case "gzip":
    case "zstd":
    case "xz":
    case "bzip2":
    case "lzma":
    case "lzip":
    case "lz4":
    case "lzw":
    case "zlib":
    case "swf":
      return compressedMember(kind, reader, report, whole);
    case "tar":
      return tarMembers(reader, report);
    case "ar":
      return arMembers(reader, report);
    case "cpio":
      return cpioMembers(reader, report);
    case "rpm":
      return rpmMembers(reader, report);
  }
}

/** The same for a container of which any place may be read; where it ends as a ZIP file, it is that as well. */
export function* placedMembers(kind: PlacedKind, bytes: Bytes, report: ReportFault): Generator<Member, void> {
  yield* ownMembers(kind, bytes, report);
  if (kind !== "zip" && endsAsZip(bytes)) yield* zipMembers(bytes, report);
}

function ownMembers(kind: PlacedKind, bytes: Bytes, report: ReportFault): Generator<Member, void> {
  switch (kind) {
    case "zip":
      return zipMembers(bytes, report);
    case "class":
      return classMembers(bytes, report);
    case "pyc":
      return pycMembers(bytes, report);
    case "sqlite":
      return sqliteMembers(bytes, report);
    case "keystore":
      return keystoreMembers(bytes, report);
    case "sevenzip":
      return sevenZipMembers(bytes, report);
    case "rar":
      return rarMembers(bytes, report);
    case "disk-image":
      return diskMembers(bytes, report);
    case "java-image":
      return javaImageMembers(bytes, report);
    case "redis-dump":
      return redisMembers(bytes, report);
    case "parquet":
      return parquetMembers(bytes, report);
    case "avro":
      return avroMembers(bytes, report);
    case "orc":
      return orcMembers(bytes, report);
    case "cabinet":
      return cabinetMembers(bytes, report);
    case "compound":
      return compoundMembers(bytes, report);
    case "drawing":
      return drawingMembers(bytes, report);
    case "png":
      return pngMembers(bytes, report);
    case "squashfs":
      return squashfsMembers(bytes, report);
    case "program":
      return programMembers(bytes, report);
    case "foreign":
      return foreignMembers(bytes, report);
    case "office":
      return officeMembers(bytes);
    case "sqlite-log":
      return sqliteLogMembers(bytes, report);
    case "pickle":
      return pickleMembers(bytes, report);
    case "bare-key":
      return bareKeyMembers(bytes);
    case "git-pack":
      return packMembers(bytes, report);
    case "git-bundle":
      return bundleMembers(bytes, report);
    case "binary-plist":
      return plistMembers(bytes, report);
    case "pdf":
      return pdfMembers(bytes, report);
  }
}
