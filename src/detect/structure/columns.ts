import { rowsOfCreated } from "./created-table.ts";
import { signsAlone } from "./table-row.ts";
import type { InnerValue } from "./values.ts";

/** Tables with more rows are data sets. */
const maxRows = 100;
/** A header is looked for so far before the column's name. */
const maxHeader = 700;
/** Tables with more columns are data sets as well. */
const maxColumns = 40;

/** Names of columns beside secrets: what the telling word belongs to is their hash, their date, their kind. */
const notItself = /hash|salt|digest|encrypt|public|csrf|xsrf|reset|expir|hint|length|count|type$|_at$/i;

/**
 * The values of one column of a table: below the name at `at` in a header (CSV, tabs, cells of Markdown, of a wiki, of HTML), or in the tuples that a
 * statement of SQL inserts. Every row must have as many cells as the header, or it ends the table; what the end of the text may have cut is left out.
 */
export function valuesBelow(text: string, at: number): readonly InnerValue[] {
  const found = inCreated(text, at) ?? inStatement(text, at) ?? inMarkup(text, at) ?? inLines(text, at) ?? [];
  return found.filter(({ from, to }) => to < text.length && isValue(text.slice(from, to))).slice(0, maxRows);
}

/** What has blanks is prose, what has brackets code. */
function isValue(value: string): boolean {
  return !/[\s(){}<>]|:=|::/.test(value);
}

interface Cell {
  readonly from: number;
  readonly to: number;
}

