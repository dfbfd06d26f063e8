import { sanitize } from "../model/sanitize.ts";
import { elsewhereLines } from "./elsewhere.ts";
import { fit, wrap } from "./fit.ts";
import { bindings, keyLabel, type Binding } from "./keys.ts";
import type { Size } from "./layout.ts";
import type { ReviewState } from "./state.ts";
import { line, span, type StyledLine, type Tone } from "./styled.ts";
import type { WrittenIn } from "./writer.ts";

const groupTitles: Readonly<Record<Binding["group"], string>> = {
  move: "Move",
  look: "Look",
  mark: "Mark",
  decide: "Decide (on what is marked, else on the selected finding)",
  leave: "Leave",
};

const keyColumn = 14;

/** Rows that an overlay has: all but header and footer. */
export function overlayHeight(size: Size): number {
  return Math.max(1, size.rows - 2);
}

/** The rows of the open overlay; none when none is open. */
export function overlayLines(state: ReviewState): readonly StyledLine[] {
  switch (state.overlay) {
    case "help":
      return helpLines(state.size.columns);
    case "problems":
      return problemLines(state);
    case "elsewhere":
      return elsewhereLines(state);
    case "proposal":
      return proposalLines(state);
    case undefined:
      return [];
  }
}

function helpLines(width: number): StyledLine[] {
  const lines: StyledLine[] = [];
  for (const group of ["move", "look", "mark", "decide", "leave"] as const) {
    if (lines.length > 0) lines.push(line());
    lines.push(line(span(groupTitles[group], "strong")));
    for (const { keys, text } of bindings.filter((binding) => binding.group === group)) {
      const label = fit(keys.map(keyLabel).join(" "), keyColumn);
      for (const [index, part] of wrap(text, width - keyColumn - 1).entries()) {
        lines.push(line(span(`${index === 0 ? label : " ".repeat(keyColumn)} `, "strong"), span(part)));
      }
    }
  }
  return lines;
}

const proposalTitles: Readonly<Record<WrittenIn, string>> = {
  mark: "A mark in the line",
  allowlist: "An allowlist in the configuration",
  rule: "A rule in the configuration",
  "ignore-file": "A decision in an ignore file",
};

/** Rows above those that tell what would change: title, keys, a blank line. */
export const proposalHeadRows = 3;

function proposalLines({ proposal, size }: ReviewState): StyledLine[] {
  if (proposal === undefined) return [];
  const { what, stage, rows } = proposal;
  const put = (text: string, tone: Tone): StyledLine[] =>
    wrap(sanitize(text.replaceAll("\t", "  ")), size.columns).map((part) => line(span(part, tone)));
  const keys = what === "rule" ? "e edits it again, esc drops it" : "esc leaves all as it is";
  const answer: Readonly<Record<typeof stage, string>> = {
    edited: "in your editor",
    working: `looking; ${keys}`,
    ready: `enter writes it; ${keys}`,
    refused: `not possible; ${keys}`,
  };
  return [
    line(span(fit(proposalTitles[what], size.columns), "strong")),
    ...put(answer[stage], stage === "refused" ? "alert" : "good"),
    line(),
    ...rows.flatMap(({ text, tone }) => put(text, tone)),
  ];
}

function problemLines(state: ReviewState): StyledLine[] {
  const { problems, problemCount, failure } = state.scan;
  const lines: StyledLine[] = [];
  const put = (text: string, tone: "plain" | "alert" | "dim"): void => {
    for (const part of wrap(text, state.size.columns)) lines.push(line(span(part, tone)));
  };
  if (failure !== "") put(`The scan ended early: ${sanitize(failure)}`, "alert");
  for (const text of state.failures) put(sanitize(text), "alert");
  if (problemCount === 0 && failure === "") put("Nothing: everything could be read so far.", "plain");
  for (const { code, effect, target, subject, message } of problems) {
    put(
      `${effect === "incomplete" ? "not scanned" : "note"}: ${code} ${sanitize(target)} ${sanitize(subject)}: ${sanitize(message)}`,
      "plain",
    );
  }
  if (problemCount > problems.length)
    put(`and ${(problemCount - problems.length).toLocaleString("en")} more: the report lists them all`, "dim");
  return lines;
}
