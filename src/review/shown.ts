import { originPath } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";
import { confidences, severities } from "../model/rule.ts";
import type { Verdict } from "../model/decision.ts";
import { groupAhead } from "./grouping.ts";
import { isNarrower, matches, type Query } from "./query.ts";
import { sortedInSteps } from "./sorted-steps.ts";
import { isAtHand } from "./unread.ts";

export type SortKey = "severity" | "rule" | "path" | "places" | "date";

/** In the order in which `s` goes through them. */
export const sortKeys: readonly SortKey[] = ["severity", "rule", "path", "places", "date"];

export interface Sorting {
  readonly by: SortKey;
  readonly isReversed: boolean;
}

/**
 * The findings that pass the filter, sorted. Ties are broken by severity, rule and fingerprint, so the order never depends on arrival.
 * `hasUnread`: of some the places are not there yet; those do not pass a filter that asks for places.
 */
export function shownFindings(
  findings: ReadonlyMap<string, Finding>,
  query: Query,
  sorting: Sorting,
  verdictOf: (finding: Finding) => Verdict | undefined,
  hasUnread: boolean,
): readonly Finding[] {
  const all = sorted(findings, sorting);
  if (query.terms.length === 0) return all;
  if (hasUnread && query.asksForPlaces)
    return all.filter((finding) => isAtHand(finding) && matches(query, finding, verdictOf(finding)));
  if (query.asksForVerdicts) return all.filter((finding) => matches(query, finding, verdictOf(finding)));
  // Each letter more lets less pass, so it is looked for in what passed before.
  const last = lastPassed.get(all);
  const from = last !== undefined && isNarrower(query, last.query) ? last.passed : all;
  const passed = from.filter((finding) => matches(query, finding, undefined));
  lastPassed.set(all, { query, passed });
  return passed;
}

const lastPassed = new WeakMap<readonly Finding[], { readonly query: Query; readonly passed: readonly Finding[] }>();

/** A finding with what it is sorted by. */
interface Sortable {
  readonly finding: Finding;
  /** Severity, then confidence; 0 is the worst. */
  readonly rank: number;
  /** Of its places, which are read for it; absent while nobody asked. */
  where: Where | undefined;
}

interface Where {
  readonly path: string;
  readonly places: number;
  /** Of the first commit; empty where there is none. */
  readonly date: string;
}

const sortables = new WeakMap<Finding, Sortable>();

function sortable(finding: Finding): Sortable {
  const known = sortables.get(finding);
  if (known !== undefined) return known;
  const rank = severities.indexOf(finding.severity) * confidences.length + confidences.indexOf(finding.confidence);
  const made = { finding, rank, where: undefined };
  sortables.set(finding, made);
  return made;
}

/** Makes ready what a finding is sorted by. */
export function placed(finding: Finding): Sortable {
  const one = sortable(finding);
  if (one.where !== undefined) return one;
  const { sightings } = finding;
  const origin = sightings[0]?.origin;
  const path = origin === undefined ? "" : originPath(origin);
  const date = origin?.kind === "git" ? (origin.commit?.date ?? "") : "";
  one.where = { path, places: sightings.length, date };
  return one;
}

function itemFor(by: SortKey): (finding: Finding) => Sortable {
  return by === "severity" || by === "rule" ? sortable : placed;
}

/** A list by one key, not reversed, and both ways as findings. */
interface SortedList {
  readonly sortables: readonly Sortable[];
  readonly list: readonly Finding[];
  reversed?: readonly Finding[];
}

// Each letter of a filter asks again, and sorting is the slow part of a long list.
const sortedLists = new WeakMap<ReadonlyMap<string, Finding>, Map<SortKey, SortedList>>();

function sorted(findings: ReadonlyMap<string, Finding>, { by, isReversed }: Sorting): readonly Finding[] {
  const known =
    sortedLists.get(findings)?.get(by) ??
    kept(findings, by, Array.from(findings.values(), itemFor(by)).sort(comparison(by)));
  if (!isReversed) return known.list;
  return (known.reversed ??= known.list.toReversed());
}

function kept(findings: ReadonlyMap<string, Finding>, by: SortKey, all: readonly Sortable[]): SortedList {
  const made = { sortables: all, list: all.map(({ finding }) => finding) };
  const lists = sortedLists.get(findings) ?? new Map<SortKey, SortedList>();
  sortedLists.set(findings, lists.set(by, made));
  return made;
}

/** Sorts by every key in steps, and puts each list under its heads, so that `s` and `t` find it done. Whoever asks for the next step may do something else in between. */
export function* sortAhead(findings: ReadonlyMap<string, Finding>): Generator<undefined, void> {
  for (const by of sortKeys) {
    if (sortedLists.get(findings)?.has(by) === true) continue;
    const all = yield* sortedInSteps(Array.from(findings.values(), itemFor(by)), comparison(by));
    kept(findings, by, all);
  }
  for (const by of sortKeys) {
    yield* groupAhead(sorted(findings, { by, isReversed: false }));
  }
}

/**
 * Tells that `after` is `before` with some findings added or replaced: these alone are sorted, and put where they belong. A list that fills while
 * it is read would else be sorted as often as something comes.
 */
export function carrySorting(
  before: ReadonlyMap<string, Finding>,
  after: ReadonlyMap<string, Finding>,
  changed: readonly Finding[],
  by: SortKey,
): void {
  const known = sortedLists.get(before)?.get(by);
  if (known === undefined) return;
  const compare = comparison(by);
  const fresh = new Map(changed.map((finding) => [finding.fingerprint, finding]));
  const added = Array.from(fresh.values(), itemFor(by)).sort(compare);
  const all: Sortable[] = [];
  let at = 0;
  for (const one of known.sortables) {
    if (fresh.has(one.finding.fingerprint)) continue;
    for (let next = added[at]; next !== undefined && compare(next, one) < 0; next = added[++at]) all.push(next);
    all.push(one);
  }
  for (; at < added.length; at++) all.push(added[at]!);
  kept(after, by, all);
}

function comparison(by: SortKey): (a: Sortable, b: Sortable) => number {
  const first = firstComparison(by);
  return (a, b) =>
    first(a, b) ||
    a.rank - b.rank ||
    compareText(a.finding.rule.id, b.finding.rule.id) ||
    compareText(a.finding.fingerprint, b.finding.fingerprint);
}

function firstComparison(by: SortKey): (a: Sortable, b: Sortable) => number {
  switch (by) {
    case "severity":
      return (a, b) => a.rank - b.rank;
    case "rule":
      return (a, b) => compareText(a.finding.rule.id, b.finding.rule.id);
    case "path":
      return (a, b) => compareText(a.where!.path, b.where!.path);
    case "places":
      return (a, b) => b.where!.places - a.where!.places;
    case "date":
      // The newest comes first.
      return (a, b) => compareText(b.where!.date, a.where!.date);
  }
}

// Not localeCompare: the order must be the same on every machine.
function compareText<T extends number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
