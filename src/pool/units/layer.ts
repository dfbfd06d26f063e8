import { blobId } from "../../content/blob-id.ts";
import { isObjectOfGit } from "../../content/layer-paths.ts";
import { readLayer, type LayerOutcome, type LayerSink } from "../../content/layer.ts";
import { differenceBytes } from "../../content/table-check.ts";
import { textEntry, type LayerUnit } from "../../model/unit.ts";
import { LayerStopped } from "../layers/layer-thread.ts";
import type { RecordSink } from "../layers/records.ts";
import type { ResultBuilder } from "../result.ts";
import { scanHeld } from "./held-unit.ts";
import type { Task } from "../task.ts";
import { PackagedFiles } from "./packaged.ts";
import { EntryScanner } from "./entries.ts";

/** Stored bytes from which on a thread of its own reads a layer: less is read before the thread is up. */
const bytesForThread = 2 << 20;

/** Scans every file of a layer while the layer streams through. */
export async function scanLayer(unit: LayerUnit, task: Task, out: ResultBuilder): Promise<void> {
  const scanner = new EntryScanner(task, out, true);
  const outcome = await read(unit, task, new WantedScanner(unit, scanner, out, isReadBeside(unit, task)));
  task.reached?.(unit.weight);
  if (outcome !== "stopped") scanRest(scanner, task, out);
  await takeBack(task, out);
  if (outcome === "stopped") {
    out.problem("interrupted", "incomplete", unit.digest, "was not read to its end");
    return;
  }
  if (outcome === "lost") {
    out.lost("worker-crashed", unit.digest, "ended the thread that read it");
    return;
  }
  out.layer = outcome.reading;
  for (const difference of outcome.differences)
    out.told(blobId(differenceBytes(difference)), difference.path, task.detector.tables.tell(difference));
  for (const problem of outcome.problems) {
    out.problem(problem.code, problem.effect, problem.subject, problem.message);
    if (problem.effect === "incomplete") out.skip(problem.code);
  }
}

/** Scans what was put aside for others, of whom none had time. */
function scanRest(scanner: EntryScanner, task: Task, out: ResultBuilder): void {
  const { digests } = out;
  const files = scanner.waiting();
  if (files.length > 0) scanHeld({ kind: "held", target: out.target, weight: 0, files }, task, out);
  out.digests = digests;
}

/** What came of the files that were given to others. */
async function takeBack(task: Task, out: ResultBuilder): Promise<void> {
  const { digests } = out;
  for (const handed of (await task.handOver?.results(() => task.inside(0))) ?? []) {
    if ("kind" in handed) scanHeld(handed, task, out);
    else out.merge(handed);
  }
  out.digests = digests;
}

/** Hands on the files that the unit asks for: all, unless it names some. */
class WantedScanner {
  readonly #only: ReadonlySet<string> | undefined;
  readonly #scanner: EntryScanner;
  readonly #out: ResultBuilder;
  readonly #packages = new PackagedFiles();
  readonly #givesIds: boolean;
  #isWanted = true;

  /** `isReadBeside`: the thread that reads makes ids, unless only some files are asked for. */
  constructor(unit: LayerUnit, scanner: EntryScanner, out: ResultBuilder, isReadBeside: boolean) {
    this.#only = unit.only === undefined ? undefined : new Set(unit.only);
    this.#scanner = scanner;
    this.#givesIds = isReadBeside && unit.only === undefined;
    this.#out = out;
    out.settle = (hits) => this.#packages.tell(hits);
    out.digests = () => scanner.digests();
  }

  begin(path: string, size: number, entry: number): void {
    this.#out.entry = entry;
    this.#packages.begin(path);
    this.#isWanted = this.#only === undefined || this.#only.has(path);
    if (this.#isWanted) this.#scanner.begin(path, size, { isIdGiven: this.#givesIds, isObject: isObjectOfGit(path) });
  }

  push(chunk: Uint8Array): void {
    this.#packages.push(chunk);
    if (this.#isWanted) this.#scanner.push(chunk);
  }

  get wantsRest(): boolean {
    return this.#isWanted && this.#scanner.wantsRest;
  }

  rest(chunks: Iterable<Uint8Array>): void {
    this.#scanner.rest(chunks);
  }

  end(id?: string): void {
    this.#packages.end();
    if (this.#isWanted) this.#scanner.end(id);
  }
}

/** Whether a thread of its own reads the layer. */
function isReadBeside(unit: LayerUnit, task: Task): task is Task & { readonly layers: object } {
  return task.layers !== undefined && unit.length >= bytesForThread;
}

async function read(unit: LayerUnit, task: Task, scanner: WantedScanner): Promise<LayerOutcome | "stopped" | "lost"> {
  const reached = (bytes: number): void => task.reached?.(Math.min(bytes, unit.weight));
  reached(0);
  // Records are told one by one, so what this sink throws comes out here.
  if (isReadBeside(unit, task)) {
    const sink: RecordSink = {
      begin: (path, size, entry) => scanner.begin(path, size, entry),
      push(chunk) {
        if (task.cancelled()) throw new LayerStopped();
        scanner.push(chunk);
      },
      end: (id) => scanner.end(id),
      wantsPause: () => task.handOver?.wantsPause() === true,
      get wantsRest() {
        return scanner.wantsRest;
      },
      rest(chunks) {
        scanner.rest(chunks);
        if (task.cancelled()) throw new LayerStopped();
      },
    };
    return task.layers.read(unit, sink, reached);
  }
  const stop = new AbortController();
  const sink: LayerSink = {
    begin: ({ path, size, entry }) => scanner.begin(path, size, entry),
    push(chunk) {
      if (task.cancelled()) stop.abort();
      else scanner.push(chunk);
    },
    end: () => scanner.end(),
    beside({ path, text }) {
      const bytes = Buffer.from(text);
      scanner.begin(path, bytes.length, textEntry);
      scanner.push(bytes);
      scanner.end();
    },
  };
  try {
    return await readLayer(unit, sink, { signal: stop.signal, reached });
  } catch (error) {
    if (stop.signal.aborted) return "stopped";
    throw error;
  }
}
