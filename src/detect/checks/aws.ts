import { decodeBase32 } from "./base32.ts";
import { type Check, unknown } from "./check.ts";

/** Accounts whose keys exist to raise an alarm when they are used (Thinkst's published list). */
const CANARY_ACCOUNTS: ReadonlySet<string> = new Set([
  "052310077262",
  "171436882533",
  "266735846894",
  "534261010715",
  "595918472158",
  "717712589309",
  "730335385048",
  "819147034852",
  "893192397702",
  "992382622183",
]);

/**
 * AWS key ids hold their account number since about 2019: 48 bits, masked, shifted by 7.
 * Nothing in them is a checksum, so the status stays unknown; the account is a fact.
 */
export const awsKeyId: Check = (secret) => {
  const body = /^[A-Z]{4}([A-Z2-7]{16})$/.exec(secret)?.[1];
  const bytes = body === undefined ? undefined : decodeBase32(body);
  // Older ids have the top bit clear and decode to nonsense.
  if (bytes === undefined || ((bytes[0] ?? 0) & 0x80) === 0) return unknown;
  const number = Buffer.from(bytes).readUIntBE(0, 6);
  const account = Math.floor((number % 2 ** 47) / 128)
    .toString()
    .padStart(12, "0");
  if (account.length > 12) return unknown;
  const facts = [`account ${account}`];
  if (CANARY_ACCOUNTS.has(account)) facts.push("canary token: using it alerts its owner");
  return { status: "unknown", facts };
};
