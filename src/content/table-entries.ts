import { expandPiece } from "./compression.ts";
import { digestOf } from "./digest.ts";
import { asRecord, asText } from "./json.ts";
import type { StoredLayer, WrittenTable } from "./layer-table.ts";
import { cleanPath } from "./tar-path.ts";

/** An entry of a layer, as its table of contents tells it. */
export interface TableEntry {
  readonly name: string;
  readonly path: string;
  readonly type: "file" | "directory" | "other";
  /** Of a hard link: the name it leads to. */
  readonly linkTo?: string;
  readonly size: number;
  /** Of files: where their bytes lie, in their order; empty where the table does not tell it. */
  readonly pieces: readonly TablePiece[];
}

/** A part of a file: bytes of the layer that are compressed by themselves. */
export interface TablePiece {
  /** Stored bytes, from the begin of the layer. */
  readonly from: number;
  readonly to: number;
  /** Expanded bytes before it. */
  readonly skip: number;
  readonly size: number;
  /** `sha256:…` of its bytes. */
  readonly digest: string;
}

/** The entries of a table, in its order (eStargz specification, "TOC"; containers/storage, pkg/chunked). Entries that make no sense are left out. */
export function tableEntries({ entries, at: tableAt, compression }: WrittenTable): TableEntry[] {
  // Decoders of zstd pass over the table: it lies in a frame whose header is not part of the last file.
  const at = compression === "zstd" ? tableAt - skippedHeaderBytes : tableAt;
  const told = entries.map((item) => asRecord(item) ?? {});
  const begins = [...new Set([...told.map((entry) => asNumber(entry["offset"])), at])].sort((a, b) => a - b);
  const endOf = new Map(begins.map((from, i) => [from, begins[i + 1] ?? at]));
  const found: (TableEntry & { readonly pieces: TablePiece[] })[] = [];
  for (const entry of told) {
    const name = asText(entry["name"]);
    const path = cleanPath(name);
    const type = asText(entry["type"]);
    const last = found.at(-1);
    if (type !== "chunk") {
      const size = type === "reg" ? asNumber(entry["size"]) : 0;
      const link = type === "hardlink" ? { linkTo: asText(entry["linkName"]) } : {};
      found.push({ name, path, type: types[type] ?? "other", size, pieces: [], ...link });
    } else if (last?.path !== path) continue;
    const file = found.at(-1)!;
    const begin = asNumber(entry["chunkOffset"]);
    const from = asNumber(entry["offset"]);
    const size = asNumber(entry["chunkSize"]) || file.size - begin;
    const digest = asText(entry["chunkDigest"]) || (size === file.size ? asText(entry["digest"]) : "");
    const to = Math.min(endOf.get(from) ?? 0, at);
    if (file.type === "file" && size > 0 && to > from)
      file.pieces.push({ from, to, skip: asNumber(entry["innerOffset"]), size, digest });
  }
  return found;
}

/** Of a frame that is passed over: its mark and its length (RFC 8878, 3.1.2). */
const skippedHeaderBytes = 8;

const types: Readonly<Record<string, TableEntry["type"]>> = { reg: "file", dir: "directory" };

/** What a writer may put around a file in the same stretch: padding, headers, folders and links, other small files. */
const maxAround = 4 << 20;

/**
 * The bytes of a file, proved by the digests of its table; undefined where they are not what the table says, or where `room` (bytes that may still be expanded, and are taken from it) is
 * too little. What `layer.read` throws is thrown.
 */
export async function readTableFile(
  layer: StoredLayer,
  { size, pieces }: TableEntry,
  room: { bytes: number },
): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  for (const { from, to, skip, size: bytes, digest } of pieces) {
    if (skip > maxAround) return undefined;
    const maxBytes = Math.min(skip + bytes + maxAround, room.bytes);
    const all = await expandPiece(await layer.read(from, to - from), {
      maxBytes,
      maxRatio: 1,
      ratioFromBytes: Infinity,
    });
    room.bytes -= all?.length ?? maxBytes;
    const part = all?.subarray(skip, skip + bytes);
    if (part === undefined || part.length !== bytes || digestOf(part, digest) !== digest) return undefined;
    parts.push(part);
  }
  const whole = Buffer.concat(parts);
  return whole.length === size ? whole : undefined;
}

function asNumber(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
