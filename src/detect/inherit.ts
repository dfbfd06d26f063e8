import { partition } from "../model/partition.ts";
import { leastCopy } from "./kernel/kernel.ts";
import { sieveReach } from "./kernel/sieve.ts";
import type { Region } from "./collector.ts";
import { copyAt, type Copy } from "./copies.ts";
import { inheritEncoded } from "./decode/inherit-encoded.ts";
import type { Detector } from "./detector.ts";
import { denseTrace, HitList, isDense, traceLimits, type Copies, type PlacedOutcome, type Trace } from "./trace.ts";

/**
 * Traces a content that was made from another one by a delta. Keywords inside copies are inherited; what came of them too, where every byte that
 * their rules look at lies in the same copy. The rest is looked at anew. Exact, because an outcome is a function of the bytes in its window.
 */
export function inherit(detector: Detector, region: Region, before: Trace, copies: Copies): Trace {
  const { kernel, rules } = detector;
  const length = region.high - region.low;
  const overlap = Math.max(0, rules.automaton.longest - 1);
  const kept = keep(copies, Math.max(leastCopy, overlap + sieveReach + 1));
  const hits = new HitList(before.hits.length + 16, traceLimits.maxWork, rules.weights);
  const outcomes: PlacedOutcome[] = [];

  /**
   * Keywords that end in `(from - sieveReach, to + overlap]`: those that hold a changed byte, stand across the border of two copies, or have one
   * so near behind them that the sieve may see it.
   */
  const scanChanged = (from: number, to: number): void => {
    const behind = from - (from === 0 ? 0 : sieveReach);
    const start = Math.max(0, behind - overlap);
    const end = Math.min(length, to + overlap);
    kernel.find(region.low + start, end - start, region.high, (at, action) => {
      if (start + at > behind) hits.push(start + at, action);
    });
  };
  const lookAtNew = (first: number): void => {
    for (let i = first; i < hits.length && !isDense(hits, outcomes, traceLimits); i++)
      detector.lookAround(region, hits.ends[i]!, hits.actions[i]!, outcomes);
  };

  let changedFrom = 0;
  let isWhole = false;
  for (let i = 0; i < kept.length && !isDense(hits, outcomes, traceLimits); i += 3) {
    const copy: Copy = copyAt(kept, i, length, before.length);
    let inheritsFrom = copy.from;
    if (!copy.isStart) {
      const first = hits.length;
      scanChanged(changedFrom, copy.to);
      lookAtNew(first);
      inheritsFrom += overlap;
    }
    inheritCopy(detector, region, before, copy, inheritsFrom, hits, outcomes);
    changedFrom = copy.to + copy.length;
    isWhole = copy.isEnd;
  }
  if (!isWhole) {
    const first = hits.length;
    scanChanged(changedFrom, length);
    lookAtNew(first);
  }
  if (isDense(hits, outcomes, traceLimits)) return denseTrace(length);
  const { isDear, ...encoded } = inheritEncoded(detector, region, before, kept);
  return encoded.marks.isFull || isDear ? denseTrace(length) : { length, hits, outcomes, ...encoded, isDense: false };
}

/** Hits of one copy that end behind offset `from` of the content before, and far enough from the copy's end. */
function inheritCopy(
  detector: Detector,
  region: Region,
  before: Trace,
  copy: Copy,
  from: number,
  hits: HitList,
  outcomes: PlacedOutcome[],
): void {
  const { reachBefore, reachAfter } = detector.rules;
  const by = copy.to - copy.from;
  const end = copy.from + copy.length;
  const inheritsTo = copy.isEnd ? end : end - sieveReach;
  const low = before.hits.upTo(from);
  const high = before.hits.upTo(inheritsTo);
  hits.append(before.hits, low, high, by);
  // Where nothing was before or behind in either content, nothing can have changed there.
  const floor = copy.isStart ? -Infinity : copy.from;
  const ceiling = copy.isEnd ? Infinity : end;
  const isSafe = (hit: number, action: number): boolean =>
    hit - reachBefore[action]! >= floor && hit + reachAfter[action]! <= ceiling;

  const found: PlacedOutcome[] = [];
  const { ends, actions } = before.hits;
  const isWhole = copy.isStart && copy.isEnd;
  for (let i = low; i < high && !isWhole; i++) {
    if (!isSafe(ends[i]!, actions[i]!)) detector.lookAround(region, ends[i]! + by, actions[i]!, found);
  }
  let isMixed = false;
  for (let i = firstBehind(before.outcomes, from); i < before.outcomes.length; i++) {
    const { hit, action, outcome } = before.outcomes[i]!;
    if (hit > inheritsTo) break;
    if (!isSafe(hit, action)) continue;
    found.push({ hit: hit + by, action, outcome });
    isMixed = true;
  }
  // Stable: outcomes of one hit stay in the order of its rules.
  if (isMixed) found.sort((a, b) => a.hit - b.hit);
  for (const outcome of found) outcomes.push(outcome);
}

function firstBehind(outcomes: readonly PlacedOutcome[], offset: number): number {
  return partition(outcomes.length, (i) => outcomes[i]!.hit <= offset);
}

/** The copies of at least `least` bytes. */
function keep(copies: Copies, least: number): Copies {
  const kept = new Uint32Array(copies.length);
  let count = 0;
  for (let i = 0; i < copies.length; i += 3) {
    if (copies[i + 2]! < least) continue;
    kept[count++] = copies[i]!;
    kept[count++] = copies[i + 1]!;
    kept[count++] = copies[i + 2]!;
  }
  return count === copies.length ? copies : kept.subarray(0, count);
}
