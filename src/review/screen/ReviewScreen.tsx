import { Box, Text } from "ink";
import { footer, headerLine } from "../bars.ts";
import { detailLines } from "../detail.ts";
import { fit } from "../fit.ts";
import { layoutOf, smallest, type Layout, type Pane } from "../layout.ts";
import { listLines } from "../list-lines.ts";
import { overlayHeight, overlayLines } from "../overlays.ts";
import type { ReviewState } from "../state.ts";
import { line, span, type StyledLine } from "../styled.ts";
import { StyledRow } from "./StyledRow.tsx";

/** The whole screen as a function of the state: exactly as many rows and columns as the terminal has. */
export function ReviewScreen({ state }: { readonly state: ReviewState }) {
  const { columns, rows } = state.size;
  const layout = layoutOf(state.size);
  if (layout.kind === "small") {
    return (
      <Text wrap="wrap">{`The review needs ${smallest.columns}x${smallest.rows} characters; this terminal has ${columns}x${rows}. q quits.`}</Text>
    );
  }
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <StyledRow row={headerLine(state)} />
      {state.overlay === undefined ? <Panes state={state} layout={layout} /> : <Overlay state={state} />}
      <StyledRow row={footer(state).line} />
    </Box>
  );
}

function Overlay({ state }: { readonly state: ReviewState }) {
  const height = overlayHeight(state.size);
  return <Rows rows={overlayLines(state).slice(state.overlayTop)} pane={{ width: state.size.columns, height }} />;
}

function Panes({
  state,
  layout,
}: {
  readonly state: ReviewState;
  readonly layout: Exclude<Layout, { kind: "small" }>;
}) {
  const { list, detail } = layout;
  const listTitle = titleLine(listTitleText(state), list.width, state.focus === "list");
  const detailTitle = titleLine("Detail", detail.width, state.focus === "detail");
  const listPane = <Rows rows={[listTitle, ...listOf(state, list)]} pane={withTitle(list)} />;
  const detailPane = <Rows rows={[detailTitle, ...detailOf(state, detail)]} pane={withTitle(detail)} />;
  if (layout.kind === "stacked") {
    return (
      <Box flexDirection="column">
        {listPane}
        {detailPane}
      </Box>
    );
  }
  const border = Array.from({ length: list.height + 1 }, () => line(span("│", "dim")));
  return (
    <Box flexDirection="row">
      {listPane}
      <Rows rows={border} pane={{ width: 1, height: list.height + 1 }} />
      {detailPane}
    </Box>
  );
}

function withTitle(pane: Pane): Pane {
  return { width: pane.width, height: pane.height + 1 };
}

function listTitleText(state: ReviewState): string {
  const sorting = `by ${state.sorting.by}${state.sorting.isReversed ? ", reversed" : ""}`;
  const hidden = state.findings.size - state.shown.length;
  return `Secrets ${sorting}${hidden === 0 ? "" : ` · ${hidden.toLocaleString("en")} hidden by the filter`}`;
}

/** The pane that has the keys is told by `»`, not by its colour alone. */
function titleLine(title: string, width: number, hasFocus: boolean): StyledLine {
  return line(
    span(
      fit(`${hasFocus ? "»" : " "} ${title} ${"─".repeat(Math.max(0, width - title.length - 3))}`, width),
      hasFocus ? "strong" : "dim",
    ),
  );
}

function listOf(state: ReviewState, pane: Pane): readonly StyledLine[] {
  if (state.shown.length > 0) return listLines(state, pane.width, pane.height);
  if (state.findings.size > 0) return [line(span("nothing passes the filter; Esc clears it", "dim"))];
  return [line(span(state.scan.isRunning ? "nothing found so far" : "nothing found", "dim"))];
}

function detailOf(state: ReviewState, pane: Pane): readonly StyledLine[] {
  const lines = detailLines(state);
  const top = Math.min(state.detailTop, Math.max(0, lines.length - pane.height));
  return lines.slice(top, top + pane.height);
}

function Rows({ rows, pane }: { readonly rows: readonly StyledLine[]; readonly pane: Pane }) {
  return (
    <Box flexDirection="column" width={pane.width} height={pane.height} overflow="hidden">
      {rows.slice(0, pane.height).map((row, index) => (
        <StyledRow key={index} row={row} />
      ))}
    </Box>
  );
}
