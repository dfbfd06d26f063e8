import type { Finding } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { verdictWords, type Decision } from "../model/decision.ts";
import { fateOf } from "../findings/index.ts";
import { wrap } from "./fit.ts";
import { layoutOf } from "./layout.ts";
import { isReadTab, lookId, tabs, type LookRow, type ReadTab } from "./look.ts";
import { placeLines, placeTitle } from "./place-lines.ts";
import { selectedGroup } from "./selection.ts";
import { isUnfinished, selectedFinding, verdictOf, type ReviewState } from "./state.ts";
import { lifeLines, storyLines } from "./story-lines.ts";
import { line, span, type StyledLine, type Tone } from "./styled.ts";

/** A value that leaked everywhere would fill a hundred thousand rows; the report has every place, the review the first of them. */
const maxPlaces = 1000;

const labelWidth = 10;
const indent = 4;

interface DetailView {
  readonly lines: readonly StyledLine[];
  /** The line of the place that is looked at. */
  readonly here?: number;
}

function detailView(state: ReviewState): DetailView {
  const layout = layoutOf(state);
  if (layout.kind === "small") return { lines: [] };
  const { width } = layout.detail;
  const finding = selectedFinding(state);
  if (finding === undefined) return { lines: groupLines(state, width) };
  const view = tabView(state, finding, width);
  const { revealed } = state;
  if (revealed?.fingerprint !== finding.fingerprint) return view;
  // On every tab, and where the eye is.
  return { lines: [...labelled("VALUE", sanitize(revealed.value), "alert", width), line(), ...view.lines] };
}

function tabView(state: ReviewState, finding: Finding, width: number): DetailView {
  if (isReadTab(state.tab)) return lookView(state, finding, state.tab, width);
  if (state.tab === "story") return { lines: isUntold(state, finding) ? unfinished(width) : storyLines(state, width) };
  if (isUntold(state, finding)) return { lines: [...factLines(state, finding, width), ...unfinished(width)] };
  return { lines: [...factLines(state, finding, width), ...placeBlock(finding, width)] };
}

/** Rows of the detail of what is selected, at the width of its pane. */
export function detailLines(state: ReviewState): readonly StyledLine[] {
  return detailView(state).lines;
}

export function detailLineCount(state: ReviewState): number {
  return detailLines(state).length;
}

/** The first row of the detail that a pane of this height shows. */
export function detailTopOf(state: ReviewState, height: number): number {
  return topOf(detailView(state), state.detailTop, height);
}

function topOf({ lines, here = 0 }: DetailView, scrolledTo: number | undefined, height: number): number {
  const last = Math.max(0, lines.length - height);
  return Math.min(scrolledTo ?? (here < height ? 0 : here - Math.floor(height / 2)), last);
}

/** The rows of the detail that its pane shows. */
export function detailRows(state: ReviewState, height: number): readonly StyledLine[] {
  const view = detailView(state);
  const top = topOf(view, state.detailTop, height);
  return view.lines.slice(top, top + height);
}

/** The tabs, the open one in brackets, and which of the places is looked at. */
export function detailTitle(state: ReviewState): string {
  const finding = selectedFinding(state);
  if (finding === undefined) return "Detail";
  const names = tabs.map((tab, index) => (tab === state.tab ? `[${tab}]` : `${index + 1} ${tab}`)).join(" ");
  const count = finding.sightings.length;
  const place = isReadTab(state.tab) && count > 1 ? ` · place ${state.place + 1}/${count}` : "";
  return `Detail ${names}${place}`;
}

const lookBlocks = new WeakMap<readonly LookRow[], DetailView & { readonly width: number }>();

/** What was read again of the place that is looked at. */
function lookView(state: ReviewState, finding: Finding, tab: ReadTab, width: number): DetailView {
  const { place, around } = state;
  const sighting = finding.sightings[place];
  const title =
    sighting === undefined ? [] : wrap(placeTitle(sighting), width).map((text) => line(span(text, "strong")));
  const rows = state.looks.get(lookId({ tab, place, around, fingerprint: finding.fingerprint }));
  if (rows === undefined) return { lines: [...title, line(span("reading", "dim"))] };
  let block = lookBlocks.get(rows);
  if (block?.width !== width) lookBlocks.set(rows, (block = wrapped(rows, width)));
  const { lines, here } = block;
  if (here === undefined && isUntold(state, finding)) {
    // Why it cannot be read is no more than that; what the scan has seen of it is something.
    const seen = wrapped(
      rows.filter(({ tone }) => tone !== "dim"),
      width,
    );
    return { lines: [...title, line(), ...unfinished(width), line(), ...seen.lines] };
  }
  return {
    lines: [...title, line(), ...lines],
    ...(here === undefined ? {} : { here: here + title.length + 1 }),
  };
}

