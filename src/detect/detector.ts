import type { JudgedCounts } from "../model/clean-list.ts";
import type { Detection, PublicKey, SuppressionReason } from "../model/detection.ts";
import type { Ruleset } from "../model/rule.ts";
import { base64Members, leastRun } from "./decode/base64.ts";
import { Decoder } from "./decode/decoder.ts";
import { hasRun } from "./byte-run.ts";
import { Collector, sortRuns, type Region } from "./collector.ts";
import type { RegexEngine, RegexMatch } from "./engine.ts";
import { pathRulesOf, type PathRules } from "./files/path-rules.ts";
import { tableRulesOf, type TableRules } from "./files/table-rules.ts";
import { Kernel } from "./kernel/kernel.ts";
import type { KernelCode } from "./kernel/code.ts";
import { isNoOpener, matchesInside, reachOfOpener } from "./inside.ts";
import { LineCounter } from "./lines.ts";
import type { Prebuilt } from "./prebuilt.ts";
import { judgeMatch, lineContext, type Outcome } from "./outcome.ts";
import { readyRules, type ReadyRule, type ReadyRules } from "./ready-rules.ts";
import { createStructureReader } from "./structure/index.ts";
import { openStream, type ContentStream } from "./stream.ts";
import {
  denseTrace,
  HitList,
  isDense,
  traceLimits,
  type Copies,
  type Encoded,
  type PlacedOutcome,
  type Trace,
  type TraceLimits,
} from "./trace.ts";
import { inherit } from "./inherit.ts";
import { WindowMemo } from "./window-memo.ts";
import { DecodedBudget, workOfBlock, workOfLook } from "./work.ts";

export interface DetectorOptions {
  readonly ruleset: Ruleset;
  readonly engine: RegexEngine;
  readonly code: KernelCode;
  /** How many layers of encoding are taken off; 0: none. */
  readonly decodeDepth: number;
  /** Whether marks such as `gitleaks:allow` in a line silence it. */
  readonly honourInlineAllow: boolean;
  /** False: `traceVersion` looks at everything, as `trace` does. */
  readonly inherits?: boolean;
  /** Called now and then while a content is looked at; what it throws ends the scan. */
  readonly pulse?: () => void;
  /** What the kernel needs of the ruleset, where it was built before. */
  readonly prebuilt?: Prebuilt;
}

export interface ScanResult {
  /** Sorted by place, then by rule. */
  readonly detections: readonly Detection[];
  /** What may belong to a private key elsewhere; absent where there is none. */
  readonly publicKeys?: readonly PublicKey[];
  readonly suppressed: Readonly<Partial<Record<SuppressionReason, number>>>;
  /** The same by rule. */
  readonly judged: JudgedCounts;
  /** Ids of the rules of which something stands among the detections, or belongs to one: these alone find the same. Absent where nothing was found. */
  readonly told?: ReadonlySet<string>;
  /** True when the content had more detections than `maxDetections`, or a table more rows than are told: the rest is not listed. */
  readonly limited: boolean;
  /** True when it had so many keywords that those towards its end were not looked at, or encoded text that grows too much. */
  readonly isCut?: boolean;
}

/** Rules are tried so often, less one, between two calls of `pulse`. */
const looksMask = 63;
/** Source code holds a keyword that matters in some thousand bytes. */
const hitsShift = 10;

/**
 * Finds secrets in bytes. Pure and synchronous: what it gives depends on the bytes and the rules alone. A detection is a function of the
 * bytes within its rule's window around a keyword, so contents may be scanned whole, as a stream, or as a delta of another content, with the
 * same result. One detector serves one thread; it works in the memory of its kernel.
 */
export class Detector {
  readonly kernel: Kernel;
  readonly rules: ReadyRules;
  readonly decoder: Decoder;
  /** Rules that ask for files by their paths; the caller knows those. */
  readonly files: PathRules;
  /** Rules that whoever reads a layer tells of its table of contents. */
  readonly tables: TableRules;
  readonly #options: DetectorOptions;
  readonly #structureOf = createStructureReader();
  readonly #memo = new WindowMemo<Looked>();
  #looks = 0;

