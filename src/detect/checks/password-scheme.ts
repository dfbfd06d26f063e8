import { DER_INTEGER, DER_OBJECT_ID, derElements, derObjectId, type DerElement } from "./der.ts";

/** What turns a password into a key, and what encrypts with it, by object identifiers (RFC 8018, RFC 7292, RFC 7914, NIST). */
const NAMES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.5.3": "DES-CBC, MD5",
  "1.2.840.113549.1.5.10": "DES-CBC, SHA-1",
  "1.2.840.113549.1.5.12": "PBKDF2",
  "1.3.6.1.4.1.11591.4.11": "scrypt",
  "1.2.840.113549.1.12.1.1": "RC4-128, SHA-1",
  "1.2.840.113549.1.12.1.3": "3DES-CBC, SHA-1",
  "1.2.840.113549.1.12.1.6": "RC2-40-CBC, SHA-1",
  "1.2.840.113549.3.7": "3DES-CBC",
  "1.3.14.3.2.7": "DES-CBC",
  "2.16.840.1.101.3.4.1.2": "AES-128-CBC",
  "2.16.840.1.101.3.4.1.22": "AES-192-CBC",
  "2.16.840.1.101.3.4.1.42": "AES-256-CBC",
  "2.16.840.1.101.3.4.1.6": "AES-128-GCM",
  "2.16.840.1.101.3.4.1.46": "AES-256-GCM",
};
const PBES2 = "1.2.840.113549.1.5.13";
const SCRYPT = "1.3.6.1.4.1.11591.4.11";

/** How an encrypted key of PKCS #8 is encrypted: `AES-256-CBC, PBKDF2 with 2048 rounds`. `identifier`: the content of its AlgorithmIdentifier. Empty where it is none that is known. */
export function passwordScheme(identifier: Uint8Array): string {
  const [oid, parameters] = derElements(identifier, 2);
  const name = nameOf(oid);
  if (oid === undefined || parameters === undefined) return name;
  if (derObjectId(oid.content) !== PBES2) {
    // Salt and rounds.
    return withRounds(name, derElements(parameters.content, 2)[1]);
  }
  const [derivation, encryption] = derElements(parameters.content, 2);
  const [kind, details] = derivation === undefined ? [] : derElements(derivation.content, 2);
  const [cipher] = encryption === undefined ? [] : derElements(encryption.content, 1);
  const rounds = details === undefined ? undefined : derElements(details.content, 2)[1];
  const isScrypt = kind !== undefined && derObjectId(kind.content) === SCRYPT;
  return [nameOf(cipher), isScrypt ? nameOf(kind) : withRounds(nameOf(kind), rounds)]
    .filter((one) => one !== "")
    .join(", ");
}

function nameOf(oid: DerElement | undefined): string {
  return oid?.tag === DER_OBJECT_ID ? (NAMES[derObjectId(oid.content)] ?? "") : "";
}

function withRounds(name: string, rounds: DerElement | undefined): string {
  if (name === "" || rounds?.tag !== DER_INTEGER || rounds.content.length > 6) return name;
  return `${name} with ${Number(`0x${Buffer.from(rounds.content).toString("hex") || "0"}`)} rounds`;
}
