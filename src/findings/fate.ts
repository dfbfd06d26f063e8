import type { Finding } from "../model/finding.ts";

/** What became of a secret, of all its places together. */
export interface Fate {
  /** True where no place is alive: gone from HEAD's tree, or removed by a later layer. The secret is leaked all the same. */
  readonly isDeleted: boolean;
  /** The day of the first commit that brought it (`2024-01-31`); empty where no commit tells one. */
  readonly since: string;
}

/** Of a secret in very many places this many are asked for the first commit. */
const maxPlaces = 1000;

// Each frame asks for every row that it shows.
const fates = new WeakMap<Finding, Fate>();

export function fateOf(finding: Finding): Fate {
  let fate = fates.get(finding);
  if (fate === undefined) fates.set(finding, (fate = { isDeleted: isDeleted(finding), since: firstDay(finding) }));
  return fate;
}

/** In a word, and since when: `deleted 2024-01`. `digits` of the day: 4, 7 or 10. */
export function fateText(finding: Finding, digits: 4 | 7 | 10): string {
  const { isDeleted: isGone, since } = fateOf(finding);
  return `${isGone ? "deleted" : "alive"} ${since.slice(0, digits)}`.trimEnd();
}

function isDeleted({ sightings }: Finding): boolean {
  return sightings.every(({ origin }) => {
    if (origin.kind === "git") return !origin.inHead;
    return origin.kind === "image" && origin.deleted;
  });
}

function firstDay({ sightings }: Finding): string {
  let first = "";
  for (const { origin } of sightings.slice(0, maxPlaces)) {
    const date = origin.kind === "git" ? (origin.commit?.date ?? "") : "";
    if (date !== "" && (first === "" || date < first)) first = date;
  }
  return first.slice(0, 10);
}
