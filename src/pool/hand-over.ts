import type { UnitResult } from "../model/unit.ts";
import type { HeldUnit } from "./units/held-unit.ts";

/** What came of a content that was given away: its result, or itself where nobody has scanned it. */
export type HandedOver = UnitResult | HeldUnit;

/** Shared numbers: workers with nothing to do, and workers that could be started. */
export const idleSlot = { idle: 0, startable: 1 } as const;
export const idleSlots = 2;

/** Contents from this size on are worth the start of a worker, which takes as long as to expand and scan half as much. */
const worthStartBytes = 1 << 20;

/** How often it is shown that a worker that waits for another one is alive. */
const beatMs = 1000;

/**
 * The contents that a worker gives to others while it reads a layer. It gives only what somebody can begin with at once, so that nobody waits for a worker that
 * waits itself; all else it scans on its own. In the main thread the pool brings it to an idle worker, or back.
 */
export class HandOver {
  readonly #idle: Int32Array;
  readonly #send: (number: number, unit: HeldUnit) => void;
  readonly #given: Promise<HandedOver>[] = [];
  readonly #waiting = new Map<number, (result: UnitResult | undefined) => void>();
  #next = 0;
  #hasGiven = false;

  /** `idle`: `idleSlots` shared numbers. */
  constructor(idle: SharedArrayBuffer, send: (number: number, unit: HeldUnit) => void) {
    this.#idle = new Int32Array(idle);
    this.#send = send;
  }

  /** Whether somebody has time for a content of so many bytes, who is then expected to be given it. */
  reserve(bytes: number): boolean {
    return this.#take(idleSlot.idle) || (bytes >= worthStartBytes && this.#take(idleSlot.startable));
  }

  #take(slot: number): boolean {
    for (let left = Atomics.load(this.#idle, slot); left > 0;) {
      const seen = Atomics.compareExchange(this.#idle, slot, left, left - 1);
      if (seen === left) return true;
      left = seen;
    }
    return false;
  }

  /** Gives a content away, once there is a reservation for it. */
  give(unit: HeldUnit): void {
    this.#hasGiven = true;
    const number = this.#next++;
    this.#given.push(new Promise((resolve) => this.#waiting.set(number, (result) => resolve(result ?? unit))));
    this.#send(number, unit);
  }

  /**
   * Whether something was given since this was asked last. Then it is time to hear what came of others: until that is heard their bytes are kept, and whoever reads a layer from a ring
   * hears nothing.
   */
  wantsPause(): boolean {
    const hasGiven = this.#hasGiven;
    this.#hasGiven = false;
    return hasGiven;
  }

  /** The pool tells what came of one. */
  hear(number: number, result: UnitResult | undefined): void {
    this.#waiting.get(number)?.(result);
    this.#waiting.delete(number);
  }

  /** What came of all that were given since it was asked last, in that order; `beat` is called while it waits. */
  async results(beat: () => void): Promise<readonly HandedOver[]> {
    const timer = setInterval(beat, beatMs);
    try {
      return await Promise.all(this.#given.splice(0));
    } finally {
      clearInterval(timer);
    }
  }
}
