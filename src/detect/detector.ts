import type { JudgedCounts } from "../model/clean-list.ts";
import type { Detection, SuppressionReason } from "../model/detection.ts";
import type { Ruleset } from "../model/rule.ts";
import { base64Members, decodeText, leastRun, pieceLength, pieceOverlap, startsLikeText } from "./base64-runs.ts";
import { hasRun } from "./byte-run.ts";
import { Collector, type DecodedOutcome, type Region, type RunOutcomes } from "./collector.ts";
import type { RegexEngine, RegexMatch } from "./engine.ts";
import { Kernel } from "./kernel/kernel.ts";
import type { KernelCode } from "./kernel/code.ts";
import { LineCounter } from "./lines.ts";
import type { Prebuilt } from "./prebuilt.ts";
import { judgeMatch, lineContext, type Outcome } from "./outcome.ts";
import { readyRules, type ReadyRule, type ReadyRules } from "./ready-rules.ts";
import { openStream, type ContentStream } from "./stream.ts";
import { HitList, type Copies, type PlacedOutcome, type Trace } from "./trace.ts";
import { inherit } from "./inherit.ts";

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
  /** What the kernel needs of the ruleset, where it was built before. */
  readonly prebuilt?: Prebuilt;
}

export interface ScanResult {
  /** Sorted by place, then by rule. */
  readonly detections: readonly Detection[];
  readonly suppressed: Readonly<Partial<Record<SuppressionReason, number>>>;
  /** The same by rule. */
  readonly judged: JudgedCounts;
  /** True when the content had more detections than `maxDetections`: the rest is not listed. */
  readonly limited: boolean;
}

/** Source code holds a keyword that matters in some thousand bytes. */
const hitsShift = 10;
/** Decoded bytes of one content, all layers together: encodings inside encodings must not multiply work without end. */
const maxDecodedBytes = 64 << 20;

/**
 * Finds secrets in bytes. Pure and synchronous: what it gives depends on the bytes and the rules alone. A detection is a function of the
 * bytes within its rule's window around a keyword, so contents may be scanned whole, as a stream, or as a delta of another content, with the
 * same result. One detector serves one thread; it works in the memory of its kernel.
 */
export class Detector {
  readonly kernel: Kernel;
  readonly rules: ReadyRules;
  readonly #options: DetectorOptions;
  #decodedBytes = 0;

