import type { SuppressionReason } from "./detection.ts";

/**
 * What a part of the judgement looked at: `kind` of rule, offline `check`, the `value` itself (its rarity, alphabet and length), its `meaning`
 * (a path, a digest, a number), `stand-in` (placeholders, masks, examples), the `name` on its left, the `syntax` around it, the `place` where it was found.
 */
export type PartName = "kind" | "check" | "value" | "meaning" | "stand-in" | "name" | "syntax" | "place";

/** One reason for or against a secret. Parts are added up; below zero a candidate is dropped. */
export interface Part {
  readonly name: PartName;
  /** How much likelier (above zero) or unlikelier a secret becomes: binary logarithm of the odds. `veto` where nothing can outweigh it. */
  readonly bits: number;
  /** For people; holds nothing of the value. */
  readonly why: string;
  /** What a drop is counted as, where no other part weighs more against. */
  readonly reason: SuppressionReason;
}

/** Outweighs whatever speaks for a secret. */
export const veto = -1000;

/** How all parts add up. */
export interface Score {
  /** In the order in which they were asked; none after a veto. */
  readonly parts: readonly Part[];
  readonly bits: number;
}

/** Adds up parts until one of them is a veto: what comes after it is not asked. */
export function weigh(parts: Iterable<Part>): Score {
  const heard: Part[] = [];
  let bits = 0;
  for (const part of parts) {
    heard.push(part);
    bits += part.bits;
    if (part.bits <= veto) break;
  }
  return { parts: heard, bits };
}

/** Whether a score lets a candidate through. */
export function passes(bits: number): boolean {
  return bits >= 0;
}

/** The part that decided: the heaviest one on the side that won. Undefined for a score without parts. */
export function decisivePart({ parts, bits }: Score): Part | undefined {
  const sign = passes(bits) ? 1 : -1;
  return parts.reduce<Part | undefined>(
    (best, part) => (best === undefined || part.bits * sign > best.bits * sign ? part : best),
    undefined,
  );
}
