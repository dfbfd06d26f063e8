/** Labels of PEM and OpenPGP blocks that hold a private key. */
const privateKeyHeader = /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----/;

/** Line ends and tabs as JSON, YAML, shells, XML and URLs write them inside a string. */
const writtenBreaks = /\\+[nrt]|\\+u000[9aAdD]|&#(?:10|13|xA|xD);|%0[AaDd]/g;

/** The seam of a string literal that was split over lines: `"…" +` and `"…",`. */
const stringSeams = /["'`]\s*[+,.&]?\s*/g;

/**
 * The form of a value by which it is recognised again. Private keys lose escapes, indentation and line ends, so that the same key in a
 * JSON file, an environment variable and a file of its own is one secret; every other value is its own form.
 */
export function normaliseSecret(secret: string): string {
  const header = privateKeyHeader.exec(secret);
  if (header === null) return secret;
  const rest = secret.slice(header.index + header[0].length);
  const end = rest.indexOf("-----END");
  const body = (end === -1 ? rest : rest.slice(0, end))
    .replace(writtenBreaks, " ")
    .replace(stringSeams, "")
    .replace(/[^A-Za-z0-9+/=:,.-]/g, "");
  return `${header[0]}${body}`;
}
