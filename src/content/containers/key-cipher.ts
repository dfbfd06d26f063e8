import { createDecipheriv, createHash, pbkdf2Sync } from "node:crypto";
import { derNumber, derValues, oidText } from "./der.ts";
import { sha1Chain } from "./sha1-chain.ts";

/** Rounds of a key derivation that one keystore may cost, all of its keys and passwords together: about a second. */
export class RoundBudget {
  #left = 3_000_000;
  /** Derivations that were made. */
  made = 0;

  /** `cost`: 1 for rounds that run in native code. */
  take(rounds: number, cost: number): boolean {
    const taken = rounds * cost + beginCost;
    if (!(rounds > 0) || taken > this.#left) return false;
    this.#left -= taken;
    this.made++;
    return true;
  }
}

/** To begin a derivation takes as long as so many rounds. */
const beginCost = 20;
/** A round that is a call of ours takes so much longer. */
const callCost = 5;

/** Deciphers what PKCS #12 or Java encrypted with a password; undefined where it is another one, or the way is none of these. */
export function decipher(algorithm: Buffer, data: Buffer, password: string, budget: RoundBudget): Buffer | undefined {
  const [oid, parameters] = derValues(algorithm);
  if (oid === undefined) return undefined;
  const known = oidText(oid);
  try {
    if (known === javaProtector) return unprotect(data, password, budget);
    if (parameters === undefined) return undefined;
    if (known === javaTripleDes) return decipherJceks(parameters.content, data, password, budget);
    if (known === pbes2) return decipherPbes2(parameters.content, data, password, budget);
    if (known === shaTripleDes) return decipherPkcs12(parameters.content, data, password, budget);
  } catch {
    // Wrong padding: another password.
  }
  return undefined;
}

const javaProtector = "1.3.6.1.4.1.42.2.17.1.1";
const javaTripleDes = "1.3.6.1.4.1.42.2.19.1";
const shaTripleDes = "1.2.840.113549.1.12.1.3";
const pbes2 = "1.2.840.113549.1.5.13";
const pbkdf2 = "1.2.840.113549.1.5.12";

const ciphers: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  "2.16.840.1.101.3.4.1.2": ["aes-128-cbc", 16],
  "2.16.840.1.101.3.4.1.22": ["aes-192-cbc", 24],
  "2.16.840.1.101.3.4.1.42": ["aes-256-cbc", 32],
  "1.2.840.113549.3.7": ["des-ede3-cbc", 24],
};

const hashes: Readonly<Record<string, string>> = {
  "1.2.840.113549.2.7": "sha1",
  "1.2.840.113549.2.8": "sha224",
  "1.2.840.113549.2.9": "sha256",
  "1.2.840.113549.2.10": "sha384",
  "1.2.840.113549.2.11": "sha512",
};

/** PBES2 of PKCS #5 (RFC 8018, 6.2). */
function decipherPbes2(parameters: Buffer, data: Buffer, password: string, budget: RoundBudget): Buffer | undefined {
  const [kdf, scheme] = derValues(parameters).map(({ content }) => derValues(content));
  const [kdfOid, kdfParameters] = kdf ?? [];
  const [cipherOid, iv] = scheme ?? [];
  if (kdfOid === undefined || kdfParameters === undefined || cipherOid === undefined || iv === undefined)
    return undefined;
  const cipher = ciphers[oidText(cipherOid)];
  const [salt, rounds, ...rest] = derValues(kdfParameters.content);
  const prf = rest.find(({ tag }) => tag === 0x30);
  const [prfOid] = prf === undefined ? [] : derValues(prf.content);
  const hash = prfOid === undefined ? "sha1" : hashes[oidText(prfOid)];
  if (cipher === undefined || hash === undefined || salt === undefined || oidText(kdfOid) !== pbkdf2) return undefined;
  if (!budget.take(derNumber(rounds), 1)) return undefined;
  const key = pbkdf2Sync(password, salt.content, derNumber(rounds), cipher[1], hash);
  return decrypt(cipher[0], key, iv.content, data);
}

const desBlock = 8;

