import type { ScanObserver } from "../model/observer.ts";
import type { PlannedUnit, SourceContext } from "../model/source.ts";
import type { LayerUnit, Unit, UnitResult } from "../model/unit.ts";
import { Pool, type PoolOptions } from "../pool/index.ts";
import type { ScanOptions } from "./options.ts";
import { SeenContents } from "./seen.ts";

/** How often progress is told; the progress line draws no faster. */
const progressMs = 100;

/** One run over any number of targets: the pool, what was seen already, and the clock. */
export class Run implements AsyncDisposable {
  readonly #seen = new SeenContents();
  readonly #pool: Pool;
  readonly #observer: ScanObserver;
  readonly #signal: AbortSignal;
  readonly #started = Date.now();
  readonly #timer: NodeJS.Timeout;
  readonly #layers = new Map<string, Promise<UnitResult>>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #cancel = (): void => this.#pool.cancel();
  #failure: unknown;
  #target = "";
  #phase: "plan" | "scan" | "locate" = "plan";
  #planned = 0;

  constructor(pool: PoolOptions, options: ScanOptions, observer: ScanObserver) {
    this.#pool = new Pool(pool);
    this.#observer = observer;
    this.#signal =
      options.timeoutMs > 0
        ? AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
        : options.signal;
    this.#signal.addEventListener("abort", this.#cancel);
    if (this.#signal.aborted) this.#cancel();
    this.#timer = setInterval(() => this.#tell(), progressMs);
    this.#timer.unref();
  }

  /** Whether the run was told to stop, or its time is over. */
  get isStopped(): boolean {
    return this.#signal.aborted;
  }

  /** Begins a target. Gives what its source may know of the run. */
  begin(target: string): SourceContext {
    this.#target = target;
    this.#phase = "plan";
    this.#tell();
    return { signal: this.#signal, ...this.#seen.begin() };
  }

  /** The target was read whole: its contents need no scan in those that follow. */
  settle(): void {
    this.#seen.settle();
  }

  /** Hands a unit to the pool once there is room; `done` hears what came of it. */
  async submit(item: PlannedUnit, done: (result: UnitResult) => void): Promise<void> {
    this.#phase = "scan";
    this.#planned += item.unit.weight;
    await this.#pool.ready();
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#signal.aborted) return done({ ...nothing, interrupted: true });
    const finished = this.#scan(item.unit).then(
      (result) => done(this.#signal.aborted ? { ...result, interrupted: true } : result),
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
    this.#underWay.add(finished);
    void finished.finally(() => this.#underWay.delete(finished));
  }

  /** Waits for all units that were submitted. Throws what made the pool fail. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
    this.#phase = "locate";
    this.#tell();
  }

  /** Has a unit read that is not part of the plan. */
  async read(unit: Unit): Promise<UnitResult> {
    await this.#pool.ready();
    return this.#pool.run(unit);
  }

  #scan(unit: Unit): Promise<UnitResult> {
    return unit.kind === "layer" && unit.digest !== "" ? this.#layer(unit) : this.#pool.run(unit);
  }

  /** Images share layers: one that was read to its end and is what its digest says is not read again. */
  async #layer(unit: LayerUnit): Promise<UnitResult> {
    const key = `${unit.digest} ${unit.diffId}`;
    const before = this.#layers.get(key);
    if (before !== undefined) {
      const result = await before.catch(() => undefined);
      if (result !== undefined && result.problems.length === 0 && result.layer?.digest === unit.digest)
        return { ...result, bytes: 0 };
    }
    const reading = this.#pool.run(unit);
    this.#layers.set(key, reading);
    return reading;
  }

  #tell(): void {
    const { bytes, contents } = this.#pool.progress();
    this.#observer.progress({
      target: this.#target,
      phase: this.#phase,
      bytesDone: bytes,
      bytesPlanned: this.#planned,
      contentsDone: contents,
      findings: 0,
      elapsedMs: Date.now() - this.#started,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#signal.removeEventListener("abort", this.#cancel);
    await this.#pool[Symbol.asyncDispose]();
  }
}

const nothing: UnitResult = { scanned: 0, bytes: 0, skipped: {}, suppressed: {}, hits: [], problems: [] };
