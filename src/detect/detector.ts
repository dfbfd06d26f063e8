import type { Detection, SuppressionReason } from "../model/detection.ts";
import type { Ruleset } from "../model/rule.ts";
import { base64Members, decodeText, leastRun, pieceLength, pieceOverlap, startsLikeText } from "./base64-runs.ts";
import { Collector, type Place } from "./collector.ts";
import type { RegexEngine } from "./engine.ts";
import { Kernel } from "./kernel/kernel.ts";
import type { KernelCode } from "./kernel/code.ts";
import { LineCounter } from "./lines.ts";
import { hasRun } from "./byte-run.ts";
import { readyRules, type ReadyRule, type ReadyRules } from "./ready-rules.ts";

export interface DetectorOptions {
  readonly ruleset: Ruleset;
  readonly engine: RegexEngine;
  readonly code: KernelCode;
  /** How many layers of encoding are taken off; 0: none. */
  readonly decodeDepth: number;
  /** Whether marks such as `gitleaks:allow` in a line silence it. */
  readonly honourInlineAllow: boolean;
}

export interface ScanResult {
  /** Sorted by place, then by rule. */
  readonly detections: readonly Detection[];
  readonly suppressed: Readonly<Partial<Record<SuppressionReason, number>>>;
  /** True when the content had more detections than `maxDetections`: the rest is not listed. */
  readonly limited: boolean;
}

/** A content that comes in pieces. */
export interface ContentStream {
  push(chunk: Uint8Array): void;
  end(): ScanResult;
}

/** Context that a line excerpt needs on both sides of a match. */
export const lineContext = 256;
/** A stream is looked at in segments of this many bytes, however it is cut into chunks. */
const segmentBytes = 1 << 20;
/** Decoded bytes of one content, all layers together: encodings inside encodings must not multiply work without end. */
const maxDecodedBytes = 64 << 20;

/** A stretch of kernel memory that is looked at: addresses, and the offset in the content of its first byte. */
interface Region {
  readonly low: number;
  readonly high: number;
  readonly base: number;
}

/**
 * Finds secrets in bytes. Pure and synchronous: what it gives depends on the bytes and the rules alone. A detection is a function of the
 * bytes within its rule's window around a keyword, so contents may be scanned whole or as a stream with the same result.
 * One detector serves one thread; it works in the memory of its kernel.
 */
export class Detector {
  readonly kernel: Kernel;
  readonly #options: DetectorOptions;
  readonly #rules: ReadyRules;
  readonly #carry: number;
  readonly #reach: number;
  #decodedBytes = 0;

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.#rules = readyRules(options.ruleset, options.engine);
    this.kernel = new Kernel(options.code, this.#rules.automaton, base64Members);
    this.#reach = this.#rules.maxAfter + lineContext;
    this.#carry = Math.max(this.#rules.maxBefore + this.#reach + 2 * lineContext, pieceLength + 2 * lineContext);
  }

  /** Scans a content that is in memory as a whole. */
  scan(bytes: Uint8Array): ScanResult {
    this.kernel.reserve(bytes.length);
    this.kernel.bytes.set(bytes, this.kernel.arena);
    return this.scanAt(this.kernel.arena, bytes.length);
  }

  /** Scans `length` bytes at address `low` of the kernel's memory. Memory behind them may be overwritten. */
  scanAt(low: number, length: number): ScanResult {
    this.#decodedBytes = 0;
    const collector = this.#collector(low);
    const region: Region = { low, high: low + length, base: 0 };
    collector.enter(region);
    this.#whole(region, collector, undefined, 0);
    return collector.finish();
  }

