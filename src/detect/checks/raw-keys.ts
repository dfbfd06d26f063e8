/** Keys that are bare numbers: what can be proved is that a number can be such a key, and which public key belongs to it. */
import { createDecipheriv, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { decodeBase58 } from "./base58.ts";
import { decodeBase64 } from "./base64.ts";
import { type Check, doubtful, factText, invalid, unknown, valid } from "./check.ts";

/** PKCS#8 heads of RFC 8410: what comes before the 32 bytes of a key. */
const X25519_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");
const ED25519_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const KEY_BYTES = 32;

/** The raw public key of 32 private bytes: the end of its SubjectPublicKeyInfo. */
function publicBytes(head: Buffer, key: Uint8Array): Buffer {
  const whole: KeyObject = createPrivateKey({ key: Buffer.concat([head, key]), format: "der", type: "pkcs8" });
  return createPublicKey(whole.export({ type: "pkcs8", format: "pem" }))
    .export({ type: "spki", format: "der" })
    .subarray(-KEY_BYTES);
}

/** WireGuard keys are clamped when they are made (Curve25519: lowest three bits clear, highest clear, next one set); one in 32 random values is so too. */
export const wireguardKey: Check = (secret) => {
  const key = decodeBase64(secret);
  if (key?.length !== KEY_BYTES) return unknown;
  // Pre-shared keys stand under the same rule and are any 32 bytes.
  if (((key[0] ?? 0) & 7) !== 0 || ((key[31] ?? 0) & 0xc0) !== 0x40) return unknown;
  return { status: "unknown", facts: [`public key ${publicBytes(X25519_HEAD, key).toString("base64")}`] };
};

/** Solana: 64 bytes, of which the second half is the public key of the first; as base58 or as a JSON list of bytes. */
export const solanaKey: Check = (secret) => {
  const bytes = /^\[?\s*\d/.test(secret) && secret.includes(",") ? readByteList(secret) : decodeBase58(secret);
  if (bytes?.length !== 2 * KEY_BYTES) return doubtful;
  const isPair = publicBytes(ED25519_HEAD, bytes.subarray(0, KEY_BYTES)).equals(bytes.subarray(KEY_BYTES));
  return isPair ? valid(["public half fits"]) : { ...doubtful, facts: ["public half does not fit"] };
};

function readByteList(text: string): Uint8Array | undefined {
  const numbers = text
    .replace(/[[\]\s]/g, "")
    .split(",")
    .map(Number);
  return numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 256)
    ? Uint8Array.from(numbers)
    : undefined;
}

/** SEC 2: the order of secp256k1. */
const ORDER = BigInt("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

/** Keys of secp256k1 lie between 1 and its order; small ones are of tests. */
export const secp256k1Key: Check = (secret) => {
  const hex = /^(?:0x)?([0-9a-fA-F]{64})$/.exec(secret)?.[1];
  if (hex === undefined) return unknown;
  const key = BigInt(`0x${hex}`);
  return key <= 0xffffffffn || key >= ORDER ? invalid : unknown;
};

/** Cisco's published table for "type 7": an obfuscation, not encryption. */
const TYPE7 = "dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";

/** Cisco type 7: two digits of offset into the table, then hex. What comes out has to be a text. */
export const ciscoType7: Check = (secret) => {
  const parts = /^(\d\d)((?:[0-9A-Fa-f]{2})+)$/.exec(secret);
  if (parts === null) return unknown;
  const start = Number(parts[1]);
  const plain = Buffer.from(parts[2] ?? "", "hex").map(
    (byte, at) => byte ^ TYPE7.charCodeAt((start + at) % TYPE7.length),
  );
  return plain.every((byte) => byte >= 0x20 && byte < 0x7f)
    ? valid(["obfuscated with a published table", `${plain.length} characters`])
    : doubtful;
};

/** WebSphere's `{xor}`: base64 of the characters, each mixed with an underscore. What comes out has to be a text. */
export const websphereXor: Check = (secret, { match = "" }) => {
  if (!/\{xor\}/i.test(match)) return unknown;
  const plain = decodeBase64(secret)?.map((byte) => byte ^ 0x5f);
  return plain?.every((byte) => byte > 0x20 && byte < 0x7f) === true
    ? valid(["obfuscated with a published XOR", `${plain.length} characters`])
    : invalid;
};

/** The key that Microsoft published for passwords in group policies (MS-GPPREF 2.2.1.1.4). */
const GROUP_POLICY_KEY = Buffer.from("4e9906e8fcb66cc9faf49310620ffee8f496e806cc057990209b09a433b66c1b", "hex");

/** `cpassword` of group policy preferences: AES-256-CBC with the published key and a vector of zeros. */
export const groupPolicyPassword: Check = (secret) => {
  const bytes = decodeBase64(secret);
  if (bytes === undefined || bytes.length === 0 || bytes.length % 16 !== 0) return doubtful;
  try {
    const cipher = createDecipheriv("aes-256-cbc", GROUP_POLICY_KEY, Buffer.alloc(16));
    const plain = Buffer.concat([cipher.update(bytes), cipher.final()]).toString("utf16le");
    return valid(["encrypted with a published key", factText(`${plain.length} characters`)]);
  } catch {
    // The padding is wrong: another key, or no ciphertext at all.
    return doubtful;
  }
};
