import { leastIds } from "../content/git/least-ids.ts";
import type { ProvedContents } from "../model/clean-index.ts";
import type { ContentHit } from "../model/detection.ts";
import type { Problem } from "../model/problem.ts";
import type { Finding } from "../model/finding.ts";
import { PublicKeys } from "../model/public-keys.ts";
import { ToldRules } from "../model/told-rules.ts";
import type { Located } from "../model/source.ts";
import type { GraphUnit, LayerUnit, Unit, UnitResult } from "../model/unit.ts";
import { committedContents, withEarlierCommits } from "../findings/index.ts";
import {
  cacheFolder,
  CommittedFiles,
  DocumentMemory,
  GraphMemory,
  keyOf,
  Known,
  Proved,
  proveLayer,
  readLayerRecord,
  readState,
  Store,
  type Snapshot,
  type StoredEntry,
  writeLayerRecord,
  type LayerRecord,
} from "../store/index.ts";
import { unitAgain } from "./again.ts";
import type { ScanOptions } from "./options.ts";
import type { Prepared } from "./setup.ts";
import type { TargetTally } from "./tally.ts";
import { fetchedPlaceOf, fullName, placeOf, registryPlaceOf, type Place } from "./target-place.ts";
import { HandState, OfferedState, type TargetState } from "./target-state.ts";
import type { Target } from "./targets.ts";

/** Set by the build: a hash of the sources that decide what is found. Absent when the sources run as they are: then nothing is remembered. */
declare const LEAKTRACE_SCANNER: string | undefined;

/** A smaller target is scanned in less time than it takes to ask. */
const leastBytes = 4 << 20;
/** A repository is recognised as a clone of one that had one of so many of its least ids. */
const familyIds = 16;

/** Options that decide what a report looks like, or how the run goes, but not what is found in a target. */
const indifferent: ReadonlySet<string> = new Set<keyof ScanOptions>([
  ...(["config", "enableRules", "baselinePath", "ignorePath", "minSeverity"] as const),
  ...(["exitCode", "reportPath", "reportFormat", "secrecy", "colour", "verbose", "logLevel", "input"] as const),
  ...([
    "timeoutMs",
    "delta",
    "workers",
    "targetsFile",
    "journal",
    "resume",
    "signal",
    "cache",
    "cacheFolder",
    "fetcher",
    "maxFetchBytes",
  ] as const),
]);

/** Options that a whole target is remembered under. Any other one has the target scanned: a part of a history may depend on the day. */
const counted: readonly (keyof ScanOptions)[] = [
  ...(["ignoreInlineAllow", "maxTargetBytes", "maxDecodeDepth", "maxArchiveDepth"] as const),
];

/** Faults of the machine or of the moment, and damage: the next scan looks again. */
const passing: ReadonlySet<Problem["code"]> = new Set<Problem["code"]>([
  ...(["unreadable", "pack-corrupt", "object-corrupt", "layer-corrupt", "digest-mismatch"] as const),
  ...(["worker-crashed", "timed-out", "interrupted"] as const),
]);

/** What a run knows from earlier ones, and leaves for later ones. The store is opened by the first target that is large enough. */
export class Memory implements Disposable {
  readonly #prepared: Prepared;
  readonly #options: ScanOptions;
  /** Of targets whose turn has not come. */
  readonly #asked = new Map<Target, Promise<TargetMemory | undefined>>();
  #store: Promise<Store | undefined> | undefined;
  #opened: Store | undefined;

  constructor(prepared: Prepared, options: ScanOptions) {
    this.#prepared = prepared;
    this.#options = options;
  }

  /** What is known of a target; undefined where nothing can be. `alone`: no other target of the run holds contents of it. */
  async of(target: Target, alone: boolean): Promise<TargetMemory | undefined> {
    const asked = this.#asked.get(target) ?? this.#of(target, alone);
    this.#asked.delete(target);
    return asked;
  }

  /** Whether all of a repository elsewhere is known, so that it need not be fetched; asked before its turn comes. */
  async knowsWhole(target: Target): Promise<boolean> {
    const asked = this.#of(target, false);
    this.#asked.set(target, asked);
    return (await asked)?.recall() !== undefined;
  }

