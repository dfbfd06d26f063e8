import type { Rule } from "../model/rule.ts";
import type { Confidence } from "../model/rule.ts";
import type { SuppressionReason } from "../model/detection.ts";
import type { Part } from "../model/score.ts";

/** What a rule's regex matched, before anybody judged it. Texts are decoded as UTF-8, invalid bytes as U+FFFD. */
export interface Candidate {
  readonly rule: Rule;
  readonly secret: string;
  readonly match: string;
  /** The line or lines of the match, at most 256 bytes before and after the match, without line ends at the borders. */
  readonly line: string;
  /** Where `secret` starts in `line`, in UTF-16 units; -1 when it is not there literally (decoded values). */
  readonly secretInLine: number;
  /** Shannon entropy of `secret`, bits per character. */
  readonly entropy: number;
}

export interface Verdict {
  /** Absent: it is reported. */
  readonly suppressed?: SuppressionReason;
  /** The reasons for and against, in the order in which they were asked. */
  readonly parts: readonly Part[];
  /** Their sum: how far above the gate, in bits; below zero it is suppressed. */
  readonly bits: number;
  readonly confidence: Confidence;
  /** Proved offline, for people. */
  readonly facts: readonly string[];
  /** See `CheckResult.publicHalf`. */
  readonly publicHalf?: string;
}
