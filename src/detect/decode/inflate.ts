import { constants, gunzipSync, inflateSync } from "node:zlib";

/** Text shrinks to a tenth, configuration to a thirtieth; what grows more than this is there to fill memory. */
const mostGrowth = 64;
const leastLimit = 1 << 16;

/**
 * What `packed` (RFC 1950 or 1952) expands to, also where its end is missing. Empty when it is damaged, or when it grows more than
 * sixty-four times.
 */
export function inflated(packed: Buffer, form: "gzip" | "zlib"): Buffer {
  const options = {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: Math.max(leastLimit, packed.length * mostGrowth),
  };
  try {
    return form === "gzip" ? gunzipSync(packed, options) : inflateSync(packed, options);
  } catch {
    return Buffer.alloc(0);
  }
}
