/** Letters of a heading, and of a cell that is a name, at most. */
const mostLabel = 128;
/** Cells of one row that are looked at, and letters of one cell: many cells may name one long text. */
const mostCells = 500;
const mostCell = 4_096;
/** Headings of a second column that say no more than that a value stands there, and of one that says what it is. */
const anyValue = /^(?:values?|content|data|setting|wert|inhalt|valeur|valor|string(?: ?value)?|text)$/i;

/**
 * The rows of a table as `heading = "cell"`, a line each: whoever writes down accounts in a table says only at its head what is a password. In tables of two columns the first
 * one names the second, unless the head says what stands there.
 */
export class TableText {
  #headings: readonly string[] | undefined;

  /** The lines of one row; of the first one none, for it is the head. */
  row(cells: readonly string[]): string {
    const texts = cells.slice(0, mostCells).map((cell) => cell.slice(0, mostCell).replace(/\s+/g, " ").trim());
    if (texts.filter((text) => text !== "").length < 2) return "";
    if (this.#headings === undefined) {
      this.#headings = texts.map((text) => text.slice(0, mostLabel));
      return this.#isPairs(texts) ? pair(texts) : "";
    }
    if (this.#isPairs(texts)) return pair(texts);
    const headings = this.#headings;
    return texts.map((text, i) => (text === "" ? "" : line(headings[i] ?? "", text))).join("");
  }

  #isPairs(texts: readonly string[]): boolean {
    const [, second] = this.#headings ?? [];
    return (
      texts.length === 2 && (second === undefined || anyValue.test(second) || !/^[\p{L} _/-]{2,40}$/u.test(second))
    );
  }
}

function pair([name, value]: readonly string[]): string {
  return line((name ?? "").slice(0, mostLabel), value ?? "");
}

function line(name: string, value: string): string {
  return name === "" || value === "" ? "" : `${name} = "${value}"\n`;
}
