import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { readArmour } from "../checks/armour.ts";
import { publishedHashes } from "./published-hashes.ts";

/** Bytes of a hash that are kept: among some thousand values a chance hit is below one in 10^15. */
const HASH_BYTES = 8;
const HASH_CHARACTERS = 11;

/** A private key in DER begins with this tag (X.690, 8.9). */
const derSequence = 0x30;

/** A key in DER, in base64 without armour. */
const BARE_KEY = /^(?:MI[A-Z]|MHc|MC4)[0-9A-Za-z+/]{60,}={0,2}$/;

/** So many hashes of keys are remembered: versions of a file hold the same one, and OpenSSL takes a millisecond to read it. */
const maxRemembered = 256;
const remembered = new Map<string, string>();

let hashes: ReadonlySet<string> | undefined;

/**
 * Whether a value is part of released software, which the whole world has: self-test keys of cryptographic libraries, test data of languages and
 * packages. Told by its hash; bench/published.mjs makes the list.
 */
export function isPublished(secret: string): boolean {
  hashes ??= new Set(Array.from({ length: publishedHashes.length / HASH_CHARACTERS }, (_, at) => hashAt(at)));
  return hashes.has(publishedHash(secret));
}

function hashAt(index: number): string {
  return publishedHashes.slice(index * HASH_CHARACTERS, (index + 1) * HASH_CHARACTERS);
}

/**
 * A short hash of a value, base64url. That of a private key is made of its public half where Node can read it, else of its bytes, so that line ends,
 * quotes and the form it is kept in do not matter.
 */
export function publishedHash(secret: string): string {
  if (BARE_KEY.test(secret)) return publishedHash(`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`);
  if (!secret.includes("-----BEGIN")) return hashOf(secret);
  let hash = remembered.get(secret);
  if (hash === undefined) {
    hash = hashOf(identity(secret));
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(secret, hash);
  }
  return hash;
}

function hashOf(identity: Uint8Array | string): string {
  return createHash("sha256").update(identity).digest().subarray(0, HASH_BYTES).toString("base64url");
}

function identity(secret: string): Uint8Array | string {
  const armoured = readArmour(secret);
  if (armoured === undefined) return secret;
  const { label, headers, body } = armoured;
  // OpenSSL takes a millisecond to refuse what is no key in DER: a certificate, a key of OpenPGP or OpenSSH.
  if (headers.size > 0 || !label.endsWith("PRIVATE KEY") || body[0] !== derSequence) return body;
  for (const type of ["pkcs8", "pkcs1", "sec1"] as const) {
    try {
      const key = createPublicKey(
        createPrivateKey({ key: body, format: "der", type }).export({ type: "pkcs8", format: "pem" }),
      );
      return key.export({ type: "spki", format: "der" });
    } catch {
      // Another form, or a kind of key that this build of Node does not know.
    }
  }
  return body;
}
