/** A text between `-----BEGIN LABEL-----` and `-----END LABEL-----`. */
export interface Armoured {
  readonly label: string;
  /** RFC 1421 and RFC 9580 headers, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** The CRC-24 that OpenPGP may write behind the body (RFC 9580, 6.1). */
  readonly checksum?: number;
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
  let checksum: number | undefined;
  for (const line of unpatch(inside.split(/[\r\n]+/).map((each) => each.trim()))) {
    const header = HEADER.exec(line);
    if (header !== null) headers.set((header[1] ?? "").toLowerCase(), header[2] ?? "");
    else {
      const sum = ARMOUR_CHECKSUM.exec(line)?.[1];
      if (sum === undefined) lines.push(dataOf(line));
      else checksum = Buffer.from(sum, "base64").readUIntBE(0, 3);
    }
  }
  const body = Buffer.from(lines.join(""), "base64");
  if (body.length === 0) return undefined;
  return { label, headers, body, ...(checksum === undefined ? {} : { checksum }) };
}

/** The CRC-24 of OpenPGP (RFC 9580, 6.1.1). */
export function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ ((crc & 0x800000) === 0 ? 0 : 0x1864cfb);
  }
  return crc & 0xffffff;
}

/** In a patch every line has a sign in front. One line of data may start with `+` by chance, all of them do not. */
function unpatch(lines: readonly string[]): readonly string[] {
  const filled = lines.filter((line) => line !== "");
  return filled.length >= 3 && filled.every((line) => line.startsWith("+"))
    ? filled.map((line) => line.slice(1))
    : lines;
}

const HEADER = /^["'`\s]{0,4}([A-Za-z][A-Za-z-]{1,30}): ?([^"'`]{0,200})/;
/** The CRC line of OpenPGP: no part of the body. */
const ARMOUR_CHECKSUM = /^["'`\s]{0,4}=([A-Za-z0-9+/]{4})["'`,;\s]{0,4}$/;

/** The base64 in a line. In source code it stands in quotes; outside of them a `+` joins strings, inside it is data. */
function dataOf(line: string): string {
  const quoted = /["'`]([A-Za-z0-9+/=]*)/.exec(line);
  if (quoted !== null) return quoted[1] ?? "";
  return line.replace(/^(?:\/\/|[#*>|.\\-])+\s+/, "").replace(/[^A-Za-z0-9+/=]+/g, "");
}
