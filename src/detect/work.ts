import type { Rule } from "../model/rule.ts";
import { lineContext } from "./outcome.ts";

/**
 * What looks at keywords cost, in questions to a regex (15 to 30 µs each): counted, not timed, so that where a content is given up depends on its
 * bytes alone.
 */

/** Before a keyword so many bytes hold one match of the rule that ends there: each is asked for on the way to the one that counts. */
const bytesPerMatch = 32;
/** To read a block of so many bytes takes as long as a question. */
const bytesPerQuestion = 512;
/** So many of its values are judged in that time. */
const valuesPerQuestion = 4;
/** More is not counted for a block: those with many values are read as fast as they are rare. */
const mostOfBlock = 16;

/** The judge takes as long as a question; of a generic rule several matches are judged, until one is no look-up and no name. */
const judgedOfGeneric = 3;

/** The most that one look of a rule counts. */
export function mostWork({ inside, before, kind }: Rule): number {
  if (inside !== undefined) return mostOfBlock;
  return 1 + Math.trunc(before / bytesPerMatch) + (kind === "generic" ? judgedOfGeneric : 1);
}

/** What a look counts that asked `questions` times, and had so many matches judged. */
export function workOfLook(rule: Rule, questions: number, judged: number): number {
  return Math.min(Math.max(1, questions + judged), mostWork(rule));
}

/** What a look counts that read a block and found so many values. */
export function workOfBlock(rule: Rule, values: number): number {
  const bytes = lineContext + rule.before + rule.after;
  return Math.min(1 + Math.trunc(bytes / bytesPerQuestion) + Math.trunc(values / valuesPerQuestion), mostWork(rule));
}

/**
 * What may be spent on the keywords of one content that is read from its begin to its end. A rule that has spent its part is not asked any more, and the
 * others are: text that is dear for one rule hides nothing from them.
 */
export class WorkBudget {
  readonly #base: number;
  readonly #bytesPerWork: number;
  readonly #spent: Float64Array;
  #total = 0;

  /** @param base what a rule may spend on a content however short it is, @param rules how many there are, @param more once more for so many bytes */
  constructor(base: number, rules: number, more = bytesPerWork) {
    this.#base = base;
    this.#bytesPerWork = more;
    this.#spent = new Float64Array(rules);
  }

  /** Whether the rule of that number may look at a keyword at an offset. */
  allows(rule: number, offset: number): boolean {
    const most = this.#base + offset / this.#bytesPerWork;
    return this.#spent[rule]! < most && this.#total < mostOfAll * most;
  }

  spend(rule: number, work: number): void {
    this.#spent[rule]! += work;
    this.#total += work;
  }
}

/** Beyond the base a rule may ask once for so many bytes. Source code has one keyword that matters in a thousand bytes. */
const bytesPerWork = 32;
/** To judge a match takes two or three times as long as a question: beyond what a trace may hold of them, a rule may have one for so many bytes. */
export const bytesPerMatchJudged = 96;
/** All rules together may spend so many times what one may. */
const mostOfAll = 1.5;

/** What may be spent on what comes out of one piece of encoded text, with the bytes around that are looked at with it: packed text may be a hundred times as long. */
export function workOfDecoded(pieceBytes: number): number {
  return 64 + Math.min(pieceBytes, 4096 + pieceBytes / bytesPerWork);
}

/** Less is not counted of a piece: most come of a word or two in front of some digits. */
const leastOfPiece = 4;

/** What taking encodings off a piece has cost: `questions`, and the `bytes` that came out, in which keywords were looked for. */
export function workOfPiece(questions: number, bytes: number): number {
  const work = questions + Math.trunc(bytes / bytesPerQuestion);
  return work < leastOfPiece ? 0 : work;
}

/** Beyond what a trace may spend that, a content that is read as a stream: one question for so many bytes. */
const bytesPerDecoded = 48;

/**
 * What may be spent on the encoded text of one content. Each chain has a bound of its own, but thousands of them lie in a megabyte. A content that is kept as a
 * trace may spend `maxDecoded` (trace.ts); one that spends more is read as a stream, which may spend more the further it comes.
 */
export class DecodedBudget {
  readonly #base: number;
  readonly #grows: boolean;
  #spent = 0;

  /** @param base what may be spent on a content however short it is, @param grows whether that becomes more with the bytes that were read */
  constructor(base: number, grows = false) {
    this.#base = base;
    this.#grows = grows;
  }

  /** Whether what lies at an offset may still be decoded. */
  allows(offset: number): boolean {
    return this.#spent <= this.#base + (this.#grows ? offset / bytesPerDecoded : 0);
  }

  /** Whether more was spent than any content may. */
  get isOver(): boolean {
    return this.#spent > this.#base;
  }

  spend(work: number): void {
    this.#spent += work;
  }
}
