import type { Bytes } from "./bytes.ts";
import type { Member } from "./member.ts";
import { elements, plainText } from "./office-xml.ts";
import { TableText } from "./tables.ts";

/** A part of a document beyond this is a table of numbers. */
const mostBytes = 32 << 20;
/** Where paragraphs, cells and lines end (ISO/IEC 29500: WordprocessingML, DrawingML, SpreadsheetML; ODF 1.3). */
const lineEnd = /<\/(?:w:p|a:p|si|is|c|text:p|text:h|table:table-cell)>|<(?:w:br|w:cr|a:br|text:line-break)\b[^<>]*>/g;
const gap = /<(?:w:tab|text:tab|text:s)\b[^<>]*>/g;
/** Tables, their rows and cells, in each of these languages. */
const tables = [
  { table: "w:tbl", row: "w:tr", cell: "w:tc" },
  { table: "a:tbl", row: "a:tr", cell: "a:tc" },
  { table: "table:table", row: "table:table-row", cell: "table:table-cell" },
];

/** Whether a content begins as a part of an office document does: XML in one of its namespaces. */
export function isOfficePart(head: Buffer): boolean {
  const text = head.toString("latin1");
  return (
    /^(?:\xef\xbb\xbf)?\s{0,8}<[?\w]/.test(text) &&
    /schemas\.openxmlformats\.org\/|urn:oasis:names:tc:opendocument/.test(text)
  );
}

/**
 * The text of a part of an office document, a paragraph a line: in its XML a word is cut wherever its look, its language or its editor changed. Behind it the rows of its
 * tables, each cell under its heading.
 */
export function* officeMembers(bytes: Bytes): Generator<Member, void> {
  const xml = bytes.read(0, Math.min(bytes.size, mostBytes)).toString("utf8");
  const text = plainText(xml.replace(lineEnd, "\n").replace(gap, "\t"));
  if (text.trim() === "") return;
  const rows = tableLines(xml);
  yield { name: "", chunks: [Buffer.from(rows === "" ? text : `${text}\n${rows}`)] };
}

function tableLines(xml: string): string {
  let lines = "";
  for (const names of tables) {
    for (const { inner } of elements(xml, names.table)) {
      const table = new TableText();
      for (const row of elements(inner, names.row))
        lines += table.row(Array.from(elements(row.inner, names.cell), (cell) => plainText(cell.inner)));
    }
  }
  return lines;
}
