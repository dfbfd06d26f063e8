import type { ScanObserver } from "../model/observer.ts";
import type { PlannedUnit } from "../model/source.ts";
import type { LayerUnit, Unit, UnitResult } from "../model/unit.ts";
import { Pool, type PoolOptions } from "../pool/index.ts";
import type { ScanOptions } from "./options.ts";
import { keepWanted } from "./again.ts";
import type { OpenContext } from "./request.ts";
import { ProvedInRun } from "./proved-in-run.ts";
import { claims } from "./seen.ts";
import { withRules } from "./setup.ts";
import { rulesOf, type Known } from "../store/index.ts";
import type { Told } from "../model/told-rules.ts";
import type { Ruleset } from "../model/rule.ts";
import type { TargetMemory } from "./memory.ts";

/** How often progress is told; the progress line draws no faster. */
const progressMs = 100;
/** Less than this is read under all rules before a pool for some of them would have started. */
const leastForPart = 4 << 20;
/** Of all rules; more than so many of them save nothing. */
const mostForPart = 0.25;

/** One run over any number of targets: the pool, what was seen already, and the clock. */
export class Run implements AsyncDisposable {
  readonly #proved: ProvedInRun;
  readonly #pool: Pool;
  readonly #observer: ScanObserver;
  /** Ends with the run, or its time. */
  readonly signal: AbortSignal;
  readonly #started = Date.now();
  readonly #timer: NodeJS.Timeout;
  readonly #layers = new Map<string, Promise<UnitResult>>();
  /** Those of them that were read to their end, and are what their digests say. */
  readonly #whole = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #isTriage: boolean;
  readonly #cancel = (): void => {
    this.#pool.cancel();
    this.#partPool?.cancel();
  };
  #failure: unknown;
  #target = "";
  #phase: "fetch" | "plan" | "scan" | "locate" = "plan";
  #received = { bytes: 0, objects: 0 };
  #fetchMs = 0;
  #planned = 0;
  /** What `#planned` will be, as far as that is known. */
  #expected = 0;
  readonly #poolOptions: PoolOptions;
  #memory: TargetMemory | undefined;
  #known: Known | undefined;
  /** Asks contents that are known in part about the rules that are new, and those with detections about the rules of these. */
  #partPool: Pool | undefined;

  constructor(pool: PoolOptions, options: ScanOptions, observer: ScanObserver) {
    this.#pool = new Pool(pool);
    this.#proved = new ProvedInRun(pool.ruleset.rules.length);
    this.#poolOptions = pool;
    this.#isTriage = options.triage;
    this.#observer = observer;
    this.signal =
      options.timeoutMs > 0
        ? AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
        : options.signal;
    this.signal.addEventListener("abort", this.#cancel);
    if (this.signal.aborted) this.#cancel();
    this.#timer = setInterval(() => this.#tell(), progressMs);
    this.#timer.unref();
  }

  /** Whether the run was told to stop, or its time is over. */
  get isStopped(): boolean {
    return this.signal.aborted;
  }

  /** Begins a target. Gives what its source may know of the run. `memory`: what earlier runs know of it. */
  async begin(target: string, memory?: TargetMemory): Promise<OpenContext> {
    this.#target = target;
    this.#phase = "plan";
    this.#expected = 0;
    this.#tell();
    this.#memory = memory;
    this.#known = memory?.known;
    this.#proved.settle();
    await this.#partPool?.[Symbol.asyncDispose]();
    this.#partPool = undefined;
    const began = Date.now();
    const received: OpenContext["received"] = (what) => {
      // Of an image the first layers are scanned while the others come: that says more.
      if (this.#underWay.size > 0) return;
      // Rates are those of scanning.
      if (what === undefined) this.#fetchMs += Date.now() - began;
      this.#phase = what === undefined ? "plan" : "fetch";
      this.#received = what ?? this.#received;
    };
    const expected = (bytes: number): void => void (this.#expected = this.#planned + bytes);
    const isLayerKnown = (digest: string, diffId: string): boolean =>
      this.#whole.has(layerName(digest, diffId)) || memory?.isLayerKnown(digest, diffId) === true;
    return {
      ...{ signal: this.signal, received, expected, isLayerKnown, isTriage: this.#isTriage },
      ...(memory === undefined ? {} : { fetched: (refs) => memory.fetched(refs) }),
      ...(memory?.documents === undefined ? {} : { documents: memory.documents }),
      ...claims(memory?.known),
    };
  }

  /** Hands a unit to the pool once there is room; `done` hears what came of it, in one part or two. */
  async submit(item: PlannedUnit, done: (unit: Unit, planned: number, result: UnitResult) => void): Promise<void> {
    this.#phase = "scan";
    this.#planned += item.unit.weight;
    for (const { unit, planned, isPart } of partsOf(item, this.#known)) {
      const pool = isPart ? await this.#poolFor(this.#known?.partRules ?? this.#poolOptions.ruleset) : this.#pool;
      await pool.ready();
      if (this.#failure !== undefined) throw this.#failure;
      if (this.signal.aborted) {
        done(unit, planned, { ...nothing, interrupted: true });
        continue;
      }
      const finished = (isPart ? pool.run(unit) : this.#scan(unit)).then(
        ({ proved, ...result }) => {
          if (result.clean !== undefined && isPart) this.#known!.learnPart(result.clean);
          else if (result.clean !== undefined) this.#known?.learn(result.clean);
          // Targets that are remembered know of each other by the store.
          if (proved !== undefined && !isPart && this.#memory === undefined) this.#proved.learn(proved);
          if (result.recognised !== undefined && this.#memory !== undefined) this.tellKnown(result.recognised);
          const stopped = this.signal.aborted ? { interrupted: true } : {};
          // What was asked about some rules is known to those that keep it by its id alone.
          done(unit, planned, { ...result, ...(isPart || proved === undefined ? {} : { proved }), ...stopped });
        },
        (error: unknown) => {
          this.#failure ??= error;
        },
      );
      this.#underWay.add(finished);
      void finished.finally(() => this.#underWay.delete(finished));
    }
  }

  /** Waits for all units that were submitted. Throws what made the pool fail. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure;
    this.#phase = "locate";
    this.#tell();
    const { bytes, looked } = this.#pool.progress();
    this.#observer.looked?.(bytes, looked);
  }

  /** Starts what the scan of a target needs in any case, while that is planned. */
  warm(): void {
    this.#pool.warm();
  }

  /** Has a unit read that is not part of the plan. */
  read(unit: Unit): Promise<UnitResult> {
    return this.#readIn(this.#pool, unit);
  }

  /** Has units read under some rules alone, where starting with these is worth it. */
  async readAgain(units: readonly Unit[], rules: Told): Promise<UnitResult[]> {
    const { ruleset } = this.#poolOptions;
    const bytes = units.reduce((sum, { weight }) => sum + weight, 0);
    const isWorthIt = rules !== "all" && bytes >= leastForPart && rules.length <= ruleset.rules.length * mostForPart;
    const part = isWorthIt ? rulesOf(ruleset, rules) : undefined;
    const pool = part === undefined ? this.#pool : await this.#poolFor(part);
    return Promise.all(units.map((unit) => this.#readIn(pool, unit)));
  }

  async #readIn(pool: Pool, unit: Unit): Promise<UnitResult> {
    await pool.ready();
    const result = await pool.run(unit);
    return this.signal.aborted ? { ...result, interrupted: true } : result;
  }

  async #poolFor(rules: Ruleset): Promise<Pool> {
    if (this.#partPool !== undefined) return this.#partPool;
    const options = await withRules(this.#poolOptions, rules);
    return (this.#partPool ??= new Pool(options));
  }

  #scan(unit: Unit): Promise<UnitResult> {
    return unit.kind === "layer" && unit.digest !== "" ? this.#layer(unit) : this.#run(unit);
  }

  #run(unit: Unit): Promise<UnitResult> {
    return this.#pool.run(unit, this.#memory?.provedFor(unit) ?? this.#proved.knownFor(unit));
  }

  /** Images share layers: one that was read to its end and is what its digest says is not read again. */
  async #layer(unit: LayerUnit): Promise<UnitResult> {
    const key = layerName(unit.digest, unit.diffId);
    const before = this.#layers.get(key);
    if (before !== undefined) {
      const result = await before.catch(() => undefined);
      if (result !== undefined && isWhole(unit, result)) return { ...result, bytes: 0, recognised: 0 };
    }
    const reading = this.#readLayer(unit);
    this.#layers.set(key, reading);
    const result = await reading;
    if (isWhole(unit, result)) this.#whole.add(key);
    return result;
  }

  async #readLayer(unit: LayerUnit): Promise<UnitResult> {
    if (this.#memory === undefined) return this.#run(unit);
    const { result, known } = await this.#memory.layer(unit, (asked) => this.#run(asked));
    if (known > 0) this.tellKnown(known);
    return result;
  }

  /** So many contents of the target need no scan. */
  tellKnown(contents: number): void {
    this.#observer.known?.(contents);
  }

  #tell(): void {
    const { planned, contents } = this.#pool.progress();
    const isFetching = this.#phase === "fetch";
    this.#observer.progress({
      target: this.#target,
      phase: this.#phase,
      bytesDone: isFetching ? this.#received.bytes : planned,
      bytesPlanned: Math.max(isFetching ? 0 : this.#planned, this.#expected),
      contentsDone: isFetching ? this.#received.objects : contents,
      findings: 0,
      elapsedMs: Date.now() - this.#started - (isFetching ? 0 : this.#fetchMs),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.signal.removeEventListener("abort", this.#cancel);
    await this.#pool[Symbol.asyncDispose]();
    await this.#partPool?.[Symbol.asyncDispose]();
  }
}

function layerName(digest: string, diffId: string): string {
  return `${digest} ${diffId}`;
}

function isWhole({ digest }: LayerUnit, { problems, layer, interrupted }: UnitResult): boolean {
  return problems.length === 0 && interrupted !== true && layer?.digest === digest;
}

interface UnitPart {
  readonly unit: Unit;
  readonly planned: number;
  /** Its contents are asked about the new rules alone. */
  readonly isPart: boolean;
}

/** Parts what is to be scanned under all rules from what earlier runs scanned under most of them. */
function partsOf({ unit, planned }: PlannedUnit, known: Known | undefined): UnitPart[] {
  const whole: UnitPart = { unit, planned, isPart: false };
  if (known?.partRules === undefined) return [whole];
  // Nothing is remembered of contents by SHA-256 ids.
  const isShort =
    unit.kind === "pack" ? unit.entries.idBytes === 20 : unit.kind === "loose" && unit.oids[0]?.length === 40;
  if (!isShort) return [whole];
  if (unit.kind === "loose") {
    const isPart = unit.oids.map((oid) => known.look(Buffer.from(oid, "hex"), 0) === "partly");
    return [false, true].flatMap((part): UnitPart[] => {
      const oids = unit.oids.filter((_, i) => isPart[i] === part);
      return oids.length === 0 ? [] : [{ unit: { ...unit, oids }, planned: oids.length, isPart: part }];
    });
  }
  if (unit.kind !== "pack") return [whole];
  const { wanted, oids } = unit.entries;
  const isPart = wanted.map((is, i) => (is === 1 && known.look(oids, 20 * i) === "partly" ? 1 : 0));
  const part = isPart.reduce((sum, is) => sum + is, 0);
  if (part === 0) return [whole];
  const rest = wanted.map((is, i) => is - isPart[i]!);
  return [
    ...(part < planned ? [{ unit: keepWanted(unit, rest), planned: planned - part, isPart: false }] : []),
    { unit: part < planned ? keepWanted(unit, isPart) : unit, planned: part, isPart: true },
  ];
}

const nothing: UnitResult = { scanned: 0, bytes: 0, skipped: {}, suppressed: {}, hits: [], problems: [] };
