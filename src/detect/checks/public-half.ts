/**
 * What a private key, its public key and its certificates have in common, whatever form each is written in: a hash over the numbers of the public key. Two things with the same hash
 * belong together.
 */
import { createECDH, createHash, createPrivateKey, createPublicKey } from "node:crypto";
import {
  DER_BITS,
  DER_INTEGER,
  DER_OBJECT_ID,
  type DerElement,
  derElements,
  derObjectId,
  readDerSequence,
} from "./der.ts";
import { sshReader } from "./ssh-wire.ts";

/** SHA-256 in hex. */
export type PublicHalf = string;

const RSA = "1.2.840.113549.1.1.1";
const DSA = "1.2.840.10040.4.1";
const EC = "1.2.840.10045.2.1";

/** Curves: object identifier, OpenSSL's name, bytes of a coordinate, and the names of OpenSSH and JOSE. */
const CURVES: readonly (readonly [oid: string, openssl: string, bytes: number, ssh: string, jose: string])[] = [
  ["1.2.840.10045.3.1.7", "prime256v1", 32, "nistp256", "P-256"],
  ["1.3.132.0.34", "secp384r1", 48, "nistp384", "P-384"],
  ["1.3.132.0.35", "secp521r1", 66, "nistp521", "P-521"],
  ["1.3.132.0.10", "secp256k1", 32, "", "secp256k1"],
];

/** Keys that are bytes of a fixed number (RFC 8410), by their object identifiers. */
const RAW_KEYS: Readonly<Record<string, string>> = {
  "1.3.101.110": "X25519",
  "1.3.101.111": "X448",
  "1.3.101.112": "Ed25519",
  "1.3.101.113": "Ed448",
};

function halfOf(kind: string, ...numbers: readonly Uint8Array[]): PublicHalf {
  const hash = createHash("sha256").update(`${kind}\0`);
  for (const number of numbers)
    hash
      .update(
        Buffer.from(number)
          .toString("hex")
          .replace(/^(?:00)+/, ""),
      )
      .update("\0");
  return hash.digest("hex");
}

export function rsaHalf(n: Uint8Array, e: Uint8Array): PublicHalf {
  return halfOf("rsa", n, e);
}

/** A public key of DSA (FIPS 186-4, 4.1). */
export function dsaHalf(p: Uint8Array, q: Uint8Array, g: Uint8Array, y: Uint8Array): PublicHalf {
  return halfOf("dsa", p, q, g, y);
}

/** Primes of DSA have 3072 bits at most. */
const mostDsaBytes = 512;

/** Of the secret number `x` of DSA; undefined where numbers are too long to be such. */
export function dsaPrivateHalf(p: Uint8Array, q: Uint8Array, g: Uint8Array, x: Uint8Array): PublicHalf | undefined {
  if (p.length > mostDsaBytes || x.length > 65) return undefined;
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
  const modulus = number(p);
  if (modulus < 3n) return undefined;
  let [power, base, rest] = [1n, number(g) % modulus, number(x)];
  for (; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) power = (power * base) % modulus;
    base = (base * base) % modulus;
  }
  return dsaHalf(p, q, g, Buffer.from(power.toString(16).padStart(2 * p.length, "0"), "hex"));
}

/** Of an OpenPGP key of version 4: its fingerprint says all. */
export function openPgpHalf(fingerprint: string): PublicHalf {
  return halfOf("openpgp", Buffer.from(fingerprint, "hex"));
}

/** `kind`: `Ed25519`, `X25519` … */
export function rawHalf(kind: string, key: Uint8Array): PublicHalf {
  return halfOf(kind, key);
}

/** A point as SEC 1 writes it, compressed or not; undefined for curves that are not known here. `curve` by any of its names. */
export function pointHalf(curve: string, point: Uint8Array): PublicHalf | undefined {
  const known = curveOf(curve);
  const bytes = known?.[2] ?? Infinity;
  return known === undefined || point.length < 1 + bytes ? undefined : halfOf(known[0], point.subarray(1, 1 + bytes));
}

