/** Shows frames on a terminal and writes only the rows that changed. */
export interface FrameWriter {
  /** `rows`: all of the screen, styled by SGR sequences that end with their row. `caret`: the cell of the cursor; hidden without. */
  show(rows: readonly string[], caret?: { readonly row: number; readonly column: number }): void;
  /** The terminal no longer shows what was last written: the next frame is written whole. */
  forget(): void;
}

// Synchronized output (DEC private mode 2026): the terminal shows a frame whole or not yet. Others ignore it.
const beginFrame = "\x1b[?2026h";
const endFrame = "\x1b[?2026l";
const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
const clearScreen = "\x1b[2J";

/**
 * Rows are placed absolutely and never end in a line feed, so nothing scrolls and nothing enters the scrollback.
 * `write` gets each frame in one piece.
 */
export function createFrameWriter(write: (bytes: string) => void): FrameWriter {
  let shown: readonly string[] | undefined;
  let shownCaret = "";
  return {
    show(rows, caret) {
      let out = "";
      for (const [row, line] of rows.entries()) {
        if (shown !== undefined && shown[row] === line) continue;
        // Cleared first: at the end, a character in the last column would be cleared with the rest.
        out += `\x1b[${row + 1};1H\x1b[K${line}\x1b[0m`;
      }
      const place = caret === undefined ? hideCursor : `\x1b[${caret.row + 1};${caret.column + 1}H${showCursor}`;
      if (shown === undefined) out = clearScreen + out;
      if (out !== "") out = hideCursor + out;
      if (out !== "" || place !== shownCaret) write(beginFrame + out + place + endFrame);
      shown = rows;
      shownCaret = place;
    },
    forget() {
      shown = undefined;
      shownCaret = "";
    },
  };
}
