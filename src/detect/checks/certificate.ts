import { readArmour } from "./armour.ts";
import { decodeBase64 } from "./base64.ts";
import { type Check, expiryFact, factText, invalid, unknown } from "./check.ts";
import { type DerElement, derElements, derObjectId, DER_CONTEXT_0, DER_SEQUENCE, readDerSequence } from "./der.ts";
import { readPublicOpenPgp } from "./openpgp-key.ts";
import { infoHalf, rsaInfoHalf, sshHalf } from "./public-half.ts";

/** The attributes of a name that tell whose it is (RFC 4519, RFC 5280). */
const ATTRIBUTES: Readonly<Record<string, string>> = { "2.5.4.3": "CN", "2.5.4.10": "O", "2.5.4.11": "OU" };
/** More of a name nobody reads. */
const MAX_NAMES = 4;

/**
 * Public keys: no secrets, but they tell what a private key is good for. Certificates and requests for them, public keys in PEM, those of OpenSSH with
 * their comment, and of OpenPGP with their name. `publicHalf` is what the private key has as well; the fact is how a finding names them.
 */
export const publicKey: Check = (text, options) => {
  const found = text.includes("-----BEGIN") ? readPem(text, options.now) : readSshLine(text);
  if (found === undefined) return invalid;
  const [half, fact] = found;
  return half === undefined ? unknown : { status: "valid", facts: [fact], publicHalf: half };
};

type Found = readonly [half: string | undefined, fact: string];

function readPem(text: string, now: number | undefined): Found | undefined {
  const armoured = readArmour(text);
  if (armoured === undefined) return undefined;
  const { label, body } = armoured;
  if (label.startsWith("PGP")) {
    const key = readPublicOpenPgp(body);
    return key === undefined ? undefined : [key.half, `OpenPGP public key ${key.name}`.trim()];
  }
  if (label === "RSA PUBLIC KEY") return [rsaInfoHalf(body), "a public key in PEM"];
  const elements = readDerSequence(body, 3);
  if (elements === undefined) return undefined;
  if (label === "PUBLIC KEY") return [infoHalf(elements), "a public key in PEM"];
  const isRequest = label.endsWith("REQUEST");
  const [signed] = elements;
  if (signed?.tag !== DER_SEQUENCE) return undefined;
  return isRequest ? readRequest(signed) : readCertificate(signed, now);
}

/** TBSCertificate (RFC 5280, 4.1): a version that may be left out, serial number, algorithm, issuer, validity, subject, public key. */
function readCertificate(signed: DerElement, now: number | undefined): Found | undefined {
  const fields = derElements(signed.content, 7);
  if (fields[0]?.tag === DER_CONTEXT_0) fields.shift();
  const [, , , validity, subject, info] = fields;
  if (validity === undefined || subject === undefined || info === undefined) return undefined;
  const ends = timeOf(derElements(validity.content, 2)[1]);
  const options = now === undefined ? {} : { now };
  const expiry = ends === undefined ? [] : [expiryFact(ends, options)];
  return [infoHalf(derElements(info.content, 2)), [`certificate ${nameOf(subject)}`.trim(), ...expiry].join(", ")];
}

/** CertificationRequestInfo (RFC 2986, 4.1): version, subject, public key. */
function readRequest(signed: DerElement): Found | undefined {
  const [, subject, info] = derElements(signed.content, 3);
  if (subject === undefined || info === undefined) return undefined;
  return [infoHalf(derElements(info.content, 2)), `certificate request ${nameOf(subject)}`.trim()];
}

/** `CN=…, O=…`: sets of pairs of an attribute and its text. */
function nameOf(subject: DerElement): string {
  const names: string[] = [];
  for (const set of derElements(subject.content, 16)) {
    for (const pair of derElements(set.content, 4)) {
      const [type, value] = derElements(pair.content, 2);
      const name = type === undefined ? undefined : ATTRIBUTES[derObjectId(type.content)];
      if (name === undefined || value === undefined || names.length >= MAX_NAMES) continue;
      names.push(`${name}=${factText(textOf(value))}`);
    }
  }
  return names.join(", ");
}

const DER_BMP_STRING = 0x1e;

function textOf({ tag, content }: DerElement): string {
  const bytes = Buffer.from(content);
  return tag === DER_BMP_STRING && bytes.length % 2 === 0 ? bytes.swap16().toString("utf16le") : bytes.toString("utf8");
}

/** UTCTime has two digits of the year, GeneralizedTime four (RFC 5280, 4.1.2.5). Milliseconds since 1970. */
function timeOf(element: DerElement | undefined): number | undefined {
  const text = Buffer.from(element?.content ?? []).toString("latin1");
  const parts = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = parts.map(Number);
  const full = parts[0]?.length === 4 ? year : year < 50 ? 2000 + year : 1900 + year;
  return Date.UTC(full, month - 1, day, hour, minute);
}

/** A line of `authorized_keys`, `known_hosts` or `*.pub`: type, blob, comment. */
function readSshLine(text: string): Found | undefined {
  const [, blob = "", comment = ""] = /^\S+\s+([A-Za-z0-9+/]+={0,3})(?:\s+(\S+))?/.exec(text) ?? [];
  const bytes = decodeBase64(blob);
  if (bytes === undefined) return undefined;
  return [sshHalf(bytes), `SSH public key ${factText(comment)}`.trim()];
}