/** Of the secret number of an elliptic key. */
export function scalarHalf(curve: string, scalar: Uint8Array): PublicHalf | undefined {
  const known = curveOf(curve);
  if (known === undefined) return undefined;
  try {
    const pair = createECDH(known[1]);
    pair.setPrivateKey(scalar);
    return pointHalf(known[0], pair.getPublicKey());
  } catch {
    // Zero, or beyond the order of the curve: no key.
    return undefined;
  }
}

function curveOf(name: string): (typeof CURVES)[number] | undefined {
  return name === "" ? undefined : CURVES.find((names) => names.includes(name));
}

/** Of the secret bytes of a key of RFC 8410, in PKCS #8. */
export function rawPrivateHalf(kind: string, pkcs8: Buffer): PublicHalf | undefined {
  try {
    const key = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }).export(pemForm));
    const { x } = key.export({ format: "jwk" });
    return x === undefined ? undefined : rawHalf(kind, Buffer.from(x, "base64url"));
  } catch {
    return undefined;
  }
}

const pemForm = { type: "pkcs8", format: "pem" } as const;

/** Of a public key as OpenSSH writes it (RFC 4253, 6.6; RFC 5656, 3.1): the blob that stands in base64 behind its type. */
export function sshHalf(blob: Buffer): PublicHalf | undefined {
  const reader = sshReader(blob, 0);
  const type = reader.string()?.toString("latin1") ?? "";
  if (type === "ssh-rsa") {
    const [e, n] = [reader.string(), reader.string()];
    return e === undefined || n === undefined || n.length === 0 ? undefined : rsaHalf(n, e);
  }
  if (type === "ssh-dss") {
    const [p, q, g, y] = [reader.string(), reader.string(), reader.string(), reader.string()];
    return p === undefined || q === undefined || g === undefined || y === undefined ? undefined : dsaHalf(p, q, g, y);
  }
  if (type === "ssh-ed25519") {
    const key = reader.string();
    return key?.length === 32 ? rawHalf("Ed25519", key) : undefined;
  }
  const curve = /^ecdsa-sha2-(nistp\d{3})$/.exec(type)?.[1];
  reader.string();
  const point = curve === undefined ? undefined : reader.string();
  return curve === undefined || point === undefined ? undefined : pointHalf(curve, point);
}

/** Of a SubjectPublicKeyInfo (RFC 5280, 4.1): its two elements. */
export function infoHalf([algorithm, key]: readonly DerElement[]): PublicHalf | undefined {
  const [identifier, parameter] = algorithm === undefined ? [] : derElements(algorithm.content, 2);
  if (identifier?.tag !== DER_OBJECT_ID || key?.tag !== DER_BITS) return undefined;
  const oid = derObjectId(identifier.content);
  const bytes = key.content.subarray(1);
  if (oid === RSA) return rsaInfoHalf(bytes);
  if (oid === DSA) return dsaInfoHalf(parameter, bytes);
  if (oid === EC) return parameter === undefined ? undefined : pointHalf(derObjectId(parameter.content), bytes);
  const kind = RAW_KEYS[oid];
  return kind === undefined ? undefined : rawHalf(kind, bytes);
}

/** Of an RSAPublicKey (RFC 8017, A.1.1). */
export function rsaInfoHalf(bytes: Uint8Array): PublicHalf | undefined {
  const [n, e, ...more] = readDerSequence(bytes, 3) ?? [];
  if (n?.tag !== DER_INTEGER || e?.tag !== DER_INTEGER || more.length > 0) return undefined;
  return rsaHalf(n.content, e.content);
}

/** The parameters p, q, g, then y (RFC 3279, 2.3.2). */
function dsaInfoHalf(parameters: DerElement | undefined, key: Uint8Array): PublicHalf | undefined {
  const [p, q, g] = parameters === undefined ? [] : derElements(parameters.content, 3);
  const [y] = derElements(key, 1);
  return p === undefined || q === undefined || g === undefined || y === undefined
    ? undefined
    : dsaHalf(p.content, q.content, g.content, y.content);
}
