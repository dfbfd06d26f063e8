import { originPath } from "../model/content.ts";
import type { Finding, FindingSighting, Report } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { gitleaksFingerprint } from "../findings/index.ts";
import type { ReportOptions } from "./options.ts";
import { open, shownMatch, shownSecret } from "./shown.ts";

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

const imageColumns = ["Image", "LayerDigest", "LayerIndex", "CreatedBy", "Deleted"] as const;

/** gitleaks' CSV: nothing at all without findings; columns for images at the end when one of the findings is in an image. */
export function* csv(report: Report, options: ReportOptions): Iterable<string> {
  const findings = open(report);
  if (findings.length === 0) return;
  const hasImages = findings.some(({ sightings }) => sightings.some(({ origin }) => origin.kind === "image"));
  yield (hasImages ? [...columns, ...imageColumns] : columns).join(",");
  for (const finding of findings) {
    for (const sighting of finding.sightings) {
      const cells = [...common(finding, sighting, options), ...(hasImages ? image(sighting) : [])];
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
