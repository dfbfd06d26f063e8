import { sortRuns, type Region, type RunOutcomes } from "../collector.ts";
import { copyAt, type Copy } from "../copies.ts";
import type { Detector } from "../detector.ts";
import { markAhead, markBack } from "../kernel/marks.ts";
import { HitList, traceLimits, type Copies, type Encoded, type Trace } from "../trace.ts";
import { DecodedBudget } from "../work.ts";
import { partition } from "../../model/partition.ts";
import { base64Members, chainMembers, leastRun, textRuns } from "./base64.ts";
import { byteList } from "./byte-list.ts";
import { escapes } from "./escapes.ts";

/** What a version knows of its encoded text: of the parts that it copies what was known before; the rest is looked at. */
export function inheritEncoded(detector: Detector, region: Region, before: Trace, kept: Copies): Encoded {
  const length = region.high - region.low;
  const none: Encoded = { marks: new HitList(0), wide: 0, runs: [], isDear: false };
  if (!detector.decodes || length < leastRun) return none;
  const copies: Copy[] = [];
  for (let i = 0; i < kept.length; i += 3) copies.push(copyAt(kept, i, length, before.length));
  const { marks, wide } = inheritMarks(detector, region, before, copies);
  if (marks.isFull) return { ...none, marks };
  const budget = new DecodedBudget(traceLimits.maxDecoded);
  const runs = [
    ...inheritTextRuns(detector, region, before, copies, budget),
    ...inheritMarkChains(detector, region, before, copies, marks, budget),
    // Text in UTF-16 is looked at anew: a content is written in it or is not.
    ...detector.decoder.findWideChains(region, wide, budget),
  ];
  return { marks, wide, runs: sortRuns(runs), isDear: budget.isOver };
}

/** Marks are inherited where all bytes that they are a function of lie in one copy. */
function inheritMarks(
  detector: Detector,
  region: Region,
  before: Trace,
  copies: readonly Copy[],
): { readonly marks: HitList; readonly wide: number } {
  const { kernel } = detector;
  const length = region.high - region.low;
  const marks = new HitList(before.marks.length, traceLimits.maxMarks);
  let { wide } = before;
  const scanChanged = (from: number, to: number): void => {
    const start = from === 0 ? 0 : Math.max(0, from - markAhead + 1);
    const end = Math.min(length, to + markBack);
    wide |= kernel.findMarks(region.low + start, end - start, region.low, region.high, start, marks);
  };
  let changedFrom = 0;
  let isWhole = false;
  for (const copy of copies) {
    if (!copy.isStart) scanChanged(changedFrom, copy.to);
    const end = copy.from + copy.length;
    const low = before.marks.upTo(copy.isStart ? -1 : copy.from + markBack - 1);
    const high = before.marks.upTo(copy.isEnd ? end : end - markAhead);
    if (high > low) marks.append(before.marks, low, high, copy.to - copy.from);
    changedFrom = copy.to + copy.length;
    isWhole = copy.isEnd;
  }
  if (!isWhole) scanChanged(changedFrom, length);
  return { marks, wide };
}

/** Marks that begin further from each other belong to no chain together. */
const farApart = escapes.gap + markAhead;
/** A chain of marks and what it is a function of lie within so many bytes of its first and its last mark. */
const markReach = escapes.before + escapes.gap + escapes.context + markBack + markAhead;

/**
 * Marks that lie well inside a copy, and far from all others, are the same chains as before: what came of those comes of them again. Only the other
 * marks are put together to chains.
 */
function inheritMarkChains(
  detector: Detector,
  region: Region,
  before: Trace,
  copies: readonly Copy[],
  marks: HitList,
  budget: DecodedBudget,
): RunOutcomes[] {
  const begins = marks.ends;
  const isBorder = (i: number): boolean => i === 0 || i === marks.length || begins[i]! - begins[i - 1]! > farApart;
  const old = before.runs.filter((run) => run.encoding === escapes.name || run.encoding === byteList.name);
  const oldFrom = (start: number): number => partition(old.length, (i) => old[i]!.start < start);
  const runs: RunOutcomes[] = [];
  const lookAgain = (from: number, to: number): void => {
    for (const run of detector.decoder.findMarkChains(region, marks, from, to, budget)) runs.push(run);
  };
  let done = 0;
  for (const copy of copies) {
    let low = copy.isStart ? 0 : marks.upTo(copy.to + markReach);
    let high = marks.upTo(copy.isEnd ? Infinity : copy.to + copy.length - markReach);
    while (low < high && !isBorder(low)) low++;
    while (low < high && !isBorder(high)) high--;
    if (low >= high) continue;
    lookAgain(done, low);
    const by = copy.to - copy.from;
    const end = oldFrom(begins[high - 1]! - by + 1);
    for (let i = oldFrom(begins[low]! - escapes.before - by); i < end; i++) {
      const run = old[i]!;
      budget.spend(run.work);
      runs.push({ ...run, start: run.start + by, end: run.end + by });
    }
    done = high;
  }
  lookAgain(done, marks.length);
  return runs;
}

