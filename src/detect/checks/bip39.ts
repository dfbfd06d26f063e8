import { createHash } from "node:crypto";
import { bip39Index } from "./bip39-words.ts";
import { type Check, invalid, unknown, valid } from "./check.ts";

/** BIP-39: 11 bits a word. Of 12, 15, 18, 21, 24 words the last 4 to 8 bits are the first bits of the SHA-256 of the others. */
const BITS_PER_WORD = 11;
const COUNTS: ReadonlySet<number> = new Set([12, 15, 18, 21, 24]);

/** Mnemonic phrases of wallets in the English list. Phrases of one repeated byte are the published test vectors: invalid. */
export const bip39: Check = (secret) => {
  const words = secret
    .toLowerCase()
    .trim()
    .split(/[\s,"'-]+/);
  if (!COUNTS.has(words.length)) return unknown;
  let bits = "";
  for (const word of words) {
    const index = word.length >= 3 ? bip39Index.get(word.slice(0, 4)) : undefined;
    if (index === undefined) return invalid;
    bits += index.toString(2).padStart(BITS_PER_WORD, "0");
  }
  const checksumBits = words.length / 3;
  const entropy = Buffer.alloc((words.length * 4) / 3);
  for (let at = 0; at < entropy.length; at++) entropy[at] = parseInt(bits.slice(at * 8, at * 8 + 8), 2);
  const expected = (createHash("sha256").update(entropy).digest()[0] ?? 0) >> (8 - checksumBits);
  if (parseInt(bits.slice(-checksumBits), 2) !== expected) return invalid;
  if (entropy.every((byte) => byte === entropy[0])) return { status: "invalid", facts: ["published test vector"] };
  return valid(["checksum valid", `mnemonic phrase of ${words.length} words`]);
};
