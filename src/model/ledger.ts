import type { SuppressionReason } from "./detection.ts";
import type { ProblemCode } from "./problem.ts";

/** What was planned and what became of it. `planned = scanned + skipped`, always. */
export interface Ledger {
  /** Contents that the targets hold: each git object, each file, each entry of a layer, each field of an image's configuration. */
  readonly planned: number;
  /** Of these, how many were scanned, or are the same bytes as one that was scanned in this run. */
  readonly scanned: number;
  /** Bytes of the scanned contents, expanded; without those that were only recognised. */
  readonly bytes: number;
  /** Of these, how many were not scanned, by reason. */
  readonly skipped: Readonly<Partial<Record<ProblemCode, number>>>;
  /** Candidates that matched a rule and were judged not to be secrets, by reason. */
  readonly suppressed: Readonly<Partial<Record<SuppressionReason, number>>>;
}

export const emptyLedger: Ledger = { planned: 0, scanned: 0, bytes: 0, skipped: {}, suppressed: {} };

/** The sum of two ledgers of different contents. */
export function addLedgers(a: Ledger, b: Ledger): Ledger {
  return {
    planned: a.planned + b.planned,
    scanned: a.scanned + b.scanned,
    bytes: a.bytes + b.bytes,
    skipped: addCounts(a.skipped, b.skipped),
    suppressed: addCounts(a.suppressed, b.suppressed),
  };
}

/** Adds counts key by key; keys come out sorted. */
export function addCounts<K extends string>(
  a: Readonly<Partial<Record<K, number>>>,
  b: Readonly<Partial<Record<K, number>>>,
): Partial<Record<K, number>> {
  const sum: Partial<Record<K, number>> = {};
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)] as K[])].sort();
  for (const key of keys) sum[key] = (a[key] ?? 0) + (b[key] ?? 0);
  return sum;
}
