import { createHash } from "node:crypto";
import type { Bytes } from "./bytes.ts";
import { derValues, oidText, type DerValue } from "./der.ts";
import { decipher, RoundBudget, wide } from "./key-cipher.ts";
import { lost, noted, type Member, type ReportFault } from "./member.ts";
import { armoured } from "./pem.ts";

/** Keystores hold keys and certificates: some kilobytes. */
const mostBytes = 16 << 20;
const mostItems = 1_000;

/** What keystores are locked with when nobody thinks about it: defaults of tools, of their manuals, of vendors. */
const usualPasswords = [
  ...["", "changeit", "changeme", "password", "secret", "123456", "password1", "passw0rd", "keystore"],
  ...["notasecret", "android", "tizen", "test", "storepass", "keypass", "welcome1", "admin"],
] as const;

interface StoredItem {
  readonly alias: string;
  /** `locked`: the content of the sequence of an EncryptedPrivateKeyInfo of PKCS #8. */
  readonly kind: "locked" | "open" | "certificate";
  readonly bytes: Buffer;
}

/**
 * The private keys of a Java keystore (JKS, JCEKS) or a PKCS #12 file, as PEM, where no password or a usual one opens them: everybody can then. Others are
 * noted. Certificates come as PEM as well: they are public, and tell what a key is good for.
 */
export function* keystoreMembers(bytes: Bytes, report: ReportFault): Generator<Member, void> {
  const file = bytes.read(0, Math.min(bytes.size, mostBytes));
  const budget = new RoundBudget();
  const isJava = file[0] !== 0x30;
  const cut = (): void => report(lost("archive-corrupt", "", "the keystore is cut off or damaged"));
  // A Java keystore tells by one hash whether a password is its own; its keys may cost hundreds of thousands.
  const lock = isJava
    ? new Lock(usualPasswords.filter((password) => isStorePassword(file, password)))
    : new Lock(usualPasswords);
  const items = isJava ? javaItems(file, cut) : pkcs12Items(file, lock, budget, cut);
  for (const { alias, kind, bytes: stored } of items.slice(0, mostItems)) {
    if (kind === "certificate") {
      yield { name: alias, chunks: [armoured("CERTIFICATE", stored)] };
      continue;
    }
    const open = kind === "open" ? stored : opened(stored, lock, budget);
    if (open === undefined)
      report(
        noted("encrypted", alias, "is a private key in a keystore, behind a password that is none of the usual ones"),
      );
    else yield { name: alias, chunks: [armoured("PRIVATE KEY", open)] };
  }
}

/** Of SHA-1. */
const sumBytes = 20;

/** The sum at the end of a Java keystore: SHA-1 over the password, a joke, and all before. */
function isStorePassword(file: Buffer, password: string): boolean {
  const sum = createHash("sha1")
    .update(wide(password))
    .update("Mighty Aphrodite")
    .update(file.subarray(0, -sumBytes))
    .digest();
  return sum.equals(file.subarray(-sumBytes));
}

/**
 * What is tried on the parts of a keystore. Programs lock all parts of one with the same password, and to try one costs thousands of hashes, so that the first part that
 * could be tried says which it is, or that it is none of these.
 */
class Lock {
  #passwords: readonly string[];

  constructor(passwords: readonly string[]) {
    this.#passwords = passwords;
  }

