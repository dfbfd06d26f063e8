/** The content between an element's tags, and where they begin and end. */
export interface Element {
  readonly start: number;
  /** Attributes as they are written. */
  readonly attributes: string;
  readonly inner: string;
}

/** A part of a document has so many elements of one name at most. */
const mostElements = 4_000_000;

/** Elements of one name, one behind the other; such in each other are one. Linear: what nothing closes ends the list. */
export function* elements(xml: string, name: string): Generator<Element, void> {
  const close = `</${name}>`;
  let at = 0;
  for (let count = 0; count < mostElements; count++) {
    const start = xml.indexOf(`<${name}`, at);
    if (start < 0) return;
    const end = xml.indexOf(">", start);
    if (end < 0) return;
    at = end + 1;
    // Another name that begins so.
    if (/[\w:.-]/.test(xml[start + name.length + 1] ?? "")) continue;
    const attributes = xml.slice(start + name.length + 1, end);
    if (attributes.endsWith("/")) {
      yield { start, attributes, inner: "" };
      continue;
    }
    const closed = xml.indexOf(close, at);
    if (closed < 0) return;
    yield { start, attributes, inner: xml.slice(at, closed) };
    at = closed + close.length;
  }
}

/** Text without tags, its character references read. */
export function plainText(xml: string): string {
  return xml.replace(/<[^<>]*>/g, "").replace(reference, characterOf);
}

const reference = /&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});/g;
const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function characterOf(text: string): string {
  const name = text.slice(1, -1);
  if (!name.startsWith("#")) return named[name] ?? text;
  const code = name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code <= 0x10ffff ? String.fromCodePoint(code) : text;
}
