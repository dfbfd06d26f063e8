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

/** The most that one look of a rule counts. */
export function mostWork({ inside, before }: Rule): number {
  return inside === undefined ? 1 + Math.trunc(before / bytesPerMatch) : mostOfBlock;
}

/** What a look counts that asked `questions` times. */
export function workOfLook(rule: Rule, questions: number): number {
  return Math.min(Math.max(1, questions), mostWork(rule));
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
  readonly #spent: Float64Array;
  #total = 0;

  /** @param base what a rule may spend on a content however short it is, @param rules how many there are */
  constructor(base: number, rules: number) {
    this.#base = base;
    this.#spent = new Float64Array(rules);
  }

  /** Whether the rule of that number may look at a keyword at an offset. */
  allows(rule: number, offset: number): boolean {
    const most = this.#base + offset / bytesPerWork;
    return this.#spent[rule]! < most && this.#total < 2 * most;
  }

  spend(rule: number, work: number): void {
    this.#spent[rule]! += work;
    this.#total += work;
  }
}

/** Beyond the base a rule may ask once for so many bytes. Source code has one keyword that matters in a thousand bytes. */
const bytesPerWork = 32;

/** What may be spent on what comes out of one piece of encoded text, with the bytes around that are looked at with it: packed text may be a hundred times as long. */
export function workOfDecoded(pieceBytes: number): number {
  return 16 + pieceBytes / 4;
}
