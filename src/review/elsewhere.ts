import { ignoreFileName } from "../findings/index.ts";
import { originPath } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { wrap } from "./fit.ts";
import { placeTitle } from "./place-lines.ts";
import { selectedFinding, type ReviewState } from "./state.ts";
import { line, span, type StyledLine, type Tone } from "./styled.ts";

/** Findings that a preview looks at; more of one rule are counted by their rule alone. */
const maxAsked = 20_000;

/**
 * Other places where the decision on the selected finding can be written, each with what it would hide among all findings. They are files of the user: what would change in them is shown
 * before it is written.
 */
export function elsewhereLines(state: ReviewState): readonly StyledLine[] {
  const finding = selectedFinding(state);
  const width = state.size.columns;
  const put = (text: string, tone: Tone = "plain"): StyledLine[] =>
    wrap(text, width).map((part) => line(span(part, tone)));
  if (finding === undefined) return put("Go to a finding first.");
  const sighting = finding.sightings[state.place];
  const places = finding.sightings.length;
  const alike = sameFile(state, finding);
  return [
    ...put(`${finding.rule.id} ${finding.masked}`.split(" ").map(sanitize).join(" "), "strong"),
    line(),
    ...put(`1  f, i: ${sanitize(state.sink)}`, "strong"),
    ...put(
      `   The value, wherever it stands: ${places === 1 ? "1 place" : `${places.toLocaleString("en")} places`}. Recommended: it holds after moves and renames, and tells nobody the value.`,
    ),
    line(),
    ...put("2  A mark in the line itself: a comment with gitleaks:allow", "strong"),
    ...put(`   ${sighting === undefined ? "" : placeTitle(sighting)}`),
    ...put("   Hides that line from now on, with whatever secret comes there later; older commits and layers keep it."),
    line(),
    ...put("3  An allowlist in your configuration (y copies it)", "strong"),
    ...allowlistText(finding, state.place)
      .split("\n")
      .flatMap((text) => put(`   ${sanitize(text)}`, "good")),
    ...put(
      `   Hides what this rule finds in that file: ${alike.length === 1 ? "this finding alone" : `${alike.length.toLocaleString("en")} findings of this review`}, and what comes there later.`,
      alike.length > 1 ? "alert" : "plain",
    ),
    ...alike.slice(0, 20).flatMap((one) => put(`      ${sanitize(one.masked)}`, "dim")),
    line(),
    ...put("4  The rule itself, in your configuration (R)", "strong"),
    ...put(`   ${sanitize(finding.rule.id)} in your editor; what would appear and vanish is shown before it is saved.`),
    line(),
    ...(keepsInIgnoreFile(state)
      ? []
      : [
          ...put(`5  ${ignoreFileName} of the current folder`, "strong"),
          ...put("   The decision that was taken here, for scans that know nothing of the case."),
          line(),
        ]),
    ...put(
      `${keepsInIgnoreFile(state) ? "2, 3 and 4" : "2 to 5"} show what would change, and ask before it is written. Older commits and layers stay as they are.`,
      "dim",
    ),
  ];
}

/** Whether decisions go to an ignore file anyway. */
export function keepsInIgnoreFile({ sink }: Pick<ReviewState, "sink">): boolean {
  return sink === ignoreFileName;
}

/** Findings that an allowlist for the rule and the file would hide: of the same rule, with no place elsewhere. */
export function sameFile(
  { findings, place }: Pick<ReviewState, "findings" | "place">,
  finding: Finding,
): readonly Finding[] {
  const path = pathOf(finding, place);
  const found: Finding[] = [];
  let asked = 0;
  for (const one of findings.values()) {
    if (++asked > maxAsked) break;
    if (one.rule.id === finding.rule.id && one.sightings.every(({ origin }) => originPath(origin) === path))
      found.push(one);
  }
  return found;
}

/** TOML for a configuration: the rule finds nothing in this file any more. */
export function allowlistText(finding: Finding, place: number): string {
  const path = pathOf(finding, place);
  // In a pattern between three quotes every character stands for itself, but for the quotes: these are matched by any one.
  const pattern = path
    .replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
    .replaceAll("'", ".")
    .replace(/\p{Cc}/gu, ".");
  // Another rule that knows the value would report it then.
  const rules = [finding.rule.id, ...finding.otherRules].map((id) => JSON.stringify(id));
  return ["[[allowlists]]", `targetRules = [${rules.join(", ")}]`, `paths = ['''^${pattern}$''']`].join("\n");
}

function pathOf(finding: Finding, place: number): string {
  const sighting = finding.sightings[place];
  return sighting === undefined ? "" : originPath(sighting.origin);
}
