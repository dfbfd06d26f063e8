import type { Region } from "./collector.ts";
import { encodedCarry, StreamDecoder } from "./decode/stream-decoder.ts";
import type { Detector, ScanResult } from "./detector.ts";
import { lineContext } from "./outcome.ts";
import { structureAfter, structureBefore } from "./structure/index.ts";
import type { ReadyRule } from "./ready-rules.ts";
import { traceLimits, type PlacedOutcome } from "./trace.ts";
import { bytesPerMatchJudged, WorkBudget } from "./work.ts";

/** A content that comes in pieces. */
export interface ContentStream {
  push(chunk: Uint8Array): void;
  /** The same as so many bytes of zero: of a long run most are not looked at. */
  pushZeros(count: number): void;
  end(): ScanResult;
  /** How many bytes of the kernel's memory it keeps, from its `low` on; what lies behind may change with every look. */
  readonly span: number;
  /** How many bytes may be pushed before it looks at what it has. */
  readonly room: number;
}

/** A stream is looked at in segments of this many bytes, however it is cut into chunks. */
const segmentBytes = 1 << 20;
const zeroBytes: Uint8Array = new Uint8Array(segmentBytes);

/**
 * Scans a content of any length in bounded memory: a segment at a time, with as much of what came before as any rule looks back. Keywords too
 * near to the end of a segment wait for the next one.
 */
export function openStream(detector: Detector, low: number): ContentStream {
  const { kernel, rules } = detector;
  const reach = rules.maxAfter + 2 * lineContext + structureAfter;
  const back = 2 * lineContext + structureBefore;
  const carry = Math.max(rules.maxBefore + reach + back, encodedCarry + back);
  kernel.reserve(low - kernel.arena + carry + segmentBytes);
  const collector = detector.collector(low);
  const wanted = new Set<ReadyRule>(rules.always);
  /** Rules for whole contents, with the offset up to which each has been tried. */
  const everywhere = new Map(rules.everywhere.map((rule) => [rule, 0]));
  const runs = new StreamDecoder(detector, collector);
  // What a trace may hold is never cut, however it is scanned.
  const budget = new WorkBudget(traceLimits.maxWork, rules.count);
  const judged = new WorkBudget(traceLimits.maxOutcomes, rules.count, bytesPerMatchJudged);
  let base = 0; // offset in the content of address `low`
  let scanned = low; // up to here the automaton went
  let filled = low; // up to here there are bytes
  let state = 0;
  let found = 0; // what came of them
  let pending: number[] = []; // pairs: offset behind a keyword, state
  let zeros = 0; // pushed last, one after the other

  const look = (last: boolean): void => {
    const region: Region = { low, high: filled, base };
    const from = scanned - low + base;
    kernel.scan(scanned, filled - scanned, state, (end, to) => pending.push(from + end, to));
    state = kernel.state;
    scanned = filled;
    const ready = base + filled - low - (last ? 0 : reach);
    const outcomes: PlacedOutcome[] = [];
    let next = 0;
    while (next < pending.length && pending[next]! <= ready) next += 2;
    const passed: number[] = [];
    const near = pending.slice(0, next).map((value, i) => (i % 2 === 0 ? value - base : value));
    kernel.sift(low, near, filled, (end, action) => passed.push(base + end, action));
    for (let i = 0; i < passed.length; i += 2) {
      const { ready: rule } = rules.actions[passed[i + 1]!]!;
      if (rule.rule.reach === "whole") wanted.add(rule);
      // `token-token-token-…`: what lies in a match is not looked at to be left out.
      if (collector.covers(rule, passed[i]!)) continue;
      // A data set of which no more is listed; a text of keywords.
      if (collector.isFull && found > traceLimits.maxOutcomes) continue;
      if (!budget.allows(rule.index, passed[i]!) || !judged.allows(rule.index, passed[i]!)) {
        collector.cut();
        continue;
      }
      budget.spend(rule.index, detector.lookAround(region, passed[i]!, passed[i + 1]!, outcomes));
      for (const { hit, outcome } of outcomes) collector.add(outcome, hit, kernel.bytes, region);
      judged.spend(rule.index, outcomes.length);
      found += outcomes.length;
      outcomes.length = 0;
    }
    pending = pending.slice(next);
    // A match that begins further back than this has room to end; others wait until more is there.
    const until = last ? Infinity : base + filled - low - (carry >> 1);
    for (const [rule, done] of everywhere) {
      everywhere.set(
        rule,
        detector.lookEverywhere(
          rule,
          region,
          (outcome, at) => collector.addAnywhere(outcome, at, kernel.bytes, region),
          done,
          until,
        ),
      );
    }
    runs.look(region, last);
    collector.forget();
  };
  const drop = (): void => {
    const keepFrom = Math.max(low, filled - carry);
    collector.lines.shift(kernel.bytes, low, base, keepFrom);
    kernel.bytes.copyWithin(low, keepFrom, filled);
    base += keepFrom - low;
    scanned -= keepFrom - low;
    filled -= keepFrom - low;
  };
  const take = (chunk: Uint8Array): void => {
    let at = 0;
    while (at < chunk.length) {
      const room = low + carry + segmentBytes - filled;
      const part = Math.min(room, chunk.length - at);
      kernel.bytes.set(chunk.subarray(at, at + part), filled);
      filled += part;
      at += part;
      if (part < room) continue;
      look(false);
      drop();
    }
  };
  /** How far the content can go on in zeros with nothing changing but where it is: whole segments, once all that is kept is zeros and nothing is found in them. */
  const leap = (count: number): number => {
    if (zeros < 2 * (carry + segmentBytes) || pending.length > 0) return 0;
    const { bytes } = kernel;
    const holdsSome = (rule: ReadyRule): boolean => rule.regex().exec(bytes.subarray(low, filled), 0) !== undefined;
    const isOpen = [...everywhere].some(([rule, done]) => done !== Infinity && holdsSome(rule));
    return isOpen ? 0 : count - (count % segmentBytes);
  };
  return {
    span: carry + segmentBytes,
    get room() {
      return low + carry + segmentBytes - filled;
    },
    push(chunk) {
      zeros = 0;
      take(chunk);
    },
    pushZeros(count) {
      for (let left = count; left > 0;) {
        const skipped = leap(left);
        base += skipped;
        for (const [rule, done] of everywhere) everywhere.set(rule, done + skipped);
        const part = zeroBytes.subarray(0, left - skipped);
        take(part);
        zeros += part.length;
        left -= skipped + part.length;
      }
    },
    end() {
      look(true);
      return collector.finish(wanted);
    },
  };
}
