/** Real ones have some hundred bytes. */
const longest = 8192;
const target = /\s*,?\s*<([^>]*)>/y;
const parameter = /\s*;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/y;

/** Where the value of a `Link` field says that the next page is (RFC 8288, 3): the first link of that relation. What does not parse ends the field. */
export function nextLink(field: string): string | undefined {
  const text = field.slice(0, longest);
  target.lastIndex = 0;
  for (let link = target.exec(text); link !== null; link = target.exec(text)) {
    parameter.lastIndex = target.lastIndex;
    let relation: string | undefined;
    for (let one = parameter.exec(text); one !== null; one = parameter.exec(text)) {
      target.lastIndex = parameter.lastIndex;
      // Of several the first one counts.
      if (one[1]!.toLowerCase() === "rel") relation ??= one[2] ?? one[3] ?? "";
    }
    if (relation?.toLowerCase().split(/\s+/).includes("next") === true) return link[1];
  }
  return undefined;
}
