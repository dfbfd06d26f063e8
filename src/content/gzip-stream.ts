import { createGunzip, type Gunzip } from "node:zlib";
import type { Expanding } from "./gzip.ts";

/** Measured best on layers: fewer, larger results. */
const OUTPUT_CHUNK_BYTES = 1 << 20;
/** Pieces handed to zlib ahead: while one is expanded in libuv's pool, the results of the one before are scanned. */
const PIECES_AHEAD = 2;
/** Expanded bytes that may wait before zlib has to. A piece of 128 KiB can expand to 132 MiB. */
const MAX_WAITING_BYTES = 4 << 20;

/**
 * Expands gzip with zlib as Node documents it; for where the native way (gzip-native.ts) is not what we know. Errors of zlib go into `run`,
 * errors of `input` are thrown. `mayWait`: zlib is held back while its results wait; a failing zlib drops what it then still holds.
 */
export async function* inflateStreaming(
  input: AsyncIterable<Uint8Array>,
  run: Expanding,
  mayWait: boolean,
): AsyncGenerator<Uint8Array, void> {
  const engine: Gunzip = createGunzip({ chunkSize: OUTPUT_CHUNK_BYTES });
  const ready: Uint8Array[] = [];
  let waiting = 0;
  let inFlight = 0;
  let wake = (): void => {};
  const stopped = (): boolean => run.ended || run.error !== undefined;
  engine.on("data", (chunk: Uint8Array) => {
    ready.push(chunk);
    waiting += chunk.length;
    if (mayWait && waiting > MAX_WAITING_BYTES) engine.pause();
    wake();
  });
  engine.on("end", () => {
    run.ended = true;
    wake();
  });
  engine.on("error", (error: NodeJS.ErrnoException) => {
    run.error = error;
    wake();
  });
  const take = (): Uint8Array | undefined => {
    const chunk = ready.shift();
    waiting -= chunk?.length ?? 0;
    if (waiting <= MAX_WAITING_BYTES && engine.isPaused()) engine.resume();
    return chunk;
  };
  const change = (): Promise<void> => new Promise((resolve) => (wake = resolve));

  try {
    for await (const piece of input) {
      if (stopped()) break;
      inFlight++;
      run.offered += piece.length;
      engine.write(piece, (error) => {
        inFlight--;
        if (!error && !run.ended) run.accepted += piece.length;
        wake();
      });
      while (ready.length > 0 || (inFlight >= PIECES_AHEAD && !stopped())) {
        const chunk = take();
        if (chunk === undefined) await change();
        else yield chunk;
      }
    }
    run.isAll = !stopped();
    // Everything that was written has to come out before `end`: a cut-off stream fails there, and a failing zlib delivers nothing.
    while (ready.length > 0 || (!stopped() && (inFlight > 0 || engine.readableLength > 0))) {
      const chunk = take();
      if (chunk === undefined) await change();
      else yield chunk;
    }
    if (!stopped()) engine.end();
    while (ready.length > 0 || !stopped()) {
      const chunk = take();
      if (chunk === undefined) await change();
      else yield chunk;
    }
    // Zero padding makes zlib end early; what it took is then known to the byte.
    if (run.ended) run.accepted = engine.bytesWritten;
  } finally {
    engine.destroy();
  }
}
