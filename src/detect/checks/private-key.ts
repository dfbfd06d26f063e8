import { crc24, readArmour } from "./armour.ts";
import { type Check, type CheckResult, factText, invalid, sealed, unknown, valid } from "./check.ts";
import {
  DER_CONTEXT_0,
  DER_CONTEXT_1,
  DER_INTEGER,
  DER_OBJECT_ID,
  DER_OCTETS,
  type DerElement,
  derBits,
  derElements,
  derObjectId,
  readDerSequence,
} from "./der.ts";
import { readOpenPgp } from "./openpgp-key.ts";
import { readOpenSsh } from "./openssh-key.ts";
import { passwordScheme } from "./password-scheme.ts";
import { dsaHalf, dsaPrivateHalf, pointHalf, rawPrivateHalf, rsaHalf, scalarHalf } from "./public-half.ts";
import { readPutty } from "./putty-key.ts";
import { openSshFingerprint, sshString } from "./ssh-wire.ts";

/** RFC 1421 armour can carry more than keys; a body shorter than this holds no private key of any kind. */
const MIN_BODY_BYTES = 20;
/** The smallest key that OpenSSL's older form encrypts is one of an elliptic curve: 121 bytes, or half as much without its point. */
const MIN_ENCRYPTED_BYTES = 48;

/**
 * Private keys in PEM (PKCS#1, PKCS#8, SEC 1, DSA), OpenSSH, PuTTY and OpenPGP form. The body has to parse: a header alone, a shortened or a
 * replaced body is invalid. Facts: kind and size, whether a passphrase protects it, the fingerprint of its public half where that is readable.
 */
export const privateKey: Check = (secret) => {
  if (secret.includes("PuTTY-User-Key-File-")) return readPutty(secret);
  const armoured = readArmour(secret);
  if (armoured === undefined) return secret.includes("-----BEGIN") ? invalid : unknown;
  const { label, headers, body, checksum } = armoured;
  if (body.length < MIN_BODY_BYTES) return invalid;
  if (label.startsWith("PGP")) {
    // Readers need not check it (RFC 9580, 6.1), so what fails may still be a key that somebody uses.
    if (checksum !== undefined && checksum !== crc24(body))
      return { status: "invalid", facts: ["the checksum of the armour does not fit"], lower: true };
    return readOpenPgp(body);
  }
  if (body.subarray(0, 15).toString("latin1") === "openssh-key-v1\0") return readOpenSsh(body);
  if (headers.get("proc-type")?.includes("ENCRYPTED") === true) {
    const [name, vector = ""] = headers.get("dek-info")?.split(",") ?? [];
    // Code that writes such a key has a variable there, and calls for the body.
    if (body.length < MIN_ENCRYPTED_BYTES || !/^\s*[0-9A-F]{16,32}\s*$/i.test(vector)) return invalid;
    const cipher = factText(name);
    return sealed([`${label.replace(" PRIVATE KEY", "")} private key`.trim()], cipher === "" ? "" : `${cipher}, MD5`);
  }
  if (/SIGSTORE|COSIGN/.test(label)) return body[0] === 0x7b ? sealed(["cosign private key"]) : invalid;
  return readDerPrivateKey(body);
};

/** The same for the bytes of a key: PKCS #1, PKCS #8, SEC 1, DSA. */
export function readDerPrivateKey(bytes: Buffer): CheckResult {
  const elements = readDerSequence(bytes, 10);
  return elements === undefined ? invalid : readDerKey(elements, bytes);
}

function readDerKey(elements: readonly DerElement[], bytes: Buffer): CheckResult {
  const [first, second, third] = elements;
  // PKCS#8, encrypted: AlgorithmIdentifier and an OCTET STRING.
  if (first?.tag === 0x30 && second?.tag === DER_OCTETS && elements.length === 2)
    return sealed(["PKCS#8 private key"], passwordScheme(first.content));
  if (first?.tag !== DER_INTEGER || second === undefined) return invalid;
  // PKCS#8: version, AlgorithmIdentifier, OCTET STRING with the key of that algorithm.
  if (second.tag === 0x30 && third?.tag === DER_OCTETS) return readPkcs8(second.content, third.content, bytes);
  // SEC 1: version 1, OCTET STRING.
  if (second.tag === DER_OCTETS) return readEc(elements);
  if (second.tag !== DER_INTEGER || elements.some((element) => element.tag !== DER_INTEGER && element.tag !== 0x30))
    return invalid;
  if (elements.length >= 9) return readRsa(elements);
  return elements.length === 6 ? readDsa(elements) : invalid;
}

