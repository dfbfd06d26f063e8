import type { IdBytes } from "../../model/object-id.ts";

/** Gathers ids back to back. */
export class IdList {
  #bytes: Uint8Array;
  count = 0;
  readonly #idBytes: IdBytes;

  constructor(idBytes: IdBytes) {
    this.#idBytes = idBytes;
    this.#bytes = new Uint8Array(64 * idBytes);
  }

  push(bytes: Uint8Array, at: number): void {
    const idBytes = this.#idBytes;
    const to = this.count * idBytes;
    if (to + idBytes > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (let i = 0; i < idBytes; i++) this.#bytes[to + i] = bytes[at + i]!;
    this.count++;
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.count * this.#idBytes);
  }
}
