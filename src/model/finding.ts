import type { Origin } from "./content.ts";
import type { DetectionPart } from "./detection.ts";
import type { ImageFacts } from "./image-facts.ts";
import type { Ledger } from "./ledger.ts";
import type { Problem } from "./problem.ts";
import type { Confidence, Severity } from "./rule.ts";

/** One secret: all sightings of one value, wherever they are. */
export interface Finding {
  /** Identity of the value: `lt1` + 32 hex characters, derived by a slow hash; the same in every run and on every machine. */
  readonly fingerprint: string;
  readonly rule: FindingRule;
  /** Ids of other rules that matched the same value, sorted. */
  readonly otherRules: readonly string[];
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** First characters, dots, last characters: safe to show. */
  readonly masked: string;
  /** The value; absent in findings that were read back from a report or journal. */
  readonly secret?: string;
  readonly facts: readonly string[];
  /** At least one, sorted by origin. */
  readonly sightings: readonly FindingSighting[];
  /** All its places lie in tests, documents or code of others: it comes behind those of its severity that do not. */
  readonly aside?: true;
  /** Set where a decision hides it (ignore file, baseline): then it counts for no exit code. */
  readonly suppressed?: Suppression;
}

export interface FindingRule {
  readonly id: string;
  readonly description: string;
  readonly revoke: string;
  readonly references: readonly string[];
}

/** One place of a secret. */
export interface FindingSighting {
  readonly origin: Origin;
  readonly content: string;
  /** The rule that matched at this place. */
  readonly ruleId: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly startColumn: number;
  readonly endColumn: number;
  readonly entropy: number;
  readonly tags: readonly string[];
  /** Where it stands in its text, and what belongs to it there (detection.ts); known secrets are masked. */
  readonly key?: string;
  readonly parts?: readonly DetectionPart[];
  /** Masked texts: what the match and its line look like with the secret hidden. */
  readonly maskedMatch: string;
  readonly maskedLine: string;
  /** Plain texts; absent in what was read back. */
  readonly match?: string;
  readonly line?: string;
}

export interface Suppression {
  /** Where the decision is written: `.leaktraceignore`, `.gitleaksignore`, `baseline`. */
  readonly by: string;
  readonly reason: string;
}

export interface TargetSummary {
  readonly target: string;
  readonly kind: "git" | "image" | "files" | "stdin" | "unknown";
  readonly status: "clean" | "found" | "incomplete" | "unreachable";
  /** Ids of the findings seen in this target, not counting suppressed ones. */
  readonly findings: number;
  readonly ledger: Ledger;
  /** Which part of the target was scanned; absent where it was all of it. */
  readonly selection?: string;
  /** The images of the target, where it has any. */
  readonly images?: readonly ImageFacts[];
}

/** What a scan has to say. Everything in it is sorted, so that the same input gives the same bytes. */
export interface Report {
  readonly schema: 1;
  readonly tool: { readonly name: "leaktrace"; readonly version: string };
  readonly rules: { readonly digest: string; readonly origin: string; readonly count: number };
  readonly targets: readonly TargetSummary[];
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
  readonly ledger: Ledger;
  /** True when a signal ended the scan early. */
  readonly interrupted: boolean;
}
