import type { Finding, FindingSighting, Report } from "../model/finding.ts";
import { tableTag } from "../model/told-by.ts";
import type { Secrecy } from "./options.ts";

/** What gitleaks writes for a value that is redacted whole. */
const redactedWhole = "REDACTED";

/** The value of a finding as far as the report may show it. Read back from a record there is no plain value; then it stays masked. */
export function shownSecret(finding: Finding, secrecy: Secrecy): string {
  switch (secrecy.kind) {
    case "mask":
      return finding.masked;
    case "reveal":
      return finding.secret ?? finding.masked;
    case "redact":
      return redacted(finding, secrecy.percent);
  }
}

/** What stands in the place of a value where a finding has none. */
export function withoutValue(finding: Finding): string {
  return isSecret(finding) ? "(the file itself)" : "(none)";
}

/** What was found, for sentences that begin with its rule. */
export function detectedText(finding: Finding): string {
  return isSecret(finding) ? "has detected a secret" : "has detected two files in one";
}

/** The noun for these findings, to be counted. */
export function nounOf(findings: readonly Finding[]): "secret" | "finding" {
  return findings.every(isSecret) ? "secret" : "finding";
}

/** Whether it is a secret that was found, and not how a layer is made. */
function isSecret({ sightings }: Finding): boolean {
  return !sightings.some(({ tags }) => tags.includes(tableTag));
}

/** The text of a match as far as the report may show it. */
export function shownMatch(finding: Finding, sighting: FindingSighting, secrecy: Secrecy): string {
  switch (secrecy.kind) {
    case "mask":
      return sighting.maskedMatch;
    case "reveal":
      return sighting.match ?? sighting.maskedMatch;
    case "redact":
      // Built from the masked text: other secrets in the same match stay hidden as well.
      return finding.masked === ""
        ? sighting.maskedMatch
        : sighting.maskedMatch.replaceAll(finding.masked, () => redacted(finding, secrecy.percent));
  }
}

/** The line of a match as far as the report may show it. */
export function shownLine(finding: Finding, sighting: FindingSighting, secrecy: Secrecy): string {
  if (secrecy.kind === "reveal") return sighting.line ?? sighting.maskedLine;
  if (secrecy.kind === "mask" || finding.masked === "") return sighting.maskedLine;
  return sighting.maskedLine.replaceAll(finding.masked, () => redacted(finding, secrecy.percent));
}

/** Findings that count: those that no decision hides. */
export function open(report: Report): readonly Finding[] {
  return report.findings.filter((finding) => finding.suppressed === undefined);
}

/** The repository of a place, where a report tells of several targets: whoever scanned one knows which. */
export function repositoryIn(report: Report, { origin }: FindingSighting): string | undefined {
  return report.targets.length > 1 && origin.kind === "git" ? origin.repository : undefined;
}

function redacted(finding: Finding, percent: number): string {
  // There is nothing to hide where nothing is.
  if (finding.masked === "") return "";
  if (percent >= 100) return redactedWhole;
  if (finding.secret === undefined) return finding.masked;
  const bytes = Buffer.from(finding.secret, "utf8");
  return `${bytes.subarray(0, roundHalfEven((bytes.length * (100 - percent)) / 100)).toString("utf8")}...`;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
