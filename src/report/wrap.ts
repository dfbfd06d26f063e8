let measure: ((text: string) => number) | undefined;

/**
 * Loads what `wrap` measures text with; to be awaited before it is called with a finite width. Its tables of characters take 60 ms, which a
 * report that is not wrapped need not wait for.
 */
export async function loadWidths(): Promise<void> {
  measure ??= (await import("string-width")).default;
}

function columnsOf(text: string): number {
  if (measure === undefined) throw new Error("loadWidths comes before wrap");
  return measure(text);
}

/** Columns below which wrapping makes a text harder to read, not easier. */
const minWidth = 20;

/**
 * Breaks a text of one line into lines of at most `width` columns: between words where it can, inside a word (a path, a digest) where
 * it must. Gives the text as it is for an infinite width; for others `loadWidths` must have been awaited.
 */
export function wrap(text: string, width: number): readonly string[] {
  const columns = Math.max(minWidth, width);
  if (!Number.isFinite(columns) || columnsOf(text) <= columns) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (columnsOf(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = columnsOf(word) <= columns ? [word] : broken(word, columns);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? "";
  }
  return [...lines, line];
}

function broken(word: string, columns: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const character of word) {
    const wide = columnsOf(character);
    if (used + wide > columns) {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    piece += character;
    used += wide;
  }
  pieces.push(piece);
  return pieces;
}
