import type { Region } from "../collector.ts";
import type { Encoding } from "./encoding.ts";

/** A chain of marks, as offsets in the content. */
export interface Chain {
  /** From `encoding.before` bytes before the first mark, or the content's begin. */
  readonly start: number;
  /** Behind the last mark: the chain's text reaches `encoding.behind` bytes further, if the content does. */
  readonly end: number;
}

/** Puts marks together to chains. Marks come in order; one that overlaps the last of them goes on with it. */
export class ChainBuilder {
  readonly #encoding: Encoding;
  #start = -1;
  #markStart = 0;
  #end = 0;
  #marks = 0;

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  /** The chain in hand, once it has marks enough. */
  get chain(): Chain | undefined {
    if (this.#start < 0 || this.#marks < this.#encoding.leastMarks) return undefined;
    return { start: this.#start, end: this.#end };
  }

  /** Whether a mark that begins at `offset` or later cannot belong to the chain in hand, or no chain is in hand. */
  isClosedAt(offset: number): boolean {
    return this.#start < 0 || offset - this.#end > this.#encoding.gap;
  }

  /** Adds a mark, given by its offsets in the content. Gives the chain that it ends by not belonging to it. */
  add(region: Region, bytes: Buffer, start: number, end: number): Chain | undefined {
    const toAddress = region.low - region.base;
    if (this.#start >= 0 && start < this.#end) {
      this.#end = Math.max(this.#end, end);
      return undefined;
    }
    const belongs =
      !this.isClosedAt(start) &&
      this.#encoding.joins(
        bytes,
        this.#markStart + toAddress,
        this.#end + toAddress,
        start + toAddress,
        end + toAddress,
      );
    const ended = belongs ? undefined : this.close();
    if (!belongs) this.#start = Math.max(0, start - this.#encoding.before);
    this.#markStart = start;
    this.#end = end;
    this.#marks++;
    return ended;
  }

  /** Ends the chain in hand. */
  close(): Chain | undefined {
    const { chain } = this;
    this.#start = -1;
    this.#marks = 0;
    return chain;
  }
}
