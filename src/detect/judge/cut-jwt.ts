/** The header of a JSON web token (RFC 7515) in base64url, and what follows it. */
const JWT = /^(eyJ[A-Za-z0-9_-]*)(.*)$/s;
/** `{"alg":"none"}` takes as many. */
const MIN_HEADER_LENGTH = 19;

/**
 * Whether a value is the beginning of a JSON web token without the rest, as documents abbreviate it: its header is too short for an algorithm, or
 * nothing that could be claims follows it. Other JSON that somebody encoded names no algorithm.
 */
export function isCutJwt(value: string): boolean {
  const [, header = "", rest = ""] = JWT.exec(value) ?? [];
  if (header === "") return false;
  if (header.length < MIN_HEADER_LENGTH) return rest === "" || rest.startsWith(".");
  if (rest.startsWith(".")) return !/^\.[A-Za-z0-9_-]{8}/.test(rest);
  return rest === "" && /^\{\s*"(?:alg|typ)"/.test(Buffer.from(header, "base64url").toString("latin1"));
}
