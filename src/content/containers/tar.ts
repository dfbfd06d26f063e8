import { isTarHeader, isZero, padded, parsePax, parseTarHeader, parseText, TAR_BLOCK } from "../tar-header.ts";
import { cleanPath } from "../tar-path.ts";
import type { ChunkReader } from "./chunk-reader.ts";
import { lost, noted, type Member, type ReportFault } from "./member.ts";

/** Long names and PAX records of one entry, as tar-stream limits them for layers. */
const mostExtension = 4 << 20;
/** Sparse maps of old GNU archives go on in further blocks; each holds 21 ranges. */
const mostSparseBlocks = 1 << 16;

interface Extension {
  readonly name?: string | undefined;
  readonly size?: number;
}

/**
 * The files of a tar (POSIX ustar and pax, GNU, v7), also behind its end marker and behind damage: there the next block that is a header is looked
 * for. Layers have a reader of their own, which may wait; this one goes on in the calling thread.
 */
export function* tarMembers(reader: ChunkReader, report: ReportFault): Generator<Member, void> {
  let extension: Extension = {};
  let isHunting = false;
  let isDamaged = false;
  /** Whether the block of zeros was met that stands behind the last file. */
  let isEnded = false;
  const damage = (message: string): void => {
    if (!isDamaged) report(lost("archive-corrupt", "", message));
    isDamaged = true;
  };
  for (;;) {
    const block = reader.peek(TAR_BLOCK);
    if (block.length < TAR_BLOCK) {
      if (!isHunting && !isZero(block)) damage("the tar does not end on a block");
      if (!isEnded) report(noted("archive-corrupt", "", "the tar has no end mark: it may be cut off"));
      return;
    }
    if (!isTarHeader(block)) {
      isEnded ||= isZero(block);
      if (!isHunting && !isZero(block)) {
        damage("the tar is damaged");
        isHunting = true;
      }
      reader.skip(TAR_BLOCK);
      continue;
    }
    isHunting = false;
    isEnded = false;
    const header = parseTarHeader(Buffer.from(block));
    const isGnuSparse = header.type === "S" && block[482] !== 0;
    reader.skip(TAR_BLOCK);
    if (isGnuSparse) skipSparseMap(reader);
    if (header.type === "x" || header.type === "g" || header.type === "L" || header.type === "K") {
      const body = isSize(header.size) && header.size <= mostExtension ? reader.take(padded(header.size)) : undefined;
      if (body === undefined) {
        damage("the tar is damaged");
        isHunting = true;
        continue;
      }
      extension = { ...extension, ...extensionOf(header.type, body.subarray(0, header.size)) };
      continue;
    }
    const size = extension.size ?? header.size;
    const name = cleanPath(extension.name ?? header.name);
    extension = {};
    if (!isSize(size)) {
      damage("the tar is damaged");
      isHunting = true;
      continue;
    }
    // Hard links with a size are followed by a body in some archives and by the next header in others; what stands there decides.
    const hasBody = hasFile(header.type) || (header.type === "1" && size > 0 && !isTarHeader(reader.peek(TAR_BLOCK)));
    if (!hasBody) {
      if (hasData(header.type)) reader.skip(padded(size));
      continue;
    }
    const from = reader.position;
    yield { name, chunks: reader.stream(size) };
    const read = reader.position - from;
    if (!reader.skip(size - read) || reader.position - from < size) {
      report(lost("archive-corrupt", name, "is cut off: the tar ends in it"));
      return;
    }
    reader.skip(padded(size) - size);
  }
}

function isSize(size: number): boolean {
  return size >= 0 && Number.isSafeInteger(size);
}

/** Files, also those of kinds that nobody knows (POSIX has them read as files). */
function hasFile(type: string): boolean {
  return !/[1-6DMNVgxLK]/.test(type);
}

/** Of the kinds that are no files: whether data follow. GNU's directories in incremental archives list names. */
function hasData(type: string): boolean {
  return type === "D" || type === "M" || type === "N";
}

function skipSparseMap(reader: ChunkReader): void {
  for (let i = 0; i < mostSparseBlocks; i++) {
    const more = reader.take(TAR_BLOCK);
    if (more === undefined || more[504] === 0) return;
  }
}

function extensionOf(type: string, body: Buffer): Extension {
  if (type === "L") return { name: parseText(body) };
  if (type !== "x") return {};
  const records = parsePax(body);
  const name = records.get("GNU.sparse.name") ?? records.get("path");
  const size = records.get("size");
  return {
    ...(name === undefined ? {} : { name }),
    ...(size === undefined ? {} : { size: /^\d+$/.test(size) ? Number(size) : Number.NaN }),
  };
}
