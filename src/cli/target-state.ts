import { offeredRefs } from "../remote/index.ts";
import { keyOf, readSnapshot, writeSnapshot, type FolderState, type Snapshot, type Store } from "../store/index.ts";
import type { ScanOptions } from "./options.ts";
import type { Target } from "./targets.ts";

/** What a target was like when its scan began: the next scan of it in the same state has the same come out. */
export interface TargetState {
  /** What the whole target came to, where an earlier scan found it in this state. */
  recall(store: Store): Snapshot | undefined;
  /** Keeps what its scan came to, if the state is still the same and can be told again. */
  keep(snapshot: Snapshot, store: Store): void;
  /** The repository was fetched, and had these refs. */
  fetched?(refs: Uint8Array | undefined): void;
}

const name = new Uint8Array();

/** Files and folders on this machine. */
export class HandState implements TargetState {
  readonly #state: FolderState;
  readonly #again: () => FolderState | undefined;
  readonly #scope: Uint8Array;

  /** `again`: the state as it is by then. `asked`: what else decides what the scan comes to. */
  constructor(state: FolderState, again: () => FolderState | undefined, asked: Uint8Array) {
    this.#state = state;
    this.#again = again;
    this.#scope = keyOf("snapshot", asked, state.digest);
  }

  recall(store: Store): Snapshot | undefined {
    const [found] = store.read("snapshot", this.#scope);
    return found === undefined ? undefined : readSnapshot(found.value, this.#state.sealKey());
  }

  keep(snapshot: Snapshot, store: Store): void {
    if (!this.#state.isSettled) return;
    const now = this.#again();
    if (now === undefined || Buffer.compare(now.digest, this.#state.digest) !== 0) return;
    const value = writeSnapshot(snapshot, this.#state.sealKey());
    store.write([{ kind: "snapshot", scope: this.#scope, name, value }]);
  }
}

/**
 * A repository that is fetched for its scan: as long as it offers the same refs it holds the same. Kept only where nothing was found in it, for secrets are never kept, and to
 * read them again takes the repository. What is kept is sealed with its refs, which only those learn whom its server lets in.
 */
export class OfferedState implements TargetState {
  readonly #scope: Uint8Array;
  readonly #offered: Uint8Array | undefined;
  #fetched: Uint8Array | undefined;

  private constructor(scope: Uint8Array, offered: Uint8Array | undefined) {
    this.#scope = scope;
    this.#offered = offered;
  }

  /** Asks the server for its refs, if there is anything to compare them with. */
  static async read(
    { address }: Target,
    asked: Uint8Array,
    store: Store,
    { fetcher, signal }: ScanOptions,
  ): Promise<OfferedState> {
    const scope = keyOf("snapshot", asked, "offered");
    const isKept = address !== undefined && store.read("snapshot", scope).length > 0;
    return new OfferedState(
      scope,
      isKept ? await offeredRefs(address, { fetcher, signal, env: process.env }) : undefined,
    );
  }

  recall(store: Store): Snapshot | undefined {
    const [found] = this.#offered === undefined ? [] : store.read("snapshot", this.#scope);
    return found === undefined ? undefined : readSnapshot(found.value, sealOf(this.#offered!));
  }

  fetched(refs: Uint8Array | undefined): void {
    this.#fetched = refs;
  }

  keep(snapshot: Snapshot, store: Store): void {
    if (this.#fetched === undefined || snapshot.hits.length > 0) return;
    const value = writeSnapshot({ ...snapshot, units: [] }, sealOf(this.#fetched));
    store.write([{ kind: "snapshot", scope: this.#scope, name, value }]);
  }
}

function sealOf(refs: Uint8Array): Uint8Array {
  return keyOf("seal of refs", refs);
}
