import { constants, deflateSync, inflateSync } from "node:zlib";
import { openNativeZlib } from "../native-zlib.ts";

/** Inflates a zlib stream of known size. Throws Error when it is damaged, or when it holds more or less than `size` bytes. */
export function inflateExact(compressed: Uint8Array, size: number): Buffer {
  // One byte more than expected, so that a stream that goes on is noticed; chunkSize spares zlib its growing.
  const inflated = inflateSync(compressed, { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) });
  if (inflated.length !== size) throw new Error(`inflates to ${inflated.length} bytes instead of ${size}`);
  return inflated;
}

/** Inflates `compressed` to exactly `size` bytes at `target[at]`. Throws Error as `inflateExact`. */
export type InflateInto = (compressed: Uint8Array, target: Buffer, at: number, size: number) => void;

/**
 * Makes a function that inflates into given memory. Node's `inflateSync` sets up and tears down a stream object for every call, which for the
 * small objects of a pack costs more than inflating them; this one keeps a single native stream and resets it. It is tried on a sample first, and
 * where it is not what we know, the documented way serves.
 */
export function createInflater(): InflateInto {
  const fast = fastInflater();
  return fast !== undefined && works(fast) ? fast : slowInflate;
}

const slowInflate: InflateInto = (compressed, target, at, size) => {
  target.set(inflateExact(compressed, size), at);
};

function fastInflater(): InflateInto | undefined {
  const native = openNativeZlib("zlib");
  if (native === undefined) return undefined;
  const { handle, state } = native;
  let fault = "";
  handle.onerror = (message) => {
    fault = message;
  };
  return (compressed, target, at, size) => {
    fault = "";
    handle.reset();
    handle.writeSync(constants.Z_FINISH, compressed, 0, compressed.length, target, at, size);
    if (fault !== "") throw new Error(fault);
    if (state[0] !== 0) throw new Error(`inflates to ${size - (state[0] ?? 0)} bytes instead of ${size}`);
    // Input is left: either the stream goes on, or there is something behind it. The documented way knows.
    if (state[1] !== 0) slowInflate(compressed, target, at, size);
  };
}

/** Good streams come out right, one after the other; a cut-off, a damaged, a longer and a shorter one each throw. */
function works(inflate: InflateInto): boolean {
  const text = Buffer.from("the quick brown fox jumps over the lazy dog. ".repeat(20));
  const packed = deflateSync(text);
  const damaged = Buffer.from(packed);
  damaged[packed.length - 2]! ^= 0x55;
  const target = Buffer.alloc(text.length + 20);
  const isGood = (): boolean => {
    target.fill(0);
    inflate(packed, target, 10, text.length);
    return target.subarray(10, 10 + text.length).equals(text) && target[9] === 0 && target[10 + text.length] === 0;
  };
  const throws = (compressed: Uint8Array, size: number): boolean => {
    try {
      inflate(compressed, target, 10, size);
      return false;
    } catch {
      return true;
    }
  };
  try {
    return (
      isGood() &&
      throws(packed.subarray(0, packed.length - 6), text.length) &&
      throws(damaged, text.length) &&
      throws(packed, text.length - 1) &&
      throws(packed, text.length + 1) &&
      isGood()
    );
  } catch {
    return false;
  }
}
