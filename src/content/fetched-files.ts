/**
 * Files that come from elsewhere when they are asked for, and go when they are no longer needed. Whoever asks while one comes waits for the same one; what has gone
 * is fetched again.
 */
export class FetchedFiles<Fault> {
  readonly #fetch: (name: string) => Promise<Fault | undefined>;
  readonly #remove: (name: string) => Promise<void>;
  readonly #here = new Map<string, Promise<Fault | undefined>>();
  readonly #leaving = new Map<string, Promise<void>>();

  /** `fetch` gives what went wrong, and never throws. */
  constructor(fetch: (name: string) => Promise<Fault | undefined>, remove: (name: string) => Promise<void>) {
    this.#fetch = fetch;
    this.#remove = remove;
  }

  /** Has a file at hand; gives what went wrong. */
  obtain(name: string): Promise<Fault | undefined> {
    const before = this.#here.get(name);
    if (before !== undefined) return before;
    const leaving = this.#leaving.get(name);
    const fetching = leaving === undefined ? this.#fetch(name) : leaving.then(() => this.#fetch(name));
    this.#here.set(name, fetching);
    return fetching;
  }

  /** A file is no longer needed. */
  async release(name: string): Promise<void> {
    this.#here.delete(name);
    const leaving = this.#remove(name);
    this.#leaving.set(name, leaving);
    await leaving;
    if (this.#leaving.get(name) === leaving) this.#leaving.delete(name);
  }
}
