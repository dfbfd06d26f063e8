import type { Unit, UnitResult } from "../model/unit.ts";
import { createDetector, instantiateKernel, loadEngine } from "../detect/index.ts";
import { progressSlot, type WorkerSetup } from "./messages.ts";
import type { HandOver } from "./hand-over.ts";
import { LayerThread } from "./layers/layer-thread.ts";
import type { ProvedContents } from "../model/clean-index.ts";
import { MemberMemo } from "./member-memo.ts";
import { Recogniser } from "./recogniser.ts";
import { runUnit } from "./run-unit.ts";
import type { HeldUnit } from "./units/held-unit.ts";
import type { Task } from "./task.ts";

/** What scans units in a thread: a detector, and its numbers in the shared memory. */
export interface Workbench {
  readonly engine: "re2" | "re2js";
  /** Scans one unit; the next may come when this one is done. `leaveOut`: numbers of contents that ended a worker before. Undefined where it is more than the limits allow. */
  run(unit: Unit | HeldUnit, leaveOut: readonly number[], how?: RunLimits): Promise<UnitResult | undefined>;
}

export interface RunLimits {
  /** A unit that turns out to hold more is left. */
  readonly maxBytes?: number;
  /** So is one that takes longer. */
  readonly maxMs?: number;
  /** Contents of it may be among these. */
  readonly known?: readonly ProvedContents[] | undefined;
}

/** Makes the workbench of this thread. `handOver`: to other threads, where there are any. */
export async function openWorkbench(setup: WorkerSetup, handOver?: HandOver): Promise<Workbench> {
  const engine = await loadEngine();
  let bytesLeft = Infinity;
  let deadline = Infinity;
  const isTooMuch = (): boolean => bytesLeft < 0 || (deadline !== Infinity && performance.now() > deadline);
  const detector = createDetector({
    ruleset: setup.ruleset,
    engine,
    code: instantiateKernel(setup.kernel),
    decodeDepth: setup.decodeDepth,
    honourInlineAllow: setup.honourInlineAllow,
    inherits: setup.inherits,
    // A thread that has other things to do leaves what takes long to one that has not.
    pulse() {
      if (deadline !== Infinity && isTooMuch()) throw new Error("takes too long here");
    },
    ...(setup.prebuilt === undefined ? {} : { prebuilt: setup.prebuilt }),
  });
  const progress = new Float64Array(setup.progress);
  const cancel = new Int32Array(setup.cancel);
  let leftOut: ReadonlySet<number> = new Set();
  let recogniser = new Recogniser();
  /** Of the unit at hand, where it tells how far it is by what is stored of it. */
  let reachedOf: number | undefined;
  const task: Task = {
    detector,
    get recogniser() {
      return recogniser;
    },
    listsClean: setup.listsClean,
    archiveDepth: setup.archiveDepth,
    members: new MemberMemo(),
    inside(bytes) {
      bytesLeft -= bytes;
      progress[progressSlot.beats]!++;
    },
    ...(setup.layerReader === undefined ? {} : { layers: new LayerThread(new URL(setup.layerReader)) }),
    ...(handOver === undefined ? {} : { handOver }),
    begin(ordinal) {
      progress[progressSlot.ordinal] = ordinal;
      progress[progressSlot.contents]!++;
      progress[progressSlot.beats]!++;
      return !leftOut.has(ordinal);
    },
    advance(bytes) {
      bytesLeft -= bytes;
      progress[progressSlot.bytes]! += bytes;
      if (reachedOf === undefined) progress[progressSlot.planned]! += bytes;
      progress[progressSlot.beats]!++;
    },
    reached(planned) {
      progress[progressSlot.planned]! += Math.max(0, planned - (reachedOf ?? 0));
      reachedOf = Math.max(planned, reachedOf ?? 0);
    },
    cancelled: () => Atomics.load(cancel, 0) !== 0 || isTooMuch(),
  };
  return {
    engine: engine.name,
    async run(unit, leaveOut, { maxBytes = Infinity, maxMs = Infinity, known } = {}) {
      leftOut = new Set(leaveOut);
      recogniser = new Recogniser(known);
      bytesLeft = maxBytes;
      deadline = performance.now() + maxMs;
      progress[progressSlot.ordinal] = -1;
      reachedOf = undefined;
      const lookedBefore = detector.lookedBytes;
      const result = await runUnit(unit, task);
      progress[progressSlot.looked]! += detector.lookedBytes - lookedBefore;
      progress[progressSlot.beats]!++;
      return isTooMuch() ? undefined : result;
    },
  };
}