  /** Opens a content that comes in pieces and need not fit into memory. No other scan may run before its `end`. */
  stream(): ContentStream {
    const { kernel } = this;
    const low = kernel.arena;
    kernel.reserve(this.#carry + segmentBytes);
    const collector = this.#collector(low);
    this.#decodedBytes = 0;
    let base = 0; // offset in the content of address `low`
    let scanned = low; // up to here the automaton went
    let filled = low; // up to here there are bytes
    let state = 0;
    let pending: number[] = []; // pairs: address behind a keyword, state
    let run = { start: -1, done: 0 }; // a base64 run that reached the end of what there was: its offset in the content, what of it is done
    let runsTo = 0; // offset in the content up to which runs were looked for
    const wanted = new Set<ReadyRule>(this.#rules.always);
    const whole = [...this.#rules.byId.values()].filter((ready) => ready.rule.reach === "whole");

    const process = (last: boolean): void => {
      const region: Region = { low, high: filled, base };
      collector.enter(region);
      this.#keywords(region, scanned, state, (end, to) => pending.push(scanned + end, to));
      state = kernel.state;
      scanned = filled;
      const ready = last ? filled : filled - this.#reach;
      let next = 0;
      for (; next < pending.length && pending[next]! <= ready; next += 2) {
        this.#hit(region, pending[next]!, pending[next + 1]!, collector, undefined, wanted);
      }
      pending = pending.slice(next);
      for (const rule of whole) this.#everywhere(rule, region, collector, undefined);
      if (this.#options.decodeDepth > 0) this.#streamRuns(region, last, run, runsTo, collector);
      runsTo = run.start >= 0 ? run.start : base + filled - low;
    };
    const drop = (): void => {
      const keepFrom = Math.max(low, filled - this.#carry);
      collector.lines.shift(kernel.bytes, low, base, keepFrom);
      kernel.bytes.copyWithin(low, keepFrom, filled);
      const by = keepFrom - low;
      base += by;
      scanned -= by;
      filled -= by;
      for (let i = 0; i < pending.length; i += 2) pending[i] = pending[i]! - by;
    };
    return {
      push: (chunk) => {
        let at = 0;
        while (at < chunk.length) {
          const room = low + this.#carry + segmentBytes - filled;
          const take = Math.min(room, chunk.length - at);
          kernel.bytes.set(chunk.subarray(at, at + take), filled);
          filled += take;
          at += take;
          if (take < room) continue;
          process(false);
          drop();
        }
      },
      end: () => {
        process(true);
        return collector.finish(wanted);
      },
    };
  }

  #collector(low: number): Collector {
    return new Collector(this.kernel, new LineCounter(low), this.#rules, this.#options.honourInlineAllow);
  }

  #whole(region: Region, collector: Collector, outer: Place | undefined, depth: number): void {
    const wanted = new Set<ReadyRule>(this.#rules.always);
    this.#keywords(region, region.low, 0, (end, state) => this.#hit(region, region.low + end, state, collector, outer, wanted));
    for (const ready of wanted) this.#everywhere(ready, region, collector, outer);
    if (depth < this.#options.decodeDepth) {
      const runs = this.kernel.findRuns(region.low, region.high - region.low, leastRun);
      for (let i = 0; i < runs.length; i += 2) this.#run(region, region.low + runs[i]!, region.low + runs[i + 1]!, 0, true, collector, outer, depth);
    }
  }

  /** Hits are gathered first: what is done at a hit may use the kernel again. */
  #keywords(region: Region, from: number, state: number, onHit: (end: number, state: number) => void): void {
    const ends: number[] = [];
    const states: number[] = [];
    this.kernel.scan(from, region.high - from, state, (end, to) => {
      ends.push(end);
      states.push(to);
    });
    for (let i = 0; i < ends.length; i++) onHit(ends[i]!, states[i]!);
  }

  #hit(region: Region, end: number, state: number, collector: Collector, outer: Place | undefined, wanted: Set<ReadyRule>): void {
    for (const { ready, beyond } of this.#rules.actions[state - this.#rules.automaton.firstOutput]!) {
      if (ready.rule.reach === "whole") wanted.add(ready);
      else if (!collector.covers(ready, region.base + end - region.low, outer)) this.#around(ready, region, end, beyond, collector, outer);
    }
  }

  /** Tries a rule on the bytes around a keyword: the leftmost match that covers the keyword's end counts. */
  #around(ready: ReadyRule, region: Region, hit: number, beyond: number, collector: Collector, outer: Place | undefined): void {
    const from = Math.max(region.low, hit - ready.rule.before);
    const to = Math.min(region.high, hit + ready.rule.after + beyond);
    if (ready.run !== undefined && !hasRun(this.kernel.bytes, from, to, ready.run.members, ready.run.least)) return;
    const window = this.kernel.bytes.subarray(from, to);
    const regex = ready.regex();
    let at = 0;
    while (at <= window.length) {
      const match = regex.exec(window, at);
      if (match === undefined || from + match.start >= hit) return;
      if (from + match.end >= hit) {
        collector.add(ready, match, from, region, outer);
        return;
      }
      at = Math.max(match.end, match.start + 1);
    }
  }

  #everywhere(ready: ReadyRule, region: Region, collector: Collector, outer: Place | undefined): void {
    const window = this.kernel.bytes.subarray(region.low, region.high);
    const regex = ready.regex();
    let at = 0;
    while (at <= window.length) {
      const match = regex.exec(window, at);
      if (match === undefined) return;
      collector.add(ready, match, region.low, region, outer);
      at = Math.max(match.end, match.start + 1);
    }
  }

  /**
   * Decodes a base64 run and scans what comes out. `from` may lie before the region, then pieces that start there were done already;
   * `done` is the offset in the run up to which they were; the last piece is left for later unless the run is `complete`.
   * Gives the new `done`.
   */
  #run(
    region: Region, from: number, to: number, done: number, complete: boolean,
    collector: Collector, outer: Place | undefined, depth: number,
  ): number {
    let piece = done;
    for (; from + piece < to && (complete || from + piece + pieceLength <= to); piece += pieceLength - pieceOverlap) {
      const start = from + piece;
      const end = Math.min(to, start + pieceLength);
      if (end - start >= leastRun && startsLikeText(this.kernel.bytes, start, end)) {
        this.#decoded(region, start, end, collector, outer ?? { low: start, high: end, depth: 0 }, depth + 1);
      }
      if (end === to) break;
    }
    return piece;
  }

  #decoded(region: Region, from: number, to: number, collector: Collector, outer: Place, depth: number): void {
    const text = decodeText(this.kernel.bytes, from, to, (leastRun * 3) >> 2);
    this.#decodedBytes += text.length;
    if (text.length === 0 || this.#decodedBytes > maxDecodedBytes) return;
    const low = region.high + 64;
    this.kernel.reserve(low + text.length - this.kernel.arena);
    this.kernel.bytes.set(text, low);
    this.#whole({ low, high: low + text.length, base: 0 }, collector, { ...outer, depth }, depth);
  }

  #streamRuns(region: Region, last: boolean, run: { start: number; done: number }, from: number, collector: Collector): void {
    const runs = this.kernel.findRuns(region.low, region.high - region.low, leastRun);
    for (let i = 0; i < runs.length; i += 2) {
      const end = region.low + runs[i + 1]!;
      const offset = region.base + runs[i]!;
      const open = !last && end === region.high;
      const goesOn = run.start >= 0 && i === 0 && run.start <= offset;
      if (!goesOn && offset < from) continue;
      const start = goesOn ? run.start : offset;
      const done = goesOn ? run.done : 0;
      const at = region.low + start - region.base;
      const now = this.#run(region, at, end, done, !open, collector, undefined, 0);
      run.start = open ? start : -1;
      run.done = open ? now : 0;
    }
  }
}
