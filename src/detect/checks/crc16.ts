import { decodeBase32 } from "./base32.ts";
import { type Check, invalid, unknown, valid } from "./check.ts";

/** CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) !== 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

/** Decodes base32 whose last two bytes are the CRC-16 of the others, little-endian; undefined when it does not fit. */
function decodeSealed(text: string, length: number): Uint8Array | undefined {
  const bytes = decodeBase32(text);
  if (bytes === undefined || bytes.length !== length) return undefined;
  const body = bytes.subarray(0, length - 2);
  return crc16(body) === ((bytes[length - 2] ?? 0) | ((bytes[length - 1] ?? 0) << 8)) ? body : undefined;
}

const NATS_TYPES: Readonly<Record<number, string>> = {
  0: "account",
  16: "cluster",
  104: "server",
  112: "operator",
  160: "user",
  184: "curve",
};

/** NATS nkeys seeds (nats-io/nkeys): `S`, the type, 32 bytes, CRC-16. */
export const natsSeed: Check = (secret) => {
  if (!/^S[ACNOUX][A-Z2-7]{56}$/.test(secret)) return unknown;
  const body = decodeSealed(secret, 36);
  if (body === undefined) return invalid;
  const type = (((body[0] ?? 0) & 7) << 5) | ((body[1] ?? 0) >> 3);
  const name = NATS_TYPES[type];
  return name === undefined ? invalid : valid(["checksum valid", `nkey seed of a ${name}`]);
};

/** Stellar secret seeds (SEP-23). */
export const stellarSeed: Check = (secret) => {
  if (!/^S[A-Z2-7]{55}$/.test(secret)) return unknown;
  const body = decodeSealed(secret, 35);
  return body !== undefined && body[0] === 0x90 ? valid(["checksum valid"]) : invalid;
};
