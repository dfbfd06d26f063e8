import { originPath, type Origin } from "../model/content.ts";
import type { Finding, FindingSighting, Report } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { gitleaksFingerprint } from "../findings/index.ts";
import type { ReportOptions } from "./options.ts";
import { open, repositoryIn, shownMatch, shownSecret } from "./shown.ts";

const columns = [
  "RuleID",
  "Commit",
  "File",
  "SymlinkFile",
  "Secret",
  "Match",
  "StartLine",
  "EndLine",
  "StartColumn",
  "EndColumn",
  "Author",
  "Message",
  "Date",
  "Email",
  "Fingerprint",
  "Tags",
] as const;

/** What a list of many is sorted and joined by. */
const rankColumns = ["Severity", "Confidence", "Finding"] as const;

const gitColumns = ["ReachedBy"] as const;

const imageColumns = ["Image", "LayerDigest", "LayerIndex", "CreatedBy", "Deleted"] as const;

/** gitleaks' CSV: nothing at all without findings. At its end severity, confidence and id of the finding, the repository where a report tells of
 * several targets, and columns for repositories and images when one of the findings is in one. */
export function* csv(report: Report, options: ReportOptions): Iterable<string> {
  const findings = open(report);
  if (findings.length === 0) return;
  const hasImages = findings.some(({ sightings }) => sightings.some(({ origin }) => origin.kind === "image"));
  const hasWays = findings.some(({ sightings }) => sightings.some(({ origin }) => waysOf(origin) !== undefined));
  const hasTargets = report.targets.length > 1;
  const hasLinks = findings.some(({ sightings }) =>
    sightings.some((sighting) => options.linkOf?.(sighting) !== undefined),
  );
  yield [
    ...columns,
    ...(hasLinks ? ["Link"] : []),
    ...rankColumns,
    ...(hasTargets ? ["Repository"] : []),
    ...(hasWays ? gitColumns : []),
    ...(hasImages ? imageColumns : []),
  ].join(",");
  for (const finding of findings) {
    for (const sighting of finding.sightings) {
      const ways = hasWays ? [(waysOf(sighting.origin) ?? []).join(" ")] : [];
      const link = hasLinks ? [options.linkOf?.(sighting) ?? ""] : [];
      const target = hasTargets ? [repositoryIn(report, sighting) ?? ""] : [];
      const rank = [finding.severity, finding.confidence, finding.fingerprint];
      const cells = [
        ...common(finding, sighting, options),
        ...link,
        ...rank,
        ...target,
        ...ways,
        ...(hasImages ? image(sighting) : []),
      ];
      yield cells.map(cell).join(",");
    }
  }
}

function common(finding: Finding, sighting: FindingSighting, { secrecy }: ReportOptions): readonly string[] {
  const commit = sighting.origin.kind === "git" ? sighting.origin.commit : undefined;
  return [
    sighting.ruleId,
    commit?.id ?? "",
    originPath(sighting.origin),
    "",
    shownSecret(finding, secrecy),
    shownMatch(finding, sighting, secrecy),
    String(sighting.startLine),
    String(sighting.endLine),
    String(sighting.startColumn),
    String(sighting.endColumn),
    commit?.author ?? "",
    commit?.message ?? "",
    commit?.date ?? "",
    commit?.email ?? "",
    gitleaksFingerprint(sighting),
    sighting.tags.join(" "),
  ];
}

function waysOf(origin: Origin): readonly string[] | undefined {
  return origin.kind === "git" ? origin.reachedBy : undefined;
}

function image({ origin }: FindingSighting): readonly string[] {
  if (origin.kind !== "image") return ["", "", "", "", ""];
  const { layer } = origin;
  return [
    origin.image,
    layer?.digest ?? "",
    String(layer?.index ?? ""),
    layer?.createdBy ?? "",
    String(origin.deleted),
  ];
}

/**
 * One cell. A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` for a formula, which a commit message could be; an apostrophe
 * in front makes it text (spaces in front do not help the attacker: they are looked through).
 */
function cell(text: string): string {
  const safe = sanitize(text);
  const inert = /^\s*[=+\-@|%\uff0b\uff0d\uff1d\uff20]/.test(safe) ? `'${safe}` : safe;
  return /[",\s]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
