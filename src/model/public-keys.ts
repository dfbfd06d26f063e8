import type { PublicKey } from "./detection.ts";

/** So many are kept of one scan: those of the largest trust stores and of all hosts of a firm are some thousand. */
const mostKeys = 100_000;

/** Public keys and certificates, each once. Of more than can be kept those with the least hashes stay, so that it does not matter in which order they come. */
export class PublicKeys {
  readonly #keys = new Map<string, PublicKey>();

  add(keys: readonly PublicKey[]): void {
    for (const key of keys) this.#keys.set(`${key.publicHalf} ${key.fact}`, key);
    if (this.#keys.size <= 2 * mostKeys) return;
    for (const name of [...this.#keys.keys()].sort().slice(mostKeys)) this.#keys.delete(name);
  }

  /** In the order of their hashes. */
  list(): readonly PublicKey[] {
    return [...this.#keys]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, mostKeys)
      .map(([, key]) => key);
  }
}
