import { createHash } from "node:crypto";
import { unescapeUrl } from "./parts.ts";
import { countingShare } from "./degenerate.ts";
import { commonPlaceholders, isPlaceholder } from "./placeholder.ts";

/** Passwords of samples (`aaa:bbb`, `user:pw`) are shorter. */
const MIN_DECODED_LENGTH = 4;

/** Kubernetes samples hold `cGFzc3dvcmQ=`, the base64 of a placeholder; tests hold it in hex, and its digest. */
export function decodesToPlaceholder(value: string): boolean {
  if (value.length > 128) return false;
  if (/^(?:[0-9a-fA-F]{2})+$/.test(value)) return isPrintedPlaceholder(value, "hex") || isPlaceholderDigest(value);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return false;
  if (value.length % 4 === 0 && isPlainData(Buffer.from(value, "base64"))) return true;
  return (value.length % 4 === 0 && isPrintedPlaceholder(value, "base64")) || isEncodedProse(value);
}

/** Bytes that count (`AAECAwQFBgc=`), and a constant's name (`T1ZFUk5JR0hU`). */
function isPlainData(bytes: Buffer): boolean {
  if (bytes.length < 6) return false;
  return bytes.every((byte, at) => byte === bytes[0]! + at) || /^[A-Z]{3,}(?:_[A-Z]+)*$/.test(bytes.toString("latin1"));
}

/** A shorter value decodes to words by chance. */
const MIN_PROSE_LENGTH = 20;
/** Of a whole text fewer words are enough: `Certificate data`. */
const WHOLE_PROSE = /^[A-Z]?[a-z]{4,}(?: [a-z]{3,})+[.!]?\n?$/;

/** Base64 of a sentence, whole or cut somewhere: `VGhpcyBpcyBub3QgYSByZWFs…`. */
function isEncodedProse(value: string): boolean {
  if (value.length < MIN_PROSE_LENGTH) return false;
  if (value.length % 4 === 0 && WHOLE_PROSE.test(Buffer.from(value, "base64").toString("latin1"))) return true;
  return [0, 1, 2, 3].some((skip) => {
    const whole = value.slice(skip, value.length - ((value.length - skip) % 4));
    return /^[A-Za-z',.!?-]*(?: [A-Za-z',.!?-]+){2,} ?$/.test(Buffer.from(whole, "base64").toString("latin1"));
  });
}

/** Users that only documents have (RFC 7617 has the second one). */
const SAMPLE_USER = /^(?:user_?name|aladdin|foo)$/i;
/** Where something is, with nothing in it that opens it: `tcp://127.0.0.1:5705`. */
const ADDRESS = /^[a-z][a-z0-9+.-]{1,15}:\/\/[\w.-]+(?::\d{1,5})?\/?\n?$/;

function isPrintedPlaceholder(value: string, encoding: "base64" | "hex"): boolean {
  const text = Buffer.from(value, encoding).toString("latin1");
  if (!/^[\x20-\x7e]+\n?$/.test(text)) return false;
  // Of `user:password` only the password matters.
  const colon = text.indexOf(":");
  if (SAMPLE_USER.test(text.slice(0, Math.max(0, colon))) || ADDRESS.test(text)) return true;
  const decoded = unescapeUrl(text.slice(colon + 1).trimEnd());
  if (colon >= 0 && decoded.length < MIN_DECODED_LENGTH) return true;
  return isPlaceholder(decoded, { coverage: 0.5, oneWordIsEnough: true }) || countingShare(decoded) > 1 / 2;
}

/** By the digest's length in hex digits. */
const ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [32, "md5"],
  [40, "sha1"],
  [64, "sha256"],
]);
const digests = new Map<string, ReadonlySet<string>>();

function isPlaceholderDigest(value: string): boolean {
  const algorithm = ALGORITHMS.get(value.length);
  if (algorithm === undefined) return false;
  let known = digests.get(algorithm);
  if (known === undefined) {
    known = new Set([...commonPlaceholders].map((text) => createHash(algorithm).update(text).digest("hex")));
    digests.set(algorithm, known);
  }
  return known.has(value.toLowerCase());
}