/** Whether no commit or layer of a finding is known yet: a scan tells them at its end, and what it says of files until then may be of an image. */
function isUntold(state: ReviewState, { sightings }: Finding): boolean {
  const isTold = sightings.some(
    ({ origin }) => origin.kind === "image" || (origin.kind === "git" && origin.commit !== undefined),
  );
  return isUnfinished(state) && !isTold;
}

function unfinished(width: number): StyledLine[] {
  return wrap("The scan is still running; where this stands is told in full once it has ended.", width).map((text) =>
    line(span(text, "dim")),
  );
}

function wrapped(rows: readonly LookRow[], width: number): DetailView & { readonly width: number } {
  const lines: StyledLine[] = [];
  let here: number | undefined;
  for (const { text, tone, isHere } of rows) {
    if (isHere === true) here ??= lines.length;
    for (const part of wrap(sanitize(text.replaceAll("\t", "  ")), width)) lines.push(line(span(part, tone)));
  }
  return { width, lines, ...(here === undefined ? {} : { here }) };
}

/** Findings of one head that are summed up; the counts beside the head are of all. */
const maxSummed = 5000;

function groupLines(state: ReviewState, width: number): readonly StyledLine[] {
  const group = selectedGroup(state);
  if (group === undefined) return [];
  const members = group.members.slice(0, maxSummed).flatMap((fingerprint) => state.findings.get(fingerprint) ?? []);
  const open = state.openIn.get(group.id) ?? 0;
  const tally = (wordOf: (finding: Finding) => string): string => {
    const counts = new Map<string, number>();
    for (const member of members) counts.set(wordOf(member), (counts.get(wordOf(member)) ?? 0) + 1);
    return [...counts]
      .sort(([, a], [, b]) => b - a)
      .slice(0, 8)
      .map(([word, count]) => `${count.toLocaleString("en")} ${word}`)
      .join(", ");
  };
  const verdictWord = (finding: Finding): string => {
    const verdict = verdictOf(state, finding);
    return verdict === undefined ? "open" : verdictWords[verdict];
  };
  return [
    ...wrap(sanitize(group.title), width).map((text) => line(span(text, "strong"))),
    line(),
    ...labelled(
      "findings",
      `${group.members.length.toLocaleString("en")}, ${open.toLocaleString("en")} open`,
      "plain",
      width,
    ),
    ...labelled("verdicts", tally(verdictWord), "good", width),
    ...labelled(
      "severity",
      tally(({ severity }) => severity),
      "plain",
      width,
    ),
    ...labelled("rules", sanitize(tally(({ rule }) => rule.id)), "plain", width),
    ...labelled("deciding", `r f i x decide ${open > 0 ? "what is open under it" : "all of it"}`, "dim", width),
  ];
}

function factLines(state: ReviewState, finding: Finding, width: number): StyledLine[] {
  const { rule } = finding;
  const references = rule.references.map((reference) => sanitize(reference));
  return [
    ...wrap(sanitize(rule.description), width).map((text) => line(span(text, "strong"))),
    line(),
    ...labelled("severity", `${finding.severity}, ${finding.confidence}`, finding.severity, width),
    ...labelled("seen", seenText(state, finding), fateOf(finding).isDeleted ? "plain" : "strong", width),
    ...labelled("rule", [rule.id, ...finding.otherRules].map((id) => sanitize(id)).join(", "), "plain", width),
    ...labelled("value", sanitize(finding.masked), "strong", width),
    ...decisionLines(state, finding, width),
    ...finding.facts.flatMap((fact, index) => labelled(index === 0 ? "facts" : "", sanitize(fact), "plain", width)),
    ...labelled("what to do", sanitize(rule.revoke), "strong", width),
    ...references.flatMap((reference, index) => labelled(index === 0 ? "see" : "", reference, "dim", width)),
    ...labelled("id", finding.fingerprint, "dim", width),
    line(),
  ];
}

