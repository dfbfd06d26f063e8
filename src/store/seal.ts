import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { deserialize, serialize } from "node:v8";

const cipher = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** A key of some parts: texts and bytes, told apart by their lengths. */
export function keyOf(...parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    hash.update(length).update(bytes);
  }
  return hash.digest();
}

/** Seals bytes with a key that is kept nowhere (AES-256-GCM): whoever cannot make the key again reads nothing, and changes nothing unseen. */
export function seal(key: Uint8Array, bytes: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key, nonce);
  return Buffer.concat([nonce, sealing.update(bytes), sealing.final(), sealing.getAuthTag()]);
}

/** What was sealed with this key; undefined for anything else. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceBytes));
  opening.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    return Buffer.concat([opening.update(sealed.subarray(nonceBytes, sealed.length - tagBytes)), opening.final()]);
  } catch {
    return undefined;
  }
}

/** Seals plain data. `version`: of its form. */
export function sealValue(key: Uint8Array, version: number, value: object): Buffer {
  return seal(key, serialize([version, value]));
}

/** What `sealValue` was given, where that was with this key and this version: nobody without the key can have written it. Undefined for anything else. */
export function unsealValue(key: Uint8Array, version: number, sealed: Uint8Array): unknown {
  const plain = unseal(key, sealed);
  if (plain === undefined) return undefined;
  try {
    const [written, value] = deserialize(plain) as [number, unknown];
    return written === version ? value : undefined;
  } catch {
    return undefined; // Another version of Node.
  }
}
