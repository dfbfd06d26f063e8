import type { Finding } from "../model/finding.ts";

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
 * Takes the sightings away that a list of places names. When every one is named, the finding is suppressed and keeps them all;
 * a secret that is accepted at one place is still found at another.
 */
export function withoutSightings(
  finding: Finding,
  isNamed: (sighting: Finding["sightings"][number]) => boolean,
  by: string,
  reason: string,
): Finding {
  const left = finding.sightings.filter((sighting) => !isNamed(sighting));
  if (left.length === finding.sightings.length) return finding;
  return left.length === 0 ? suppress(finding, by, reason) : { ...finding, sightings: left };
}
