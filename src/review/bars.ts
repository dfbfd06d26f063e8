import { sanitize } from "../model/sanitize.ts";
import { completions } from "./completion.ts";
import { clip, clipStart, fit, widthOf, wrap } from "./fit.ts";
import { hint, hints, type Hint } from "./hints.ts";
import { overlayHeight, overlayLines } from "./overlays.ts";
import { lineText } from "./line-editor.ts";
import { previewText } from "./terms.ts";
import { rowOf, selectedGroup, targetsOf } from "./selection.ts";
import type { Prompt, ReviewState } from "./state.ts";
import { line, span, type Span, type StyledLine } from "./styled.ts";

/** The top row: what is looked at, and how far the scan has come. */
export function headerLine(state: ReviewState): StyledLine {
  const name = "leaktrace review  ";
  const status = clip(scanText(state), Math.floor(state.size.columns / 2));
  const room = state.size.columns - name.length - widthOf(status) - 1;
  return line(
    span(name, "strong"),
    span(fit(clipStart(sanitize(state.title), room), room)),
    span(` ${status}`, state.scan.failure === "" ? "plain" : "alert"),
  );
}

function scanText(state: ReviewState): string {
  const { isRunning, isReading, progress, problemCount, failure } = state.scan;
  const problems =
    problemCount === 0
      ? ""
      : ` · ${problemCount === 1 ? "1 problem" : `${problemCount.toLocaleString("en")} problems`} (p)`;
  if (failure !== "") return `${isReading ? "report damaged" : "scan failed"} (p)${problems}`;
  if (!isRunning) return `${state.findings.size.toLocaleString("en")} found${problems}`;
  const found = `${state.findings.size.toLocaleString("en")} found`;
  if (progress === undefined) return isReading ? `reading · ${found}` : `starting${problems}`;
  const share =
    progress.bytesPlanned > 0
      ? ` ${Math.min(99, Math.floor((100 * progress.bytesDone) / progress.bytesPlanned))} %`
      : "";
  const words: Readonly<Record<typeof progress.phase, string>> = {
    fetch: "fetching",
    plan: "planning",
    scan: "scanning",
    locate: "locating",
    done: "finishing",
  };
  if (isReading) return `reading${share} · ${found}`;
  return `${words[progress.phase]}${share} · ${bytesText(progress.bytesDone)} · ${clockText(progress.elapsedMs)}${problems}`;
}

function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`;
}

function clockText(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, "0")}`;
}

/** A row of the footer, and where the terminal's own cursor belongs when a line is being typed. */
export interface Footer {
  /** Rows of a message that one cannot hold; they cover what is above. */
  readonly above: readonly StyledLine[];
  readonly line: StyledLine;
  /** Cells from the left edge. */
  readonly caret?: number;
}

/** The bottom row: a line being typed, a message, or the keys that matter here; at its right the counts. */
export function footer(state: ReviewState): Footer {
  if (state.prompt !== undefined) return promptFooter(state, state.prompt);
  const counts = clip(countText(state), Math.floor(state.size.columns * 0.6));
  const room = Math.max(0, state.size.columns - widthOf(counts) - 1);
  const text = sanitize(messageOf(state));
  const rows = widthOf(text) <= room ? [text] : wrap(text, state.size.columns).slice(0, maxMessageRows);
  const last = rows.at(-1) ?? "";
  const hasLast = last !== "" && widthOf(last) <= room;
  const shown = hasLast ? [span(fit(last, room), "strong")] : hintSpans(state, room);
  return {
    above: (hasLast || text === "" ? rows.slice(0, -1) : rows).map((row) => line(span(row, "strong"))),
    line: line(...shown, span(` ${counts}`, "dim")),
  };
}

/** Addresses and names of files are to be read to their ends, and copied. */
const maxMessageRows = 3;

/** What is said of the last key; what was decided is told once it is on the disk. */
export function messageOf({ toast, unwritten }: ReviewState): string {
  return unwritten === 0 ? toast : "writing";
}

