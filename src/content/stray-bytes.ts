import { textEntry } from "../model/unit.ts";
import { readRange, type ByteRange } from "./byte-range.ts";
import { COMPRESSION_MAGIC_BYTES, sniffCompression } from "./compression.ts";
import { mayHoldSecret } from "./entry-texts.ts";
import type { LayerSink } from "./layer.ts";

/** Stored bytes of a compressed layer that expand to nothing: whoever has the layer has them, and no tool shows them. */
interface StrayRange {
  readonly place: string;
  /** From the layer's first byte on. */
  readonly at: number;
  readonly length: number;
  /** Left out where it is a zstd stream itself: a layer's table and the headers of its tar, which say what the tar says. */
  readonly mayBeTable?: boolean;
}

/** How places of bytes are told that belong to no file of the layer. */
export const strayPlaces = {
  behind: "layer!bytes behind the stream",
  header: "layer!header of the stream",
  frame: "layer!skippable frame",
  tar: "layer!bytes between files",
} as const;

/** Ranges that are looked at. Tools that write skippable frames write one for each piece, with a number in it. */
const mostRanges = 10_000;
/** What is shorter holds no token. */
const leastBytes = 16;

/** Gathers where such bytes lie while a layer is read, and gives them to a sink, each range as a content of its own. */
export class StrayBytes {
  readonly #ranges: StrayRange[] = [];
  #isFull = false;

  /** Whether some were left out. */
  get isFull(): boolean {
    return this.#isFull;
  }

  add(place: string, at: number, length: number, mayBeTable = false): void {
    if (length < leastBytes) return;
    if (this.#ranges.length >= mostRanges) this.#isFull = true;
    else this.#ranges.push({ place, at, length, mayBeTable });
  }

  /** The optional fields of a gzip stream's first header (RFC 1952, 2.3). `head`: its first bytes. */
  addGzipHeader(head: Uint8Array): void {
    const end = endOfHeader(head);
    if (mayHoldSecret(Buffer.from(head.subarray(fixedHeader, end)).toString("latin1")))
      this.add(strayPlaces.header, fixedHeader, end - fixedHeader);
  }

  /** Reads them, in one pass over what is stored. `layer`: where that lies. */
  async read(layer: ByteRange, sink: LayerSink, signal?: AbortSignal): Promise<void> {
    const ranges = this.#ranges
      .filter(({ at }) => at < layer.length)
      .map((range) => ({ ...range, length: Math.min(range.length, layer.length - range.at) }))
      .sort((a, b) => a.at - b.at);
    const [first] = ranges;
    if (first === undefined) return;
    let position = first.at;
    let next = 0;
    let isOpen = false;
    const stored = readRange({ ...layer, offset: layer.offset + first.at, length: layer.length - first.at });
    for await (const chunk of stored) {
      signal?.throwIfAborted();
      const end = position + chunk.length;
      for (let range = ranges[next]; range !== undefined && range.at < end; range = ranges[next]) {
        if (!isOpen && range.mayBeTable === true && isZstd(chunk, range.at - position)) {
          next++;
          continue;
        }
        if (!isOpen) sink.begin({ path: range.place, size: range.length, entry: textEntry });
        const to = range.at + range.length;
        sink.push(chunk.subarray(Math.max(0, range.at - position), Math.min(chunk.length, to - position)));
        isOpen = to > end;
        if (isOpen) break;
        sink.end(true);
        next++;
      }
      position = end;
      if (next >= ranges.length) return;
    }
    if (isOpen) sink.end(false);
  }
}

function isZstd(bytes: Uint8Array, at: number): boolean {
  return sniffCompression(bytes.subarray(at, at + COMPRESSION_MAGIC_BYTES)) === "zstd";
}

const fixedHeader = 10;
const flags = { extra: 4, name: 8, comment: 16 } as const;

function endOfHeader(head: Uint8Array): number {
  const set = head[3] ?? 0;
  let end = fixedHeader;
  if ((set & flags.extra) !== 0) end += 2 + (head[end] ?? 0) + 256 * (head[end + 1] ?? 0);
  for (const flag of [flags.name, flags.comment]) {
    if ((set & flag) === 0) continue;
    const zero = head.indexOf(0, end);
    end = zero < 0 ? head.length : zero + 1;
  }
  return Math.min(end, head.length);
}
