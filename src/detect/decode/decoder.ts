import { maxAnywhere, type DecodedOutcome, type Region, type RunOutcomes } from "../collector.ts";
import type { Detector } from "../detector.ts";
import { workOfDecoded, workOfPiece, type DecodedBudget } from "../work.ts";
import { isListed, markLength } from "../kernel/marks.ts";
import type { Outcome } from "../outcome.ts";
import { HitList, type PlacedOutcome } from "../trace.ts";
import { dropPlainRuns, leastRun, textRuns } from "./base64.ts";
import { byteList } from "./byte-list.ts";
import { ChainBuilder, type Chain } from "./chains.ts";
import { pieceLength, pieceOverlap, type Decoded, type Encoding, type Piece } from "./encoding.ts";
import { escapes } from "./escapes.ts";
import { wideSearches } from "./wide-kinds.ts";

/** Source code holds a keyword that matters in some thousand bytes. */
const hitsShift = 10;
/** What one piece may become, all layers together: base64 in base64 makes four times its size, packed text may make sixty times as much. */
const mostBytesFor = (pieceBytes: number): number => (1 << 19) + 96 * pieceBytes;

/** How much may still be decoded of one piece. */
interface Budget {
  bytes: number;
  /** What looks at keywords may cost (work.ts). */
  work: number;
  /** Whether something was left for it. */
  isCut: boolean;
}

/** What came of something in a decoded text; places are addresses of encoded bytes. */
type Found = (outcome: Outcome, depth: number, kinds: readonly string[], start: number, end: number) => void;

/** Takes encodings off, and has what comes out looked at by the rules. Works in the memory behind the content. */
export class Decoder {
  readonly #detector: Detector;
  readonly #maxDepth: number;

  /** `maxDepth`: how many layers of encoding are taken off. */
  constructor(detector: Detector, maxDepth: number) {
    this.#detector = detector;
    this.#maxDepth = maxDepth;
  }

  /** Chains of base64 and hex lines that lie in the addresses `[low, high)`: nothing before or behind them belongs to a chain in them. */
  findRunChains(region: Region, low: number, high: number, budget: DecodedBudget): RunOutcomes[] {
    const { kernel } = this.#detector;
    const places = dropPlainRuns(kernel.bytes, low, kernel.findRuns(low, high - low, leastRun));
    if (places.length === 0) return [];
    const offset = low - region.low + region.base;
    return this.#outcomesOf(region, textRuns, chainsOf(textRuns, region, kernel.bytes, places, offset), budget);
  }

  /** The same for what is looked for in a whole content; `wide`: the kinds of it that may be there. */
  findWideChains(region: Region, wide: number, budget: DecodedBudget): RunOutcomes[] {
    const { kernel } = this.#detector;
    return wideSearches.flatMap(({ encoding, kind, least }) => {
      if ((wide & kind) === 0) return [];
      const places = kernel.findWide(kind, region.low, region.high - region.low, least);
      return this.#outcomesOf(region, encoding, chainsOf(encoding, region, kernel.bytes, places, region.base), budget);
    });
  }

  /** The same for the marks `[from, to)` of a content: no other mark belongs to a chain with one of them. */
  findMarkChains(region: Region, marks: HitList, from: number, to: number, budget: DecodedBudget): RunOutcomes[] {
    const { bytes } = this.#detector.kernel;
    return [escapes, byteList].flatMap((encoding) => {
      const places = placesOf(encoding, marks, from, to);
      return this.#outcomesOf(region, encoding, chainsOf(encoding, region, bytes, places, region.base), budget);
    });
  }