function hintSpans(state: ReviewState, room: number): readonly Span[] {
  const spans: Span[] = [];
  let used = 0;
  for (const { key, word } of footerHints(state)) {
    const width = key.length + 1 + word.length + 2;
    if (used + width > room) break;
    spans.push(span(key, "strong"), span(` ${word}  `, "dim"));
    used += width;
  }
  return [...spans, span(" ".repeat(room - used))];
}

/** The keys that matter most come first; a narrow row shows no others. */
function footerHints(state: ReviewState): readonly Hint[] {
  if (state.overlay !== undefined) return [hint("down"), hint("page-down"), { ...hint("back"), word: "close" }];
  if (state.focus === "detail")
    return hints("down", "back", "show", "help", "zoom", "next-tab", "next-place", "edit", "page");
  if (state.list.shown.length === 0) return hints("filter", "back", "help", "close");
  const first = hints("real", "false-positive", "ignore", "help", "filter", "into", "rotated", "undo");
  return [...first, ...hints("similar", "group", "sort", "elsewhere", "zoom", "close")];
}

function countText(state: ReviewState): string {
  if (state.overlay !== undefined) {
    const total = overlayLines(state).length;
    return `lines ${state.overlayTop + 1}-${Math.min(total, state.overlayTop + overlayHeight(state.size))} of ${total}`;
  }
  const marks = state.marked.size > 0 || state.range !== undefined ? targetsOf(state).length : 0;
  // What a decision would touch is told before it is taken.
  const under = marks === 0 && selectedGroup(state) !== undefined ? targetsOf(state).length : 0;
  return [
    `${(rowOf(state) + 1).toLocaleString("en")}/${state.list.rows.length.toLocaleString("en")}`,
    ...(marks > 0 ? [`${marks.toLocaleString("en")} marked`] : []),
    ...(under > 0 ? [`decides ${under.toLocaleString("en")}`] : []),
    `${state.counts.open.toLocaleString("en")} open`,
    ...(state.filter === "" ? [] : [`filter: ${sanitize(state.filter)}`]),
  ].join(" · ");
}

function promptFooter(state: ReviewState, prompt: Prompt): Footer {
  const label = promptLabel(state, prompt);
  const complaint = promptWords(state, prompt);
  const right = clip(complaint, Math.floor(state.size.columns / 2));
  const room = Math.max(1, state.size.columns - widthOf(label) - widthOf(right) - 2);
  // The end that is being typed stays in sight.
  const before = clipStart(sanitize(prompt.line.before), room - 1);
  const typed = fit(before + sanitize(prompt.line.after), room);
  return {
    above: [],
    line: line(span(label, "strong"), span(typed), span(`  ${right}`, "dim")),
    caret: widthOf(label) + widthOf(before),
  };
}

/** What stands beside a line being typed: a complaint, what may follow, what the decision would hide. */
function promptWords(state: ReviewState, prompt: Prompt): string {
  if (prompt.kind === "filter") return filterWords(state, prompt);
  if (state.toast !== "" || prompt.kind !== "ignore") return state.toast;
  return previewText(state, lineText(prompt.line), `${state.today}T00:00:00Z`);
}

/** What is wrong with what was typed, what may follow, or how many findings pass. */
function filterWords(state: ReviewState, { line }: Prompt): string {
  const shown = `${state.list.shown.length.toLocaleString("en")} shown`;
  const isBegun = /\S$/.test(line.before);
  const offered = isBegun ? completions(line, state.findings.values()) : [];
  if (offered.length > 0) return `${shown} · tab: ${sanitize(offered.join(" "))}`;
  return state.query.complaint === "" ? shown : sanitize(state.query.complaint);
}

function promptLabel(state: ReviewState, prompt: Prompt): string {
  if (prompt.kind === "filter") return "filter: ";
  const count = targetsOf(state).length;
  const what = count === 1 ? "" : ` for ${count.toLocaleString("en")} findings`;
  return prompt.kind === "ignore" ? `ignore because${what}: ` : `comment${what}: `;
}
