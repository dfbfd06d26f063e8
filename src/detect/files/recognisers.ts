import { createDecipheriv } from "node:crypto";
import { DER_INTEGER, readDerSequence } from "../checks/der.ts";
import { factText } from "../checks/check.ts";
import { readOpenPgp } from "../checks/openpgp-key.ts";
import { solanaKey } from "../checks/raw-keys.ts";
import { readDerPrivateKey } from "../checks/private-key.ts";
import { credentialCache, keytab, kirbi, stash } from "./kerberos.ts";

/**
 * Tells by its bytes whether a file is what its name says. Gives facts for people, or undefined where it is something else. `head`: the first bytes,
 * all of them where the file is small; `size`: of the whole file; `isNamed`: whether its name says the same.
 */
export type Recogniser = (head: Buffer, size: number, isNamed: boolean) => readonly string[] | undefined;

const sealed = "encrypted: of use with its password alone";

/** DER of PKCS #1, PKCS #8 or SEC 1 (RFC 8017, 5958, 5915). */
const derPrivateKey: Recogniser = (head, size) => {
  if (head.length < size) return undefined;
  const { status, facts } = readDerPrivateKey(head);
  return status === "valid" ? facts : undefined;
};

/** Bags of PKCS #12 that hold a private key (RFC 7292, 4.2.1 and 4.2.2), as they stand in the file: 1.2.840.113549.1.12.10.1.1 and .2. */
const keyBags = ["060b2a864886f70d010c0a0101", "060b2a864886f70d010c0a0102"].map((hex) => Buffer.from(hex, "hex"));

/** A PKCS #12 file: version 3, then contents. Certificates alone are public. */
const pkcs12: Recogniser = (head, size) => {
  const [version] = head.length < size ? [] : (readDerSequence(head, 3) ?? []);
  if (version?.tag !== DER_INTEGER || version.content[0] !== 3) return undefined;
  return keyBags.some((bag) => head.includes(bag)) ? ["PKCS #12 with a private key", sealed] : undefined;
};

/** Java keystores (JKS, JCEKS): magic, version, then entries with a tag: 1 a private key, 2 a certificate, 3 a secret key. */
const javaKeystore: Recogniser = (head) => {
  if (head.length < 20) return undefined;
  const count = head.readUInt32BE(8);
  const tag = count > 0 ? head.readUInt32BE(12) : 0;
  // Certificates come one after the other; a store of trust begins with one.
  if (tag !== 1 && tag !== 3) return undefined;
  const alias = head.toString("utf8", 18, 18 + Math.min(head.readUInt16BE(16), 64));
  return [`Java keystore, first entry ${factText(alias)}`, sealed];
};

/** Binary OpenPGP key rings: the first packet is a secret key. */
const openPgpSecret: Recogniser = (head) => {
  const { status, facts } = readOpenPgp(head);
  return status === "valid" && !facts.some((fact) => fact.startsWith("stub")) ? facts : undefined;
};

/** Bitcoin Core's wallet in a Berkeley database; a record `mkey` says that it is encrypted. */
const wallet: Recogniser = (head) =>
  head.includes("defaultkey") || head.includes("keymeta")
    ? head.includes("mkey")
      ? ["wallet", sealed]
      : ["wallet without a passphrase"]
    : undefined;

