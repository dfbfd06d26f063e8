import { rowsOfCreated } from "./created-table.ts";
import {
  alignedRows,
  cellsOf,
  isRule,
  lineRows,
  markupRows,
  maxColumns,
  noRows,
  tuples,
  wordsOf,
  type Part,
} from "./rows.ts";
import type { Values } from "./values.ts";

/** A header is looked for so far before the column's name. */
const maxHeader = 700;

/** Names of columns beside secrets: what the telling word belongs to is their hash, their date, their kind. */
const notItself = /hash|salt|digest|encrypt|public|csrf|xsrf|reset|expir|hint|length|count|type$|_at$/i;

/**
 * The values of one column of a table: below the name at `at` in a header (CSV, tabs, cells of Markdown, of a wiki, of HTML), or in the tuples that
 * statements of SQL insert. Every row must have as many cells as the header, or it ends the table; what the end of the text may have cut is left out.
 * @param isWhole whether the content ends with the text
 */
export function valuesBelow(text: string, at: number, isWhole = false): Values {
  const part = { text, isWhole };
  const { values, goesOn } =
    inCreated(part, at) ?? inStatement(part, at) ?? inMarkup(part, at) ?? inLines(part, at) ?? noRows;
  return { values: values.filter(({ from, to }) => to < text.length && isValue(text.slice(from, to))), goesOn };
}

/** What has blanks is prose, what has brackets code. */
function isValue(value: string): boolean {
  return !/[\s(){}<>]|:=|::/.test(value);
}

/** Rows without names of columns, below the statement that created their table. */
function inCreated(part: Part, at: number): Values | undefined {
  const rows = rowsOfCreated(part.text, at);
  if (rows === undefined) return undefined;
  if (rows === null || rows.names.length > maxColumns) return noRows;
  const { start, names, index, head } = rows;
  return notItself.test(names[index]!) ? noRows : tuples(part, start, { width: names.length, index, names }, head);
}

const insertHead = /(?:insert|replace)\s+(?:ignore\s+)?(?:into\s+)?[\w.`"[\]]{1,80}\s*$/i;
const copyHead = /copy\s+[\w."]{1,80}\s*$/i;

/** `INSERT INTO users (id, password) VALUES (1, '…'), (2, '…')`, `COPY users (id, password) FROM stdin;` and lines with tabs. */
function inStatement(part: Part, at: number): Values | undefined {
  const { text } = part;
  const open = text.lastIndexOf("(", at);
  const close = text.indexOf(")", at);
  if (open < 0 || close < 0 || at - open > maxHeader || close - at > maxHeader) return undefined;
  const head = text.slice(Math.max(0, open - 120), open);
  const names = text.slice(open + 1, close).split(",");
  if (names.some((name) => name.includes("|"))) return undefined;
  const index = text.slice(open + 1, at).split(",").length - 1;
  if (names.length > maxColumns || notItself.test(names[index]!)) return undefined;
  const column = { width: names.length, index, names };
  if (copyHead.test(head)) {
    const first = /^\)\s*from\s+stdin[^\n]{0,60};\r?\n/i.exec(text.slice(close, close + 100));
    return first === null ? undefined : lineRows(part, close + first[0].length, "\t", column);
  }
  const values = insertHead.test(head) ? /^\)\s*values?\s*(?=\()/i.exec(text.slice(close, close + 60)) : null;
  return values === null ? undefined : tuples(part, close + values[0].length, column);
}

/** `<th>Password</th> … </tr><tr><td>…` */
function inMarkup(part: Part, at: number): Values | undefined {
  const { text } = part;
  if (!/^[\w ]{0,20}\s{0,4}<\/t[hd]>/i.test(text.slice(at, at + 40))) return undefined;
  const before = text.slice(Math.max(0, at - maxHeader), at);
  const edges = [...before.matchAll(/<t(?:r|able)\b/gi)];
  const row = edges.at(-1)?.index ?? 0;
  const names = before
    .slice(row)
    .split(/<t[hd]\b/i)
    .slice(1);
  // The first row of a table is its header; where any row were one, each would be told the rows behind it.
  const isHeader = edges.length < 2 || edges.at(-2)![0].length > "<tr".length;
  if (names.length === 0 || !isHeader) return undefined;
  const end = /<\/table>/i.exec(text.slice(at))?.index ?? text.length - at;
  return markupRows(part, at, at + end, { width: names.length, index: names.length - 1, names });
}

const header = /^[\s|#"'*`]{0,6}[A-Za-z\u0080-\u00ff][\w \-./*"'`\u0080-\u00ff]{0,40}$/;

const code = /^[ \t]|[,;]\s*$|^(?:from|import|use|using|return|export|const|let|var|def|if|for|raise|throw)\b/;

/** Lines whose cells are parted by one sign, or stand below each other. */
function inLines(part: Part, at: number): Values | undefined {
  const { text } = part;
  const start = text.lastIndexOf("\n", at) + 1;
  const end = text.indexOf("\n", at);
  if (end < 0 || at - start > maxHeader || end - start > 2 * maxHeader) return undefined;
  const line = text.slice(start, end).replace(/\r$/, "");
  const separator = ["||", "|", "\t", ";", ","].find((sign) => line.includes(sign));
  const above = lineAbove(text, start);
  if (separator === undefined) return inAligned(part, line, at - start, end + 1, above);
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
  return lineRows(part, end + 1, inner ? "|" : separator, { width: cells.length, index, names });
}

/** The line above the one that begins at `start`; empty where there is none, or the text has not all of it. A line below one with as many cells is a row, and no header: so each row has one header at most. */
function lineAbove(text: string, start: number): string {
  if (start < 2) return "";
  const begin = text.lastIndexOf("\n", start - 2) + 1;
  return begin === 0 && start > 2 * maxHeader ? "" : text.slice(begin, start - 1).replace(/\r$/, "");
}

/** `User     Password` and values that begin where the name does. */
function inAligned(part: Part, line: string, at: number, start: number, above: string): Values | undefined {
  const words = wordsOf(line);
  if (above.trim() !== "" && !isRule(above) && wordsOf(above).length === words.length) return undefined;
  const index = words.findIndex((name) => name.index <= at && at < name.index + name[0].length);
  if (words.length < 2 || index < 0) return undefined;
  const names = words.map(([name]) => name);
  if (!names.every((name) => header.test(name)) || notItself.test(names[index]!)) return undefined;
  return alignedRows(part, start, words[index]!.index, { width: words.length, index, names });
}
