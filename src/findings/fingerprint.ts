import { pbkdf2Sync } from "node:crypto";
import { normaliseSecret } from "./normalise.ts";

/** Fixed, so that the fingerprint of a value is the same in every run and on every machine. */
const salt = "leaktrace fingerprint v1";

/**
 * Iterations of PBKDF2. A report names values by their fingerprints; stretching makes guessing a weak password from one a thousand
 * times dearer, while a scan with a thousand findings still spends under a second here.
 */
const iterations = 1000;

const fingerprintBytes = 16;

/** Values remembered; beyond it the memory is emptied, because a hostile tree can hold any number of different values. */
const maxRemembered = 50_000;

const remembered = new Map<string, string>();

/**
 * The identity of a secret: `lt1` and 32 hex characters, PBKDF2-HMAC-SHA256 of the normalised value.
 * Takes the plain value; gives the same text for the same value always.
 */
export function fingerprint(secret: string): string {
  const value = normaliseSecret(secret);
  const known = remembered.get(value);
  if (known !== undefined) return known;
  const derived = `lt1${pbkdf2Sync(value, salt, iterations, fingerprintBytes, "sha256").toString("hex")}`;
  if (remembered.size >= maxRemembered) remembered.clear();
  remembered.set(value, derived);
  return derived;
}

/** Whether a text has the form of a fingerprint. */
export function isFingerprint(text: string): boolean {
  return /^lt1[0-9a-f]{32}$/.test(text);
}
