import { endText, lifetimes, stepText } from "../findings/index.ts";
import type { Finding } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { verdictWords } from "../model/decision.ts";
import { wrap } from "./fit.ts";
import { layoutOf } from "./layout.ts";
import { placeLines } from "./place-lines.ts";
import { isDeletedEverywhere } from "./query.ts";
import { selectedFinding, type ReviewState } from "./state.ts";
import { line, span, type StyledLine, type Tone } from "./styled.ts";

/** A value that leaked everywhere would fill a hundred thousand rows; the report has every place, the review the first of them. */
const maxPlaces = 1000;

/** Images whose story is told, the steps of each, and how much of an instruction: all of them can be many. */
const maxLifetimes = 20;
const maxSteps = 50;
const maxInstruction = 300;

const labelWidth = 10;
const indent = 4;

/** Rows of the detail of the selected finding, at the width of its pane. */
export function detailLines(state: ReviewState): readonly StyledLine[] {
  const layout = layoutOf(state.size);
  const finding = selectedFinding(state);
  if (layout.kind === "small" || finding === undefined) return [];
  const { width } = layout.detail;
  return [...factLines(state, finding, width), ...placeBlock(finding, width)];
}

export function detailLineCount(state: ReviewState): number {
  return detailLines(state).length;
}

/** The rows of the detail that its pane shows. */
export function detailRows(state: ReviewState, height: number): readonly StyledLine[] {
  const lines = detailLines(state);
  const top = Math.min(state.detailTop, Math.max(0, lines.length - height));
  return lines.slice(top, top + height);
}

export function detailTitle(_: ReviewState): string {
  return "Detail";
}

function factLines(state: ReviewState, finding: Finding, width: number): StyledLine[] {
  const { rule } = finding;
  const references = rule.references.map((reference) => sanitize(reference));
  const isRevealed = state.revealed === finding.fingerprint;
  return [
    ...wrap(sanitize(rule.description), width).map((text) => line(span(text, "strong"))),
    line(),
    ...labelled("severity", `${finding.severity}, ${finding.confidence}`, finding.severity, width),
    ...labelled("rule", [rule.id, ...finding.otherRules].map((id) => sanitize(id)).join(", "), "plain", width),
    ...(isRevealed
      ? labelled("VALUE", sanitize(finding.secret ?? ""), "alert", width)
      : labelled("value", sanitize(finding.masked), "strong", width)),
    ...decisionLines(state, finding, width),
    ...finding.facts.flatMap((fact, index) => labelled(index === 0 ? "facts" : "", sanitize(fact), "plain", width)),
    ...labelled("what to do", sanitize(rule.revoke), "strong", width),
    ...references.flatMap((reference, index) => labelled(index === 0 ? "see" : "", reference, "dim", width)),
    ...labelled("id", finding.fingerprint, "dim", width),
    line(),
  ];
}

function decisionLines(state: ReviewState, finding: Finding, width: number): StyledLine[] {
  const decision = state.decisions.get(finding.fingerprint);
  if (decision !== undefined) {
    const reason = decision.reason === "" ? "" : `: ${sanitize(decision.reason)}`;
    return labelled(
      "decision",
      `${verdictWords[decision.verdict]} since ${sanitize(decision.date.slice(0, 10))}${reason}`,
      "good",
      width,
    );
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

function labelled(label: string, text: string, tone: Tone, width: number): StyledLine[] {
  if (text === "") return [];
  return wrap(text, width - labelWidth - 1).map((part, index) =>
    line(span(`${(index === 0 ? label : "").padEnd(labelWidth)} `, "dim"), span(part, tone)),
  );
}

/** What became of it in images, layer by layer, and how to see it with one's own eyes. */
function lifeLines(finding: Finding, width: number): StyledLine[] {
  return lifetimes(finding)
    .slice(0, maxLifetimes)
    .flatMap((life) => {
      const platform = life.platform === "" ? "" : ` (${sanitize(life.platform)})`;
      const proof = life.proof === undefined ? [] : wrap(sanitize(life.proof), width - indent);
      return [
        line(),
        ...wrap(`in ${sanitize(life.image)}${platform}: ${endText(life)}`, width).map((text) =>
          line(span(text, "strong")),
        ),
        ...life.steps.slice(0, maxSteps).flatMap((step) => {
          const instruction = sanitize(step.layer?.createdBy.slice(0, maxInstruction) ?? "");
          const text = `${sanitize(stepText(step))}${instruction === "" ? "" : `: ${instruction}`}`;
          return wrap(text, width - indent).map((part) => line(span(" ".repeat(indent)), span(part, "plain")));
        }),
        ...proof.map((part) => line(span(" ".repeat(indent)), span(part, "dim"))),
      ];
    });
}

const placeBlocks = new WeakMap<Finding, { readonly width: number; readonly lines: readonly StyledLine[] }>();

/** Every place of the finding. Kept for the last width: it is the long part, and each frame asks for it. */
function placeBlock(finding: Finding, width: number): readonly StyledLine[] {
  const known = placeBlocks.get(finding);
  if (known?.width === width) return known.lines;
  const count = finding.sightings.length;
  const fate = isDeletedEverywhere(finding) ? "deleted everywhere, and still readable" : "";
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
