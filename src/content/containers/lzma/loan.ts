import { LzmaDecoder } from "./decoder.ts";

/** A dictionary beyond this is memory that a few bytes ask for; `xz -9` asks for 64 MiB. */
export const mostDictionary = 128 << 20;
/** What `xz -6` asks for, as nearly all archives do; larger dictionaries are not kept. */
const mostKept = 8 << 20;
/** What LZMA2 allows, and nearly all of LZMA has. */
const usualLiteralBits = 4;
/** What the properties of LZMA can say. */
const mostLiteralBits = 8 + 4;

interface Made {
  readonly bytes: number;
  readonly literalBits: number;
  readonly decoder: LzmaDecoder;
}

/** A decoder that nobody uses now. Each dictionary that is made and dropped leaves a hole in memory, and packages of a distribution come by the hundred. */
let idle: Made | undefined;

/** Lends a decoder, one at a time. Blocks of some bytes can each ask for a dictionary of megabytes: one that is large enough is used again, also for later streams. */
export class DecoderLoan {
  #made: Made | undefined;

  /** One whose dictionary has so many bytes at least; what was lent before is not to be used any more. `properties`: the byte of LZMA's header, for a stream that is not LZMA2. */
  decoder(dictionaryBytes: number, properties = 0): LzmaDecoder {
    const literalBits =
      (properties % 9) + (Math.floor(properties / 9) % 5) > usualLiteralBits ? mostLiteralBits : usualLiteralBits;
    if (this.#made === undefined) {
      this.#made = idle;
      idle = undefined;
    }
    if (this.#made === undefined || this.#made.bytes < dictionaryBytes || this.#made.literalBits < literalBits)
      this.#made = { bytes: dictionaryBytes, literalBits, decoder: new LzmaDecoder(dictionaryBytes, literalBits) };
    return this.#made.decoder;
  }

  giveBack(): void {
    if (this.#made !== undefined && this.#made.bytes <= mostKept && this.#made.literalBits === usualLiteralBits)
      idle = this.#made;
    this.#made = undefined;
  }
}
