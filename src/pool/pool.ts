import { Worker } from "node:worker_threads";
import { ToolError } from "../model/problem.ts";
import type { Prebuilt } from "../detect/index.ts";
import type { ProvedContents } from "../model/clean-index.ts";
import type { Ruleset } from "../model/rule.ts";
import type { Unit, UnitResult } from "../model/unit.ts";
import { idleSlot, idleSlots } from "./hand-over.ts";
import { OwnThread } from "./own-thread.ts";
import {
  progressSlot,
  progressSlots,
  type HandedMessage,
  type UnitMessage,
  type WorkerMessage,
  type WorkerSetup,
} from "./messages.ts";
import type { HeldUnit } from "./units/held-unit.ts";

export interface PoolOptions {
  /** Number of threads, at least 1. */
  readonly workers: number;
  readonly ruleset: Ruleset;
  readonly kernel: WebAssembly.Module;
  readonly decodeDepth: number;
  /** How many archives inside of each other are opened; 0 (unless told): none. */
  readonly archiveDepth?: number;
  readonly honourInlineAllow: boolean;
  /** False: every version of a content is scanned whole. */
  readonly inherits?: boolean;
  /** What the kernel needs of the ruleset: workers then need not build it. */
  readonly prebuilt?: Prebuilt;
  /** Results also list the clean contents. */
  readonly listsClean?: boolean;
  /** The worker's entry: a JavaScript file. */
  readonly entry: URL;
  /** The entry of the thread that reads large layers beside a worker; without it workers read them themselves. */
  readonly layerReader?: URL;
  /** A content that shows no progress for this long is given up, and its worker with it. */
  readonly stallMs?: number;
  /** Little is expected: it is scanned in this thread, and no worker is started while that is enough. */
  readonly expectsLittle?: boolean;
}

/** Expanded bytes that may be under way: bounds what inline units and results hold. */
const maxBytesUnderWay = 1 << 28;
/** Of which a layer takes this much: chunks between its stages. */
const layerBytes = 16 << 20;
/** One unit in hand and one waiting keep a worker busy. */
const unitsPerWorker = 2;
/** A worker with nothing but so many bytes at hand has scanned them before another one would have started. */
const littleBytes = 1 << 20;
/** What was made just now, and is mostly garbage: V8's own 48 MB are not quicker. */
const youngMemory = { maxYoungGenerationSizeMb: 9 };
const defaultStallMs = 120_000;
/** A worker that dies this often without having begun a content will not live. */
const maxStartFailures = 3;
/** A unit that ended this many workers is given up. */
const mostUnitCrashes = 20;
/** A worker that is told to stop has so long to say what it has found; contents are asked between, and take a fraction of it. */
const patienceMs = 5_000;
/** And so many of all: then each unit is given up that ends one more. */
const mostCrashes = 200;

interface Job {
  readonly id: number;
  readonly unit: Unit | HeldUnit;
  readonly known: readonly ProvedContents[] | undefined;
  readonly leaveOut: number[];
  readonly resolve: (result: UnitResult) => void;
  readonly reject: (error: Error) => void;
}

interface Seat {
  worker: Worker;
  readonly progress: Float64Array;
  readonly shared: SharedArrayBuffer;
  readonly jobs: Job[];
  beats: number;
  beatAt: number;
  startFailures: number;
  ending: boolean;
  stalled: boolean;
}

/**
 * Worker threads that scan units. `run` resolves with the unit's result; `ready` says when another unit should be handed in.
 * A worker that dies costs the content that it was at: the unit is done again without it.
 */
