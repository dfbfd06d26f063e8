import { originPath } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";

/** The text of one finding that words are looked for in stops here: a secret seen in a hundred thousand places must not slow down each keystroke. In UTF-16 units. */
const maxSearchableLength = 1 << 17;

/** What words are looked for in, in lower case. */
export interface Searchable {
  readonly all: string;
  /** One a line. */
  readonly paths: string;
}

const searchables = new WeakMap<Finding, Searchable>();

/** Whether `searchable` has been made of a finding. */
export function isSearchable(finding: Finding): boolean {
  return searchables.has(finding);
}

/** The text of a finding that a filter looks at. Made once for each: of many findings it takes longer than looking. */
export function searchable(finding: Finding): Searchable {
  const known = searchables.get(finding);
  if (known !== undefined) return known;
  const paths = new Set<string>();
  const words = new Set<string>([
    finding.rule.id,
    finding.rule.description,
    ...finding.otherRules,
    finding.masked,
    finding.fingerprint,
    finding.severity,
  ]);
  for (const fact of finding.facts) words.add(fact);
  let length = 0;
  for (const { origin, key } of finding.sightings) {
    const path = originPath(origin);
    paths.add(path);
    if (key !== undefined) words.add(key);
    if (origin.kind === "git") {
      words.add(origin.repository);
      if (origin.commit !== undefined)
        words.add(`${origin.commit.id} ${origin.commit.author} ${origin.commit.email} ${origin.commit.date}`);
    } else if (origin.kind === "image") {
      words.add(origin.image).add(origin.digest);
      if (origin.layer !== undefined) words.add(origin.layer.digest).add(origin.layer.createdBy);
    }
    length += path.length + 100;
    if (length > maxSearchableLength) break;
  }
  const joined = [...paths].join("\n").toLowerCase();
  const all = `${joined}\n${[...words].join("\n").toLowerCase()}`;
  // A part of the same text takes no memory of its own.
  const made = { all, paths: all.slice(0, joined.length) };
  searchables.set(finding, made);
  return made;
}
