import { footer, headerLine } from "./bars.ts";
import { detailRows, detailTitle } from "./detail.ts";
import { fit, padTo, wrap } from "./fit.ts";
import { layoutOf, smallest, type Layout, type Pane } from "./layout.ts";
import { listLines } from "./list-lines.ts";
import { overlayHeight, overlayLines } from "./overlays.ts";
import type { ReviewState } from "./state.ts";
import { waitsForPlaces } from "./unread.ts";
import { line, plainText, span, type StyledLine } from "./styled.ts";

/** A row of the screen: what stands side by side, each part from its column on. */
export type ScreenRow = readonly { readonly column: number; readonly line: StyledLine }[];

/** The whole screen as a function of the state: exactly as many rows as the terminal has, none wider than it. */
export function screenRows(state: ReviewState): readonly ScreenRow[] {
  const { columns, rows } = state.size;
  const layout = layoutOf(state);
  if (layout.kind === "small") {
    const words = `The review needs ${smallest.columns}x${smallest.rows} characters; this terminal has ${columns}x${rows}. q quits.`;
    return filled(
      wrap(words, columns).map((text) => line(span(text))),
      rows,
    ).map(whole);
  }
  const body =
    state.overlay === undefined
      ? paneRows(state, layout)
      : filled(overlayLines(state).slice(state.overlayTop), overlayHeight(state.size)).map(whole);
  const { above, line: last } = footer(state);
  return [whole(headerLine(state)), ...body.slice(0, body.length - above.length), ...[...above, last].map(whole)];
}

function whole(row: StyledLine): ScreenRow {
  return [{ column: 0, line: row }];
}

/** The text of a row, without its styles. */
export function rowText(row: ScreenRow): string {
  return row.reduce((text, part) => padTo(text, part.column) + plainText(part.line), "");
}

function paneRows(state: ReviewState, layout: Exclude<Layout, { kind: "small" }>): readonly ScreenRow[] {
  const { list, detail } = layout;
  const listPart = [titleLine(listTitleText(state), list.width, state.focus === "list"), ...listRows(state, list)];
  const title = detailTitle(state);
  const detailPart = [titleLine(title, detail.width, state.focus === "detail"), ...detailRows(state, detail.height)];
  const left = filled(listPart, list.height + 1);
  const right = filled(detailPart, detail.height + 1);
  if (layout.kind === "list") return left.map(whole);
  if (layout.kind === "detail") return right.map(whole);
  if (layout.kind === "stacked") return [...left, ...right].map(whole);
  const border = line(span("│", "dim"));
  return left.map((row, index) => [
    { column: 0, line: row },
    { column: list.width, line: border },
    { column: list.width + 1, line: right[index] ?? line() },
  ]);
}

function filled(rows: readonly StyledLine[], height: number): readonly StyledLine[] {
  return Array.from({ length: height }, (_, index) => rows[index] ?? line());
}

function listTitleText(state: ReviewState): string {
  const sorting = `by ${state.sorting.by}${state.sorting.isReversed ? ", reversed" : ""}`;
  const hidden = state.findings.size - state.list.shown.length;
  const grouping = state.grouping === "value" ? "" : `under ${state.grouping}, `;
  const waiting = waitsForPlaces(state) ? ` · reading places, ${state.unread.toLocaleString("en")} left` : "";
  return `Secrets ${grouping}${sorting}${waiting}${hidden === 0 ? "" : ` · ${hidden.toLocaleString("en")} hidden by the filter`}`;
}

/** The pane that has the keys is told by `»`, not by its colour alone. */
function titleLine(title: string, width: number, hasFocus: boolean): StyledLine {
  const text = `${hasFocus ? "»" : " "} ${title} `;
  return line(span(fit(text + "─".repeat(Math.max(0, width - text.length)), width), hasFocus ? "strong" : "dim"));
}

function listRows(state: ReviewState, pane: Pane): readonly StyledLine[] {
  if (state.list.shown.length > 0) return listLines(state, pane.width, pane.height);
  if (waitsForPlaces(state)) return [line(span("nothing passes the filter so far", "dim"))];
  if (state.findings.size > 0) return [line(span("nothing passes the filter; Esc clears it", "dim"))];
  return [line(span(state.scan.isRunning ? "nothing found so far" : "nothing found", "dim"))];
}
