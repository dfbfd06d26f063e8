import type { ScreenRow } from "../frame.ts";
import type { StyledLine, Tone } from "../styled.ts";

/** SGR parameters (ECMA-48, 8.3.117) for each tone. Each tone also has a word or a letter in the text itself. */
export type Palette = Readonly<Record<Tone, string>>;

/**
 * The terminal's own sixteen colours, and never black, white or a background: whoever has chosen a background has chosen them for it. Blue is the bright one, for the other
 * one cannot be read on black.
 */
const anyBackground: Palette = {
  plain: "",
  dim: "2",
  strong: "1",
  good: "32",
  alert: "31",
  critical: "1;31",
  high: "31",
  medium: "35",
  low: "94",
  info: "2",
};

/** Dark ones of the 256 colours: green, and what is faint, are hard to read on white as most terminals have them. */
const lightBackground: Palette = {
  ...anyBackground,
  dim: "38;5;240",
  good: "38;5;22",
  alert: "38;5;124",
  critical: "1;38;5;124",
  high: "38;5;124",
  medium: "38;5;90",
  low: "38;5;25",
  info: "38;5;240",
};

/** For terminals of sixteen colours: what cannot be read on white there has none. */
const fewOnLight: Palette = { ...anyBackground, dim: "", good: "", low: "34", info: "" };

export type Background = "light" | "dark";

/**
 * The colours for a terminal. Its background is what the user says, else what the terminal says in `COLORFGBG` (rxvt, Konsole, iTerm2: colours of text and background by their numbers, the
 * last one counts); where nobody says it, colours are such as are readable on both.
 */
export function paletteFor(
  background: Background | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Palette {
  const told = /;(\d+)$/.exec(env["COLORFGBG"] ?? "")?.[1];
  const isLight = background === undefined ? told === "7" || told === "15" : background === "light";
  if (!isLight) return anyBackground;
  const hasMany =
    /256color|direct|kitty|alacritty|ghostty|foot/.test(env["TERM"] ?? "") || env["COLORTERM"] !== undefined;
  return hasMany ? lightBackground : fewOnLight;
}

/** A row as bytes for the terminal, from its first column on; styles end with it. Without a palette not one attribute is set. */
export function paintRow(row: ScreenRow, palette: Palette | undefined): string {
  return row
    .map(({ column, line }) => {
      // Absolute, so that a text whose width the terminal sees otherwise does not push the other pane.
      const place = column === 0 ? "" : `\x1b[${column + 1}G`;
      return place + paintLine(line, palette);
    })
    .join("");
}

function paintLine({ spans, isSelected }: StyledLine, palette: Palette | undefined): string {
  const text = (): string => spans.map((part) => part.text).join("");
  if (palette === undefined) return text();
  // The cursor's row is inverse as a whole: colours on it would be hard to read.
  if (isSelected === true) return `\x1b[7m${text()}\x1b[27m`;
  return spans
    .map((part) => (palette[part.tone] === "" ? part.text : `\x1b[${palette[part.tone]}m${part.text}\x1b[0m`))
    .join("");
}
