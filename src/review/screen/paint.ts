import type { ScreenRow } from "../frame.ts";
import type { StyledLine, Tone } from "../styled.ts";

/**
 * SGR parameters (ECMA-48, 8.3.117). Only the terminal's own sixteen colours, and never black, white or a background: they are readable on dark and on light
 * screens alike. Each tone also has a word or a letter in the text itself.
 */
const styles: Readonly<Record<Tone, string>> = {
  plain: "",
  dim: "2",
  strong: "1",
  good: "32",
  alert: "31",
  critical: "1;31",
  high: "31",
  medium: "35",
  low: "34",
  info: "2",
};

/** A row as bytes for the terminal, from its first column on; styles end with it. Without colours not one attribute is set. */
export function paintRow(row: ScreenRow, hasColour: boolean): string {
  return row
    .map(({ column, line }) => {
      // Absolute, so that a text whose width the terminal sees otherwise does not push the other pane.
      const place = column === 0 ? "" : `\x1b[${column + 1}G`;
      return place + paintLine(line, hasColour);
    })
    .join("");
}

function paintLine({ spans, isSelected }: StyledLine, hasColour: boolean): string {
  const text = (): string => spans.map((part) => part.text).join("");
  if (!hasColour) return text();
  // The cursor's row is inverse as a whole: colours on it would be hard to read.
  if (isSelected === true) return `\x1b[7m${text()}\x1b[27m`;
  return spans
    .map((part) => (styles[part.tone] === "" ? part.text : `\x1b[${styles[part.tone]}m${part.text}\x1b[0m`))
    .join("");
}
