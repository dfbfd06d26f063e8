import { parentPort, workerData } from "node:worker_threads";
import { readLayer } from "../content/layer.ts";
import { listsOf, type LayerAnswer, type LayerOrder } from "./layers/order.ts";
import { writeRecords } from "./layers/records.ts";
import { RingWriter, type SharedRing } from "./layers/ring.ts";

/**
 * The thread beside a worker that reads layers for it: expands, hashes and walks them, so that the worker has nothing to do but scan. The files
 * go through a ring of shared memory. It opens what it reads itself, and knows no rules.
 */
function main(): void {
  if (parentPort === null) throw new Error("this is a worker's entry");
  const port = parentPort;
  const read = async (unit: LayerOrder["unit"]): Promise<void> => {
    const ring = new RingWriter(workerData as SharedRing);
    // Of a layer that is known only some files are asked for.
    const records = writeRecords(ring, unit.only === undefined);
    const stop = new AbortController();
    const push = (chunk: Uint8Array): void => {
      // Not thrown: it would have to find its way through the reader of tars.
      if (ring.isStopped) stop.abort();
      else records.push(chunk);
    };
    const reached = (bytes: number): void => ring.reached(bytes);
    const answer = await readLayer(unit, { ...records, push }, { signal: stop.signal, reached }).then(
      (outcome): LayerAnswer => ({ kind: "read", outcome }),
      // The worker waits for the end of the records, so a fault of ours must not end this thread.
      (): LayerAnswer => ({ kind: stop.signal.aborted ? "stopped" : "failed" }),
    );
    port.postMessage(answer, answer.kind === "read" ? listsOf(answer.outcome.reading) : []);
    records.done();
  };
  port.on("message", ({ unit }: LayerOrder) => void read(unit));
}

main();