/** OpenSSL's form: version, p, q, g, y, x. */
function readDsa(elements: readonly DerElement[]): CheckResult {
  const [, p, q, g, y, x] = elements.map(({ content }) => content);
  if (p === undefined || q === undefined || g === undefined || y === undefined || x === undefined) return invalid;
  const facts = [`DSA private key, ${derBits(p)} bits`];
  const publicHalf = dsaPrivateHalf(p, q, g, x);
  if (publicHalf === undefined) return valid(facts);
  if (publicHalf !== dsaHalf(p, q, g, y))
    return { status: "invalid", facts: [...facts, "its public half does not fit"], lower: true };
  return { ...valid(facts), publicHalf };
}

/** PKCS #8: p, q and g stand outside, x inside. */
function readDsaPkcs8(parameters: DerElement | undefined, key: Uint8Array): CheckResult {
  const [p, q, g] = parameters === undefined ? [] : derElements(parameters.content, 3);
  const [x] = derElements(key, 1);
  if (p === undefined || q === undefined || g === undefined || x?.tag !== DER_INTEGER) return invalid;
  const publicHalf = dsaPrivateHalf(p.content, q.content, g.content, x.content);
  return {
    ...valid([`DSA private key, ${derBits(p.content)} bits`]),
    ...(publicHalf === undefined ? {} : { publicHalf }),
  };
}

/** RSA keys below this are toy examples (they can be factored within minutes). */
const MIN_RSA_BITS = 512;

/** PKCS#1: version, n, e, d, p, q, and three more. */
function readRsa(elements: readonly DerElement[]): CheckResult {
  const [, n, e, d, p, q] = elements.map((element) => element.content);
  if (n === undefined || e === undefined || d === undefined || p === undefined || q === undefined) return invalid;
  const bits = derBits(n);
  if (bits < MIN_RSA_BITS) return invalid;
  const hex = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
  if (hex(p) * hex(q) !== hex(n))
    return { status: "invalid", facts: ["RSA private key whose primes do not fit"], lower: true };
  const blob = Buffer.concat([sshString(Buffer.from("ssh-rsa")), sshString(e), sshString(n)]);
  return { ...valid([`RSA private key, ${bits} bits`, openSshFingerprint(blob)]), publicHalf: rsaHalf(n, e) };
}

/** SEC 1, C.4: version, number, [0] curve, [1] point. In PKCS #8 the curve stands outside. */
function readEc(elements: readonly DerElement[], named?: string): CheckResult {
  const scalar = elements[1];
  if (scalar?.tag !== DER_OCTETS) return invalid;
  const inside = (tag: number): DerElement | undefined => {
    const found = elements.find((element) => element.tag === tag);
    return found === undefined ? undefined : derElements(found.content, 1)[0];
  };
  const parameters = inside(DER_CONTEXT_0);
  const curve = named ?? (parameters?.tag === DER_OBJECT_ID ? derObjectId(parameters.content) : "");
  const facts = [`EC private key, ${scalar.content.length * 8} bits`];
  const publicHalf = scalarHalf(curve, scalar.content);
  if (publicHalf === undefined) return valid(facts);
  const point = inside(DER_CONTEXT_1)?.content.subarray(1);
  if (point !== undefined && pointHalf(curve, point) !== publicHalf)
    return { status: "invalid", facts: [...facts, "its public half does not fit"], lower: true };
  return { ...valid(facts), publicHalf };
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.1": "RSA",
  "1.2.840.113549.1.1.10": "RSA-PSS",
  "1.2.840.10040.4.1": "DSA",
  "1.2.840.10045.2.1": "EC",
  "1.3.101.110": "X25519",
  "1.3.101.111": "X448",
  "1.3.101.112": "Ed25519",
  "1.3.101.113": "Ed448",
  "1.2.840.113549.1.3.1": "Diffie-Hellman",
};

function readPkcs8(algorithm: Uint8Array, key: Uint8Array, whole: Buffer): CheckResult {
  const [identifier, parameter] = derElements(algorithm, 2);
  if (identifier?.tag !== DER_OBJECT_ID) return invalid;
  const name = ALGORITHMS[derObjectId(identifier.content)];
  if (name === undefined) return valid([`private key of algorithm ${factText(derObjectId(identifier.content))}`]);
  const inner = readDerSequence(key, 10);
  if (name === "RSA" || name === "RSA-PSS") return inner === undefined ? invalid : readRsa(inner);
  if (name === "EC") return inner === undefined ? invalid : readEc(inner, parameter && derObjectId(parameter.content));
  if (name === "DSA") return readDsaPkcs8(parameter, key);
  const publicHalf = /25519|448/.test(name) ? rawPrivateHalf(name, whole) : undefined;
  return { ...valid([`${name} private key`]), ...(publicHalf === undefined ? {} : { publicHalf }) };
}
