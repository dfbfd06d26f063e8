import { signsAlone } from "./table-row.ts";
import type { InnerValue, Values } from "./values.ts";

/** Which column of a table is asked for, and how its rows are parted. */
export interface Column {
  /** How many cells each row has: one with another number ends the table. */
  readonly width: number;
  readonly index: number;
  /** Names of the columns, where they are known. */
  readonly names: readonly string[];
}

/** A text that may be a part of a content; `isWhole` where nothing of it is cut off at the end. */
export interface Part {
  readonly text: string;
  readonly isWhole: boolean;
}

export const noRows: Values = { values: [], goesOn: false };

/** Tables with more rows are data sets, */
const maxRows = 100;
/** but for those of accounts, of which each row counts. */
const maxAccounts = 500;
/** Names of columns beside the passwords and tokens of accounts. */
const ofAccounts =
  /user|login|log_in|e-?mail|account|konto|usuario|utilisateur|gebruiker|nick|member|customer|client|^host|server|\b(?:url|domain|site|service|first|last)/i;

function mostRows({ names }: Column): number {
  return names.some((name) => ofAccounts.test(name)) ? maxAccounts : maxRows;
}

const literal =
  /\s*(?:(?:[NE]|_\w{2,12}\s?)?'((?:[^'\\\n]|''|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|[^\s,()'"][^,()'"\n]*(?:\([^()\n]{0,80}\))?|(?=[,)]))\s*/y;
/** A row of a statement is at most so long. */
const maxTuple = 8_192;

/**
 * The tuples of a statement of SQL from `start` on, and of those that insert into the same table right behind it: `INSERT INTO users VALUES (1, '…');` a row.
 * @param head what the next statement begins with, up to its first tuple; undefined where it would name its columns anew
 */
export function tuples({ text, isWhole }: Part, start: number, column: Column, head?: RegExp): Values {
  const { width, index } = column;
  const most = mostRows(column);
  const values: InnerValue[] = [];
  let at = start;
  for (let rows = 0; text[at] === "("; at = nextTuple(text, at, head)) {
    if (rows++ === most) return { values, goesOn: true };
    at++;
    let cells = 0;
    let value: InnerValue | undefined;
    for (;;) {
      literal.lastIndex = at;
      const match = literal.exec(text);
      if (match === null) return { values, goesOn: !isWhole && isCut(text, at) };
      const inner = match[1] ?? match[2];
      if (cells === index && inner !== undefined && inner !== "") {
        const from = text.indexOf(inner, at);
        value = { start: from, from, to: from + inner.length };
      }
      cells++;
      at = literal.lastIndex;
      if (text[at] !== ",") break;
      at++;
    }
    if (text[at] !== ")" || cells !== width) return { values, goesOn: !isWhole && isCut(text, at) };
    if (value !== undefined) values.push(value);
  }
  return { values, goesOn: !isWhole && at === text.length };
}

/** Whether a tuple that cannot be read further from `at` on may be one that the end of the text cuts. */
function isCut(text: string, at: number): boolean {
  return text.length - at < maxTuple && text.indexOf("\n", at) < 0;
}

/** Behind a tuple that ends at `)`: the next one of the same statement, or of one that begins with `head`; the end of the text where that may cut it off. */
function nextTuple(text: string, at: number, head: RegExp | undefined): number {
  const behind = /^\)\s*,\s*(?=\()/.exec(text.slice(at, at + 20));
  if (behind !== null) return at + behind[0].length;
  const rest = text.slice(at + 1, at + 300);
  const next = head?.exec(rest) ?? null;
  if (next !== null) return at + 1 + next[0].length;
  const cut = head === undefined ? /^\s*,?\s*$/ : /^\s*(?:,\s*|;\s*(?:i[^;()]*)?)?$/i;
  return at + 1 + rest.length === text.length && cut.test(rest) ? text.length : at;
}

/** The cells of rows of HTML between two places. */
export function markupRows({ text, isWhole }: Part, from: number, to: number, column: Column): Values {
  const most = mostRows(column);
  const values: InnerValue[] = [];
  for (const [part, offset] of rowsOfMarkup(text, from, to)) {
    const cell = [...part.matchAll(/<t[hd]\b[^<>]{0,100}>/gi)][column.index];
    if (cell === undefined) continue;
    const inner = /^(?:\s|<(?!\/t[hd])[^<>]{1,100}>)*([^<>\s]+)(?:\s|<(?!t[hd])[^<>]{1,100}>)*<\/t[hd]>/i.exec(
      part.slice(cell.index + cell[0].length),
    );
    if (inner === null) continue;
    if (values.length === most) return { values, goesOn: true };
    const start = offset + cell.index + cell[0].length + inner[0].indexOf(inner[1]!);
    values.push({ start, from: start, to: start + inner[1]!.length });
  }
  return { values, goesOn: !isWhole && to === text.length };
}

/** Each row's text and where it begins; a row that nothing closes goes to the next one. */
function* rowsOfMarkup(text: string, from: number, to: number): Iterable<[string, number]> {
  const edge = /<\/?tr\b/gi;
  edge.lastIndex = from;
  let start = -1;
  for (let match = edge.exec(text); match !== null && match.index < to; match = edge.exec(text)) {
    if (start >= 0) yield [text.slice(start, match.index), start];
    start = match[0][1] === "/" ? -1 : match.index;
  }
  if (start >= 0) yield [text.slice(start, to), start];
}

/** Lines whose cells are parted by a sign. A row that has what the header has in a column is none: `keyword\tservice\tname`, a line of each. */
export function lineRows({ text, isWhole }: Part, start: number, separator: string, column: Column): Values {
  const { width, index, names } = column;
  const most = mostRows(column);
  const values: InnerValue[] = [];
  let at = start;
  for (let row = 0; at < text.length; row++) {
    const end = text.indexOf("\n", at);
    if (end < 0) return { values, goesOn: !isWhole };
    const line = text.slice(at, end).replace(/\r$/, "");
    const cells = cellsOf(line, separator);
    if (!isRule(line)) {
      if (cells.length !== width) return { values, goesOn: false };
      if (cells.some(({ from, to }, i) => to > from && line.slice(from, to) === names[i])) return noRows;
      if (row >= most) return { values, goesOn: true };
      const { from, to } = cells[index]!;
      if (to > from) values.push({ start: at + from, from: at + from, to: at + to });
    }
    at = end + 1;
  }
  return { values, goesOn: !isWhole };
}

/** Lines whose cells stand below the names of their columns. `from`: how far into a line the value begins. */
export function alignedRows({ text, isWhole }: Part, start: number, from: number, column: Column): Values {
  const { width, index } = column;
  const most = mostRows(column);
  const values: InnerValue[] = [];
  let at = start;
  for (let row = 0; at < text.length; row++) {
    const end = text.indexOf("\n", at);
    if (end < 0) return { values, goesOn: !isWhole };
    const cells = wordsOf(text.slice(at, end));
    if (cells.length !== width) return { values, goesOn: false };
    if (row >= most) return { values, goesOn: true };
    const cell = cells[index]!;
    if (cell.index === from && !/^[-=+]+$/.test(cell[0]) && !cell[0].includes(" "))
      values.push({ start: at + from, from: at + from, to: at + from + cell[0].length });
    at = end + 1;
  }
  return { values, goesOn: !isWhole };
}

/** What stands in a line with two blanks or more between. */
export function wordsOf(line: string): readonly RegExpExecArray[] {
  return [...line.matchAll(/\S+(?: \S+)*/g)];
}

/** Whether a line parts a header from its rows. */
export function isRule(line: string): boolean {
  return signsAlone.test(line) && (line.includes("-") || line.includes("="));
}

interface Cell {
  readonly from: number;
  readonly to: number;
}

/** Tables with more columns are data sets as well. */
export const maxColumns = 40;

/** The cells of a line, without blanks, quotes and marks around them; a line of a table may begin and end with its separator. */
export function cellsOf(line: string, separator: string): readonly Cell[] {
  const isTable = separator[0] === "|";
  const cells: Cell[] = [];
  let at = isTable ? (/^\s*\|{1,2}/.exec(line)?.[0].length ?? 0) : 0;
  const last = isTable ? line.replace(/\|{1,2}\s*$/, "").length : line.length;
  while (at <= last && cells.length <= maxColumns) {
    const quoted = isTable ? null : /^\s*"((?:[^"]|"")*)"\s*/.exec(line.slice(at, last));
    const found = quoted === null ? line.indexOf(separator, at) : at + quoted[0].length;
    const end = found < 0 || found > last ? last : found;
    cells.push(trimmed(line, at, end));
    at = end + separator.length;
  }
  return cells;
}

const marks = /[\s"'`*]/;

function trimmed(line: string, start: number, end: number): Cell {
  let [from, to] = [start, end];
  while (from < to && marks.test(line[from]!)) from++;
  while (to > from && /\s/.test(line[to - 1]!)) to--;
  // A quote or mark that opened the cell closes it as well.
  for (let at = from - 1; at >= start && to > from && line[to - 1] === line[at]; at--) if (line[at] !== " ") to--;
  return { from, to };
}
