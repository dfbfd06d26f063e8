import { RegistryFailure } from "./failure.ts";

/** Bytes of documents that are held of one reference; ten thousand tags of five platforms have half of it. */
const mostBytes = 512 << 20;
/** Documents that an index names and the registry does not have. */
const mostMissing = 10_000;

/** What was read of manifests, indexes and configurations: each is asked for once, and all of them are bounded. */
export class Documents {
  readonly #held = new Map<string, Buffer>();
  readonly #absent = new Map<string, "missing" | "too-large">();
  #bytes = 0;

  get count(): number {
    return this.#held.size;
  }

  /** A document, or why there is none; undefined where it has not been asked for. */
  get(digest: string): Buffer | "missing" | "too-large" | undefined {
    return this.#held.get(digest) ?? this.#absent.get(digest);
  }

  /** The bytes of one that was read. */
  held(digest: string): Buffer | undefined {
    return this.#held.get(digest);
  }

  /** All that were read, with their digests. */
  all(): Iterable<readonly [string, Buffer]> {
    return this.#held;
  }

  /** Before one more is asked for. Throws RegistryFailure where there were too many. */
  check(): void {
    if (this.#bytes >= mostBytes)
      throw new RegistryFailure("too-large", "the registry has more documents than are held of one image");
    if (this.#absent.size >= mostMissing)
      throw new RegistryFailure("too-large", "the registry lacks too many of the documents that an index names");
  }

  add(digest: string, bytes: Buffer): void {
    if (!this.#held.has(digest)) this.#bytes += bytes.length;
    this.#held.set(digest, bytes);
  }

  /** It is not asked for again. */
  lack(digest: string, why: "missing" | "too-large"): void {
    this.#absent.set(digest, why);
  }
}
