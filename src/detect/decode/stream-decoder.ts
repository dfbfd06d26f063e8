import type { Collector, Region } from "../collector.ts";
import type { Detector } from "../detector.ts";
import { HitList, traceLimits } from "../trace.ts";
import { DecodedBudget } from "../work.ts";
import { base64Members, leastRun, longestLine, textRuns } from "./base64.ts";
import { byteList } from "./byte-list.ts";
import { ChainBuilder, type Chain } from "./chains.ts";
import { placesOf } from "./decoder.ts";
import { pieceLength, type Encoding } from "./encoding.ts";
import { escapes } from "./escapes.ts";
import { wideSearches, type WideSearch } from "./wide-kinds.ts";

/** Bytes that stay unlooked at until more of the stream is there: what a chain or a mark is a function of behind it. */
const ahead = 512;
/** Bytes of a stream that are kept for its encoded text: a piece, what stands around it, and a line that has not ended. */
export const encodedCarry: number = pieceLength + 4 * ahead + 2 * longestLine;

/** A chain that goes on, and how much of it is done. */
class OpenChain {
  readonly encoding: Encoding;
  readonly builder: ChainBuilder;
  done = 0;

  constructor(encoding: Encoding) {
    this.encoding = encoding;
    this.builder = new ChainBuilder(encoding);
  }
}

/** What is looked for in all of the stream: the chain in hand, up to where it was looked for, and whether a run reached that place. */
class OpenWide {
  readonly search: WideSearch;
  readonly chain: OpenChain;
  to = 0;
  reaches = false;

  constructor(search: WideSearch) {
    this.search = search;
    this.chain = new OpenChain(search.encoding);
  }
}

/** A run of any kind is seen in so many bytes of it. */
const mostLeast = Math.max(...wideSearches.map(({ least }) => least));

/** The encoded text of a stream: chains that reach the end of what is there go on in the next segment. */
export class StreamDecoder {
  readonly #detector: Detector;
  readonly #collector: Collector;
  readonly #runs = new OpenChain(textRuns);
  readonly #escapes = new OpenChain(escapes);
  readonly #lists = new OpenChain(byteList);
  readonly #wide = wideSearches.map((search) => new OpenWide(search));
  readonly #budget = new DecodedBudget(traceLimits.maxDecoded, true);
  /** Offsets up to which runs and marks were looked for. */
  #runsTo = 0;
  #marksTo = 0;

  constructor(detector: Detector, collector: Collector) {
    this.#detector = detector;
    this.#collector = collector;
  }

  /** Looks at what is in memory, and was not there before; with `last` at all of it. */
  look(region: Region, last: boolean): void {
    if (!this.#detector.decodes) return;
    const end = region.high - region.low + region.base - (last ? 0 : ahead);
    if (end <= this.#marksTo && !last) return;
    this.#lookForRuns(region, end, last);
    const sawWide = this.#lookForMarks(region, end, last);
    for (const open of this.#wide) this.#lookForWide(open, region, end, last, (sawWide & open.search.kind) !== 0);
  }

  #lookForRuns(region: Region, end: number, last: boolean): void {
    const { kernel } = this.#detector;
    const from = Math.max(region.base, this.#runsTo);
    const places = kernel.findRuns(region.low + from - region.base, end - from, leastRun);
    let start = end;
    const { bytes } = kernel;
    while (!last && start > from && base64Members[bytes[region.low + start - 1 - region.base]!] === 1) start--;
    this.#runsTo = start;
    this.#add(region, this.#runs, places, from, end, last);
    this.#goOn(region, this.#runs, this.#runsTo, last);
  }

  #lookForMarks(region: Region, end: number, last: boolean): number {
    const { kernel } = this.#detector;
    // A little again: text in UTF-16 is seen only where sixteen bytes of it lie together.
    const from = Math.max(region.base, this.#marksTo - 2 * mostLeast);
    const marks = new HitList(0);
    const sawWide = kernel.findMarks(region.low + from - region.base, end - from, region.low, region.high, from, marks);
    const first = marks.upTo(this.#marksTo - 1);
    this.#marksTo = end;
    this.#add(region, this.#escapes, placesOf(escapes, marks, first, marks.length), 0, Infinity, last);
    this.#add(region, this.#lists, placesOf(byteList, marks, first, marks.length), 0, Infinity, last);
    this.#goOn(region, this.#escapes, end, last);
    this.#goOn(region, this.#lists, end, last);
    return sawWide;
  }

  #lookForWide(open: OpenWide, region: Region, end: number, last: boolean, saw: boolean): void {
    const { kind, least } = open.search;
    const from = Math.max(region.base, open.to);
    const reached = open.reaches;
    open.reaches = false;
    open.to = Math.max(open.to, end - least);
    if (saw || reached) {
      const places = this.#detector.kernel.findWide(kind, region.low + from - region.base, end - from, least);
      open.reaches = places.length > 0 && places[places.length - 1]! + from === end;
      if (open.reaches) open.to = places[places.length - 2]! + from;
      this.#add(region, open.chain, places, from, end, last);
    }
    this.#goOn(region, open.chain, open.to, last);
  }

  /** Adds marks; one that reaches the end of what was looked at is left for the next time, unless it is longer than any line. */
  #add(region: Region, open: OpenChain, places: ArrayLike<number>, from: number, end: number, last: boolean): void {
    const { bytes } = this.#detector.kernel;
    for (let i = 0; i < places.length; i += 2) {
      const start = places[i]! + from;
      const stop = places[i + 1]! + from;
      if (!last && stop === end && stop - start <= longestLine) continue;
      const chain = open.builder.add(region, bytes, start, stop);
      if (chain !== undefined) this.#decode(region, open, chain, true);
    }
  }

  /** `to`: no mark that begins before it is still to come. */
  #goOn(region: Region, open: OpenChain, to: number, last: boolean): void {
    const { builder } = open;
    if (last || builder.isClosedAt(to - open.encoding.context)) {
      const chain = builder.close();
      if (chain !== undefined) this.#decode(region, open, chain, true);
      open.done = 0;
    } else if (builder.chain !== undefined) this.#decode(region, open, builder.chain, false);
  }

  #decode(region: Region, open: OpenChain, chain: Chain, complete: boolean): void {
    const { encoding, done: from } = open;
    const { run, done } = this.#detector.decoder.decodeChain(region, encoding, chain, from, complete, this.#budget);
    open.done = complete ? 0 : done;
    if (run !== undefined) this.#collector.addRun(run, this.#detector.kernel.bytes, region);
  }
}
