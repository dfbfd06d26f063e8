import { type Check, invalid, unknown, valid } from "./check.ts";

const CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** BIP-173 allows 90 characters; age's post-quantum identities are longer. The checksum works for any length. */
const MAX_LENGTH = 4096;

function polymod(state: number, value: number): number {
  const top = state >>> 25;
  let next = ((state & 0x1ffffff) << 5) ^ value;
  for (let bit = 0; bit < 5; bit++) if (((top >> bit) & 1) !== 0) next ^= GENERATOR[bit] ?? 0;
  return next >>> 0;
}

/** Verifies a bech32 text (BIP-173, constant 1; one case only). @returns its human-readable part, or undefined */
function bech32Prefix(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (text.length > MAX_LENGTH || (lower !== text && text.toUpperCase() !== text)) return undefined;
  const separator = lower.lastIndexOf("1");
  if (separator < 1 || lower.length - separator < 7) return undefined;
  let state = 1;
  for (let at = 0; at < separator; at++) state = polymod(state, lower.charCodeAt(at) >> 5);
  state = polymod(state, 0);
  for (let at = 0; at < separator; at++) state = polymod(state, lower.charCodeAt(at) & 31);
  for (let at = separator + 1; at < lower.length; at++) {
    const value = CHARSET.indexOf(lower[at] ?? "");
    if (value < 0) return undefined;
    state = polymod(state, value);
  }
  return state === 1 ? lower.slice(0, separator) : undefined;
}

/** age identities, nostr keys and other bech32 secrets. */
export const bech32: Check = (secret) => {
  if (!/^[0-9A-Za-z-]+1[02-9a-zA-Z]{6,}$/.test(secret)) return unknown;
  const prefix = bech32Prefix(secret);
  return prefix === undefined ? invalid : valid(["checksum valid"]);
};
