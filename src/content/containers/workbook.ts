import { elements, plainText } from "./office-xml.ts";
import { TableText } from "./tables.ts";

/** Sheets and shared texts of a workbook up to this size are read; larger ones are tables of numbers. */
export const mostPart = 32 << 20;
export const sharedTexts = "xl/sharedStrings.xml";

/** Whether a member of a ZIP file is a sheet of a workbook (ISO/IEC 29500, SpreadsheetML). */
export function isSheet(name: string): boolean {
  return /^xl\/worksheets\/[^/]{1,80}\.xml$/.test(name);
}

/** The texts that cells of all sheets refer to by their number. */
export function readSharedTexts(xml: string): readonly string[] {
  return Array.from(elements(xml, "si"), ({ inner }) => textOf(inner));
}

const cellName = /(?:^|\s)r="([A-Z]{1,3})\d/;
const cellType = /(?:^|\s)t="(\w{1,12})"/;

/** The rows of a sheet with their texts, each cell under its heading. */
export function* sheetLines(xml: string, shared: readonly string[]): Generator<Buffer, void> {
  const table = new TableText();
  let lines = "";
  for (const row of elements(xml, "row")) {
    const cells: string[] = [];
    for (const { attributes, inner } of elements(row.inner, "c")) {
      const column = columnOf(cellName.exec(attributes)?.[1] ?? "");
      cells[column < 0 ? cells.length : column] = cellText(cellType.exec(attributes)?.[1], inner, shared);
    }
    lines += table.row(Array.from(cells, (cell) => cell ?? ""));
    if (lines.length < 1 << 16) continue;
    yield Buffer.from(lines);
    lines = "";
  }
  if (lines !== "") yield Buffer.from(lines);
}

function cellText(type: string | undefined, xml: string, shared: readonly string[]): string {
  if (type === "inlineStr") return textOf(xml);
  const [value] = elements(xml, "v");
  const text = plainText(value?.inner ?? "");
  return type === "s" ? (shared[Number(text)] ?? "") : text;
}

/** Runs of one text, without how it is read aloud. */
function textOf(xml: string): string {
  const spoken = xml.indexOf("<rPh");
  return Array.from(elements(spoken < 0 ? xml : xml.slice(0, spoken), "t"), ({ inner }) => plainText(inner)).join("");
}

/** Columns that are looked at. */
const mostColumns = 500;

/** The number of a column by its letters: `B` is 1. -1: it has none, or is far off. */
function columnOf(name: string): number {
  let column = 0;
  for (const letter of name) column = column * 26 + letter.charCodeAt(0) - 0x40;
  return column > mostColumns ? -1 : column - 1;
}
