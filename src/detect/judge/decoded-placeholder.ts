import { createHash } from "node:crypto";
import { unescapeUrl } from "./parts.ts";
import { commonPlaceholders, isPlaceholder } from "./placeholder.ts";

/** Passwords of samples (`aaa:bbb`, `user:pw`) are shorter. */
const MIN_DECODED_LENGTH = 4;

/** Kubernetes samples hold `cGFzc3dvcmQ=`, the base64 of a placeholder; tests hold it in hex, and its digest. */
export function decodesToPlaceholder(value: string): boolean {
  if (value.length > 128) return false;
  if (/^(?:[0-9a-fA-F]{2})+$/.test(value)) return isPrintedPlaceholder(value, "hex") || isPlaceholderDigest(value);
  return value.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(value) && isPrintedPlaceholder(value, "base64");
}

function isPrintedPlaceholder(value: string, encoding: "base64" | "hex"): boolean {
  const text = Buffer.from(value, encoding).toString("latin1");
  if (!/^[\x20-\x7e]+\n?$/.test(text)) return false;
  // Of `user:password` only the password matters.
  const colon = text.indexOf(":");
  const decoded = unescapeUrl(text.slice(colon + 1).trimEnd());
  if (colon >= 0 && decoded.length < MIN_DECODED_LENGTH) return true;
  return isPlaceholder(decoded, { coverage: 0.5, oneWordIsEnough: true });
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