/** Chains of base64 lines in which something changed are looked for again; all others are chains still. */
function inheritTextRuns(
  detector: Detector,
  region: Region,
  before: Trace,
  copies: readonly Copy[],
  budget: DecodedBudget,
): readonly RunOutcomes[] {
  const length = region.high - region.low;
  // Nothing is put into memory before the zones are known.
  const content = detector.kernel.bytes.subarray(region.low, region.high);
  const zones: number[] = [];
  let looked = 0;
  const lookAgain = (from: number, to: number): void => {
    const low = chainStart(content, from, looked);
    const high = chainEnd(content, Math.max(low, to));
    if (high <= low) return;
    zones.push(low, high);
    looked = high;
  };
  let changedFrom = 0;
  let isWhole = false;
  for (const copy of copies) {
    if (!copy.isStart) lookAgain(changedFrom, copy.to);
    changedFrom = copy.to + copy.length;
    isWhole = copy.isEnd;
  }
  if (!isWhole) lookAgain(changedFrom, length);

  const runs: RunOutcomes[] = [];
  for (let i = 0; i < zones.length; i += 2)
    runs.push(...detector.decoder.findRunChains(region, region.low + zones[i]!, region.low + zones[i + 1]!, budget));
  const old = before.runs.filter((run) => run.encoding === textRuns.name);
  if (old.length === 0) return runs;
  for (const copy of copies) {
    const by = copy.to - copy.from;
    const end = copy.from + copy.length;
    for (let i = partition(old.length, (at) => old[at]!.start < copy.from); i < old.length; i++) {
      const run = old[i]!;
      if (run.start >= end) break;
      if (run.end > end || meets(zones, run.start + by, run.end + by)) continue;
      const chain = { start: run.start + by, end: run.end + by };
      // The same chain; it may stand beside something else now.
      const isSame =
        (copy.isStart || run.start - textRuns.context >= copy.from) &&
        (copy.isEnd || run.end + textRuns.context <= end);
      if (isSame) budget.spend(run.work);
      const again = isSame
        ? { ...run, ...chain }
        : detector.decoder.decodeChain(region, textRuns, chain, 0, true, budget).run;
      if (again !== undefined) runs.push(again);
    }
  }
  return runs;
}

/** Whether a stretch overlaps one of `zones` (begins and ends, alternating, ascending, without overlap). */
function meets(zones: readonly number[], start: number, end: number): boolean {
  const after = partition(zones.length / 2, (i) => zones[2 * i + 1]! <= start);
  return 2 * after < zones.length && zones[2 * after]! < end;
}

/** The last offset from `floor`, which no chain crosses, up to `from` that none crosses, as far as the bytes before it tell; `floor` where `from` lies before it. */
function chainStart(content: Uint8Array, from: number, floor: number): number {
  let low = from;
  while (low > floor && base64Members[content[low - 1]!] === 1) low--;
  while (low > floor) {
    let start = low;
    for (let seam = 0; start > floor && seam <= textRuns.gap && chainMembers[content[start - 1]!] === 1; start--) {
      if (base64Members[content[start - 1]!] === 1) {
        if (content[start - 1] !== plus) break;
      } else seam++;
    }
    if (start === low) return low;
    while (start > floor && base64Members[content[start - 1]!] === 1) start--;
    if (start > floor && low - start < leastRun) return low;
    low = start;
  }
  return floor;
}

/** The first offset from `from` on that no chain crosses. */
function chainEnd(content: Uint8Array, from: number): number {
  const { length } = content;
  let high = from;
  while (high < length && base64Members[content[high]!] === 1) high++;
  for (;;) {
    let end = high;
    for (let seam = 0; end < length && seam <= textRuns.gap && chainMembers[content[end]!] === 1; end++) {
      if (base64Members[content[end]!] === 1) {
        if (content[end] !== plus) break;
      } else seam++;
    }
    if (end === high) return high;
    while (end < length && base64Members[content[end]!] === 1) end++;
    if (end - high < leastRun) return high;
    high = end;
  }
}

/** Code joins strings by it, and base64 has it as a letter. */
const plus = 0x2b;
