/** The time that may be lost to one registry, where it is most of all time: in questions that were not answered, and in answers that came to nothing. */
const longestLossMs = 600_000;
/** Who gives less than that a second is waited for, and gives nothing. */
const slowBytes = 1024;
/** In such a time a blob has to grow by so much. */
const blobWindowMs = 120_000;
const leastBlobBytes = 64 << 10;

/**
 * How long a registry is waited for. Each question has limits of its own; this one is for a registry that uses them up for thousands of documents and layers. Time in which
 * something came is not counted, however long it was.
 */
export class Patience {
  readonly #longestMs: number;
  readonly #began = Date.now();
  #lostMs = 0;

  constructor(longestMs = longestLossMs) {
    this.#longestMs = longestMs;
  }

  get isOver(): boolean {
    return this.#lostMs >= this.#longestMs && this.#lostMs * 2 >= Date.now() - this.#began;
  }

  /** A question was given up after that time. */
  lose(ms: number): void {
    this.#lostMs += ms;
  }

  /** The body, as it is: what is lost with it where it is not read to its end is counted. */
  async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const began = Date.now();
    let last = began;
    let bytes = 0;
    let isWhole = false;
    try {
      for await (const piece of body) {
        last = Date.now();
        bytes += piece.length;
        yield piece;
        last = Date.now();
      }
      isWhole = true;
    } finally {
      const now = Date.now();
      const isSlow = bytes * 1000 < (now - began) * slowBytes;
      if (!isWhole) this.lose(now - (isSlow ? began : last));
    }
  }
}

/** Whether a blob still grows. One that drips is never silent, and never done. */
export class Growth {
  readonly #windowMs: number;
  #since = Date.now();
  #bytes = 0;

  constructor(windowMs = blobWindowMs) {
    this.#windowMs = windowMs;
  }

  /** So much more has come. False where it is too little to wait for more. */
  add(bytes: number): boolean {
    this.#bytes += bytes;
    const now = Date.now();
    if (this.#bytes >= leastBlobBytes) {
      this.#bytes = 0;
      this.#since = now;
    }
    return now - this.#since < this.#windowMs;
  }
}
