import { extract, type Extract, type Header } from "tar-stream";
import { hasMoreRanges, SparseBody } from "./sparse-body.ts";
import { TarEnd } from "./tar-end.ts";
import { isTarHeader, isZero, padded, TAR_BLOCK } from "./tar-header.ts";
import { TarStrays } from "./tar-strays.ts";

interface TarEntry {
  /** As the archive spells it (PAX and GNU long names resolved). Hostile text. */
  readonly name: string;
  readonly type: "file" | "directory" | "other";
  /** Bytes of the body; 0 for all but files. */
  readonly size: number;
  /** Of a hard link: the name it leads to. */
  readonly linkTo?: string;
  /** It stands behind the end of the tar. */
  readonly isAfterEnd?: true;
  /** Its body is given as it is stored: without the holes of the file, in some forms behind a list of them. */
  readonly isSparse?: true;
  /** Where a symbolic link leads, comments and attributes: what is said beside name and body. */
  readonly beside?: readonly string[];
  /** What it does in a layer that was not written as one, but is the folder of an overlay (Linux, `overlayfs.rst`). */
  readonly overlay?: "whiteout" | "opaque";
}

export interface TarVisitor {
  entry(entry: TarEntry): void;
  /** Bytes of the last entry's body, in order. The chunk is not written to again. */
  data(chunk: Uint8Array): void;
  /** The body ended; not called for entries without one. `complete`: all `size` bytes were given. */
  end(complete: boolean): void;
  /** Bytes that no entry has; between entries. The piece is not written to again. */
  stray?(bytes: Uint8Array): void;
}

export interface TarWalk {
  /** Takes the next bytes; resolves when all entries in them have been visited. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the walk and tells what was wrong, if anything. */
  finish(): Promise<TarDamage | undefined>;
  /** Whether nothing but the padding behind the last body was missing (umoci writes such tars); known after `finish`. */
  readonly isUnpadded: boolean;
}

interface TarDamage {
  readonly message: string;
  readonly entries: number;
}

/**
 * Visits the entries of a tar, also behind its end marker and behind damage: where tar-stream gives up, the walk looks for the next
 * block that is a header and goes on from there. Hard links with a size are followed by a body in some archives and by the next
 * header in others (Go and libarchive write the latter); the block after them decides.
 */
export function walkTar(visitor: TarVisitor): TarWalk {
  let entries = 0;
  let damage: string | undefined;
  /** Bytes given to the walk so far that were passed on: the position of `block`. */
  let position = 0;
  let rest: Uint8Array = new Uint8Array(0);
  let reader: Reader | undefined;
  let sparse: SparseBody | undefined;
  let isHunting = false;
  let skipTo = 0;
  let isUnpadded = false;
  const end = new TarEnd(0);
  const strays = new TarStrays((bytes) => visitor.stray?.(bytes));

  async function pass(block: Uint8Array): Promise<void> {
    const start = position;
    position += block.length;
    let at = Math.min(block.length, Math.max(0, skipTo - start));
    if (isHunting) strays.add(block.subarray(0, at));
    while (at < block.length) {
      if (sparse !== undefined) {
        at = sparse.take(block, at);
        if (!sparse.isDone) return;
        sparse = undefined;
        continue;
      }
      if (isHunting) {
        const from = at;
        while (at < block.length && !isTarHeader(block, at)) at += TAR_BLOCK;
        strays.add(block.subarray(from, at));
        if (at >= block.length) return;
        strays.flush();
        isHunting = false;
      }
      reader ??= openReader(visitor, start + at, { end, strays }, () => entries++);
      const stop = await reader.write(block, at, start);
      if (stop === undefined) return;
      if (stop.message !== undefined) damage ??= stop.message;
      await reader.close();
      reader = undefined;
      sparse = stop.sparse;
      isHunting = sparse === undefined;
      const strayFrom = stop.strayFrom ?? stop.resumeAt;
      strays.add(block.subarray(Math.max(0, strayFrom - start), Math.max(0, stop.resumeAt - start)));
      skipTo = stop.resumeAt;
      at = Math.max(0, skipTo - start);
    }
  }

  return {
    async write(chunk) {
      // tar-stream gets whole blocks, so that a header is never cut in two and a position in the chunk can be told from its offset.
      let from = 0;
      if (rest.length > 0) {
        from = Math.min(TAR_BLOCK - rest.length, chunk.length);
        rest = Buffer.concat([rest, chunk.subarray(0, from)]);
        if (rest.length < TAR_BLOCK) return;
        const joined = rest;
        rest = new Uint8Array(0);
        await pass(joined);
      }
      const whole = from + Math.floor((chunk.length - from) / TAR_BLOCK) * TAR_BLOCK;
      rest = chunk.subarray(whole);
      if (whole > from) await pass(chunk.subarray(from, whole));
    },
    async finish() {
      if (isHunting || reader?.isBetweenEntries === true) strays.add(rest);
      strays.flush();
      if (rest.length > 0 && reader !== undefined) await reader.write(rest, 0, position);
      if (sparse !== undefined) sparse.take(rest, 0);
      if (sparse?.cut() === true) damage ??= "the tar ends in the middle of an entry";
      const ending = await reader?.finish(position + rest.length);
      isUnpadded = ending === "unpadded";
      if (ending === "cut") damage ??= "the tar ends in the middle of an entry";
      if (rest.length > 0 && !isUnpadded) damage ??= "the tar does not end on a block";
      return damage === undefined ? undefined : { message: damage, entries };
    },
    get isUnpadded() {
      return isUnpadded;
    },
  };
}

