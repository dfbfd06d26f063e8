/** A text between `-----BEGIN LABEL-----` and `-----END LABEL-----`. */
export interface Armoured {
  readonly label: string;
  /** RFC 1421 and RFC 9580 headers, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const BEGIN = /-{4,5} ?BEGIN ([A-Z0-9 ]{3,60}?) ?-{4,5}/;

/**
 * Reads armour as it is found in files: with real line ends or with `\n` and `\r\n` escapes (JSON, env files), indented, quoted and joined in source
 * code, or on one line with blanks. Undefined when there is no BEGIN line or no body.
 */
export function readArmour(text: string): Armoured | undefined {
  const begin = BEGIN.exec(text);
  if (begin === null) return undefined;
  const label = begin[1] ?? "";
  const rest = text.slice(begin.index + begin[0].length);
  const end = rest.search(/-{4,5} ?END /);
  const inside = (end < 0 ? rest : rest.slice(0, end))
    .replace(/\\{1,4}[rnt]/g, "\n")
    .replace(/\\{1,4}\//g, "/")
    .replace(/&#1[03];|&#x[aAdD];|%0[aAdD]/g, "\n");
  const headers = new Map<string, string>();
  const lines: string[] = [];
  for (const raw of inside.split(/[\r\n]+/)) {
    const line = raw.replace(/^[\s"'`+,;|#*>.\\-]+|[\s"'`+,;|\\]+$/g, "");
    const header = /^([A-Za-z][A-Za-z-]{1,30}): ?(.{0,200})$/.exec(line);
    if (header !== null) headers.set((header[1] ?? "").toLowerCase(), header[2] ?? "");
    // The armour checksum of OpenPGP is no part of the body.
    else if (!/^=[A-Za-z0-9+/]{4}$/.test(line)) lines.push(line.replace(/^\+/, ""));
  }
  // A leading `+` may be data (base64 digit 62) or a join of source code: data lines of PEM have 64 or 76 characters.
  const body = Buffer.from(restorePlus(inside, lines), "base64");
  return body.length === 0 ? undefined : { label, headers, body };
}

/** Where the text is plain base64 without any quoting, every `+` in it is data. */
function restorePlus(inside: string, lines: readonly string[]): string {
  const compact = inside.replace(/^[A-Za-z][A-Za-z-]{1,30}: ?.*$/gm, "").replace(/^\s*=[A-Za-z0-9+/]{4}\s*$/gm, "").replace(/[\s\\]+/g, "");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(compact) ? compact : lines.join("").replace(/[^A-Za-z0-9+/=]+/g, "");
}
