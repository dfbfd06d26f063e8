import { createGunzip, createInflate, createInflateRaw } from "node:zlib";

/** `raw`: deflate alone (RFC 1951); `zlib`: with its header and sum (RFC 1950); `gzip`: members with theirs (RFC 1952). */
export type ZlibForm = "raw" | "zlib" | "gzip";

/**
 * The native stream under zlib's classes, as far as we use it: it expands in the calling thread, into given memory. It is a part of Node that is not
 * documented, so whoever uses one tries it on samples first, and has the documented way for where it is not what we know.
 */
export interface NativeZlib {
  readonly handle: {
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputLength: number,
      output: Uint8Array,
      outputAt: number,
      outputLength: number,
    ): void;
    reset(): void;
    onerror: (message: string, errno: number, code: string) => void;
  };
  /** What is left of output and input after a call. */
  readonly state: Uint32Array;
  close(): void;
}

const makers = { raw: createInflateRaw, zlib: createInflate, gzip: createGunzip };

/** Undefined where Node has no such stream. */
export function openNativeZlib(form: ZlibForm): NativeZlib | undefined {
  const stream = makers[form]() as unknown as { _handle?: unknown; _writeState?: unknown; close(): void };
  const { _handle: handle, _writeState: state } = stream;
  return isHandle(handle) && state instanceof Uint32Array ? { handle, state, close: () => stream.close() } : undefined;
}

/** That the functions are there; what they take and do is what users try. */
function isHandle(handle: unknown): handle is NativeZlib["handle"] {
  return (
    typeof handle === "object" &&
    handle !== null &&
    "writeSync" in handle &&
    typeof handle.writeSync === "function" &&
    "reset" in handle &&
    typeof handle.reset === "function"
  );
}
