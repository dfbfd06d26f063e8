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

/** A native stream whose faults are thrown. */
interface Stream {
  /** What is left of output and input after a call. */
  readonly state: Uint32Array;
  /** Begins anew. */
  reset(): void;
  /** Expands the input from an offset on into `size` bytes at `target[at]`. Throws Error for what is no stream, and with `Z_FINISH` for one that breaks off. */
  write(flush: number, compressed: Uint8Array, from: number, target: Buffer, at: number, size: number): void;
}

function openStream(): Stream | undefined {
  const native = openNativeZlib("zlib");
  if (native === undefined) return undefined;
  const { handle, state } = native;
  let fault = "";
  handle.onerror = (message) => {
    fault = message;
  };
  return {
    state,
    reset() {
      fault = "";
      handle.reset();
    },
    write(flush, compressed, from, target, at, size) {
      handle.writeSync(flush, compressed, from, compressed.length - from, target, at, size);
      if (fault !== "") throw new Error(fault);
    },
  };
}

function fastInflater(): InflateInto | undefined {
  const stream = openStream();
  if (stream === undefined) return undefined;
  const { state } = stream;
  return (compressed, target, at, size) => {
    stream.reset();
    stream.write(constants.Z_FINISH, compressed, 0, target, at, size);
    if (state[0] !== 0) throw new Error(`inflates to ${size - (state[0] ?? 0)} bytes instead of ${size}`);
    // Input is left: either the stream goes on, or there is something behind it. The documented way knows.
    if (state[1] !== 0) slowInflate(compressed, target, at, size);
  };
}

/**
 * Inflates a stream whose first bytes tell its size: `sizeOf` is given up to `headBytes` of them, tells how many come out in all, and throws what is wrong with
 * them. Throws Error when the stream is damaged, or holds more or less. Nothing is made that `sizeOf` did not allow; undefined: the rest is not wanted.
 */
export type InflateTold = (compressed: Uint8Array, sizeOf: (head: Buffer) => number | undefined) => Buffer | undefined;

/** What `sizeOf` sees. */
const headBytes = 32;

/** Makes a function that inflates by one native stream, in one go; where that is not what we know, by two of the documented kind. */
export function createToldInflater(): InflateTold {
  const fast = fastToldInflater();
  return fast !== undefined && tellsRight(fast) ? fast : slowTold;
}

/** The code tables of a deflate block come before its first byte and take up to some 300 bytes (RFC 1951, 3.2.7); empty blocks may come before them. */
const firstBytes = 1_024;
const mostBytes = 65_536;

const slowTold: InflateTold = (compressed, sizeOf) => {
  for (let take = firstBytes; ; take *= 8) {
    const head = inflateSync(compressed.subarray(0, take), { finishFlush: constants.Z_SYNC_FLUSH });
    if (head.length >= headBytes || take >= mostBytes || take >= compressed.length) {
      const size = sizeOf(head.subarray(0, headBytes));
      return size === undefined ? undefined : inflateExact(compressed, size);
    }
  }
};

function fastToldInflater(): InflateTold | undefined {
  const stream = openStream();
  if (stream === undefined) return undefined;
  const { state } = stream;
  const head = Buffer.alloc(headBytes);
  return (compressed, sizeOf) => {
    stream.reset();
    stream.write(constants.Z_SYNC_FLUSH, compressed, 0, head, 0, headBytes);
    const made = headBytes - state[0]!;
    const taken = compressed.length - state[1]!;
    const size = sizeOf(head.subarray(0, made));
    if (size === undefined) return undefined;
    if (made > size) throw new Error(`inflates to more than ${size} bytes`);
    // One byte more than expected: a stream that goes on is noticed, and one that breaks off.
    const bytes = Buffer.allocUnsafe(size + 1);
    head.copy(bytes, 0, 0, made);
    stream.write(constants.Z_FINISH, compressed, taken, bytes, made, size + 1 - made);
    if (state[0] !== 1) throw new Error(`inflates to ${size + 1 - (state[0] ?? 0)} bytes instead of ${size}`);
    return bytes.subarray(0, size);
  };
}

/** Short and long streams come out right; one that is cut off, damaged, longer or shorter than told throws. */
function tellsRight(inflate: InflateTold): boolean {
  try {
    return [0, 5, headBytes, headBytes + 1, 5_000].every((length) => {
      const bytes = Buffer.from("the quick brown fox jumps over the lazy dog. ".repeat(112).slice(0, length));
      const packed = deflateSync(bytes);
      const damaged = Buffer.from(packed);
      damaged[packed.length - 2]! ^= 0x55;
      const isHead = (head: Buffer): boolean => head.equals(bytes.subarray(0, headBytes));
      const throws = (compressed: Uint8Array, size: number): boolean =>
        doesThrow(() => inflate(compressed, () => size));
      return (
        inflate(packed, (head) => (isHead(head) ? length : undefined))?.equals(bytes) === true &&
        throws(packed.subarray(0, packed.length - 1), length) &&
        throws(damaged, length) &&
        throws(packed, length + 1) &&
        (length === 0 || throws(packed, length - 1)) &&
        inflate(Buffer.concat([packed, packed]), () => length)?.equals(bytes) === true
      );
    });
  } catch {
    return false;
  }
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
  const throws = (compressed: Uint8Array, size: number): boolean =>
    doesThrow(() => inflate(compressed, target, 10, size));
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

function doesThrow(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch {
    return true;
  }
}
