/** Windows of one generation: two of them take about 3 MB. */
const maxWindows = 1_000;
/** Longer windows are not kept. */
const longest = 4_096;

/**
 * What rules made of the bytes around their keywords, by these bytes. Versions of a file, bundles made anew for each release and texts of one line over
 * and over show a rule the same window many times, and to match it again takes as long as to remember it twenty times. What was not asked for
 * while a thousand others were is forgotten.
 */
export class WindowMemo<T> {
  #young = new Map<string, T>();
  #old: ReadonlyMap<string, T> = new Map();

  /** What `make` gives, or gave for the same `window` (all bytes that decide) and `key` (whatever else does). */
  get(key: string, window: Buffer, make: () => T): T {
    if (window.length > longest) return make();
    const name = key + window.toString("latin1");
    const known = this.#young.has(name) ? this.#young : this.#old.has(name) ? this.#old : undefined;
    // It may be known that nothing was made of it.
    const made = known === undefined ? make() : known.get(name)!;
    if (known === this.#young) return made;
    if (this.#young.size === maxWindows) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, made);
    return made;
  }
}