/** Rows without names of columns, below the statement that created their table. */
function inCreated(text: string, at: number): readonly InnerValue[] | undefined {
  const rows = rowsOfCreated(text, at);
  if (rows === undefined) return undefined;
  if (rows === null || rows.width > maxColumns) return [];
  const name = /[\w`"[\] ]*$/.exec(text.slice(0, at))?.[0] ?? "";
  const rest = /^\w*/.exec(text.slice(at))?.[0] ?? "";
  return notItself.test(name + rest) ? [] : tuples(text, rows.start, rows.width, rows.index);
}

const insertHead = /(?:insert|replace)\s+(?:ignore\s+)?(?:into\s+)?[\w.`"[\]]{1,80}\s*$/i;
const copyHead = /copy\s+[\w."]{1,80}\s*$/i;

/** `INSERT INTO users (id, password) VALUES (1, '…'), (2, '…')`, `COPY users (id, password) FROM stdin;` and lines with tabs. */
function inStatement(text: string, at: number): readonly InnerValue[] | undefined {
  const open = text.lastIndexOf("(", at);
  const close = text.indexOf(")", at);
  if (open < 0 || close < 0 || at - open > maxHeader || close - at > maxHeader) return undefined;
  const head = text.slice(Math.max(0, open - 120), open);
  const names = text.slice(open + 1, close).split(",");
  if (names.some((name) => name.includes("|"))) return undefined;
  const index = text.slice(open + 1, at).split(",").length - 1;
  if (names.length > maxColumns || notItself.test(names[index]!)) return undefined;
  if (copyHead.test(head)) {
    const first = /^\)\s*from\s+stdin[^\n]{0,60};\r?\n/i.exec(text.slice(close, close + 100));
    return first === null ? undefined : rowsOf(text, close + first[0].length, "\t", names.length, index);
  }
  const values = insertHead.test(head) ? /^\)\s*values?\s*(?=\()/i.exec(text.slice(close, close + 60)) : null;
  return values === null ? undefined : tuples(text, close + values[0].length, names.length, index);
}

const literal =
  /\s*(?:[NE]?'((?:[^'\\\n]|''|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|[^\s,()'"][^,()'"\n]*(?:\([^()\n]{0,80}\))?|(?=[,)]))\s*/y;

function tuples(text: string, start: number, width: number, index: number): readonly InnerValue[] {
  const found: InnerValue[] = [];
  for (let at = start; found.length < maxRows && text[at] === "("; at = nextTuple(text, at)) {
    at++;
    let cells = 0;
    let value: InnerValue | undefined;
    for (;;) {
      literal.lastIndex = at;
      const match = literal.exec(text);
      if (match === null) return found;
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
    if (text[at] !== ")" || cells !== width) return found;
    if (value !== undefined) found.push(value);
  }
  return found;
}

/** Behind a tuple that ends at `)`: the next one of the same statement. */
function nextTuple(text: string, at: number): number {
  const behind = /^\)\s*,\s*(?=\()/.exec(text.slice(at, at + 20));
  return behind === null ? text.length : at + behind[0].length;
}

/** `<th>Password</th> … </tr><tr><td>…` */
function inMarkup(text: string, at: number): readonly InnerValue[] | undefined {
  if (!/^[\w ]{0,20}\s{0,4}<\/t[hd]>/i.test(text.slice(at, at + 40))) return undefined;
  const before = text.slice(Math.max(0, at - maxHeader), at);
  const edges = [...before.matchAll(/<t(?:r|able)\b/gi)];
  const row = edges.at(-1)?.index ?? 0;
  const index = (before.slice(row).match(/<t[hd]\b/gi)?.length ?? 0) - 1;
  // The first row of a table is its header; where any row were one, each would be told the rows behind it.
  const isHeader = edges.length < 2 || edges.at(-2)![0].length > "<tr".length;
  if (index < 0 || !isHeader) return undefined;
  const end = /<\/table>/i.exec(text.slice(at))?.index ?? text.length - at;
  const found: InnerValue[] = [];
  for (const [part, offset] of rowsOfMarkup(text, at, at + end)) {
    const cell = [...part.matchAll(/<t[hd]\b[^<>]{0,100}>/gi)][index];
    if (cell === undefined) continue;
    const inner = /^(?:\s|<(?!\/t[hd])[^<>]{1,100}>)*([^<>\s]+)(?:\s|<(?!t[hd])[^<>]{1,100}>)*<\/t[hd]>/i.exec(
      part.slice(cell.index + cell[0].length),
    );
    if (inner === null) continue;
    const from = offset + cell.index + cell[0].length + inner[0].indexOf(inner[1]!);
    found.push({ start: from, from, to: from + inner[1]!.length });
    if (found.length === maxRows) break;
  }
  return found;
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

const header = /^[\s|#"'*`]{0,6}[A-Za-z\u0080-\u00ff][\w \-./*"'`\u0080-\u00ff]{0,40}$/;

const code = /^[ \t]|[,;]\s*$|^(?:from|import|use|using|return|export|const|let|var|def|if|for|raise|throw)\b/;

/** Lines whose cells are parted by one sign, or stand below each other. */
function inLines(text: string, at: number): readonly InnerValue[] | undefined {
  const start = text.lastIndexOf("\n", at) + 1;
  const end = text.indexOf("\n", at);
  if (end < 0 || at - start > maxHeader || end - start > 2 * maxHeader) return undefined;
  const line = text.slice(start, end).replace(/\r$/, "");
  const separator = ["||", "|", "\t", ";", ","].find((sign) => line.includes(sign));
  const above = lineAbove(text, start);
  if (separator === undefined) return below(text, line, at - start, end + 1, above);
  const inner = separator === "||" || separator === "|";
  const cells = cellsOf(line, separator);
  const index = cells.findIndex(({ to }) => start + to > at);
  if (cells.length < 2 || cells.length > maxColumns || index < 0) return undefined;
  if (above !== "" && !isRule(above) && cellsOf(above, separator).length === cells.length) return undefined;
  const names = cells.map(({ from, to }) => line.slice(from, to));
  if (!names.every((name, i) => header.test(name) || (inner && name === "" && i !== index))) return undefined;
  if (notItself.test(names[index]!) || new Set(names).size < names.length) return undefined;
  // Lists of names in code are indented, or go on behind their last comma.
  if (!inner && (code.test(line) || names.some((name) => /^['`]/.test(name)))) return undefined;
  return rowsOf(text, end + 1, inner ? "|" : separator, cells.length, index, names);
}

/** The line above the one that begins at `start`; empty where there is none, or the text has not all of it. A line below one with as many cells is a row, and no header: so each row has one header at most. */
function lineAbove(text: string, start: number): string {
  if (start < 2) return "";
  const begin = text.lastIndexOf("\n", start - 2) + 1;
  return begin === 0 && start > 2 * maxHeader ? "" : text.slice(begin, start - 1).replace(/\r$/, "");
}

/** Whether a line parts a header from its rows. */
function isRule(line: string): boolean {
  return signsAlone.test(line) && (line.includes("-") || line.includes("="));
}

/** A row that has what the header has in a column is none: `keyword\tservice\tname`, a line of each. */
function rowsOf(
  text: string,
  start: number,
  separator: string,
  width: number,
  index: number,
  names: readonly string[] = [],
): readonly InnerValue[] {
  const found: InnerValue[] = [];
  for (let at = start, row = 0; at < text.length && row < maxRows; row++) {
    const end = text.indexOf("\n", at);
    if (end < 0) break;
    const line = text.slice(at, end).replace(/\r$/, "");
    const cells = cellsOf(line, separator);
    if (!isRule(line)) {
      if (cells.length !== width) break;
      if (cells.some(({ from, to }, i) => to > from && line.slice(from, to) === names[i])) return [];
      const { from, to } = cells[index]!;
      if (to > from) found.push({ start: at + from, from: at + from, to: at + to });
    }
    at = end + 1;
  }
  return found;
}

/** The cells of a line, without blanks, quotes and marks around them; a line of a table may begin and end with its separator. */
function cellsOf(line: string, separator: string): readonly Cell[] {
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

/** `User     Password` and values that begin where the name does. */
function below(
  text: string,
  line: string,
  at: number,
  start: number,
  above: string,
): readonly InnerValue[] | undefined {
  const names = [...line.matchAll(/\S+(?: \S+)*/g)];
  if (above.trim() !== "" && !isRule(above) && [...above.matchAll(/\S+(?: \S+)*/g)].length === names.length)
    return undefined;
  const index = names.findIndex((name) => name.index <= at && at < name.index + name[0].length);
  if (names.length < 2 || index < 0) return undefined;
  if (!names.every(([name]) => header.test(name)) || notItself.test(names[index]![0])) return undefined;
  const column = names[index]!.index;
  const found: InnerValue[] = [];
  for (let from = start, row = 0; from < text.length && row < maxRows; row++) {
    const end = text.indexOf("\n", from);
    if (end < 0) break;
    const cells = [...text.slice(from, end).matchAll(/\S+(?: \S+)*/g)];
    if (cells.length === 0) break;
    const cell = cells[index];
    if (cells.length === names.length && cell?.index === column && !/^[-=+]+$/.test(cell[0]) && !cell[0].includes(" "))
      found.push({ start: from + column, from: from + column, to: from + column + cell[0].length });
    else if (cells.length !== names.length) break;
    from = end + 1;
  }
  return found;
}