interface Stop {
  /** Where the next header may be; a position in the whole tar. */
  readonly resumeAt: number;
  /** Bytes before it that no entry has begin here. */
  readonly strayFrom?: number;
  /** Set where this is damage. */
  readonly message: string | undefined;
  /** An entry was begun whose body tar-stream does not know how to read: it stands where the next header would. */
  readonly sparse?: SparseBody;
}

interface Reader {
  /** Reads `block` from `at` on; `start` is the block's position. Tells where the reader had to stop, if it had to. */
  write(block: Uint8Array, at: number, start: number): Promise<Stop | undefined>;
  /** Whether the next byte is none of a body. */
  readonly isBetweenEntries: boolean;
  /** The end of the input, which is so long; tells what was still missing. */
  finish(length: number): Promise<"whole" | "unpadded" | "cut">;
  close(): Promise<void>;
}

/** One run of tar-stream over a stretch of undamaged tar that begins at `base`. */
function openReader(
  visitor: TarVisitor,
  base: number,
  { end: tarEnd, strays }: { readonly end: TarEnd; readonly strays: TarStrays },
  count: () => void,
): Reader {
  // v7 archives have no magic; a mark of one byte makes every write wait until tar-stream has eaten it.
  const options = { allowUnknownFormat: true, highWaterMark: 1 };
  const stream: Extract = extract(options);
  // Go, and so Docker and containerd, take no name or size from a header that holds for the whole archive; tar-stream takes them for entries that have one of their own as well, and a size of theirs
  // would hide the end of a file. Where it keeps them otherwise, nothing but that changes.
  let whole: readonly string[] = [];
  Object.defineProperty(stream, "_paxGlobal", {
    get: () => null,
    set(pax: unknown) {
      whole = [...whole, ...ownRecords(pax)].slice(0, MAX_RECORDS);
    },
  });
  let current: { block: Uint8Array; start: number } = { block: new Uint8Array(0), start: 0 };
  let nextHeader = base;
  tarEnd.expect(base);
  let stop: Stop | undefined;
  let missing = 0;
  let failure: string | undefined;
  let isClosed = false;
  let settle = (): void => {};
  stream.on("drain", () => settle());
  stream.on("error", (error: Error) => (failure = error.message));
  stream.on("close", () => {
    isClosed = true;
    settle();
  });

  stream.on("entry", (raw, body, next) => {
    const name = sparseName(raw.pax) ?? raw.name;
    const size = raw.size;
    const bodyAt = base + byteOffset(raw);
    const isNode = nodeTypes.has(raw.type);
    nextHeader = bodyAt + (raw.type === "directory" ? 0 : padded(size));
    tarEnd.look(current.block, current.start);
    tarEnd.expect(nextHeader);
    strays.look(current.block, current.start);
    strays.expect(bodyAt + size, nextHeader);
    const facts = {
      name,
      ...(tarEnd.isReached ? { isAfterEnd: true as const } : {}),
      ...overlayMark(raw),
      ...besideOf(raw, whole),
      ...(isSparse(raw) ? { isSparse: true as const } : {}),
    };
    whole = [];
    const link = raw.type === "link" && typeof raw.linkname === "string" ? { linkTo: raw.linkname } : {};
    count();
    if (isNode && size > 0) {
      const follower = bodyAt - current.start;
      if (follower >= current.block.length || isTarHeader(current.block, follower)) {
        visitor.entry({ ...facts, type: "other", size: 0, ...link });
        stop = { resumeAt: bodyAt, message: undefined };
        stream.destroy(null);
        return;
      }
    }
    if (hasMoreRanges(current.block, bodyAt - TAR_BLOCK - current.start)) {
      visitor.entry({ ...facts, type: "file", size });
      // The next header is nobody's guess until the list was read.
      tarEnd.expect(Infinity);
      stop = { resumeAt: bodyAt, message: undefined, sparse: new SparseBody(size, visitor) };
      stream.destroy(null);
      return;
    }
    if (raw.type === "directory") {
      // A folder has no body; with a size, tar-stream would never end the one it promises.
      visitor.entry({ ...facts, type: "directory", size: 0 });
      queueMicrotask(next);
      return;
    }
    if (size === 0 && name.endsWith("/")) {
      visitor.entry({ ...facts, type: "directory", size: 0 });
    } else if (isNode && size === 0) {
      visitor.entry({ ...facts, type: "other", size: 0, ...link });
    } else {
      visitor.entry({ ...facts, type: "file", size });
      if (size === 0) visitor.end(true);
      missing = size;
    }
    body.on("data", (chunk) => {
      if (!(chunk instanceof Uint8Array)) return;
      missing -= chunk.length;
      visitor.data(chunk);
      if (missing === 0) visitor.end(true);
    });
    body.on("error", () => {});
    body.on("end", next);
  });

  const idle = (): Promise<void> => new Promise((resolve) => (settle = resolve));
  const cutBody = (): boolean => {
    if (missing === 0) return false;
    missing = 0;
    visitor.end(false);
    return true;
  };
  return {
    async write(block, at, start) {
      current = { block, start };
      const waiting = idle();
      if (!stream.write(block.subarray(at))) await waiting;
      tarEnd.look(block, start);
      if (missing === 0) strays.look(block, start);
      if (!isClosed) return undefined;
      if (stop !== undefined) return stop;
      cutBody();
      return {
        resumeAt: afterBadHeader(block, start, nextHeader),
        strayFrom: nextHeader,
        message: failure ?? "the tar is damaged",
      };
    },
    get isBetweenEntries() {
      return missing === 0;
    },
    async finish(length) {
      if (!isClosed) {
        const waiting = idle();
        stream.end(null);
        await waiting;
      }
      if (cutBody()) return "cut";
      if (failure === undefined) return "whole";
      return nextHeader > length ? "unpadded" : "cut";
    },
    async close() {
      if (isClosed) return;
      const waiting = idle();
      stream.destroy(null);
      await waiting;
    },
  };
}

