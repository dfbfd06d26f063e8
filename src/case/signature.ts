import { createHash, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { checkedFields } from "../findings/index.ts";

/** What is signed is this and the bytes of the manifest: a signature for something else is none for a bundle, and the other way round. */
const payloadType = "application/vnd.leaktrace.evidence.v1+json";

/** Who signed, and whether it holds. */
export interface Signed {
  /** `ed25519:` and the SHA-256 of the public key (SPKI, DER) in hex. */
  readonly keyId: string;
  readonly publicKey: KeyObject;
  readonly isValid: boolean;
}

/** Signs bytes with an Ed25519 key (RFC 8032). Gives the text of a `signature.json`, in the manner of DSSE (github.com/secure-systems-lab/dsse). */
export function signManifest(manifest: Uint8Array, key: KeyObject): string {
  return signatureText(createPublicKey(key), sign(null, signedBytes(manifest), key));
}

function signatureText(publicKey: KeyObject, sig: Uint8Array): string {
  const signature = {
    keyid: keyIdOf(publicKey),
    publicKey: derOf(publicKey).toString("base64"),
    sig: Buffer.from(sig).toString("base64"),
  };
  return `${JSON.stringify({ payloadType, payloadFile: "manifest.json", signatures: [signature] }, null, 1)}\n`;
}

/** Reads a `signature.json` of unknown making. Undefined where there is no signature of this kind in it. */
export function readSignature(text: string, manifest: Uint8Array): Signed | undefined {
  try {
    const fields = checkedFields(JSON.parse(text), "signature");
    if (fields.text("payloadType") !== payloadType) return undefined;
    const [first] = fields.list("signatures", (one) => ({ key: one.text("publicKey"), sig: one.text("sig") }));
    if (first === undefined) return undefined;
    const publicKey = createPublicKey({ key: Buffer.from(first.key, "base64"), format: "der", type: "spki" });
    if (publicKey.asymmetricKeyType !== "ed25519") return undefined;
    const sig = Buffer.from(first.sig, "base64");
    // A name of a key that is not the name of this one would be believed by whoever reads the file: nothing else may stand there.
    const isAsWritten = text === signatureText(publicKey, sig);
    return {
      keyId: keyIdOf(publicKey),
      publicKey,
      isValid: isAsWritten && verify(null, signedBytes(manifest), publicKey, sig),
    };
  } catch {
    return undefined;
  }
}

/** The name of a key: `ed25519:` and the SHA-256 of its public part in DER, in hex. */
export function keyIdOf(key: KeyObject): string {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return `ed25519:${createHash("sha256").update(derOf(publicKey)).digest("hex")}`;
}

/** Type and payload, told apart by their lengths (DSSE, "PAE"). */
function signedBytes(manifest: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${manifest.length} `),
    manifest,
  ]);
}

function derOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: "spki", format: "der" });
}
