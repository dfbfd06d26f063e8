import { createHash } from "node:crypto";
import { type CheckResult, factText, invalid, sealed, valid } from "./check.ts";
import { openPgpHalf } from "./public-half.ts";

const ALGORITHMS: Readonly<Record<number, string>> = {
  1: "RSA",
  2: "RSA",
  3: "RSA",
  16: "Elgamal",
  17: "DSA",
  18: "ECDH",
  19: "ECDSA",
  22: "EdDSA",
  25: "X25519",
  26: "X448",
  27: "Ed25519",
  28: "Ed448",
};
/** Symmetric ciphers (RFC 9580, 9.3). */
const CIPHERS: Readonly<Record<number, string>> = {
  1: "IDEA",
  2: "3DES",
  3: "CAST5",
  4: "Blowfish",
  7: "AES-128",
  8: "AES-192",
  9: "AES-256",
  10: "Twofish",
  11: "Camellia-128",
  12: "Camellia-192",
  13: "Camellia-256",
};
/** Secret-key and secret-subkey packets (RFC 9580 section 5). */
const SECRET_KEY = 5;
const SECRET_SUBKEY = 7;
const PUBLIC_KEY = 6;
const USER_ID = 13;
/** GnuPG's own string-to-key type: a stub whose secret half lies elsewhere. */
const S2K_GNU = 101;

/** The first packet of an OpenPGP private key block: algorithm, fingerprint (version 4), passphrase or not. */
export function readOpenPgp(body: Buffer): CheckResult {
  const packet = firstPacket(body);
  if (packet === undefined || (packet.tag !== SECRET_KEY && packet.tag !== SECRET_SUBKEY)) return invalid;
  const bytes = packet.content;
  const version = bytes[0];
  if (bytes.length < 10 || version === undefined || version < 3 || version > 6) return invalid;
  const algorithm = bytes[version === 3 ? 7 : 5] ?? 0;
  const name = ALGORITHMS[algorithm];
  if (name === undefined) return invalid;
  const bits = version === 4 && hasSize(algorithm) && bytes.length >= 8 ? `, ${bytes.readUInt16BE(6)} bits` : "";
  const facts = [`OpenPGP ${name} private key${bits}`];
  if (version !== 4) return valid(facts);
  const end = publicEnd(bytes, algorithm);
  if (end === undefined) return invalid;
  const hash = fingerprint(bytes.subarray(0, end));
  const publicHalf = openPgpHalf(hash);
  facts.push(`fingerprint ${hash}`);
  const usage = bytes[end];
  if (usage === undefined) return invalid;
  if (usage === 0) return { ...valid(facts), publicHalf };
  const s2k = usage >= 253 ? bytes[end + (usage === 253 ? 3 : 2)] : undefined;
  if (s2k === S2K_GNU) return { status: "valid", facts: [...facts, "stub: the secret half is elsewhere"], lower: true };
  const cipher = CIPHERS[usage >= 253 ? (bytes[end + 1] ?? 0) : usage];
  return { ...sealed(facts, cipher ?? ""), publicHalf };
}

/** A public key of version 4: what its private key has as well, and its first name. Undefined where it is none. */
export function readPublicOpenPgp(body: Buffer): { readonly half: string; readonly name: string } | undefined {
  const packet = firstPacket(body);
  if (packet?.tag !== PUBLIC_KEY || packet.content[0] !== 4 || packet.content.length < 10) return undefined;
  const end = publicEnd(packet.content, packet.content[5] ?? 0) ?? packet.content.length;
  const next = firstPacket(body.subarray(packet.content.byteOffset + packet.content.length - body.byteOffset));
  const name = next?.tag === USER_ID ? factText(next.content.toString("utf8")) : "";
  return { half: openPgpHalf(fingerprint(packet.content.subarray(0, end))), name };
}

/** Whether the first number of the key is as long as people say that the key is: RSA, Elgamal, DSA. */
function hasSize(algorithm: number): boolean {
  return algorithm <= 3 || algorithm === 16 || algorithm === 17;
}

function firstPacket(bytes: Buffer): { tag: number; content: Buffer } | undefined {
  const head = bytes[0];
  if (head === undefined || (head & 0x80) === 0) return undefined;
  if ((head & 0x40) === 0) {
    const size = [1, 2, 4][head & 3];
    if (size === undefined || bytes.length < 1 + size) return undefined;
    const length = bytes.readUIntBE(1, size);
    return { tag: (head >> 2) & 15, content: bytes.subarray(1 + size, 1 + size + length) };
  }
  const first = bytes[1] ?? 0;
  const [start, length] =
    first < 192
      ? [2, first]
      : first < 224
        ? [3, (first - 192) * 256 + (bytes[2] ?? 0) + 192]
        : first === 255 && bytes.length >= 6
          ? [6, bytes.readUInt32BE(2)]
          : [2, 0];
  return { tag: head & 63, content: bytes.subarray(start, start + length) };
}

/** Where the public fields of a version 4 key end: version, time, algorithm, then its numbers. */
function publicEnd(bytes: Buffer, algorithm: number): number | undefined {
  let at = 6;
  const native: Readonly<Record<number, number>> = { 25: 32, 26: 56, 27: 32, 28: 57 };
  const fixed = native[algorithm];
  if (fixed !== undefined) return at + fixed;
  const skipNumber = () => {
    if (at + 2 > bytes.length) return false;
    at += 2 + ((bytes.readUInt16BE(at) + 7) >> 3);
    return at <= bytes.length;
  };
  const counts: Readonly<Record<number, number>> = { 1: 2, 2: 2, 3: 2, 16: 3, 17: 4, 18: 1, 19: 1, 22: 1 };
  // Curves are named by an object identifier before the point; ECDH has one more field after it.
  if (algorithm === 18 || algorithm === 19 || algorithm === 22) at += 1 + (bytes[at] ?? 0);
  for (let index = 0; index < (counts[algorithm] ?? 0); index++) if (!skipNumber()) return undefined;
  if (algorithm === 18) at += 1 + (bytes[at] ?? 0);
  return at < bytes.length ? at : undefined;
}

/** Version 4: SHA-1 of 0x99, a 16-bit length and the public fields. */
function fingerprint(fields: Buffer): string {
  const head = Buffer.from([0x99, fields.length >> 8, fields.length & 0xff]);
  return createHash("sha1").update(head).update(fields).digest("hex").toUpperCase();
}
