import { Worker } from "node:worker_threads";
import type { LayerOutcome } from "../../content/layer.ts";
import type { LayerUnit } from "../../model/unit.ts";
import type { LayerAnswer, LayerOrder } from "./order.ts";
import { readRecords, type RecordSink } from "./records.ts";
import { createRing, RingReader, type SharedRing } from "./ring.ts";

/** It keeps nothing but names: bytes lie elsewhere. */
const youngMemory = { maxYoungGenerationSizeMb: 3 };

/** Thrown by a sink that wants no more of a layer. */
export class LayerStopped extends Error {}

/** The thread beside a worker that reads large layers for it; started for the first of them. It ends with its worker. */
export class LayerThread {
  readonly #entry: URL;
  /** Made with the first thread: most workers read no large layer. */
  #ring: SharedRing | undefined;
  #thread: Worker | undefined;
  #answer: (answer: LayerAnswer) => void = () => {};

  /** `entry`: the file of the thread's code. */
  constructor(entry: URL) {
    this.#entry = entry;
  }

  /**
   * Reads a layer and tells `sink` of its files. Gives what came of it; `stopped` when the sink threw LayerStopped, `lost` when the thread
   * broke down over the layer. `reached` hears of each file how many of the layer's stored bytes were read by then. Throws what else the sink throws; the thread is then not to be used any more.
   */
  async read(
    unit: LayerUnit,
    sink: RecordSink,
    reached: (bytes: number) => void,
  ): Promise<LayerOutcome | "stopped" | "lost"> {
    const ring = (this.#ring ??= createRing());
    const reader = new RingReader(ring);
    this.#thread ??= this.#start(ring);
    const thread = this.#thread;
    reader.reset();
    const answered = new Promise<LayerAnswer>((resolve) => (this.#answer = resolve));
    const order: LayerOrder = { unit };
    thread.postMessage(order);
    const stopIfGone = (): void => {
      if (this.#thread !== thread) throw new LayerStopped();
    };
    try {
      await readRecords(reader, sink, stopIfGone, () => reached(reader.reached));
    } catch (error) {
      if (!(error instanceof LayerStopped)) throw error;
      reader.stop();
    }
    const answer = await answered;
    if (answer.kind === "read") return answer.outcome;
    return answer.kind === "stopped" ? "stopped" : "lost";
  }

  #start(ring: SharedRing): Worker {
    const thread = new Worker(this.#entry, { workerData: ring, resourceLimits: youngMemory });
    thread.on("message", (answer: LayerAnswer) => this.#answer(answer));
    // What it died of is not repeated: it may hold anything.
    thread.on("error", () => {});
    thread.on("exit", () => {
      this.#thread = undefined;
      this.#answer({ kind: "failed" });
    });
    return thread;
  }
}
