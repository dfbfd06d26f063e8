import { originPath } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";
import { severities } from "../model/rule.ts";
import type { Verdict } from "../model/decision.ts";
import { matches, type Query } from "./query.ts";

export type SortKey = "severity" | "rule" | "path" | "places" | "date";

/** In the order in which `s` goes through them. */
export const sortKeys: readonly SortKey[] = ["severity", "rule", "path", "places", "date"];

export interface Sorting {
  readonly by: SortKey;
  readonly isReversed: boolean;
}

const confidences = ["certain", "likely", "possible"] as const;

/**
 * Fingerprints of the findings that pass the filter, sorted. Ties are broken by severity, rule and fingerprint, so the order never depends
 * on arrival.
 */
export function shownFindings(
  findings: ReadonlyMap<string, Finding>,
  query: Query,
  sorting: Sorting,
  verdictOf: (finding: Finding) => Verdict | undefined,
): readonly string[] {
  const shown: string[] = [];
  for (const finding of sorted(findings, sorting)) {
    if (matches(query, finding, verdictOf(finding))) shown.push(finding.fingerprint);
  }
  return shown;
}

interface SortedList {
  readonly sorting: Sorting;
  readonly list: readonly Finding[];
}

// Each letter of a filter asks again, and sorting is the slow part of a long list.
const lastSorted = new WeakMap<ReadonlyMap<string, Finding>, SortedList>();

function sorted(findings: ReadonlyMap<string, Finding>, sorting: Sorting): readonly Finding[] {
  const known = lastSorted.get(findings);
  if (known?.sorting.by === sorting.by && known.sorting.isReversed === sorting.isReversed) return known.list;
  const first = comparisons[sorting.by];
  const direction = sorting.isReversed ? -1 : 1;
  const list = [...findings.values()].sort(
    (a, b) =>
      direction *
      (first(a, b) ||
        bySeverity(a, b) ||
        compareText(a.rule.id, b.rule.id) ||
        compareText(a.fingerprint, b.fingerprint)),
  );
  lastSorted.set(findings, { sorting, list });
  return list;
}

const comparisons: Readonly<Record<SortKey, (a: Finding, b: Finding) => number>> = {
  severity: bySeverity,
  rule: (a, b) => compareText(a.rule.id, b.rule.id),
  path: (a, b) => compareText(firstPath(a), firstPath(b)),
  places: (a, b) => b.sightings.length - a.sightings.length,
  date: (a, b) => compareText(firstDate(b), firstDate(a)),
};

function bySeverity(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    confidences.indexOf(a.confidence) - confidences.indexOf(b.confidence)
  );
}

// Not localeCompare: the order must be the same on every machine.
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function firstPath(finding: Finding): string {
  const origin = finding.sightings[0]?.origin;
  return origin === undefined ? "" : originPath(origin);
}

function firstDate(finding: Finding): string {
  const origin = finding.sightings[0]?.origin;
  return origin?.kind === "git" ? (origin.commit?.date ?? "") : "";
}
