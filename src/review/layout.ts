/** Size of the terminal in character cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Pane {
  readonly width: number;
  /** Rows for content, without the pane's title. */
  readonly height: number;
}

/** What the layout follows from. */
export interface View {
  readonly size: Size;
  readonly focus: "list" | "detail";
  /** The pane that has the keys fills the screen. */
  readonly isZoomed: boolean;
}

/** `list` and `detail`: the pane alone; the other one is as large, for it may come next. */
export type Layout =
  | { readonly kind: "small" }
  | { readonly kind: "side" | "stacked" | "list" | "detail"; readonly list: Pane; readonly detail: Pane };

/** Below this nothing useful fits: then the screen says so. */
export const smallest: Size = { columns: 60, rows: 15 };

/** From here list and detail stand side by side. */
const sideBySideColumns = 100;

/** The list needs no more: a wider terminal gives the rest to the detail. */
const widestList = 90;

/** A narrower one has no room for files, and many secrets of one kind look the same without. */
const narrowestList = 56;

const headerAndFooterRows = 2;
const titleRows = 1;

/** The size to draw for. A pty without a size reports 0 or nothing: 80x24 then. */
export function sizeOf(columns: number | undefined, rows: number | undefined): Size {
  return {
    columns: columns === undefined || columns <= 0 ? 80 : columns,
    rows: rows === undefined || rows <= 0 ? 24 : rows,
  };
}

/** Where the two panes go on a screen of this size. */
export function layoutOf({ size, focus, isZoomed }: View): Layout {
  if (size.columns < smallest.columns || size.rows < smallest.rows) return { kind: "small" };
  const body = size.rows - headerAndFooterRows;
  if (isZoomed) {
    const pane = { width: size.columns, height: body - titleRows };
    return { kind: focus, list: pane, detail: pane };
  }
  if (size.columns >= sideBySideColumns) {
    const listWidth = Math.min(widestList, Math.max(narrowestList, Math.floor(size.columns / 2)));
    return {
      kind: "side",
      list: { width: listWidth, height: body - titleRows },
      detail: { width: size.columns - listWidth - 1, height: body - titleRows },
    };
  }
  const listRows = Math.floor(body * 0.4);
  return {
    kind: "stacked",
    list: { width: size.columns, height: listRows - titleRows },
    detail: { width: size.columns, height: body - listRows - titleRows },
  };
}