/** Terraform's state keeps what resources gave out, passwords too: those it knows to be sensitive are listed by path. */
const terraformState: Recogniser = (head, _size, isNamed) => {
  // Asked of each content that begins as JSON does. Terraform writes its version first, behind that of the format.
  if (!head.subarray(0, isNamed ? head.length : 4_096).includes('"terraform_version"')) return undefined;
  const text = head.toString("utf8");
  if (!/^\s*\{[\s\S]*"terraform_version"\s*:/.test(text)) return undefined;
  return /"sensitive_attributes"\s*:\s*\[\s*[[{"]/.test(text) || /"sensitive"\s*:\s*true/.test(text)
    ? ["state with values that Terraform calls sensitive"]
    : undefined;
};

/** A secret that is random bytes and nothing else, of exactly so many. */
const randomBytes =
  (...sizes: readonly number[]): Recogniser =>
  (head, size) =>
    sizes.includes(size) && new Set(head).size > size / 4 && head.some((byte) => byte >= 0x80) ? [] : undefined;

/** A file whose name tells what it is, or else all of these texts. */
const named =
  (...texts: readonly string[]): Recogniser =>
  (head, _size, isNamed) =>
    isNamed || texts.every((text) => head.includes(text)) ? [] : undefined;

/** Hives keep the end of the path that they were loaded from, in UTF-16 behind their numbers. */
const accountHive: Recogniser = (head, _size, isNamed) =>
  isNamed || /\\(?:SAM|SECURITY)\0*$/i.test(head.toString("utf16le", 48, 112)) ? [] : undefined;

/** MySQL's login paths: four zeros, twenty bytes of key, then chunks of whole blocks, each behind its length, to the very end. */
const loginPaths: Recogniser = (head, size) => {
  let at = 24;
  while (at + 4 <= head.length) {
    const length = head.readUInt32LE(at);
    if (length < 16 || length > 4_096 || length % 16 !== 0) return undefined;
    at += 4 + length;
  }
  return at === size && at > 24 ? [] : undefined;
};

/** The list of 64 numbers that Solana's tools write: the second half is the public key of the first. */
const solanaPair: Recogniser = (head) =>
  /^\[(?:\s*\d{1,3}\s*,){63}\s*\d{1,3}\s*\]\s*$/.test(head.toString("latin1", 0, 1_024)) &&
  solanaKey(head.toString("latin1"), {}).status === "valid"
    ? ["Solana key pair, public half fits"]
    : undefined;

/** The key that DBeaver's public source has for the passwords that it saves. */
const dbeaverKey = Buffer.from("babb4a9f774ab853c96c2d653dfe544a", "hex");

/** AES in CBC, the vector in front; what comes out is JSON. */
const dbeaver: Recogniser = (head, size) => {
  if (size < 32 || size % 16 !== 0 || head.length < 32) return undefined;
  const cipher = createDecipheriv("aes-128-cbc", dbeaverKey, head.subarray(0, 16)).setAutoPadding(false);
  return cipher.update(head.subarray(16, 32)).toString("latin1").startsWith('{"')
    ? ["opened with the published key"]
    : undefined;
};

/** One, two or three passwords of eight bytes each, by DES. */
const vncPassword: Recogniser = (head, size) =>
  (size === 8 || size === 16 || size === 24) && head.some((byte) => byte >= 0x80 || byte < 0x20) ? [] : undefined;

/** What is encrypted is no text. */
const encrypted: Recogniser = (head) => (head.subarray(0, 256).some((byte) => byte >= 0x80) ? [sealed] : undefined);

/** Bitcoin Core's newer wallets: SQLite with an application id; a record `mkey` says that one is encrypted. */
const descriptorWallet: Recogniser = (head) => {
  if (!head.subarray(0, 15).equals(Buffer.from("SQLite format 3"))) return undefined;
  return head.includes("mkey") ? ["wallet", sealed] : ["wallet without a passphrase"];
};

/** All of them, by the name that rules give. */
export const recognisers: Readonly<Record<string, Recogniser>> = {
  "der-private-key": derPrivateKey,
  pkcs12,
  "java-keystore": javaKeystore,
  "openpgp-secret": openPgpSecret,
  keytab,
  "credential-cache": credentialCache,
  kirbi,
  wallet,
  "terraform-state": terraformState,
  "descriptor-wallet": descriptorWallet,
  "random-32": randomBytes(32),
  "random-272": randomBytes(272, 273),
  "account-hive": accountHive,
  "directory-database": named("datatable", "link_table"),
  "samba-database": named("SECRETS/"),
  "etcd-database": named("authRevision", "members_removed"),
  "login-paths": loginPaths,
  "solana-pair": solanaPair,
  dbeaver,
  "vnc-password": vncPassword,
  "kerberos-stash": stash,
  encrypted,
};
