import type { Bytes } from "./bytes.ts";
import type { Member } from "./member.ts";

/** A part of a document beyond this is a table of numbers. */
const mostBytes = 32 << 20;
/** Where paragraphs, cells and lines end (ISO/IEC 29500: WordprocessingML, DrawingML, SpreadsheetML; ODF 1.3). */
const lineEnd = /<\/(?:w:p|a:p|si|is|c|text:p|text:h|table:table-cell)>|<(?:w:br|w:cr|a:br|text:line-break)\b[^<>]*>/g;
const gap = /<(?:w:tab|text:tab|text:s)\b[^<>]*>/g;

/** Whether a content begins as a part of an office document does: XML in one of its namespaces. */
export function isOfficePart(head: Buffer): boolean {
  const text = head.toString("latin1");
  return (
    /^(?:\xef\xbb\xbf)?\s{0,8}<[?\w]/.test(text) &&
    /schemas\.openxmlformats\.org\/|urn:oasis:names:tc:opendocument/.test(text)
  );
}

/** The text of a part of an office document, a paragraph a line: in its XML a word is cut wherever its look, its language or its editor changed. */
export function* officeMembers(bytes: Bytes): Generator<Member, void> {
  const xml = bytes.read(0, Math.min(bytes.size, mostBytes)).toString("utf8");
  const text = xml
    .replace(lineEnd, "\n")
    .replace(gap, "\t")
    .replace(/<[^<>]*>/g, "")
    .replace(entity, characterOf);
  if (text.trim() !== "") yield { name: "", chunks: [Buffer.from(text)] };
}

const entity = /&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});/g;
const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function characterOf(reference: string): string {
  const name = reference.slice(1, -1);
  if (!name.startsWith("#")) return named[name] ?? reference;
  const code = name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
}
