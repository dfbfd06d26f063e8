import { createGunzip, type Gunzip } from "node:zlib";

/** Measured best on layers: fewer, larger results. */
const OUTPUT_CHUNK_BYTES = 1 << 20;
/** Input written at once, and in the passes that look for damage in a piece: each searches the piece in which the one before failed. */
const PIECE_BYTES = [128 << 10, 512, 1] as const;
/** Pieces handed to zlib ahead: while one is expanded in libuv's pool, the results of the one before are scanned. */
const PIECES_AHEAD = 2;
/** Expanded bytes that may wait before zlib has to. A piece of 128 KiB can expand to 132 MiB. */
const MAX_WAITING_BYTES = 4 << 20;

/** What is wrong with a compressed stream; everything before it was delivered. */
export interface StreamDamage {
  readonly kind: "truncated" | "corrupt" | "trailing" | "bomb" | "unsupported";
  readonly message: string;
}

interface Run {
  /** Bytes of input that zlib took without complaint. */
  accepted: number;
  /** Bytes of input that it was given. */
  offered: number;
  /** Whether that was all there is. */
  isAll: boolean;
  ended: boolean;
  error: NodeJS.ErrnoException | undefined;
}

function newRun(): Run {
  return { accepted: 0, offered: 0, isAll: false, ended: false, error: undefined };
}

/**
 * Expands gzip of any number of members (RFC 1952). `open` starts the stored bytes from their beginning; it is called again when a
 * piece fails, because zlib drops what a failing piece had expanded already: later passes feed that piece in ever smaller ones, down
 * to single bytes, so nothing before the damage is lost. Damage is reported, never thrown; errors of `open` are thrown.
 */
export async function* gunzip(
  open: () => AsyncIterable<Uint8Array>,
  report: (damage: StreamDamage) => void,
): AsyncGenerator<Uint8Array, void> {
  let delivered = 0;
  let run: Run = newRun();
  for (const size of PIECE_BYTES) {
    const fineFrom = run.accepted;
    run = newRun();
    let seen = 0;
    for await (const chunk of inflate(pieces(open(), fineFrom, size), run, size > 1)) {
      seen += chunk.length;
      if (seen <= delivered) continue;
      const fresh = Math.min(chunk.length, seen - delivered);
      delivered = seen;
      yield chunk.subarray(chunk.length - fresh);
    }
    if (run.error === undefined || run.error.code === "Z_BUF_ERROR") break;
  }
  if (run.error === undefined) {
    const isRead = run.isAll && run.accepted === run.offered;
    if (!isRead && (await hasMoreThanZeros(open(), run.accepted))) {
      report({ kind: "trailing", message: "bytes after the end of the gzip stream were not read" });
    }
  } else if (run.error.code === "Z_BUF_ERROR") {
    report({ kind: "truncated", message: "the gzip stream is cut off" });
  } else if (run.error.message === "incorrect header check" && delivered > 0) {
    report({ kind: "trailing", message: "bytes after the end of the gzip stream were not read" });
  } else {
    report({ kind: "corrupt", message: `the gzip stream is damaged (${run.error.message})` });
  }
}

/** Cuts input into pieces: large ones, and from offset `fineFrom` on pieces of `size`. */
async function* pieces(
  input: AsyncIterable<Uint8Array>,
  fineFrom: number,
  size: number,
): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  for await (const chunk of input) {
    let at = 0;
    while (at < chunk.length) {
      const left = fineFrom - offset;
      const wanted = left <= 0 ? size : Math.min(PIECE_BYTES[0], left);
      const piece = chunk.subarray(at, at + wanted);
      yield piece;
      at += piece.length;
      offset += piece.length;
    }
  }
}

/** `mayWait`: zlib is held back while its results wait; a failing zlib drops what it then still holds. */
async function* inflate(
  input: AsyncIterable<Uint8Array>,
  run: Run,
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

async function hasMoreThanZeros(input: AsyncIterable<Uint8Array>, from: number): Promise<boolean> {
  let offset = 0;
  for await (const chunk of input) {
    const start = Math.max(0, from - offset);
    for (let i = start; i < chunk.length; i++) if (chunk[i] !== 0) return true;
    offset += chunk.length;
  }
  return false;
}
