import { asArray, asRecord, parseJson } from "./json.ts";
import { digestOf } from "./digest.ts";

/**
 * Whether a manifest's bytes are those of its digest. Of a signed manifest (image manifest version 2, schema 1) the digest counts what was signed: the document as it was before the
 * signatures were put into it, which their protected header tells how to get back.
 */
export function isManifestOf(bytes: Uint8Array, digest: string): boolean {
  if (digestOf(bytes, digest) === digest) return true;
  const signed = signedPart(bytes);
  return signed !== undefined && digestOf(signed, digest) === digest;
}

/** The digest under which a registry knows a manifest. Old ones sign anew whenever they are asked: then the bytes have another digest each time. */
export function manifestDigest(bytes: Uint8Array): string {
  return digestOf(signedPart(bytes) ?? bytes);
}

/** Undefined for what is not signed, or says something else than what was. */
function signedPart(bytes: Uint8Array): Buffer | undefined {
  const { signatures, ...told } = asRecord(parseJson(bytes)) ?? {};
  const header = asRecord(asArray(signatures)[0])?.["protected"];
  if (typeof header !== "string") return undefined;
  const { formatLength, formatTail } = asRecord(parseJson(Buffer.from(header, "base64url"))) ?? {};
  if (typeof formatTail !== "string" || typeof formatLength !== "number") return undefined;
  if (!Number.isInteger(formatLength) || formatLength < 0 || formatLength > bytes.length) return undefined;
  const signed = Buffer.concat([bytes.subarray(0, formatLength), Buffer.from(formatTail, "base64url")]);
  return JSON.stringify(parseJson(signed)) === JSON.stringify(told) ? signed : undefined;
}