/** SHA-1 and three-key Triple-DES (RFC 7292, appendix C), as keystores had it for twenty years. */
function decipherPkcs12(parameters: Buffer, data: Buffer, password: string, budget: RoundBudget): Buffer | undefined {
  const [salt, rounds] = derValues(parameters);
  if (salt === undefined || !budget.take(3 * derNumber(rounds), 1)) return undefined;
  const derive = (id: number, bytes: number): Buffer => pkcs12Key(password, salt.content, derNumber(rounds), id, bytes);
  const key = derive(1, 24);
  // The padding behind the first block tells a wrong password without the vector, which costs half as much as the key.
  if (data.length > desBlock) decrypt("des-ede3-cbc", key, Buffer.alloc(desBlock), data);
  return decrypt("des-ede3-cbc", key, derive(2, desBlock), data);
}

/** Derives key material as RFC 7292 says in appendix B.2, with SHA-1. */
function pkcs12Key(password: string, salt: Buffer, rounds: number, id: number, bytes: number): Buffer {
  const block = 64;
  const fill = (from: Buffer): Buffer =>
    Buffer.alloc(from.length === 0 ? 0 : block * Math.ceil(from.length / block)).map(
      (_, i) => from[i % from.length]!,
    ) as Buffer;
  const secret = wide(`${password}\0`);
  const input = Buffer.concat([fill(salt), fill(secret)]);
  const parts: Buffer[] = [];
  for (let made = 0; made < bytes; made += 20) {
    const first = createHash("sha1").update(Buffer.alloc(block, id)).update(input).digest();
    const hash = sha1Chain(first, rounds - 1);
    parts.push(hash);
    // Each block of the input, as one number, grows by the hash and one.
    for (let at = 0; at < input.length; at += block) {
      let carry = 1;
      for (let i = block - 1; i >= 0; i--) {
        carry += input[at + i]! + hash[i % 20]!;
        input[at + i] = carry & 0xff;
        carry >>>= 8;
      }
    }
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

/** Java's first key store: bytes mixed with a chain of hashes, a sum behind them. */
function unprotect(data: Buffer, password: string, budget: RoundBudget): Buffer | undefined {
  // The largest keys have some kilobytes; a round makes twenty bytes.
  if (data.length < 40 || !budget.take(Math.ceil(data.length / 20), callCost)) return undefined;
  const secret = wide(password);
  const hidden = data.subarray(20, data.length - 20);
  const plain = Buffer.alloc(hidden.length);
  let mask = data.subarray(0, 20);
  for (let i = 0; i < hidden.length; i++) {
    if (i % 20 === 0) mask = createHash("sha1").update(secret).update(mask).digest();
    plain[i] = hidden[i]! ^ mask[i % 20]!;
  }
  const sum = createHash("sha1").update(secret).update(plain).digest();
  return sum.equals(data.subarray(data.length - 20)) ? plain : undefined;
}

/** Java's second one: MD5 and Triple-DES, half of the salt for each half of key and vector. */
function decipherJceks(parameters: Buffer, data: Buffer, password: string, budget: RoundBudget): Buffer | undefined {
  const [salt, rounds] = derValues(parameters);
  if (salt === undefined || salt.content.length !== 8 || !budget.take(2 * derNumber(rounds), callCost))
    return undefined;
  const halves = [Buffer.from(salt.content.subarray(0, 4)), Buffer.from(salt.content.subarray(4))];
  // Where both halves are equal, the first one is turned around; Java's own code does it in its own way, which is kept here.
  if (halves[0]!.equals(halves[1]!)) halves[0]!.reverse();
  const derived = Buffer.concat(
    halves.map((half) => {
      let hash: Buffer = half;
      for (let i = 0; i < derNumber(rounds); i++)
        hash = createHash("md5").update(hash).update(password, "latin1").digest();
      return hash;
    }),
  );
  return decrypt("des-ede3-cbc", derived.subarray(0, 24), derived.subarray(24, 32), data);
}

function decrypt(cipher: string, key: Buffer, iv: Buffer, data: Buffer): Buffer {
  const decoder = createDecipheriv(cipher, key, iv);
  return Buffer.concat([decoder.update(data), decoder.final()]);
}

/** A password as Java and PKCS #12 have it: two bytes a character, the high one first. */
export function wide(password: string): Buffer {
  return Buffer.from(password, "utf16le").swap16();
}
