import { leastCopy } from "./kernel/kernel.ts";
import { base64Members } from "./base64-runs.ts";
import type { Region, RunOutcomes } from "./collector.ts";
import type { Detector } from "./detector.ts";
import { HitList, type CopiedRange, type PlacedOutcome, type Trace } from "./trace.ts";

/** A copy, with whether it begins and ends where both contents do: there is nothing beyond that could differ. */
interface Kept extends CopiedRange {
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/**
 * Traces a content that was made from another one by a delta. Keywords inside copies are inherited; what came of them too, where every byte that
 * their rules look at lies in the same copy. The rest is looked at anew. Exact, because an outcome is a function of the bytes in its window.
 */
export function inherit(detector: Detector, region: Region, before: Trace, copies: readonly CopiedRange[]): Trace {
  const { kernel, rules } = detector;
  const length = region.high - region.low;
  const overlap = Math.max(0, rules.automaton.longest - 1);
  const kept = keep(copies, length, before.length, Math.max(leastCopy, 4 * overlap));
  const hits = new HitList(before.hits.length + 16);
  const outcomes: PlacedOutcome[] = [];

  /** Keywords that end in `(from, to + overlap]`: those that hold a changed byte, or stand across the border of two copies. */
  const scanChanged = (from: number, to: number): void => {
    const start = Math.max(0, from - overlap);
    const end = Math.min(length, to + overlap);
    kernel.scan(region.low + start, end - start, 0, (at, state) => {
      if (start + at > from) hits.push(start + at, state);
    });
  };
  const lookAtNew = (first: number): void => {
    for (let i = first; i < hits.length; i++) detector.lookAround(region, hits.ends[i]!, hits.states[i]!, outcomes);
  };

  let changedFrom = 0;
  for (const copy of kept) {
    let inheritsFrom = copy.from;
    if (!copy.isStart) {
      const first = hits.length;
      scanChanged(changedFrom, copy.to);
      lookAtNew(first);
      inheritsFrom += overlap;
    }
    inheritCopy(detector, region, before, copy, inheritsFrom, hits, outcomes);
    changedFrom = copy.to + copy.length;
  }
  const last = kept[kept.length - 1];
  if (last === undefined || !last.isEnd) {
    const first = hits.length;
    scanChanged(changedFrom, length);
    lookAtNew(first);
  }
  return { length, hits, outcomes, runs: inheritRuns(detector, region, before, kept) };
}

/** Hits of one copy that end behind offset `from` of the content before. */
function inheritCopy(
  detector: Detector,
  region: Region,
  before: Trace,
  copy: Kept,
  from: number,
  hits: HitList,
  outcomes: PlacedOutcome[],
): void {
  const { reachBefore, reachAfter, automaton } = detector.rules;
  const { firstOutput } = automaton;
  const by = copy.to - copy.from;
  const end = copy.from + copy.length;
  const low = before.hits.upTo(from);
  const high = before.hits.upTo(end);
  hits.append(before.hits, low, high, by);
  // Where nothing was before or behind in either content, nothing can have changed there.
  const floor = copy.isStart ? -Infinity : copy.from;
  const ceiling = copy.isEnd ? Infinity : end;
  const isSafe = (hit: number, state: number): boolean =>
    hit - reachBefore[state - firstOutput]! >= floor && hit + reachAfter[state - firstOutput]! <= ceiling;

  const found: PlacedOutcome[] = [];
  const { ends, states } = before.hits;
  const isWhole = copy.isStart && copy.isEnd;
  for (let i = low; i < high && !isWhole; i++) {
    if (!isSafe(ends[i]!, states[i]!)) detector.lookAround(region, ends[i]! + by, states[i]!, found);
  }
  let isMixed = false;
  for (let i = firstBehind(before.outcomes, from); i < before.outcomes.length; i++) {
    const { hit, state, outcome } = before.outcomes[i]!;
    if (hit > end) break;
    if (!isSafe(hit, state)) continue;
    found.push({ hit: hit + by, state, outcome });
    isMixed = true;
  }
  // Stable: outcomes of one hit stay in the order of its rules.
  if (isMixed) found.sort((a, b) => a.hit - b.hit);
  for (const outcome of found) outcomes.push(outcome);
}

function firstBehind(outcomes: readonly PlacedOutcome[], offset: number): number {
  let low = 0;
  let high = outcomes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (outcomes[middle]!.hit <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Runs that lie inside a copy, with a byte to spare on both sides that is none of theirs, are the same; all others are looked for again. */
function inheritRuns(detector: Detector, region: Region, before: Trace, kept: readonly Kept[]): RunOutcomes[] {
  const length = region.high - region.low;
  const runs: RunOutcomes[] = [];
  const bytes = detector.kernel.bytes;
  const isMember = (offset: number): boolean => base64Members[bytes[region.low + offset]!] === 1;
  let looked = 0;
  const lookAgain = (from: number, to: number): void => {
    let low = from;
    while (low > looked && isMember(low - 1)) low--;
    low = Math.max(low, looked);
    let high = Math.max(to, low);
    while (high < length && isMember(high)) high++;
    if (high > low) runs.push(...detector.findRuns(region, region.low + low, region.low + high));
    looked = Math.max(looked, high);
  };
  let changedFrom = 0;
  for (const copy of kept) {
    if (!copy.isStart) lookAgain(changedFrom, copy.to);
    const by = copy.to - copy.from;
    const end = copy.from + copy.length;
    for (const run of before.runs) {
      const startsInside = copy.isStart || run.start > copy.from;
      const endsInside = run.end < end || (copy.isEnd && run.end === end);
      if (startsInside && endsInside && run.start >= copy.from)
        runs.push({ ...run, start: run.start + by, end: run.end + by });
    }
    changedFrom = copy.to + copy.length;
  }
  const last = kept[kept.length - 1];
  if (last === undefined || !last.isEnd) lookAgain(changedFrom, length);
  return runs.sort((a, b) => a.start - b.start);
}

function keep(copies: readonly CopiedRange[], length: number, lengthBefore: number, least: number): Kept[] {
  return copies
    .filter((copy) => copy.length >= least)
    .map((copy) => ({
      ...copy,
      isStart: copy.to === 0 && copy.from === 0,
      isEnd: copy.to + copy.length === length && copy.from + copy.length === lengthBefore,
    }));
}
