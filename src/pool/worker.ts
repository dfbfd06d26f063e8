import { parentPort, workerData } from "node:worker_threads";
import { runUnit } from "./run-unit.ts";
import { createDetector, instantiateKernel, loadEngine } from "../detect/index.ts";
import { progressSlot, type UnitMessage, type WorkerMessage, type WorkerSetup } from "./messages.ts";
import type { Task } from "./task.ts";

/** A worker: reads units, scans what they name, answers with results. One unit at a time. */
async function main(): Promise<void> {
  if (parentPort === null) throw new Error("this is a worker's entry");
  const port = parentPort;
  const setup = workerData as WorkerSetup;
  const engine = await loadEngine();
  const detector = createDetector({
    ruleset: setup.ruleset,
    engine,
    code: instantiateKernel(setup.kernel),
    decodeDepth: setup.decodeDepth,
    honourInlineAllow: setup.honourInlineAllow,
    ...(setup.prebuilt === undefined ? {} : { prebuilt: setup.prebuilt }),
  });
  const progress = new Float64Array(setup.progress);
  const cancel = new Int32Array(setup.cancel);
  let leaveOut: ReadonlySet<number> = new Set();
  const task: Task = {
    detector,
    listsClean: setup.listsClean,
    begin(ordinal) {
      progress[progressSlot.ordinal] = ordinal;
      progress[progressSlot.contents]!++;
      progress[progressSlot.beats]!++;
      return !leaveOut.has(ordinal);
    },
    advance(bytes) {
      progress[progressSlot.bytes]! += bytes;
      progress[progressSlot.beats]!++;
    },
    cancelled: () => Atomics.load(cancel, 0) !== 0,
  };
  // Units wait here: a handler may be asynchronous, and two must not share the detector.
  let turn = Promise.resolve();
  port.on("message", (message: UnitMessage) => {
    turn = turn.then(async () => {
      progress[progressSlot.ordinal] = -1;
      leaveOut = new Set(message.leaveOut);
      const result = await runUnit(message.unit, task);
      progress[progressSlot.beats]!++;
      send({ kind: "result", id: message.id, result });
    });
    // A fault of ours ends the worker; the pool sees it die and tells which content it was at.
    turn.catch((error: unknown) => {
      throw error;
    });
  });
  const send = (message: WorkerMessage): void => port.postMessage(message);
  send({ kind: "ready", engine: engine.name });
}

await main();
