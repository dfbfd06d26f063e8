import { suppressionReasons, type SuppressionReason } from "./detection.ts";

/**
 * Contents that were scanned to their end and hold no secret, in the order in which they were scanned, with what the ledger says of them. Plain
 * data, so that it can cross threads; some thirty bytes a content.
 */
export interface CleanList {
  /** 20 bytes each: git's ids, or other keys. */
  readonly ids: Uint8Array;
  readonly sizes: Float64Array;
  /** Candidates that were judged not to be secrets, four numbers each, those of a content together: position of the content, position of the rule, reason, how often. */
  readonly judged: Uint32Array;
}

/** Numbers of one entry of `judged`. */
export const judgedWidth = 4;

/** Candidates of one content that were judged away: `judgedKey` of rule and reason → how often. */
export type JudgedCounts = ReadonlyMap<number, number>;

const reasonSlots = 16;

/** One number for a rule (its position in the ruleset) and a reason. */
export function judgedKey(rule: number, reason: SuppressionReason): number {
  return rule * reasonSlots + suppressionReasons.indexOf(reason);
}

/** Gathers a `CleanList`. */
export class CleanListBuilder {
  readonly #ids: string[] = [];
  readonly #sizes: number[] = [];
  readonly #judged: number[] = [];

  /** `key`: 20 bytes in hex. */
  add(key: string, size: number, judged: JudgedCounts): void {
    for (const [key, count] of judged)
      this.#judged.push(this.#ids.length, Math.floor(key / reasonSlots), key % reasonSlots, count);
    this.#ids.push(key);
    this.#sizes.push(size);
  }

  /** Adds what another list holds. */
  append({ ids, sizes, judged }: CleanList): void {
    const before = this.#ids.length;
    for (let i = 0; i < judged.length; i++) this.#judged.push(judged[i]! + (i % judgedWidth === 0 ? before : 0));
    const hex = Buffer.from(ids).toString("hex");
    for (let i = 0; i < sizes.length; i++) {
      this.#ids.push(hex.slice(40 * i, 40 * i + 40));
      this.#sizes.push(sizes[i]!);
    }
  }

  list(): CleanList {
    return {
      ids: new Uint8Array(Buffer.from(this.#ids.join(""), "hex")),
      sizes: Float64Array.from(this.#sizes),
      judged: Uint32Array.from(this.#judged),
    };
  }
}