  /** Bytes of contents in which keywords were looked for, since the detector was made. */
  get lookedBytes(): number {
    return this.kernel.scannedBytes;
  }

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.rules = readyRules(options.ruleset, options.engine, options.prebuilt);
    this.kernel = new Kernel(options.code, this.rules.automaton, this.rules.sieve, base64Members);
    this.files = pathRulesOf(options.ruleset, options.engine);
    this.tables = tableRulesOf(options.ruleset);
    this.decoder = new Decoder(this, options.decodeDepth);
  }

  /** Whether encoded texts are decoded at all. */
  get decodes(): boolean {
    return this.#options.decodeDepth > 0;
  }

  /** Scans a content that is in memory as a whole. `low`: the address in the kernel's memory from which on it may be overwritten. */
  scan(bytes: Uint8Array, low: number = this.kernel.arena): ScanResult {
    this.kernel.reserve(low - this.kernel.arena + bytes.length);
    this.kernel.bytes.set(bytes, low);
    return this.scanAt(low, bytes.length);
  }

  /** Scans `length` bytes at address `low` of the kernel's memory. Memory behind them may be overwritten. */
  scanAt(low: number, length: number): ScanResult {
    return this.finish(low, this.trace(low, length));
  }

  /** Opens a content that comes in pieces and need not fit into memory. No other scan may run before its `end`. `low` as for `scan`. */
  stream(low: number = this.kernel.arena): ContentStream {
    return openStream(this, low);
  }

  /** Looks at everything in `length` bytes at address `low`: what `finish` turns into detections, and later versions inherit. */
  trace(low: number, length: number, limits: TraceLimits = traceLimits): Trace {
    const region: Region = { low, high: low + length, base: 0 };
    const { hits, outcomes } = this.#lookThrough(region, limits);
    if (isDense(hits, outcomes, limits)) return denseTrace(length);
    const { isDear, ...encoded } = this.#encoded(region, limits);
    return encoded.marks.isFull || isDear ? denseTrace(length) : { length, hits, outcomes, ...encoded, isDense: false };
  }

  /**
   * The same for a content that shares `copies` with one that was traced: only what changed is looked at. Gives
   * exactly what `trace` gives. Rules that look at whole contents cannot inherit; with such rules everything is looked at.
   */
  traceVersion(low: number, length: number, before: Trace, copies: Copies): Trace {
    const isAlone = this.rules.looksEverywhere || this.#options.inherits === false || before.isDense;
    if (isAlone) return this.trace(low, length);
    return inherit(this, { low, high: low + length, base: 0 }, before, copies);
  }

  /** The detections of a traced content that still lies at address `low`. */
  finish(low: number, trace: Trace): ScanResult {
    if (trace.isDense) return this.#streamed(low, trace.length);
    if (trace.outcomes.length === 0 && trace.runs.length === 0 && !this.rules.looksEverywhere) return nothing;
    const region: Region = { low, high: low + trace.length, base: 0 };
    const collector = this.collector(low);
    const { bytes } = this.kernel;
    for (const { hit, outcome } of trace.outcomes) collector.add(outcome, hit, bytes, region);
    if (this.rules.looksEverywhere) {
      for (const ready of this.wanted(trace.hits))
        this.lookEverywhere(ready, region, (outcome, at) => collector.addAnywhere(outcome, at, bytes, region));
    }
    for (const run of trace.runs) collector.addRun(run, bytes, region);
    return collector.finish();
  }

  /** Scans a content in memory in bounded memory: as a stream, behind its end. */
  #streamed(low: number, length: number): ScanResult {
    const stream = this.stream(Math.ceil((low + length) / 64) * 64);
    for (let done = 0; done < length;) {
      // The kernel's memory may have moved since the last one.
      const take = Math.min(stream.room, length - done);
      stream.push(this.kernel.bytes.subarray(low + done, low + done + take));
      done += take;
    }
    return stream.end();
  }

  collector(low: number): Collector {
    return new Collector(new LineCounter(low), this.rules, this.#structureOf);
  }

  /** Rules that look everywhere: those without keywords, and those of which a keyword occurred. */
  wanted(hits: HitList): Set<ReadyRule> {
    const wanted = new Set<ReadyRule>(this.rules.always);
    for (let i = 0; i < hits.length; i++) {
      const { ready } = this.rules.actions[hits.actions[i]!]!;
      if (ready.rule.reach === "whole") wanted.add(ready);
    }
    return wanted;
  }

  /** All keywords of a content that is in memory as a whole, and what came of them. */
  #lookThrough(region: Region, limits: TraceLimits): { hits: HitList; outcomes: PlacedOutcome[] } {
    const length = region.high - region.low;
    const hits = new HitList(length >> hitsShift, limits.maxWork, this.rules.weights);
    this.kernel.find(region.low, length, region.high, (end, action) => hits.push(end, action));
    const outcomes: PlacedOutcome[] = [];
    for (let i = 0; i < hits.length && !isDense(hits, outcomes, limits); i++)
      this.lookAround(region, hits.ends[i]!, hits.actions[i]!, outcomes);
    return { hits, outcomes };
  }

  /** What a rule makes of the bytes around a keyword. `end` is the offset in the content behind the keyword. Gives what the look cost (work.ts). */
  lookAround(region: Region, end: number, action: number, outcomes: PlacedOutcome[]): number {
    const { ready, beyond, keywords } = this.rules.actions[action]!;
    if ((++this.#looks & looksMask) === 0) this.#options.pulse?.();
    if (beyond > 0 && !this.#isKeyword(keywords, region, region.low + end - region.base + beyond)) return 1;
    if (ready.rule.reach === "whole" || (ready.isMirror && !this.decodes)) return 1;
    if (ready.rule.inside !== undefined) {
      return this.#inside(ready, region, region.low + end - region.base, beyond, (outcome) =>
        outcomes.push({ hit: end, action, outcome }),
      );
    }
    const { outcome, work } = this.#around(ready, region, region.low + end - region.base, beyond);
    if (outcome !== undefined) outcomes.push({ hit: end, action, outcome });
    return work;
  }

  /** Whether one of the keywords ends at the address: of a long one the kernel has seen the beginning alone, which in `aaaa…` is everywhere. */
  #isKeyword(keywords: readonly Uint8Array[], { low, high }: Region, end: number): boolean {
    if (end > high) return false;
    const { bytes } = this.kernel;
    for (const keyword of keywords) if (end - keyword.length >= low && endsWith(bytes, end, keyword)) return true;
    return false;
  }

  /** Tries a rule on the bytes around a keyword: the leftmost match that covers the keyword's end counts. */
  #around(ready: ReadyRule, region: Region, hit: number, beyond: number): Looked {
    const from = Math.max(region.low, hit - ready.rule.before);
    const to = Math.min(region.high, hit + ready.rule.after + beyond);
    const { bytes } = this.kernel;
    const run = ready.run();
    if (run !== undefined && !hasRun(bytes, from, to, run.members, run.least)) return cheap;
    const window = bytes.subarray(from, to);
    if (!ready.mayMatch(window)) return cheap;
    const low = Math.max(region.low, from - lineContext);
    const seen = bytes.subarray(low, Math.min(region.high, to + lineContext));
    const search = ready.isMirror ? `-${ready.index}` : `${ready.index}`;
    return this.#memo.get(`${search} ${beyond} ${hit - low} `, seen, () =>
      this.#leftmost(ready, window, region, from, hit),
    );
  }

  /** What a rule makes of its window, which begins at `from`. */
  #leftmost(ready: ReadyRule, window: Buffer, region: Region, from: number, hit: number): Looked {
    const regex = ready.regex();
    let questions = 0;
    let judged = 0;
    const looked = (outcome: Outcome | undefined): Looked => ({
      outcome,
      work: workOfLook(ready.rule, questions, judged),
    });
    // `token = env.TOKEN || "…"`, `setToken("api_key", "…")`: the first match is a look-up, or takes the name of the next one for a value.
    const isGeneric = ready.rule.kind === "generic";
    let dropped: Outcome | undefined;
    let at = 0;
    while (at <= window.length) {
      const match = regex.exec(window, at);
      questions += regex.asked ?? 1;
      if (match === undefined || from + match.start >= hit) break;
      at = Math.max(behindMatch(window, match), match.start + 1);
      if (from + match.end < hit) continue;
      judged++;
      const outcome = this.#judged(ready, match, from, hit, region);
      const looksOn = outcome?.suppressed === "reference" || (isGeneric && outcome?.suppressed !== undefined);
      if (!looksOn) return looked(outcome ?? dropped);
      if (dropped !== undefined && !isGeneric) break;
      dropped ??= outcome;
      at = match.start + 1;
    }
    return looked(dropped);
  }

  /** Tries a rule that tells where a block begins: what it makes of each value in the block. */
  #inside(ready: ReadyRule, region: Region, hit: number, beyond: number, found: (outcome: Outcome) => void): number {
    const { bytes } = this.kernel;
    if (isNoOpener(ready.rule, bytes, region, hit)) return 1;
    const { before, after } = reachOfOpener(ready.rule);
    const from = Math.max(region.low, hit - before);
    const window = bytes.subarray(from, Math.min(region.high, hit + after + beyond));
    if (!ready.mayMatch(window)) return 1;
    const regex = ready.regex();
    let match = regex.exec(window, 0);
    while (match !== undefined && from + match.end < hit)
      match = regex.exec(window, Math.max(match.end, match.start + 1));
    if (match === undefined || from + match.start >= hit) return 1;
    const { matches, goesOn } = matchesInside(ready, bytes, region, match, from, hit);
    const outcomes = matches.flatMap((value) => this.#judged(ready, value, from, hit, region) ?? []);
    const isTold = goesOn && outcomes.some(({ suppressed }) => suppressed === undefined);
    for (const outcome of outcomes) found(isTold && outcome === outcomes.at(-1) ? { ...outcome, goesOn } : outcome);
    return workOfBlock(ready.rule, matches.length);
  }

  /** The judge sees as much of the line as every way of scanning has in memory, and no more. */
  #judged(ready: ReadyRule, match: RegexMatch, from: number, hit: number, region: Region): Outcome | undefined {
    const low = Math.max(region.low, from - lineContext);
    const high = Math.min(region.high, from + match.end + lineContext);
    return judgeMatch(
      ready,
      match,
      this.kernel.bytes.subarray(low, high),
      from - low,
      hit - low,
      this.#options.honourInlineAllow,
    );
  }

  /**
   * Tries a rule on what is in memory, from offset `from` of the content on, for matches that begin before offset `until`. Gives the offset where
   * it is to go on: nowhere, once `found` has said that it has enough.
   */
  lookEverywhere(
    ready: ReadyRule,
    region: Region,
    found: (outcome: Outcome, at: number) => boolean,
    from = region.base,
    until = Infinity,
  ): number {
    const window = this.kernel.bytes.subarray(region.low, region.high);
    const regex = ready.regex();
    let at = Math.max(0, from - region.base);
    while (at <= window.length) {
      const match = regex.exec(window, at);
      if (match === undefined || region.base + match.start >= until) break;
      const outcome = this.#judged(ready, match, region.low, region.low + match.start, region);
      if (outcome !== undefined && !found(outcome, region.base + match.start)) return Infinity;
      at = Math.max(match.end, match.start + 1);
    }
    return Math.max(region.base + at, Math.min(until, region.base + window.length));
  }

  #encoded(region: Region, limits: TraceLimits): Encoded {
    const { low, high } = region;
    const marks = new HitList(0, limits.maxMarks);
    if (!this.decodes || high - low < leastRun) return { marks, wide: 0, runs: [], isDear: false };
    const wide = this.kernel.findMarks(low, high - low, low, high, 0, marks);
    if (marks.isFull) return { marks, wide, runs: [], isDear: false };
    const budget = new DecodedBudget(limits.maxDecoded);
    const runs = [
      ...this.decoder.findRunChains(region, low, high, budget),
      ...this.decoder.findMarkChains(region, marks, 0, marks.length, budget),
      ...this.decoder.findWideChains(region, wide, budget),
    ];
    return { marks, wide, runs: sortRuns(runs), isDear: budget.isOver };
  }
}

/** What came of a look, and what it cost. */
interface Looked {
  readonly outcome: Outcome | undefined;
  readonly work: number;
}

const cheap: Looked = { outcome: undefined, work: 1 };

const nothing: ScanResult = { detections: [], suppressed: {}, judged: new Map(), limited: false };

/** Whether a keyword, which is lower case, ends at an address, in letters of either case. */
function endsWith(bytes: Uint8Array, end: number, keyword: Uint8Array): boolean {
  const start = end - keyword.length;
  for (let i = keyword.length - 1; i >= 0; i--) {
    const found = bytes[start + i]!;
    const lower = found >= 0x41 && found <= 0x5a ? found + 0x20 : found;
    if (lower !== keyword[i] && found !== keyword[i]) return false;
  }
  return true;
}

/** Where to look for the next match: the line end that closes one line of a list opens the next one. */
function behindMatch(window: Buffer, { end }: RegexMatch): number {
  const last = window[end - 1];
  return last === 10 || last === 13 ? end - 1 : end;
}