  open(algorithm: Buffer, data: Buffer, budget: RoundBudget, isRight: (plain: Buffer) => boolean): Buffer | undefined {
    const { made } = budget;
    for (const password of this.#passwords) {
      const plain = decipher(algorithm, data, password, budget);
      if (plain === undefined || !isRight(plain)) continue;
      this.#passwords = [password];
      return plain;
    }
    if (this.#passwords.length > 1 && budget.made - made === this.#passwords.length) this.#passwords = [];
    return undefined;
  }
}

function opened(key: Buffer, lock: Lock, budget: RoundBudget): Buffer | undefined {
  const [algorithm, data] = derValues(key);
  if (algorithm === undefined || data === undefined) return undefined;
  return lock.open(algorithm.content, data.content, budget, isPrivateKey);
}

/** PrivateKeyInfo: a version, an algorithm, the key (RFC 5208). */
function isPrivateKey(bytes: Buffer): boolean {
  const [outer] = derValues(bytes);
  const [version, algorithm, key] = outer?.tag === 0x30 ? derValues(outer.content) : [];
  return version?.tag === 2 && version.content.length === 1 && algorithm?.tag === 0x30 && key?.tag === 4;
}

/** Entries of JKS and JCEKS: private keys, certificates; secret keys (JCEKS) are serialised objects of unknown length, and end the list. */
function javaItems(file: Buffer, cut: () => void): StoredItem[] {
  const items: StoredItem[] = [];
  const version = file.readUInt32BE(4);
  let at = 12;
  const skip = (lengthBytes: 2 | 4): Buffer => {
    const length = at + lengthBytes <= file.length ? file.readUIntBE(at, lengthBytes) : Infinity;
    const start = at + lengthBytes;
    at = start + length;
    return file.subarray(start, at);
  };
  for (let left = Math.min(file.readUInt32BE(8), file.length); left > 0 && at + 4 <= file.length; left--) {
    const tag = file.readUInt32BE(at);
    at += 4;
    if (tag !== 1 && tag !== 2) break;
    const alias = skip(2).toString("utf8");
    at += 8;
    if (tag === 1) {
      const [outer] = derValues(skip(4));
      if (outer !== undefined) items.push({ alias, kind: "locked", bytes: outer.content });
    }
    let certificates = 1;
    if (tag === 1) {
      certificates = at + 4 <= file.length ? Math.min(file.readUInt32BE(at), file.length) : 0;
      at += 4;
    }
    for (; certificates > 0 && at < file.length; certificates--) {
      if (version >= 2) skip(2);
      items.push({ alias, kind: "certificate", bytes: skip(4) });
    }
  }
  if (at > file.length - sumBytes) cut();
  return items;
}

const x509 = "1.2.840.113549.1.9.22.1";
const bags = {
  certificate: "1.2.840.113549.1.12.10.1.3",
  key: "1.2.840.113549.1.12.10.1.1",
  shrouded: "1.2.840.113549.1.12.10.1.2",
};
const friendlyName = "1.2.840.113549.1.9.20";
const encryptedData = "1.2.840.113549.1.7.6";

/** Keys of a PKCS #12 file (RFC 7292, 4): in bags of plain and of encrypted contents. */
function pkcs12Items(file: Buffer, lock: Lock, budget: RoundBudget, cut: () => void): StoredItem[] {
  const [pfx] = derValues(file);
  if (pfx === undefined) cut();
  const [, safe] = pfx === undefined ? [] : derValues(pfx.content);
  const contents = safe === undefined ? undefined : dataOf(safe);
  if (contents === undefined) return [];
  const items: StoredItem[] = [];
  for (const info of derValues(derValues(contents)[0]?.content ?? Buffer.alloc(0))) {
    const [kind] = derValues(info.content);
    const inner =
      kind !== undefined && oidText(kind) === encryptedData ? decipheredData(info, lock, budget) : dataOf(info);
    for (const bag of derValues(derValues(inner ?? Buffer.alloc(0))[0]?.content ?? Buffer.alloc(0))) {
      const [id, value, attributes] = derValues(bag.content);
      const key = value === undefined ? undefined : derValues(value.content)[0];
      if (id === undefined || value === undefined || key === undefined) continue;
      const alias = aliasOf(attributes) ?? `item ${items.length + 1}`;
      const bagKind = oidText(id);
      if (bagKind === bags.key) items.push({ alias, kind: "open", bytes: value.content });
      else if (bagKind === bags.shrouded) items.push({ alias, kind: "locked", bytes: key.content });
      else if (bagKind === bags.certificate) {
        const certificate = certificateOf(key);
        if (certificate !== undefined) items.push({ alias, kind: "certificate", bytes: certificate });
      }
    }
  }
  return items;
}

/** A CertBag: its kind, then `[0] { OCTET STRING }` with the certificate. */
function certificateOf(bag: DerValue): Buffer | undefined {
  const [kind, wrapped] = derValues(bag.content);
  if (kind === undefined || wrapped === undefined || oidText(kind) !== x509) return undefined;
  return derValues(wrapped.content)[0]?.content;
}

/** The bytes of a ContentInfo of plain data: `SEQUENCE { oid, [0] { OCTET STRING } }`. */
function dataOf(info: DerValue): Buffer | undefined {
  const [, wrapped] = derValues(info.content);
  const [octets] = wrapped === undefined ? [] : derValues(wrapped.content);
  return octets?.tag === 4 ? octets.content : undefined;
}

/** The same for EncryptedData, where a usual password opens it: `[0] { SEQUENCE { version, SEQUENCE { oid, algorithm, [0] data } } }`. */
function decipheredData(info: DerValue, lock: Lock, budget: RoundBudget): Buffer | undefined {
  const [, wrapped] = derValues(info.content);
  const [encrypted] = wrapped === undefined ? [] : derValues(wrapped.content);
  const [, content] = encrypted === undefined ? [] : derValues(encrypted.content);
  const [, algorithm, data] = content === undefined ? [] : derValues(content.content);
  if (algorithm === undefined || data === undefined) return undefined;
  return lock.open(algorithm.content, data.content, budget, (plain) => derValues(plain)[0]?.tag === 0x30);
}

function aliasOf(attributes: DerValue | undefined): string | undefined {
  for (const attribute of attributes === undefined ? [] : derValues(attributes.content)) {
    const [id, values] = derValues(attribute.content);
    if (id === undefined || values === undefined || oidText(id) !== friendlyName) continue;
    const [name] = derValues(values.content);
    if (name !== undefined)
      return Buffer.from(name.content.subarray(0, name.content.length & ~1))
        .swap16()
        .toString("utf16le");
  }
  return undefined;
}
