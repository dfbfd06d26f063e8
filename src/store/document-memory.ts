import { deflateRawSync, inflateRawSync } from "node:zlib";
import { keyOf, seal, unseal } from "./seal.ts";
import type { Store } from "./store.ts";

/** A longer one is asked for each time. */
const mostDocumentBytes = 1 << 20;
/** Of one target, as they are stored: some ten thousand manifests and configurations. */
const mostTargetBytes = 64 << 20;
const name = new Uint8Array();

/**
 * Manifests, indexes and configurations of registries in which nothing was found, by their digests: what has not changed need not be asked for again. Each is sealed with its digest, which
 * the store does not hold: whoever has only the cache reads none. Whoever is given one proves that it has the digest.
 */
export class DocumentMemory {
  readonly #store: Store;
  readonly #fresh = new Map<string, Uint8Array>();
  readonly #gone = new Set<string>();
  #bytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The bytes that were kept under a digest; undefined where there are none. */
  get(digest: string): Buffer | undefined {
    const sealed = this.#store.readOne("document", scopeOf(digest), name);
    const packed = sealed === undefined ? undefined : unseal(keyOf("document seal", digest), sealed);
    try {
      return packed === undefined ? undefined : inflateRawSync(packed, { maxOutputLength: mostDocumentBytes });
    } catch {
      return undefined;
    }
  }

  /** One in which nothing was found, to be kept. */
  learn(digest: string, bytes: Uint8Array): void {
    if (bytes.length > mostDocumentBytes || this.#fresh.has(digest) || this.#bytes > mostTargetBytes) return;
    const value = seal(keyOf("document seal", digest), deflateRawSync(bytes));
    this.#bytes += value.length;
    this.#fresh.set(digest, value);
  }

  /** One in which something is found by now. */
  forget(digest: string): void {
    this.#gone.add(digest);
  }

  /** Writes what was learnt. */
  keep(): void {
    if (this.#fresh.size + this.#gone.size === 0) return;
    this.#store.write(
      [...this.#fresh].map(([digest, value]) => ({ kind: "document", scope: scopeOf(digest), name, value })),
      [...this.#gone].map((digest) => ({ kind: "document", scope: scopeOf(digest), name })),
    );
  }
}

function scopeOf(digest: string): Buffer {
  return keyOf("document", digest);
}
