/** What came so far of a repository. */
export interface Received {
  readonly bytes: number;
  /** 0 while unknown. */
  readonly objects: number;
}

/** How long is waited, and for how much. */
export interface Bounds {
  readonly maxBytes: number;
  /** The other side says nothing at all. */
  readonly silentMs: number;
  /** It says something, and nothing comes of it: it counts objects, or we put deltas together. */
  readonly fruitlessMs: number;
}

/** Servers that prepare a large pack tell so every few seconds; git tells nothing while it reads a long list of refs. */
export const silentMs = 5 * 60_000;
/** The largest public repositories take a server ten minutes to count, and this side as long to index. */
export const fruitlessMs = 45 * 60_000;

export type Excess = "too-large" | "silent" | "fruitless";

/** Tells when a transfer is beyond its bounds. It is shown how much there is, each time somebody looks. */
export class Watch {
  readonly #bounds: Bounds;
  readonly #now: () => number;
  #bytes = 0;
  #heardAt: number;
  #grownAt: number;

  constructor(bounds: Bounds, now: () => number = Date.now) {
    this.#bounds = bounds;
    this.#now = now;
    this.#heardAt = this.#grownAt = now();
  }

  /** The other side, or the program between, said something. */
  hear(): void {
    this.#heardAt = this.#now();
  }

  /** So many bytes are here. Gives what is wrong with that, if anything. */
  look(bytes: number): Excess | undefined {
    const now = this.#now();
    if (bytes > this.#bytes) this.#heardAt = this.#grownAt = now;
    this.#bytes = Math.max(this.#bytes, bytes);
    if (this.#bytes > this.#bounds.maxBytes) return "too-large";
    if (now - this.#heardAt > this.#bounds.silentMs) return "silent";
    return now - this.#grownAt > this.#bounds.fruitlessMs ? "fruitless" : undefined;
  }
}