  #outcomesOf(region: Region, encoding: Encoding, chains: readonly Chain[], budget: DecodedBudget): RunOutcomes[] {
    const runs: RunOutcomes[] = [];
    for (const chain of chains) {
      const { run } = this.decodeChain(region, encoding, chain, 0, true, budget);
      if (run !== undefined) runs.push(run);
    }
    return runs;
  }

  /**
   * Decodes a chain piece by piece, beginning at offset `done` in it, and looks at what comes out. The chain may begin before what is in memory,
   * then the pieces there were done. The last piece waits unless the chain is `complete`. Gives the new `done`; of base64 the run is given wherever
   * a text came out, for in another place something may come of it. What `all` does not allow any more is left.
   */
  decodeChain(
    region: Region,
    encoding: Encoding,
    chain: Chain,
    done: number,
    complete: boolean,
    all: DecodedBudget,
  ): { readonly run: RunOutcomes | undefined; readonly done: number } {
    const outcomes: DecodedOutcome[] = [];
    let isText = false;
    let isCut = false;
    let work = 0;
    const end = complete ? Math.min(chain.end + encoding.behind, region.high - region.low + region.base) : chain.end;
    const toAddress = region.low - region.base;
    let piece = done;
    for (; chain.start + piece < end; piece += pieceLength - pieceOverlap) {
      const from = chain.start + piece;
      if (!complete && from + pieceLength >= end) break;
      const to = Math.min(end, from + pieceLength);
      if (!all.allows(from)) {
        isCut = true;
        if (to === end) break;
        continue;
      }
      const bytes = mostBytesFor(to - from);
      const questions = workOfDecoded(to - from + encoding.before + encoding.behind);
      const budget: Budget = { bytes, work: questions, isCut: false };
      const atPiece = { from: from + toAddress, to: to + toAddress, isFirst: piece === 0, isLast: to === end };
      const origin = chain.start + toAddress;
      const texts = this.#decodePiece(region, encoding, atPiece, 1, budget, (outcome, depth, kinds, start, stop) =>
        outcomes.push({ outcome, depth, kinds, start: start - origin, end: stop - origin }),
      );
      const spent = workOfPiece(questions - budget.work, bytes - budget.bytes);
      all.spend(spent);
      work += spent;
      isCut ||= budget.isCut;
      isText ||= spent > 0 || (texts > 0 && (encoding === textRuns || outcomes.length > 0));
      if (to === end) break;
    }
    const run =
      !isText && !isCut
        ? undefined
        : { encoding: encoding.name, isPlaced: encoding.isPlaced, start: chain.start, end, outcomes, isCut, work };
    return { run, done: piece };
  }

  /** Gives the number of texts. */
  #decodePiece(
    region: Region,
    encoding: Encoding,
    at: Pick<Piece, "from" | "to" | "isFirst" | "isLast">,
    depth: number,
    budget: Budget,
    found: Found,
  ): number {
    const { bytes } = this.#detector.kernel;
    const { from, to, isFirst, isLast } = at;
    const texts = encoding.decode({ bytes, from, to, isFirst, isLast, low: region.low, high: region.high });
    for (const decoded of texts) {
      budget.bytes -= decoded.text.length;
      budget.isCut ||= decoded.isCut === true || budget.bytes < 0;
      if (budget.bytes < 0) break;
      this.#lookAt(region, decoded, depth, budget, found);
    }
    for (const decoded of texts) decoded.release?.();
    return texts.length;
  }

  /** Looks at a decoded text: rules, then encodings inside it. What does not touch anything that was encoded was seen before. */
  #lookAt(region: Region, decoded: Decoded, depth: number, budget: Budget, found: Found): void {
    const { text } = decoded;
    if (text.length === 0) return;
    const { kernel, rules } = this.#detector;
    const low = region.high + 64;
    kernel.reserve(low + text.length - kernel.arena);
    kernel.bytes.set(text, low);
    const inner: Region = { low, high: low + text.length, base: 0 };
    const tell = (outcome: Outcome, hit: number): void => {
      const kinds = decoded.kindsIn(hit + outcome.start, hit + outcome.end);
      if (kinds === undefined) return;
      const [start, end] = decoded.placeOf(hit + outcome.secretStart, hit + outcome.secretEnd);
      found(outcome, depth, kinds, start, end);
    };
    const hits = new HitList(text.length >> hitsShift);
    kernel.find(low, text.length, inner.high, (end, action) => hits.push(end, action));
    const outcomes: PlacedOutcome[] = [];
    for (let i = 0; i < hits.length; i++) {
      if (budget.work <= 0) {
        budget.isCut = true;
        break;
      }
      const hit = hits.ends[i]!;
      const action = hits.actions[i]!;
      const { ready, beyond } = rules.actions[action]!;
      if (decoded.kindsIn(hit - ready.rule.before, hit + ready.rule.after + beyond) === undefined) continue;
      const judged = outcomes.length;
      budget.work -= this.#detector.lookAround(inner, hit, action, outcomes);
      // To judge a match takes longer than to ask for it.
      budget.work -= outcomes.length - judged;
    }
    for (const { hit, outcome } of outcomes) tell(outcome, hit);
    if (rules.looksEverywhere) {
      for (const ready of this.#detector.wanted(hits)) {
        let left = maxAnywhere;
        this.#detector.lookEverywhere(ready, inner, (outcome, at) => {
          tell(outcome, at);
          return --left > 0;
        });
      }
    }
    if (depth < this.#maxDepth) this.#lookInside(inner, decoded, depth, budget, found);
  }

  #lookInside(inner: Region, decoded: Decoded, depth: number, budget: Budget, found: Found): void {
    const { kernel } = this.#detector;
    const length = inner.high - inner.low;
    if (length < leastRun) return;
    const marks = new HitList(0);
    const wide = kernel.findMarks(inner.low, length, inner.low, inner.high, 0, marks);
    const nested: (readonly [Encoding, ArrayLike<number>])[] = [
      [textRuns, dropPlainRuns(kernel.bytes, inner.low, kernel.findRuns(inner.low, length, leastRun))],
      [escapes, placesOf(escapes, marks, 0, marks.length)],
      [byteList, placesOf(byteList, marks, 0, marks.length)],
      ...wideSearches.map(
        ({ encoding, kind, least }) =>
          [encoding, (wide & kind) === 0 ? [] : kernel.findWide(kind, inner.low, length, least)] as const,
      ),
    ];
    for (const [encoding, places] of nested) {
      for (const chain of chainsOf(encoding, inner, kernel.bytes, places, 0)) {
        const end = Math.min(chain.end + encoding.behind, length);
        if (decoded.kindsIn(chain.start, end) === undefined) continue;
        for (let from = chain.start; from < end; from += pieceLength - pieceOverlap) {
          const to = Math.min(end, from + pieceLength);
          const at = { from: inner.low + from, to: inner.low + to, isFirst: from === chain.start, isLast: to === end };
          this.#decodePiece(inner, encoding, at, depth + 1, budget, (outcome, deep, kinds, start, stop) => {
            const outer = decoded.kindsIn(start - inner.low, stop - inner.low);
            if (outer === undefined) return;
            const [first, last] = decoded.placeOf(start - inner.low, stop - inner.low);
            found(outcome, deep, [...new Set([...outer, ...kinds])], first, last);
          });
          if (to === end) break;
        }
      }
    }
  }
}