  /** Bytes of contents in which keywords were looked for, since the detector was made. */
  get lookedBytes(): number {
    return this.kernel.scannedBytes;
  }

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.rules = readyRules(options.ruleset, options.engine, options.prebuilt);
    this.kernel = new Kernel(options.code, this.rules.automaton, this.rules.sieve, base64Members);
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
    this.#decodedBytes = 0;
    return openStream(this, low);
  }

  /** Looks at everything in `length` bytes at address `low`: what `finish` turns into detections, and later versions inherit. */
  trace(low: number, length: number): Trace {
    this.#decodedBytes = 0;
    const region: Region = { low, high: low + length, base: 0 };
    const { hits, outcomes } = this.#lookThrough(region);
    return { length, hits, outcomes, runs: this.findRuns(region, low, region.high) };
  }

  /**
   * The same for a content that shares `copies` with one that was traced: only what changed is looked at. Gives
   * exactly what `trace` gives. Rules that look at whole contents cannot inherit; with such rules everything is looked at.
   */
  traceVersion(low: number, length: number, before: Trace, copies: Copies): Trace {
    if (this.rules.looksEverywhere || this.#options.inherits === false) return this.trace(low, length);
    this.#decodedBytes = 0;
    const trace = inherit(this, { low, high: low + length, base: 0 }, before, copies);
    const decoded = trace.runs.reduce((sum, run) => sum + run.decodedBytes, 0);
    return decoded > maxDecodedBytes ? this.trace(low, length) : trace;
  }

  /** The detections of a traced content that still lies at address `low`. */
  finish(low: number, trace: Trace): ScanResult {
    if (trace.outcomes.length === 0 && trace.runs.length === 0 && !this.rules.looksEverywhere) return nothing;
    const region: Region = { low, high: low + trace.length, base: 0 };
    const collector = this.collector(low);
    const { bytes } = this.kernel;
    for (const { hit, outcome } of trace.outcomes) collector.add(outcome, hit, bytes, region);
    if (this.rules.looksEverywhere) {
      for (const ready of this.#wanted(trace.hits))
        this.lookEverywhere(ready, region, (outcome, at) => collector.addAnywhere(outcome, at, bytes, region));
    }
    for (const run of trace.runs) collector.addRun(run, bytes, region);
    return collector.finish();
  }

  collector(low: number): Collector {
    return new Collector(new LineCounter(low), this.rules);
  }

  /** Rules that look everywhere: those without keywords, and those of which a keyword occurred. */
  #wanted(hits: HitList): Set<ReadyRule> {
    const wanted = new Set<ReadyRule>(this.rules.always);
    for (let i = 0; i < hits.length; i++) {
      const { ready } = this.rules.actions[hits.actions[i]!]!;
      if (ready.rule.reach === "whole") wanted.add(ready);
    }
    return wanted;
  }

  /** All keywords of a content that is in memory as a whole, and what came of them. */
  #lookThrough(region: Region): { hits: HitList; outcomes: PlacedOutcome[] } {
    const length = region.high - region.low;
    const hits = new HitList(length >> hitsShift);
    this.kernel.find(region.low, length, region.high, (end, action) => hits.push(end, action));
    const outcomes: PlacedOutcome[] = [];
    for (let i = 0; i < hits.length; i++) this.lookAround(region, hits.ends[i]!, hits.actions[i]!, outcomes);
    return { hits, outcomes };
  }

  /** What a rule makes of the bytes around a keyword. `end` is the offset in the content behind the keyword. */
  lookAround(region: Region, end: number, action: number, outcomes: PlacedOutcome[]): void {
    const { ready, beyond } = this.rules.actions[action]!;
    if (ready.rule.reach === "whole") return;
    const outcome = this.#around(ready, region, region.low + end - region.base, beyond);
    if (outcome !== undefined) outcomes.push({ hit: end, action, outcome });
  }

  /** Tries a rule on the bytes around a keyword: the leftmost match that covers the keyword's end counts. */
  #around(ready: ReadyRule, region: Region, hit: number, beyond: number): Outcome | undefined {
    const from = Math.max(region.low, hit - ready.rule.before);
    const to = Math.min(region.high, hit + ready.rule.after + beyond);
    const { bytes } = this.kernel;
    const run = ready.run();
    if (run !== undefined && !hasRun(bytes, from, to, run.members, run.least)) return undefined;
    const window = bytes.subarray(from, to);
    const regex = ready.regex();
    let at = 0;
    let reference: Outcome | undefined;
    while (at <= window.length) {
      const match = regex.exec(window, at);
      if (match === undefined || from + match.start >= hit) return reference;
      at = Math.max(match.end, match.start + 1);
      if (from + match.end < hit) continue;
      const outcome = this.#judged(ready, match, from, hit, region);
      if (outcome?.suppressed !== "reference") return outcome ?? reference;
      // `token = env.TOKEN || "…"`: the first match is the look-up, and the value behind it belongs to the name in it.
      if (reference !== undefined) return reference;
      reference = outcome;
      at = match.start + 1;
    }
    return reference;
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
   * it is to go on.
   */
  lookEverywhere(
    ready: ReadyRule,
    region: Region,
    found: (outcome: Outcome, at: number) => void,
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
      if (outcome !== undefined) found(outcome, region.base + match.start);
      at = Math.max(match.end, match.start + 1);
    }
    return Math.max(region.base + at, Math.min(until, region.base + window.length));
  }

  /** Base64 runs of a whole content within the addresses `[low, high)` that start like text, with what their texts hold. */
  findRuns(region: Region, low: number, high: number): RunOutcomes[] {
    if (this.#options.decodeDepth === 0) return [];
    const places = this.kernel.findRuns(low, high - low, leastRun);
    const runs: RunOutcomes[] = [];
    for (let i = 0; i < places.length; i += 2) {
      const { run } = this.decodeRun(region, low + places[i]!, low + places[i + 1]!, 0, true, 1);
      if (run !== undefined) runs.push(run);
    }
    return runs;
  }

  /**
   * Decodes the run at addresses `[from, to)` piece by piece, beginning at offset `done` in it, and looks at what comes out. `from` may lie
   * before the memory's content, then the pieces there were done. The last piece waits unless the run is `complete`. Gives the new `done`.
   */
  decodeRun(
    region: Region,
    from: number,
    to: number,
    done: number,
    complete: boolean,
    depth: number,
  ): { run: RunOutcomes | undefined; done: number } {
    const outcomes: DecodedOutcome[] = [];
    let decodedBytes = 0;
    let piece = done;
    for (; from + piece < to && (complete || from + piece + pieceLength <= to); piece += pieceLength - pieceOverlap) {
      const start = from + piece;
      const end = Math.min(to, start + pieceLength);
      if (end - start >= leastRun && startsLikeText(this.kernel.bytes, start, end)) {
        decodedBytes += this.#decoded(region, start, end, depth, (outcome, at) =>
          outcomes.push({ outcome, depth: at, pieceStart: piece, pieceEnd: end - from }),
        );
      }
      if (end === to) break;
    }
    const start = from - region.low + region.base;
    return {
      run: decodedBytes === 0 ? undefined : { start, end: start + to - from, outcomes, decodedBytes },
      done: piece,
    };
  }

  #decoded(
    region: Region,
    from: number,
    to: number,
    depth: number,
    found: (outcome: Outcome, depth: number) => void,
  ): number {
    const text = decodeText(this.kernel.bytes, from, to, (leastRun * 3) >> 2);
    this.#decodedBytes += text.length;
    if (text.length === 0 || this.#decodedBytes > maxDecodedBytes) return text.length;
    const low = region.high + 64;
    this.kernel.reserve(low + text.length - this.kernel.arena);
    this.kernel.bytes.set(text, low);
    const inner: Region = { low, high: low + text.length, base: 0 };
    const { hits, outcomes } = this.#lookThrough(inner);
    for (const { outcome } of outcomes) found(outcome, depth);
    if (this.rules.looksEverywhere)
      for (const ready of this.#wanted(hits)) this.lookEverywhere(ready, inner, (outcome) => found(outcome, depth));
    let decodedBytes = text.length;
    if (depth < this.#options.decodeDepth) {
      const places = this.kernel.findRuns(low, text.length, leastRun);
      for (let i = 0; i < places.length; i += 2) {
        const { run } = this.decodeRun(inner, low + places[i]!, low + places[i + 1]!, 0, true, depth + 1);
        decodedBytes += run?.decodedBytes ?? 0;
        for (const nested of run?.outcomes ?? []) found(nested.outcome, nested.depth);
      }
    }
    return decodedBytes;
  }
}

const nothing: ScanResult = { detections: [], suppressed: {}, judged: new Map(), limited: false };