export class Pool implements AsyncDisposable {
  /** The regex engine of the workers, known once the first is up. */
  engine: "re2" | "re2js" | undefined;
  readonly #options: PoolOptions;
  readonly #cancel = new SharedArrayBuffer(4);
  readonly #idle = new SharedArrayBuffer(4 * idleSlots);
  readonly #seats: Seat[] = [];
  readonly #queue: Job[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #watch: NodeJS.Timeout;
  readonly #ownThread: OwnThread;
  readonly #ownProgress = new SharedArrayBuffer(progressSlots * 8);
  #bytesUnderWay = 0;
  #nextId = 0;
  #failure: Error | undefined;
  #crashes = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#ownThread = new OwnThread(this.#setup(this.#ownProgress), options.expectsLittle === true);
    this.#watch = setInterval(() => this.#watchStalls(), 1000);
    this.#watch.unref();
  }

  /** One worker begins at once, while the first target is planned; the others when there is work for them. */
  warm(): void {
    if (!this.#ownThread.isWanted && this.#seats.length === 0) this.#seats.push(this.#seat());
  }

  /** Resolves when there is room for another unit. */
  async ready(): Promise<void> {
    while (
      this.#failure === undefined &&
      (this.#queue.length > 0 || this.#bytesUnderWay > maxBytesUnderWay || !this.#hasFreeSeat())
    ) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Scans a unit, but for contents that are `known`. Rejects with ToolError when no worker can be started. */
  async run(unit: Unit, known?: readonly ProvedContents[]): Promise<UnitResult> {
    return (
      (this.#ownThread.isWanted ? await this.#ownThread.scan(unit, known) : undefined) ?? this.#runInWorker(unit, known)
    );
  }

  #runInWorker(unit: Unit, known: readonly ProvedContents[] | undefined): Promise<UnitResult> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#bytesUnderWay += heldBytes(unit);
      this.#queue.push({ id: this.#nextId++, unit, known, leaveOut: [], resolve, reject });
      this.#dispatch();
    });
  }

  /** Tells the workers to stop as soon as they can; units resolve with what there is. */
  cancel(): void {
    Atomics.store(new Int32Array(this.#cancel), 0, 1);
    const wait = setTimeout(() => this.#endDeaf(), patienceMs);
    wait.unref();
  }

  /** Ends the workers that did not hear that they are to stop: a single regex can take its time. What they had to do is given up. */
  #endDeaf(): void {
    for (const seat of this.#seats.filter(({ jobs }) => jobs.length > 0)) {
      seat.ending = true;
      void seat.worker.terminate();
      for (const job of seat.jobs.splice(0)) this.#giveUp(job);
    }
    this.#seats.splice(0, this.#seats.length, ...this.#seats.filter(({ ending }) => !ending));
    for (const job of this.#queue.splice(0)) this.#giveUp(job);
  }

  #giveUp(job: Job): void {
    this.#finish(job);
    if (job.unit.kind === "held") job.reject(new Error("a worker was ended"));
    else job.resolve(stopped);
  }

  /** Bytes and contents that were dealt with so far; `planned`: of the bytes by which units were planned. */
  progress(): { bytes: number; planned: number; contents: number; looked: number } {
    let bytes = 0;
    let planned = 0;
    let contents = 0;
    let looked = 0;
    for (const progress of [new Float64Array(this.#ownProgress), ...this.#seats.map((seat) => seat.progress)]) {
      bytes += progress[progressSlot.bytes]!;
      planned += progress[progressSlot.planned]!;
      contents += progress[progressSlot.contents]!;
      looked += progress[progressSlot.looked]!;
    }
    return { bytes, planned, contents, looked };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch);
    await Promise.all(
      this.#seats.map((seat) => {
        seat.ending = true;
        return seat.worker.terminate();
      }),
    );
  }

  #seat(): Seat {
    const shared = new SharedArrayBuffer(progressSlots * 8);
    const seat: Seat = {
      worker: this.#start(shared, () => seat),
      progress: new Float64Array(shared),
      shared,
      jobs: [],
      beats: 0,
      beatAt: Date.now(),
      startFailures: 0,
      ending: false,
      stalled: false,
    };
    return seat;
  }

  #setup(progress: SharedArrayBuffer): WorkerSetup {
    const { ruleset, kernel, decodeDepth, honourInlineAllow, prebuilt, layerReader } = this.#options;
    return {
      ...{ ruleset, kernel, decodeDepth, honourInlineAllow, progress, cancel: this.#cancel, idle: this.#idle },
      ...(prebuilt === undefined ? {} : { prebuilt }),
      archiveDepth: this.#options.archiveDepth ?? 0,
      inherits: this.#options.inherits ?? true,
      listsClean: this.#options.listsClean ?? false,
      ...(layerReader === undefined ? {} : { layerReader: layerReader.href }),
    };
  }

  #start(progress: SharedArrayBuffer, seatOf: () => Seat): Worker {
    const worker = new Worker(this.#options.entry, { workerData: this.#setup(progress), resourceLimits: youngMemory });
    let lastError: Error | undefined;
    worker.on("message", (message: WorkerMessage) => this.#hear(seatOf(), message));
    worker.on("error", (error: Error) => (lastError = error));
    worker.on("exit", () => this.#died(seatOf(), worker, lastError));
    return worker;
  }

  #hear(seat: Seat, message: WorkerMessage): void {
    if (message.kind === "ready") {
      this.engine = message.engine;
      return;
    }
    if (message.kind === "give") return this.#bring(seat, message.number, message.unit);
    const job = seat.jobs.shift();
    if (job === undefined || job.id !== message.id) throw new Error("a worker answered out of turn");
    seat.startFailures = 0;
    this.#finish(job);
    job.resolve(message.result);
    this.#dispatch();
  }

  /** Brings what a worker has to give to one that has nothing to do, or back: nobody may wait for a worker that waits itself. */
  #bring(from: Seat, number: number, unit: HeldUnit): void {
    const { worker } = from;
    const answer = (result: UnitResult | undefined): void => {
      const message: HandedMessage = { kind: "handed", number, result };
      // Where it has died meanwhile, its layer is read anew.
      if (from.worker === worker) worker.postMessage(message);
    };
    const seat = this.#leastBusy();
    if (seat.jobs.length > 0) return answer(undefined);
    this.#bytesUnderWay += heldBytes(unit);
    const reject = (): void => answer(undefined);
    this.#hand(seat, { id: this.#nextId++, unit, known: undefined, leaveOut: [], resolve: answer, reject });
    this.#countIdle();
  }

  #countIdle(): void {
    const isAnyFree = this.#queue.length === 0;
    const idle = this.#seats.filter(({ jobs }) => jobs.length === 0).length;
    const numbers = new Int32Array(this.#idle);
    Atomics.store(numbers, idleSlot.idle, isAnyFree ? idle : 0);
    Atomics.store(numbers, idleSlot.startable, isAnyFree ? this.#options.workers - this.#seats.length : 0);
  }

  #finish(job: Job): void {
    this.#bytesUnderWay -= heldBytes(job.unit);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #died(seat: Seat, worker: Worker, error: Error | undefined): void {
    if (seat.ending || seat.worker !== worker) return;
    const [job] = seat.jobs;
    const ordinal = seat.progress[progressSlot.ordinal]!;
    if (job?.unit.kind === "held") {
      // Who gave it scans it, and is the one to blame if that ends a worker again.
      seat.jobs.shift();
      this.#finish(job);
      job.reject(error ?? new Error("a worker ended"));
    } else if (job === undefined || ordinal < 0) {
      if (++seat.startFailures >= maxStartFailures) {
        const detail = error === undefined ? "" : `: ${error.message}`;
        return this.#fail(new ToolError("worker", `a worker thread cannot work${detail}`, { cause: error }));
      }
    } else if (this.#isHopeless(job, ordinal)) {
      seat.jobs.shift();
      this.#finish(job);
      job.resolve(abandoned(job.unit));
    } else {
      job.leaveOut.push(ordinal);
    }
    this.#queue.unshift(...seat.jobs.splice(0));
    seat.progress[progressSlot.ordinal] = -1;
    seat.stalled = false;
    seat.worker = this.#start(seat.shared, () => seat);
    this.#dispatch();
  }

  /** Starting a worker takes a third of a second: a content at a time, a unit made to end workers would take for ever. */
  #isHopeless(job: Job, ordinal: number): boolean {
    this.#crashes++;
    const most = this.#crashes > mostCrashes ? 0 : mostUnitCrashes;
    return job.leaveOut.includes(ordinal) || job.leaveOut.length >= most;
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const job of [...this.#queue.splice(0), ...this.#seats.flatMap((seat) => seat.jobs.splice(0))])
      job.reject(error);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #hasFreeSeat(): boolean {
    return this.#seats.length < this.#options.workers || this.#seats.some((seat) => seat.jobs.length < unitsPerWorker);
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const seat = this.#soonFree() ?? this.#leastBusy();
      if (seat.jobs.length >= unitsPerWorker) break;
      this.#hand(seat, this.#queue.shift()!);
    }
    this.#countIdle();
  }

  #hand(seat: Seat, job: Job): void {
    if (seat.jobs.length === 0) seat.beatAt = Date.now();
    seat.jobs.push(job);
    const { id, unit, leaveOut, known } = job;
    const message: UnitMessage = { kind: "unit", id, unit, leaveOut, known };
    seat.worker.postMessage(message);
  }

  /** Of the workers that were started, one that is as good as free. */
  #soonFree(): Seat | undefined {
    return this.#seats.find(
      ({ jobs }) =>
        jobs.length < unitsPerWorker && jobs.every(({ unit }) => unit.kind === "inline" && unit.weight < littleBytes),
    );
  }

  #leastBusy(): Seat {
    const [least] = this.#seats.toSorted((a, b) => a.jobs.length - b.jobs.length);
    if (least !== undefined && (least.jobs.length === 0 || this.#seats.length >= this.#options.workers)) return least;
    const seat = this.#seat();
    this.#seats.push(seat);
    return seat;
  }

  /** RE2 is linear and every loop is bounded; this is for what we did not think of. */
  #watchStalls(): void {
    const stallMs = this.#options.stallMs ?? defaultStallMs;
    for (const seat of this.#seats) {
      const beats = seat.progress[progressSlot.beats]!;
      if (seat.jobs.length === 0 || seat.jobs[0]!.unit.kind === "stream" || beats !== seat.beats) {
        seat.beats = beats;
        seat.beatAt = Date.now();
      } else if (Date.now() - seat.beatAt > stallMs && !seat.stalled) {
        seat.stalled = true;
        void seat.worker.terminate();
      }
    }
  }
}

/** What came of a unit that was given up when the run was told to stop. */
const stopped: UnitResult = {
  ...{ scanned: 0, bytes: 0, skipped: {}, suppressed: {}, hits: [], problems: [] },
  interrupted: true,
};

function abandoned(unit: Unit | HeldUnit): UnitResult {
  const subject = unit.kind === "pack" ? unit.pack : unit.kind === "layer" ? unit.digest : unit.target;
  const message = "ended its worker again and again; the rest of its contents was not scanned";
  const problem = { code: "worker-crashed", effect: "incomplete", target: unit.target, subject, message } as const;
  return { scanned: 0, bytes: 0, skipped: {}, suppressed: {}, hits: [], problems: [problem], abandoned: true };
}

/** What a unit under way may hold in memory: a layer streams, however large it is. */
function heldBytes(unit: Unit | HeldUnit): number {
  return unit.kind === "layer" ? Math.min(unit.weight, layerBytes) : unit.weight;
}
