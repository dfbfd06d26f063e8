import type { Origin } from "../model/content.ts";
import { severities } from "../model/rule.ts";
import type { Finding, FindingSighting } from "../model/finding.ts";
import { compareConfidence } from "./overlap.ts";

const kinds: readonly Origin["kind"][] = ["git", "image", "file", "stdin"];

/** By UTF-16 units: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of findings in every output: severity, those of tests and code of others last; then confidence, rule id, fingerprint. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    Number(a.aside ?? false) - Number(b.aside ?? false) ||
    compareConfidence(a.confidence, b.confidence) ||
    compareText(a.rule.id, b.rule.id) ||
    compareText(a.fingerprint, b.fingerprint)
  );
}

/** The order of a finding's sightings: git by commit date (what no commit holds comes last), images by layer, files by path; then line and column. */
export function compareSightings(a: FindingSighting, b: FindingSighting): number {
  return (
    compareOrigins(a.origin, b.origin) ||
    compareText(a.origin.member ?? "", b.origin.member ?? "") ||
    a.startLine - b.startLine ||
    a.startColumn - b.startColumn ||
    compareText(a.ruleId, b.ruleId) ||
    compareText(a.content, b.content)
  );
}

/** The order of origins, as `compareSightings` describes it. */
function compareOrigins(a: Origin, b: Origin): number {
  if (a.kind === "git" && b.kind === "git") {
    return (
      compareText(a.commit?.date ?? "~", b.commit?.date ?? "~") ||
      compareText(a.repository, b.repository) ||
      compareText(a.commit?.id ?? "", b.commit?.id ?? "") ||
      compareText(a.path, b.path) ||
      compareText(a.object, b.object) ||
      compareText(a.objectType, b.objectType)
    );
  }
  if (a.kind === "image" && b.kind === "image") {
    return (
      compareText(a.image, b.image) ||
      compareText(a.platform, b.platform) ||
      compareText(a.digest, b.digest) ||
      (a.layer?.index ?? -1) - (b.layer?.index ?? -1) ||
      compareText(a.part, b.part) ||
      compareText(a.path, b.path)
    );
  }
  if (a.kind === "file" && b.kind === "file") return compareText(a.path, b.path);
  return kinds.indexOf(a.kind) - kinds.indexOf(b.kind);
}

/** A text that two origins share exactly when they are the same place. */
export function originKey(origin: Origin): string {
  switch (origin.kind) {
    case "stdin":
      return "stdin";
    case "file":
      return `file\0${origin.path}`;
    case "git":
      return ["git", origin.repository, origin.objectType, origin.object, origin.commit?.id ?? "", origin.path].join(
        "\0",
      );
    case "image":
      return ["image", origin.image, origin.digest, origin.layer?.index ?? "", origin.part, origin.path].join("\0");
  }
}
