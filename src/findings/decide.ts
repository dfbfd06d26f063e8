import { memberPath } from "../model/content.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";

/**
 * A decision of people about findings: takes a finding and gives it back unchanged, suppressed, lowered, or without some of its
 * sightings. Never gives a finding without sightings, so that nothing disappears without a trace.
 */
export type Decider = (finding: Finding) => Finding;

/** The finding, marked as hidden by a decision; an earlier decision stays. */
export function suppress(finding: Finding, by: string, reason: string): Finding {
  return finding.suppressed === undefined ? { ...finding, suppressed: { by, reason } } : finding;
}

/**
 * Takes the sightings away that a list of places names, and in repositories those of the same value in other versions of these files: whoever lists places
 * has seen patches, where a line that later commits leave alone stands once. When every one is named, the finding is suppressed and keeps them all;
 * a secret that is accepted in one file is still found in another.
 */
export function withoutSightings(
  finding: Finding,
  isNamed: (sighting: FindingSighting) => boolean,
  by: string,
  reason: string,
): Finding {
  const files = new Set(finding.sightings.filter(isNamed).flatMap((sighting) => fileKeys(sighting)));
  const left = finding.sightings.filter(
    (sighting) => !isNamed(sighting) && !fileKeys(sighting).some((key) => files.has(key)),
  );
  if (left.length === finding.sightings.length) return finding;
  return left.length === 0 ? suppress(finding, by, reason) : { ...finding, sightings: left };
}

/** Names that versions of one file have in common; none where it is no file of a history. */
function fileKeys({ origin }: FindingSighting): readonly string[] {
  if (origin.kind !== "git" || origin.path === "") return [];
  const { repository, path, otherPaths = [] } = origin;
  return [path, ...otherPaths].map((name) => [repository, name, memberPath(origin)].join("\0"));
}
