import { fetchRepository, NotFetched, type Address, type FetchedRepository, type Received } from "../remote/index.ts";
import type { ScanOptions } from "./options.ts";

/** So many repositories are fetched beside the one whose turn it is, or wait for theirs. */
const mostAhead = 3;
/** What one of all these may take of the room that is left. */
const ownShare = 1 / (mostAhead + 1);

/** Fetches a repository for its scan, and tells what has come of it. Throws ToolError where that fails. */
export type Fetch = (address: Address, told: (received: Received) => void) => Promise<FetchedRepository>;

/** Whether a repository is known as a whole, so that nobody will ask for it. */
export type IsKnown = (address: Address) => Promise<boolean>;

interface Begun {
  /** Undefined where it is known. */
  readonly fetched: Promise<FetchedRepository | undefined>;
  received: Received;
  told: (received: Received) => void;
}

/**
 * Repositories of a run that are fetched while those before them are scanned: servers take their time, and the processors have nothing to do meanwhile.
 * What was fetched and never scanned is removed with it.
 */
export class FetchAhead implements AsyncDisposable {
  readonly #options: Pick<ScanOptions, "fetcher" | "maxFetchBytes">;
  readonly #isKnown: IsKnown;
  readonly #coming: Address[];
  /** Those whose turn has not come. */
  readonly #begun = new Map<Address, Begun>();
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;

  /** `addresses`: in the order of their turns. `signal` ends all fetches. */
  constructor(
    addresses: readonly Address[],
    options: Pick<ScanOptions, "fetcher" | "maxFetchBytes">,
    signal: AbortSignal,
    isKnown: IsKnown = async () => false,
  ) {
    this.#options = options;
    this.#isKnown = isKnown;
    this.#coming = [...addresses];
    this.#signal = AbortSignal.any([signal, this.#end.signal]);
    if (this.#coming.length > 1) this.#fill();
  }

  /** The repository whose turn it is; it is the caller's from now on. */
  readonly take: Fetch = async (address, told) => {
    const ahead = this.#begun.get(address);
    this.#begun.delete(address);
    if (ahead === undefined) this.#coming.splice(0, this.#coming.indexOf(address) + 1);
    this.#fill();
    if (ahead !== undefined) {
      ahead.told = told;
      told(ahead.received);
    }
    try {
      const fetched = await ahead?.fetched;
      if (fetched !== undefined) return fetched;
    } catch (error) {
      // There is more room for it alone.
      if (!(error instanceof NotFetched) || !error.isForRoom) throw error;
    }
    return this.#fetch(address, 1, told);
  };

  /** For those that open targets. */
  readonly how: { readonly fetch: Fetch } = { fetch: this.take };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#coming.length = 0;
    this.#end.abort();
    for (const { fetched } of this.#begun.values()) (await fetched.catch(() => undefined))?.[Symbol.dispose]();
  }

  #fill(): void {
    while (this.#begun.size < mostAhead && this.#coming.length > 0) {
      const address = this.#coming.shift()!;
      this.#begun.set(address, this.#begin(address));
    }
  }

  #begin(address: Address): Begun {
    const onReceived = (received: Received): void => {
      begun.received = received;
      begun.told(received);
    };
    const fetched = this.#isKnown(address).then((isKnown) => {
      if (!isKnown) return this.#fetch(address, ownShare, onReceived);
      this.#begun.delete(address);
      this.#fill();
      return undefined;
    });
    const begun: Begun = { fetched, received: { bytes: 0, objects: 0 }, told: () => {} };
    // Whoever takes it hears of it.
    fetched.catch(() => {});
    return begun;
  }

  #fetch(address: Address, roomShare: number, onReceived: (received: Received) => void): Promise<FetchedRepository> {
    const { fetcher, maxFetchBytes: maxBytes } = this.#options;
    const how = { fetcher, maxBytes, roomShare, signal: this.#signal, env: process.env, onReceived };
    return fetchRepository(address, how);
  }
}
