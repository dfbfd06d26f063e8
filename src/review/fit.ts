import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const printableAscii = /^[ -~]*$/;

/** Cells that a terminal gives to a text. */
export function widthOf(text: string): number {
  return printableAscii.test(text) ? text.length : stringWidth(text);
}

/** The text in exactly `width` cells: padded with spaces, or cut with `…` at its end. */
export function fit(text: string, width: number): string {
  return padTo(clip(text, width), width);
}

/** The text with spaces behind it up to `width` cells; as it is where it is wider. */
export function padTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** The text in at most `width` cells, cut with `…` at its end. */
export function clip(text: string, width: number): string {
  if (width <= 0) return "";
  if (widthOf(text) <= width) return text;
  return `${head(text, width - 1)}…`;
}

/** Like `clip`, cut at its beginning: of a path the end tells more. */
export function clipStart(text: string, width: number): string {
  if (width <= 0) return "";
  if (widthOf(text) <= width) return text;
  const parts = [...graphemes.segment(text)].map(({ segment }) => segment);
  let kept = "";
  let used = 1;
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index] ?? "";
    used += widthOf(part);
    if (used > width) break;
    kept = part + kept;
  }
  return `…${kept}`;
}

/** Breaks a text into lines of at most `width` cells: between words where it can, anywhere where it must. */
export function wrap(text: string, width: number): string[] {
  if (width <= 0) return [];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<= )/u)) {
    if (widthOf(line + word.trimEnd()) <= width) {
      line += word;
      continue;
    }
    if (line !== "") lines.push(line.trimEnd());
    line = word;
    while (widthOf(line.trimEnd()) > width) {
      const part = head(line, width);
      // A character wider than the pane: give it a line of its own rather than loop.
      const taken = part === "" ? (line.match(/^./su)?.[0] ?? line) : part;
      lines.push(taken);
      line = line.slice(taken.length);
    }
  }
  lines.push(line.trimEnd());
  return lines;
}

function head(text: string, width: number): string {
  if (printableAscii.test(text)) return text.slice(0, width);
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += widthOf(segment);
    if (used > width) break;
    kept += segment;
  }
  return kept;
}
