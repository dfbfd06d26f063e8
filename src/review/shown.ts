import { originPath } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";
import { severities } from "../model/rule.ts";
import type { Verdict } from "../model/decision.ts";
import { isNarrower, matches, type Query } from "./query.ts";

export type SortKey = "severity" | "rule" | "path" | "places" | "date";

/** In the order in which `s` goes through them. */
export const sortKeys: readonly SortKey[] = ["severity", "rule", "path", "places", "date"];

export interface Sorting {
  readonly by: SortKey;
  readonly isReversed: boolean;
}

const confidences = ["certain", "likely", "possible"] as const;

/**
 * The findings that pass the filter, sorted. Ties are broken by severity, rule and fingerprint, so the order never depends on arrival.
 */
export function shownFindings(
  findings: ReadonlyMap<string, Finding>,
  query: Query,
  sorting: Sorting,
  verdictOf: (finding: Finding) => Verdict | undefined,
): readonly Finding[] {
  const all = sorted(findings, sorting);
  if (query.terms.length === 0) return all;
  if (query.asksForVerdicts) return all.filter((finding) => matches(query, finding, verdictOf(finding)));
  // Each letter more lets less pass, so it is looked for in what passed before.
  const last = lastPassed.get(all);
  const from = last !== undefined && isNarrower(query, last.query) ? last.passed : all;
  const passed = from.filter((finding) => matches(query, finding, undefined));
  lastPassed.set(all, { query, passed });
  return passed;
}

const lastPassed = new WeakMap<readonly Finding[], { readonly query: Query; readonly passed: readonly Finding[] }>();

/** A finding with what it is sorted by, which is worked out once. */
interface Sortable {
  readonly finding: Finding;
  readonly first: number | string;
  /** Severity, then confidence; 0 is the worst. */
  readonly rank: number;
}

interface SortedList {
  readonly sorting: Sorting;
  readonly sortables: readonly Sortable[];
  readonly list: readonly Finding[];
}

// Each letter of a filter asks again, and sorting is the slow part of a long list.
const lastSorted = new WeakMap<ReadonlyMap<string, Finding>, SortedList>();

function sorted(findings: ReadonlyMap<string, Finding>, sorting: Sorting): readonly Finding[] {
  const known = lastSorted.get(findings);
  if (known?.sorting.by === sorting.by && known.sorting.isReversed === sorting.isReversed) return known.list;
  const all = [...findings.values()].map((finding) => sortable(finding, sorting.by));
  return kept(findings, sorting, all.sort(comparison(sorting))).list;
}

function kept(findings: ReadonlyMap<string, Finding>, sorting: Sorting, sortables: readonly Sortable[]): SortedList {
  const made = { sorting, sortables, list: sortables.map(({ finding }) => finding) };
  lastSorted.set(findings, made);
  return made;
}

/**
 * Tells that `after` is `before` with some findings added or replaced: these alone are sorted, and put where they belong. A list that fills while
 * it is read would else be sorted as often as something comes.
 */
export function carrySorting(
  before: ReadonlyMap<string, Finding>,
  after: ReadonlyMap<string, Finding>,
  changed: readonly Finding[],
): void {
  const known = lastSorted.get(before);
  if (known === undefined) return;
  const { sorting } = known;
  const compare = comparison(sorting);
  const fresh = new Map(changed.map((finding) => [finding.fingerprint, finding]));
  const added = [...fresh.values()].map((finding) => sortable(finding, sorting.by)).sort(compare);
  const all: Sortable[] = [];
  let at = 0;
  for (const one of known.sortables) {
    if (fresh.has(one.finding.fingerprint)) continue;
    for (let next = added[at]; next !== undefined && compare(next, one) < 0; next = added[++at]) all.push(next);
    all.push(one);
  }
  for (; at < added.length; at++) all.push(added[at]!);
  kept(after, sorting, all);
}

function comparison({ by, isReversed }: Sorting): (a: Sortable, b: Sortable) => number {
  const direction = isReversed ? -1 : 1;
  // The newest comes first.
  const firstDirection = by === "date" ? -direction : direction;
  return (a, b) =>
    firstDirection * compareText(a.first, b.first) ||
    direction *
      (a.rank - b.rank ||
        compareText(a.finding.rule.id, b.finding.rule.id) ||
        compareText(a.finding.fingerprint, b.finding.fingerprint));
}

function sortable(finding: Finding, by: SortKey): Sortable {
  const rank = severities.indexOf(finding.severity) * confidences.length + confidences.indexOf(finding.confidence);
  return { finding, rank, first: firstOf(finding, rank, by) };
}

function firstOf(finding: Finding, rank: number, by: SortKey): number | string {
  switch (by) {
    case "severity":
      return rank;
    case "rule":
      return finding.rule.id;
    case "path": {
      const origin = finding.sightings[0]?.origin;
      return origin === undefined ? "" : originPath(origin);
    }
    case "places":
      return -finding.sightings.length;
    case "date": {
      const origin = finding.sightings[0]?.origin;
      return origin?.kind === "git" ? (origin.commit?.date ?? "") : "";
    }
  }
}

// Not localeCompare: the order must be the same on every machine.
function compareText<T extends number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
