import type { ProvedContents } from "../model/clean-index.ts";
import type { Unit, UnitResult } from "../model/unit.ts";
import type { WorkerSetup } from "./messages.ts";
import type { RunLimits, Workbench } from "./workbench.ts";

/** Bytes that are scanned in the main thread, at most: less time than starting another takes, and an interruption need not wait for them. */
const maxBytes = 1 << 18;
/** A unit that takes this long is left to a worker: what expands to more than it says must not keep this thread from hearing an interruption. */
const maxMs = 500;

/**
 * Scans what is little in the calling thread, because starting another takes longer than that. What goes wrong here is done again by a
 * worker: a fault then ends that worker and costs its one content, as always.
 */
export class OwnThread {
  readonly #setup: WorkerSetup;
  #bytesLeft: number;
  #workbench: Promise<Workbench> | undefined;
  /** Two units must not share the workbench. */
  #turn: Promise<unknown> = Promise.resolve();

  /** `isWanted`: otherwise it takes nothing. */
  constructor(setup: WorkerSetup, isWanted: boolean) {
    this.#setup = setup;
    this.#bytesLeft = isWanted ? maxBytes : 0;
  }

  get isWanted(): boolean {
    return this.#bytesLeft > 0;
  }

  /** Undefined for what a worker is to do: layers and streams, what is large or turns out to be, and what failed here. `known`: contents of it may be among these. */
  async scan(unit: Unit, known?: readonly ProvedContents[]): Promise<UnitResult | undefined> {
    if (unit.kind === "layer" || unit.kind === "stream" || unit.weight >= this.#bytesLeft) {
      this.#bytesLeft = 0;
      return undefined;
    }
    const room = this.#bytesLeft;
    this.#bytesLeft -= unit.weight;
    const result = this.#turn.then(() => this.#scan(unit, { maxBytes: room, maxMs, known })).catch(() => undefined);
    this.#turn = result;
    if ((await result) === undefined) this.#bytesLeft = 0;
    return result;
  }

  async #scan(unit: Unit, limits: RunLimits): Promise<UnitResult | undefined> {
    // Loaded here, so that a scan that needs workers does not load in the main thread what only they use.
    this.#workbench ??= import("./workbench.ts").then(({ openWorkbench }) => openWorkbench(this.#setup));
    return (await this.#workbench).run(unit, [], limits);
  }
}