/** Whether it is alive, since when, and where: the first words that a reviewer wants. */
function seenText(state: ReviewState, finding: Finding): string {
  const { sightings } = finding;
  const { isDeleted, since } = fateOf(finding);
  const [first] = sightings;
  const count = sightings.length === 1 ? "1 place" : `${sightings.length.toLocaleString("en")} places`;
  return [
    ...(isUnfinished(state) ? [] : [isDeleted ? "deleted everywhere, and still readable" : "alive"]),
    ...(since === "" ? [] : [`since ${sanitize(since)}`]),
    first === undefined ? count : `${count}: ${placeTitle(first)}${sightings.length > 1 ? " …" : ""}`,
  ].join(", ");
}

function decisionLines(state: ReviewState, finding: Finding, width: number): StyledLine[] {
  const conflict = state.conflicts.get(finding.fingerprint);
  if (conflict !== undefined)
    return [
      ...labelled("decision", "open: reviewers differ", "alert", width),
      ...conflict.flatMap((said) => labelled("", decisionText(said), "plain", width)),
    ];
  const decision = state.decisions.get(finding.fingerprint);
  if (decision !== undefined) {
    const lapsed = verdictOf(state, finding) === undefined ? "open again: " : "";
    return labelled("decision", lapsed + decisionText(decision), lapsed === "" ? "good" : "alert", width);
  }
  if (finding.suppressed !== undefined) {
    const { by, reason } = finding.suppressed;
    return labelled(
      "decision",
      `ignored by ${sanitize(by)}${reason === "" ? "" : `: ${sanitize(reason)}`}`,
      "good",
      width,
    );
  }
  const kept = state.comments.get(finding.fingerprint);
  return labelled("decision", `open${kept === undefined ? "" : `; comment: ${sanitize(kept)}`}`, "plain", width);
}

function decisionText({ verdict, date, reason, by, expires, path }: Decision): string {
  return [
    `${verdictWords[verdict]} since ${sanitize(date.slice(0, 10))}`,
    ...(by === undefined ? [] : [` by ${sanitize(by)}`]),
    ...(expires === undefined ? [] : [`, until ${sanitize(expires)}`]),
    ...(path === undefined ? [] : [`, in ${sanitize(path)}`]),
    ...(reason === "" ? [] : [`: ${sanitize(reason)}`]),
  ].join("");
}

function labelled(label: string, text: string, tone: Tone, width: number): StyledLine[] {
  if (text === "") return [];
  return wrap(text, width - labelWidth - 1).map((part, index) =>
    line(span(`${(index === 0 ? label : "").padEnd(labelWidth)} `, "dim"), span(part, tone)),
  );
}

const placeBlocks = new WeakMap<Finding, { readonly width: number; readonly lines: readonly StyledLine[] }>();

/** Every place of the finding. Kept for the last width: it is the long part, and each frame asks for it. */
function placeBlock(finding: Finding, width: number): readonly StyledLine[] {
  const known = placeBlocks.get(finding);
  if (known?.width === width) return known.lines;
  const count = finding.sightings.length;
  const fate = fateOf(finding).isDeleted ? "deleted everywhere, and still readable" : "";
  const title = `${count === 1 ? "1 place" : `${count.toLocaleString("en")} places`}${fate === "" ? "" : `, ${fate}`}`;
  const lines: StyledLine[] = wrap(title, width).map((text) => line(span(text, "strong")));
  for (const [index, sighting] of finding.sightings.slice(0, maxPlaces).entries()) {
    for (const [row, { text, tone }] of placeLines(sighting).entries()) {
      const lead = row === 0 ? `${index + 1}`.padEnd(indent - 1) + " " : " ".repeat(indent);
      for (const [part, piece] of wrap(text, width - lead.length).entries()) {
        lines.push(line(span(part === 0 ? lead : " ".repeat(lead.length), "dim"), span(piece, tone)));
      }
    }
  }
  if (count > maxPlaces)
    lines.push(line(span(`and ${(count - maxPlaces).toLocaleString("en")} more: the report lists them all`, "dim")));
  lines.push(...lifeLines(finding, width));
  placeBlocks.set(finding, { width, lines });
  return lines;
}
