import type { Finding, FindingRule, Report } from "../model/finding.ts";
import { fateOf } from "../findings/index.ts";
import { counted } from "./amounts.ts";
import { placeLines } from "./places.ts";
import { open } from "./shown.ts";

/** A secret as one row of a list; texts are escaped for terminals, and not for any markup. */
export interface OverviewRow {
  readonly finding: Finding;
  /** The kind of secret, without what it opens. */
  readonly kind: string;
  /** Its first place. */
  readonly place: string;
  readonly morePlaces: number;
  /** `alive` or `deleted`, and since when it was there. */
  readonly fate: string;
  /** Who brought it in, or which instruction. Empty where nothing tells. */
  readonly by: string;
}

/** What is to be done about secrets of one kind. */
export interface Remedy {
  readonly rule: FindingRule;
  readonly kind: string;
  /** The rows of the list that it is for, from 1. */
  readonly rows: readonly number[];
}

/** The open findings of a report as rows, the worst first. */
export function overviewRows(report: Report): readonly OverviewRow[] {
  const known = report.targets.length === 1 ? report.targets[0]!.target : "";
  return open(report).map((finding) => {
    const [first] = finding.sightings;
    const { isDeleted, since } = fateOf(finding);
    const isDated = finding.sightings.some(({ origin }) => origin.kind === "git" || origin.kind === "image");
    return {
      finding,
      kind: kindOf(finding.rule),
      place: first === undefined ? "" : placeLines(first, known)[0],
      morePlaces: Math.max(0, finding.sightings.length - 1),
      fate: isDated ? `${isDeleted ? "deleted" : "alive"}${since === "" ? "" : `, since ${since}`}` : "",
      by: byWhom(finding),
    };
  });
}

/** What to do, kind by kind, in the order of the list: whoever follows it revokes the worst first. */
export function remedies(rows: readonly OverviewRow[]): readonly Remedy[] {
  const byRule = new Map<string, { rule: FindingRule; kind: string; rows: number[] }>();
  for (const [i, { finding, kind }] of rows.entries()) {
    const { rule } = finding;
    const known = byRule.get(rule.id) ?? { rule, kind, rows: [] };
    known.rows.push(i + 1);
    byRule.set(rule.id, known);
  }
  return [...byRule.values()];
}

/** Numbers of rows in few words: `1, 2, 5 to 9`. */
export function rangesText(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length;) {
    let end = i;
    while (numbers[end + 1] === numbers[end]! + 1) end++;
    parts.push(end - i > 1 ? `${numbers[i]} to ${numbers[end]}` : numbers.slice(i, end + 1).join(", "));
    i = end + 1;
  }
  return parts.join(", ");
}

/** ` and 3 more places`, or nothing. */
export function moreText(count: number): string {
  return count === 0 ? "" : ` and ${counted(count, "more place")}`;
}

function kindOf({ id, description }: FindingRule): string {
  const [kind = ""] = description.split(": ", 1);
  return kind === "" ? id : kind.replace(/\.$/, "");
}

/** The author of the first commit that is told, else the first instruction. */
function byWhom({ sightings }: Finding): string {
  for (const { origin } of sightings)
    if (origin.kind === "git" && origin.commit !== undefined) {
      const { author, email } = origin.commit;
      return email === "" ? author : `${author} <${email}>`;
    }
  for (const { origin } of sightings)
    if (origin.kind === "image" && (origin.layer?.createdBy ?? "") !== "") return origin.layer!.createdBy;
  return "";
}
