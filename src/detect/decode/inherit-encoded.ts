import { sortRuns, type Region, type RunOutcomes } from "../collector.ts";
import { copyAt, type Copy } from "../copies.ts";
import type { Detector } from "../detector.ts";
import { markAhead, markBack } from "../kernel/marks.ts";
import { HitList, type Copies, type Trace } from "../trace.ts";
import { base64Members, chainMembers, leastRun, textRuns } from "./base64.ts";
import type { Chain } from "./chains.ts";
import type { Encoding } from "./encoding.ts";

/** What a version knows of its encoded text: of the parts that it copies what was known before; the rest is looked at. */
export function inheritEncoded(
  detector: Detector,
  region: Region,
  before: Trace,
  kept: Copies,
): Pick<Trace, "marks" | "isWide" | "runs"> {
  const length = region.high - region.low;
  const none = { marks: new HitList(0), isWide: false, runs: [] };
  if (!detector.decodes || length < leastRun) return none;
  const copies: Copy[] = [];
  for (let i = 0; i < kept.length; i += 3) copies.push(copyAt(kept, i, length, before.length));
  const { marks, isWide } = inheritMarks(detector, region, before, copies);
  const runs = [
    ...inheritTextRuns(detector, region, before, copies),
    ...inheritMarkChains(detector, region, before, copies, marks),
    // Text in UTF-16 is looked at anew: a content is written in it or is not.
    ...(isWide ? detector.decoder.findWideChains(region) : []),
  ];
  return { marks, isWide, runs: sortRuns(runs) };
}

/** Marks are inherited where all bytes that they are a function of lie in one copy. */
function inheritMarks(
  detector: Detector,
  region: Region,
  before: Trace,
  copies: readonly Copy[],
): { readonly marks: HitList; readonly isWide: boolean } {
  const { kernel } = detector;
  const length = region.high - region.low;
  const marks = new HitList(before.marks.length);
  let { isWide } = before;
  const scanChanged = (from: number, to: number): void => {
    const start = from === 0 ? 0 : Math.max(0, from - markAhead + 1);
    const end = Math.min(length, to + markBack);
    if (kernel.findMarks(region.low + start, end - start, region.low, region.high, start, marks)) isWide = true;
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
  return { marks, isWide };
}

/** Of a chain that lies in a copy with all that it is a function of, what came of it before is what comes of it. */
function inheritMarkChains(
  detector: Detector,
  region: Region,
  before: Trace,
  copies: readonly Copy[],
  marks: HitList,
): RunOutcomes[] {
  let next = 0;
  let last: Encoding | undefined;
  const known = (encoding: Encoding, { start, end }: Chain): readonly RunOutcomes[] | undefined => {
    if (encoding !== last) next = 0;
    last = encoding;
    const reach = encoding.gap + encoding.context + markBack + markAhead;
    while (next < copies.length && copies[next]!.to + copies[next]!.length <= start) next++;
    const copy = copies[next];
    if (copy === undefined || copy.to > start || copy.to + copy.length < end) return undefined;
    const isSafe = (copy.isStart || start - reach >= copy.to) && (copy.isEnd || end + reach <= copy.to + copy.length);
    if (!isSafe) return undefined;
    const by = copy.to - copy.from;
    return before.runs
      .filter((run) => run.encoding === encoding.name && run.start === start - by)
      .map((run) => ({ ...run, start: run.start + by, end: run.end + by }));
  };
  return detector.decoder.findMarkChains(region, marks, known);
}

/** Chains of base64 lines in which something changed are looked for again; all others are chains still. */
function inheritTextRuns(
  detector: Detector,
  region: Region,
  before: Trace,
  copies: readonly Copy[],
): readonly RunOutcomes[] {
  const length = region.high - region.low;
  const at = (offset: number): number => detector.kernel.bytes[region.low + offset]!;
  const zones: number[] = [];
  let looked = 0;
  const lookAgain = (from: number, to: number): void => {
    const low = Math.max(looked, chainStart(at, from));
    const high = chainEnd(at, Math.max(low, to), length);
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
    for (const run of detector.decoder.findRunChains(region, region.low + zones[i]!, region.low + zones[i + 1]!))
      runs.push(run);
  const old = before.runs.filter((run) => run.encoding === textRuns.name);
  if (old.length === 0) return runs;
  for (const copy of copies) {
    const by = copy.to - copy.from;
    for (const run of old) {
      const isInside = run.start >= copy.from && run.end <= copy.from + copy.length;
      if (!isInside || meets(zones, run.start + by, run.end + by)) continue;
      const chain = { start: run.start + by, end: run.end + by };
      // The same chain; it may stand beside something else now.
      const isSame =
        (copy.isStart || run.start - textRuns.context >= copy.from) &&
        (copy.isEnd || run.end + textRuns.context <= copy.from + copy.length);
      const again = isSame ? { ...run, ...chain } : detector.decoder.decodeChain(region, textRuns, chain, 0, true).run;
      if (again !== undefined) runs.push(again);
    }
  }
  return runs;
}

function meets(zones: readonly number[], start: number, end: number): boolean {
  for (let i = 0; i < zones.length; i += 2) if (zones[i]! < end && start < zones[i + 1]!) return true;
  return false;
}

/** The last offset up to `from` that no chain crosses, as far as the bytes before it tell. */
function chainStart(at: (offset: number) => number, from: number): number {
  let low = from;
  while (low > 0 && base64Members[at(low - 1)] === 1) low--;
  for (;;) {
    let start = low;
    for (let seam = 0; start > 0 && seam <= textRuns.gap && chainMembers[at(start - 1)] === 1; start--) {
      if (base64Members[at(start - 1)] === 1) {
        if (!isPlus(at, start - 1)) break;
      } else seam++;
    }
    if (start === low) return low;
    while (start > 0 && base64Members[at(start - 1)] === 1) start--;
    if (low - start < leastRun) return low;
    low = start;
  }
}

/** The first offset from `from` on that no chain crosses. */
function chainEnd(at: (offset: number) => number, from: number, length: number): number {
  let high = from;
  while (high < length && base64Members[at(high)] === 1) high++;
  for (;;) {
    let end = high;
    for (let seam = 0; end < length && seam <= textRuns.gap && chainMembers[at(end)] === 1; end++) {
      if (base64Members[at(end)] === 1) {
        if (!isPlus(at, end)) break;
      } else seam++;
    }
    if (end === high) return high;
    while (end < length && base64Members[at(end)] === 1) end++;
    if (end - high < leastRun) return high;
    high = end;
  }
}

function isPlus(at: (offset: number) => number, offset: number): boolean {
  return at(offset) === 0x2b;
}
