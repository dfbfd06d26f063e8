import type { Finding } from "../model/finding.ts";
import type { Grouping } from "./grouping.ts";
import { isSearchable } from "./searchable.ts";
import type { Sorting, SortKey } from "./shown.ts";
import type { ReviewState } from "./state.ts";

const withoutPlaces: ReadonlySet<SortKey | Grouping> = new Set(["severity", "rule", "value"]);

/**
 * Whether the places of a finding are there. Of a case each is read by who asks for it first (its `sightings` is a getter), which for all of them takes seconds: what
 * needs them all answers from what is there, and is filled in.
 */
export function isAtHand(finding: Finding): boolean {
  return isSearchable(finding) || Object.getOwnPropertyDescriptor(finding, "sightings")?.get === undefined;
}

/** Findings whose places are still to be read. */
export function unreadCount(findings: Iterable<Finding>): number {
  let count = 0;
  for (const finding of findings) if (!isAtHand(finding)) count += 1;
  return count;
}

/** Whether the list would be another one if all places had been read. */
export function waitsForPlaces({ unread, query, sorting, grouping }: ReviewState): boolean {
  return unread > 0 && (query.asksForPlaces || !withoutPlaces.has(sorting.by) || !withoutPlaces.has(grouping));
}

/** How the list is sorted by now: by severity, until what it is to be sorted by was read. */
export function sortingNow({ unread, sorting }: ReviewState): Sorting {
  return unread === 0 || withoutPlaces.has(sorting.by) ? sorting : { ...sorting, by: "severity" };
}

/** What the list is put under by now: no heads, until all are known. */
export function groupingNow({ unread, grouping }: ReviewState): Grouping {
  return unread === 0 || withoutPlaces.has(grouping) ? grouping : "value";
}