/** Kinds of entries that have no body, whatever their size field says. */
const nodeTypes: ReadonlySet<string> = new Set(["link", "symlink", "character-device", "block-device", "fifo"]);

/** Where the entry's body begins; tar-stream gives it, its types do not say so. */
function byteOffset(header: Header): number {
  if (!("byteOffset" in header) || typeof header.byteOffset !== "number")
    throw new TypeError("tar-stream gave no offset");
  return header.byteOffset;
}

/** GNU tar puts a made-up name into the header of a sparse file and the true one here. */
function sparseName(pax: unknown): string | undefined {
  if (typeof pax !== "object" || pax === null || !("GNU.sparse.name" in pax)) return undefined;
  const name = pax["GNU.sparse.name"];
  return typeof name === "string" ? name : undefined;
}

/** GNU tar's own type, which tar-stream does not know, and records of PAX headers. */
function isSparse({ type, pax }: Header & { readonly pax?: unknown }): boolean {
  if (typeof type !== "string") return true;
  return typeof pax === "object" && pax !== null && Object.keys(pax).some((key) => key.startsWith("GNU.sparse."));
}

/** Folders that an overlay empties are marked by an attribute, files that it removes are devices without a number. */
function overlayMark({
  type,
  pax,
  devmajor,
  devminor,
}: Header & { readonly pax?: unknown }): Pick<TarEntry, "overlay"> {
  if (type === "character-device" && (devmajor ?? 0) === 0 && (devminor ?? 0) === 0) return { overlay: "whiteout" };
  if (type !== "directory" || typeof pax !== "object" || pax === null) return {};
  const isMarked = Object.entries(pax).some(([key, value]) => opaqueMark.test(key) && value === "y");
  return isMarked ? { overlay: "opaque" } : {};
}

/** Records that hold for the whole archive, of those that stand before one entry. */
const MAX_RECORDS = 64;
/** Records of PAX headers that hold what users wrote, and no property of the file. */
const ownRecord = /^(?:comment|(?:SCHILY|LIBARCHIVE)\.xattr\..*)$/s;

function ownRecords(pax: unknown): readonly string[] {
  const records = typeof pax === "object" && pax !== null ? Object.entries(pax) : [];
  return records.flatMap(([key, value]) => (ownRecord.test(key) ? [`${key}=${String(value)}`] : []));
}

/** `whole`: records that hold for the whole archive. */
function besideOf(
  { type, linkname, pax }: Header & { readonly pax?: unknown },
  whole: readonly string[],
): Pick<TarEntry, "beside"> {
  const target = type === "symlink" && typeof linkname === "string" ? [linkname] : [];
  const beside = [...target, ...ownRecords(pax), ...whole];
  return beside.length === 0 ? {} : { beside };
}

/** As tar writes attributes into PAX headers. */
const opaqueMark = /^SCHILY\.xattr\.(?:trusted|user)\.overlay\.opaque$/;

/** A place after the block that tar-stream refused, or after the long name or PAX header before it: either way the next sound header is behind it. */
function afterBadHeader(block: Uint8Array, start: number, nextHeader: number): number {
  let at = Math.max(0, nextHeader - start);
  while (at < block.length && !isTarHeader(block, at) && isZero(block.subarray(at, at + TAR_BLOCK))) at += TAR_BLOCK;
  return start + at + TAR_BLOCK;
}