/** Begins and ends of those of the marks `[from, to)` that are of an encoding, alternating. */
export function placesOf(encoding: Encoding, marks: HitList, from: number, to: number): ArrayLike<number> {
  const { ends, actions } = marks;
  const wanted = encoding === byteList;
  let count = 0;
  for (let i = from; i < to; i++) if (isListed(actions[i]!) === wanted) count++;
  if (count === 0) return [];
  const places = new Uint32Array(2 * count);
  let at = 0;
  for (let i = from; i < to; i++) {
    const word = actions[i]!;
    if (isListed(word) !== wanted) continue;
    places[at++] = ends[i]!;
    places[at++] = ends[i]! + markLength(word);
  }
  return places;
}

/** All chains of a list of marks: begins and ends, alternating, from offset `offset` of the content on. */
function chainsOf(
  encoding: Encoding,
  region: Region,
  bytes: Buffer,
  places: ArrayLike<number>,
  offset: number,
): Chain[] {
  const chains: Chain[] = [];
  const builder = new ChainBuilder(encoding);
  for (let i = 0; i < places.length; i += 2) {
    const ended = builder.add(region, bytes, places[i]! + offset, places[i + 1]! + offset);
    if (ended !== undefined) chains.push(ended);
  }
  const last = builder.close();
  if (last !== undefined) chains.push(last);
  return chains;
}