  async #of(target: Target, alone: boolean): Promise<TargetMemory | undefined> {
    if (!this.#isOn) return undefined;
    const place = placeOf(target) ?? fetchedPlaceOf(target) ?? registryPlaceOf(target);
    const state = place === undefined ? undefined : readState(place.roots);
    if (place === undefined || (place.at === "hand" && (state === undefined || state.bytes < leastBytes)))
      return undefined;
    const store = await (this.#store ??= this.#open());
    if (store === undefined || typeof LEAKTRACE_SCANNER !== "string") return undefined;
    const { ruleset, engine } = this.#prepared;
    const { maxDecodeDepth, maxArchiveDepth, ignoreInlineAllow } = this.#options;
    const depths = `${maxDecodeDepth} ${maxArchiveDepth} ${ignoreInlineAllow}`;
    const frame = keyOf("frame", LEAKTRACE_SCANNER, engine, depths);
    const { objects, folders = [] } = place;
    const known = (): Known | undefined =>
      objects === undefined ? undefined : new Known(store, keyOf("objects", objects, frame), ruleset);
    const text = optionsText(this.#options);
    const parts: MemoryParts = {
      ...{ store, known, at: place.at, layers: keyOf("layers", frame, ruleset.digest) },
      documents: place.at === "registry" ? new DocumentMemory(store) : undefined,
      proved: new Proved(store, frame, ruleset, leastIds(folders, familyIds)),
      // What was changed this moment could be changed once more, and look the same.
      graph:
        place.at !== "hand" || objects === undefined || state?.isSettled !== true
          ? undefined
          : new GraphMemory(store, keyOf("graph", objects, frame, ruleset.digest), folders),
    };
    if (text === undefined) return new TargetMemory(parts, undefined);
    const asked = keyOf("target", frame, ruleset.digest, target.name, target.as, text);
    if (place.at === "address")
      return new TargetMemory(parts, await OfferedState.read(target, asked, store, this.#options));
    if (!alone || state === undefined || place.at === "registry") return new TargetMemory(parts, undefined);
    return new TargetMemory(parts, new HandState(state, () => readState(place.roots), asked));
  }

  /**
   * Keeps which commits brought the files with secrets of this run's repositories. Gives what has the places of findings in images name those that earlier runs saw.
   */
  async joinCommits(found: readonly Finding[]): Promise<(findings: readonly Finding[]) => readonly Finding[]> {
    const committed = this.#isOn ? committedContents(found) : [];
    const isOfImage = ({ sightings }: Finding): boolean => sightings.some(({ origin }) => origin.kind === "image");
    const isWanted = committed.length > 0 || (this.#isOn && found.some(isOfImage));
    const store = isWanted ? await (this.#store ??= this.#open()) : undefined;
    if (store === undefined) return (findings) => findings;
    const known = new CommittedFiles(store);
    // Of few repositories there are many files.
    const names = new Map(
      [...new Set(committed.map(({ file }) => file.repository))].map((one) => [one, fullName(one)]),
    );
    known.keep(
      committed.map(({ file, ...rest }) => {
        const repository = names.get(file.repository) ?? file.repository;
        return { ...rest, file: { ...file, repository } };
      }),
    );
    return (findings) => withEarlierCommits(findings, (content, fingerprint) => known.find(content, fingerprint));
  }

  [Symbol.dispose](): void {
    this.#opened?.[Symbol.dispose]();
  }

  get #isOn(): boolean {
    return this.#options.cache && typeof LEAKTRACE_SCANNER === "string";
  }

  async #open(): Promise<Store | undefined> {
    const { cacheFolder: asked, verbose } = this.#options;
    const folder = cacheFolder({
      ...(asked === undefined ? {} : { asked }),
      env: process.env,
      platform: process.platform,
    });
    const store = await Store.open(folder);
    if (typeof store !== "string") return (this.#opened = store);
    if (verbose) process.stderr.write(`leaktrace: scanning without a cache: ${store}\n`);
    return undefined;
  }
}

interface MemoryParts {
  readonly store: Store;
  readonly known: () => Known | undefined;
  readonly proved: Proved;
  /** Of repositories alone. */
  readonly graph: GraphMemory | undefined;
  /** The scope of layers. */
  readonly layers: Uint8Array;
  readonly at: Place["at"];
  /** Of registries alone. */
  readonly documents: DocumentMemory | undefined;
}

/** What is known of one target, and what its scan adds. */
export class TargetMemory {
  readonly #parts: MemoryParts;
  #known: Known | undefined;
  readonly #state: TargetState | undefined;
  readonly #units: Unit[] = [];
  readonly #hits = new Set<string>();
  readonly #publicKeys = new PublicKeys();
  readonly #told = new ToldRules();
  readonly #fresh: { readonly unit: LayerUnit; readonly name: Uint8Array; readonly result: UnitResult }[] = [];
  #isKeepable = true;
  /** Layers that are not fetched. */
  readonly #unfetched = new Map<string, LayerRecord>();

  constructor(parts: MemoryParts, state: TargetState | undefined) {
    this.#parts = parts;
    this.#state = state;
  }

  /** Its contents that earlier scans found clean; of repositories alone. Read when they are first asked for. */
  get known(): Known | undefined {
    return (this.#known ??= this.#parts.known());
  }

  /** Documents of a registry that need not be asked for again. */
  get documents(): DocumentMemory | undefined {
    return this.#parts.documents;
  }

  /** Lists in which contents of a unit may be, wherever they were scanned. */
  provedFor(unit: Unit): readonly ProvedContents[] {
    return this.#parts.proved.knownFor(unit);
  }

  /** What comes of reading trees and commits: of packs that have not changed it is known. */
  async graph(unit: GraphUnit, read: (unit: Unit) => Promise<UnitResult>): Promise<UnitResult> {
    return (await this.#parts.graph?.read(unit, read)) ?? read(unit);
  }

  /** What the whole target came to when it was scanned last, where nothing of it has changed since. */
  recall(): Snapshot | undefined {
    return this.#state?.recall(this.#parts.store);
  }

  /** A repository elsewhere was fetched, with these refs. */
  fetched(refs: Uint8Array | undefined): void {
    this.#state?.fetched?.(refs);
  }

  /** Hears what came of a unit. */
  note(unit: Unit, result: UnitResult): void {
    const again = unitAgain(unit, result);
    if (again === "never" || result.interrupted === true) this.#isKeepable = false;
    else if (again !== undefined) this.#units.push(again);
    for (const { content } of result.hits) this.#hits.add(content);
    this.#told.addAll(result.told);
    this.#publicKeys.add(result.publicKeys ?? []);
    if (result.proved !== undefined) this.#parts.proved.learn(result.proved);
  }

  /** Whether a layer need not even be fetched: one of these very bytes held no secret. */
  isLayerKnown(digest: string, diffId: string): boolean {
    if (!(this.#parts.at === "registry")) return false;
    const key = `${digest} ${diffId}`;
    const known = this.#unfetched.get(key) ?? this.#readUnfetched(digest, diffId);
    if (known !== undefined) this.#unfetched.set(key, known);
    return known !== undefined;
  }

  /** What is kept of such a layer is sealed with its digest: whoever has only the cache learns no path from it. */
  #readUnfetched(digest: string, diffId: string): LayerRecord | undefined {
    const [found] = this.#parts.store.read("layer", keyOf(this.#parts.layers, unfetchedName(digest, diffId)));
    return found === undefined ? undefined : readLayerRecord(found.value, keyOf("unfetched seal", digest, diffId));
  }

  /** A part of the target is scanned that cannot be read again by itself: the next scan scans all of it. */
  forgetWhole(): void {
    this.#isKeepable = false;
  }

  /**
   * A layer that is known is read for its files with secrets alone, whichever image it comes in; another one is scanned, and known from then on.
   * `read` has a unit scanned. Gives also how many of its contents were not scanned.
   */
  async layer(
    unit: LayerUnit,
    read: (unit: Unit) => Promise<UnitResult>,
  ): Promise<{ result: UnitResult; known: number }> {
    const unfetched = this.#unfetched.get(`${unit.digest} ${unit.diffId}`);
    if (unfetched !== undefined) return { result: { ...unfetched.result, hits: [] }, known: unfetched.result.scanned };
    const name = keyOf("layer", unit.digest, unit.diffId);
    // What lies compressed in a compressed archive is not read twice.
    const isRemote = this.#parts.at === "registry";
    const isFit = (isRemote || unit.length >= leastBytes) && unit.wrapped === undefined && unit.unpacked === undefined;
    const found = isFit ? this.#parts.store.read("layer", keyOf(this.#parts.layers, name))[0] : undefined;
    const key = found === undefined ? undefined : proveLayer(unit);
    const record = found === undefined || key === undefined ? undefined : readLayerRecord(found.value, key);
    if (record !== undefined) {
      const { only, result } = record;
      if (only.length === 0) return { result: { ...result, hits: [] }, known: result.scanned };
      const again = await read({ ...unit, only });
      const places = new Set(again.hits.map(({ place }) => place));
      if (again.problems.length === 0 && places.size === only.length)
        return { result: { ...result, hits: again.hits }, known: result.scanned - again.scanned };
    }
    const result = await read(unit);
    if (isFit && result.interrupted !== true && result.problems.length === 0 && result.layer?.digest === unit.digest)
      this.#fresh.push({ unit, name, result });
    return { result, known: 0 };
  }

  /** Keeps what the scan of the target came to. `isStopped`: it was not done. */
  keep(tally: TargetTally, located: Located, isStopped: boolean): void {
    this.#known?.keep();
    this.#parts.proved.keep();
    if (!isStopped) this.#keepLayers();
    if (!isStopped) this.#parts.documents?.keep();
    if (!isStopped) this.#parts.graph?.keep();
    if (this.#state === undefined || isStopped || !this.#isKeepable) return;
    const { kind, ledger } = tally.outcome(0);
    const isPassing = tally.problems.some(({ code, effect }) => effect === "incomplete" && passing.has(code));
    if (isPassing) return;
    const snapshot: Snapshot = {
      ...{ kind, ledger, problems: tally.problems, sightings: located.sightings, images: tally.images },
      ...{
        publicKeys: this.#publicKeys.list(),
        hits: [...this.#hits].sort(),
        units: this.#units,
        rules: this.#told.list(),
      },
    };
    this.#state.keep(snapshot, this.#parts.store);
  }

  #keepLayers(): void {
    const entries = this.#fresh.flatMap(
      ({ unit, name, result: { hits, proved: _p, recognised: _r, ...result } }): StoredEntry[] => {
        if (this.#parts.at === "registry") return hits.length === 0 ? [this.#unfetchedEntry(unit, result)] : [];
        const key = proveLayer(unit);
        const only = [...new Set(hits.map(({ place }) => place))].sort();
        if (key === undefined) return [];
        const value = writeLayerRecord({ result, only }, key);
        return [{ kind: "layer", scope: keyOf(this.#parts.layers, name), name, value }];
      },
    );
    if (entries.length > 0) this.#parts.store.write(entries);
  }

  /** A layer without secrets, for scans that would fetch it again. */
  #unfetchedEntry({ digest, diffId }: LayerUnit, result: LayerRecord["result"]): StoredEntry {
    const name = unfetchedName(digest, diffId);
    const value = writeLayerRecord({ result, only: [] }, keyOf("unfetched seal", digest, diffId));
    return { kind: "layer", scope: keyOf(this.#parts.layers, name), name, value };
  }
}

function unfetchedName(digest: string, diffId: string): Uint8Array {
  return keyOf("unfetched layer", digest, diffId);
}

/** Whether contents that were read again are the ones with detections that were known. */
export function isSame(hits: readonly ContentHit[], known: Snapshot): boolean {
  const found = [...new Set(hits.map(({ content }) => content))].sort();
  return found.length === known.hits.length && found.every((content, i) => content === known.hits[i]);
}

/** Undefined where something was asked for that is not known to be the same the next time. */
function optionsText(options: ScanOptions): string | undefined {
  for (const [name, value] of Object.entries(options)) {
    const isUnset = value === undefined || value === false || value === 0 || value === "" || isEmptyList(value);
    if (!isUnset && !indifferent.has(name) && !(counted as readonly string[]).includes(name)) return undefined;
  }
  // git's own variables can lead to other folders.
  const git = Object.entries(process.env).filter(([name]) => name.startsWith("GIT_"));
  return JSON.stringify([counted.map((name) => options[name]), git.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
