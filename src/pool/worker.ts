import { parentPort, workerData } from "node:worker_threads";
import { HandOver } from "./hand-over.ts";
import { listsOf } from "./layers/order.ts";
import type { HandedMessage, UnitMessage, WorkerMessage, WorkerSetup } from "./messages.ts";
import { openWorkbench } from "./workbench.ts";

/** A worker: reads units, scans what they name, answers with results. One unit at a time. */
async function main(): Promise<void> {
  if (parentPort === null) throw new Error("this is a worker's entry");
  const port = parentPort;
  const setup = workerData as WorkerSetup;
  const handOver = new HandOver(setup.idle, (number, unit) => send({ kind: "give", number, unit }));
  const workbench = await openWorkbench(setup, handOver);
  // Units wait here: a handler may be asynchronous, and two must not share the detector.
  let turn = Promise.resolve();
  port.on("message", (message: UnitMessage | HandedMessage) => {
    if (message.kind === "handed") return handOver.hear(message.number, message.result);
    turn = turn.then(async () => {
      const result = await workbench.run(message.unit, message.leaveOut, { known: message.known });
      if (result === undefined) return;
      send({ kind: "result", id: message.id, result }, result.layer === undefined ? [] : listsOf(result.layer));
    });
    // A fault of ours ends the worker; the pool sees it die and tells which content it was at.
    turn.catch((error: unknown) => {
      throw error;
    });
  });
  const send = (message: WorkerMessage, moved: readonly ArrayBuffer[] = []): void => port.postMessage(message, moved);
  send({ kind: "ready", engine: workbench.engine });
}

// Not awaited: a thread that is ended while its module waits takes the process along (V8 checks for a value that is then not there). A fault ends the thread all the same.
void main();
