import { constants, gunzipSync, inflateSync } from "node:zlib";

/** Text shrinks to a tenth, configuration to a thirtieth; what grows more than this is there to fill memory. */
const mostGrowth = 64;
/** So much may come of anything: a table of bits of four hundred kilobytes packs into two (`saslprep`, which comes with MongoDB's driver). What all of a content may cost is bounded beside it. */
const leastLimit = 1 << 19;

/** What packed bytes expand to. */
export interface Unpacked {
  readonly text: Buffer;
  /** True where it grows too much, and was left. */
  readonly isCut: boolean;
}

/**
 * What `packed` (RFC 1950 or 1952) expands to, also where its end is missing. Empty when it is damaged, or when it grows more than
 * sixty-four times.
 */
export function inflated(packed: Buffer, form: "gzip" | "zlib"): Unpacked {
  const options = {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: Math.max(leastLimit, packed.length * mostGrowth),
  };
  try {
    return { text: form === "gzip" ? gunzipSync(packed, options) : inflateSync(packed, options), isCut: false };
  } catch (error) {
    return { text: Buffer.alloc(0), isCut: isTooLarge(error) };
  }
}

/** Whether zlib gave up because the output became larger than was asked for. */
export function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
}
