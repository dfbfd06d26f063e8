import { createHash } from "node:crypto";
import { decodeBase32, encodeBase32 } from "./base32.ts";
import { type Check, doubtful, unknown } from "./check.ts";

const SHAPE = /^github_pat_11([A-Z2-7]{7})0[0-9A-Za-z]{12}_[0-9A-Za-z]{59}$/;
const LOOSE_SHAPE = /^github_pat_[0-9A-Za-z]{22}_[0-9A-Za-z]{59}$/;

/** The last 16 characters: 8 of checksum, then 8 whose use is unknown. */
const TAIL = 16;
const CHECKSUM = 8;

/** Fine-grained personal access tokens: base32 of a SHA-256 over the front, and the owner's numeric id. Observed, not published. */
export const githubFineGrained: Check = (secret) => {
  if (!LOOSE_SHAPE.test(secret)) return unknown;
  const covered = secret.slice(0, -TAIL);
  const checksum = secret.slice(covered.length, covered.length + CHECKSUM);
  const expected = encodeBase32(createHash("sha256").update(covered).digest()).slice(0, CHECKSUM);
  if (checksum !== expected) return doubtful;
  const owner = SHAPE.exec(secret)?.[1];
  const bytes = owner === undefined ? undefined : decodeBase32(owner);
  const facts = bytes === undefined || bytes.length < 4 ? [] : [`owner id ${Buffer.from(bytes).readUInt32BE(0)}`];
  return { status: "valid", facts: ["checksum valid", ...facts] };
};
