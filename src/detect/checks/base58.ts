import { createHash } from "node:crypto";
import { type Check, invalid, unknown, valid } from "./check.ts";

const BITCOIN = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/** Longest text that is decoded: an extended key has 111 characters, and decoding is quadratic. */
const MAX_LENGTH = 128;

/** Base58 in Bitcoin's alphabet, without a checksum. Undefined for other characters and for long texts. */
export function decodeBase58(text: string): Uint8Array | undefined {
  return decode(text, BITCOIN);
}

function decode(text: string, alphabet: string): Uint8Array | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const bytes: number[] = [];
  for (const character of text) {
    let carry = alphabet.indexOf(character);
    if (carry < 0) return undefined;
    for (let at = 0; at < bytes.length; at++) {
      carry += (bytes[at] ?? 0) * 58;
      bytes[at] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff);
  }
  for (let at = 0; at < text.length && text[at] === alphabet[0]; at++) bytes.push(0);
  return Uint8Array.from(bytes.reverse());
}

/** base58check: the payload of a text whose last four bytes are the double SHA-256 of the others; undefined when they are not. */
export function decodeBase58Check(text: string, alphabet: string = BITCOIN): Uint8Array | undefined {
  const bytes = decode(text, alphabet);
  if (bytes === undefined || bytes.length < 5) return undefined;
  const payload = bytes.subarray(0, bytes.length - 4);
  const sum = createHash("sha256").update(createHash("sha256").update(payload).digest()).digest();
  for (let at = 0; at < 4; at++) if (sum[at] !== bytes[payload.length + at]) return undefined;
  return payload;
}

/** What the payload is, by its leading bytes and its length. */
const KINDS: readonly {
  readonly prefix: readonly number[];
  readonly lengths: readonly number[];
  readonly name: string;
}[] = [
  { prefix: [0x80], lengths: [33, 34], name: "Bitcoin private key (WIF)" },
  { prefix: [0xef], lengths: [33, 34], name: "Bitcoin test network private key (WIF)" },
  { prefix: [0x04, 0x88, 0xad, 0xe4], lengths: [78], name: "extended private key (xprv)" },
  { prefix: [0x04, 0x9d, 0x78, 0x78], lengths: [78], name: "extended private key (yprv)" },
  { prefix: [0x04, 0xb2, 0x43, 0x0c], lengths: [78], name: "extended private key (zprv)" },
  { prefix: [0x04, 0x35, 0x83, 0x94], lengths: [78], name: "test network extended private key (tprv)" },
  { prefix: [0x01, 0x42], lengths: [39], name: "passphrase-protected private key (BIP-38)" },
  { prefix: [0x01, 0x43], lengths: [39], name: "passphrase-protected private key (BIP-38)" },
  { prefix: [0x0d, 0x0f, 0x3a, 0x07], lengths: [36], name: "Tezos seed" },
  { prefix: [0x2b, 0xf6, 0x4e, 0x07], lengths: [68], name: "Tezos secret key" },
];

/** Private keys of the Bitcoin family, of Tezos and of the XRP ledger. */
export const base58Check: Check = (secret) => {
  if (!/^[1-9A-HJ-NP-Za-km-z]{20,128}$/.test(secret)) return unknown;
  const payload = decodeBase58Check(secret);
  if (payload !== undefined) {
    const kind = KINDS.find(
      (each) => each.lengths.includes(payload.length) && each.prefix.every((byte, at) => payload[at] === byte),
    );
    return valid(kind === undefined ? ["checksum valid"] : ["checksum valid", kind.name]);
  }
  const seed = secret.startsWith("s") ? decodeBase58Check(secret, RIPPLE) : undefined;
  return seed !== undefined && seed[0] === 0x21 && seed.length === 17
    ? valid(["checksum valid", "XRP ledger seed"])
    : invalid;
};
