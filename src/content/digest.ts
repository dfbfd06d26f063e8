import { createHash } from "node:crypto";
import { blake3 } from "@noble/hashes/blake3.js";

/** The registered algorithms (OCI image specification, descriptor.md, "Registered Algorithms"). */
export const digestAlgorithms = ["sha256", "sha512", "blake3"] as const;
type Algorithm = (typeof digestAlgorithms)[number];

/** A digest as that specification writes it. */
const grammar = /^(?:(?:sha256|blake3):[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether a text from a scanned document is a digest. Nothing else may become part of a path. */
export function isDigest(text: unknown): text is string {
  return typeof text === "string" && grammar.test(text);
}

/** Where a blob lies in an OCI layout; undefined for what is not a digest. */
export function blobPath(digest: string): string | undefined {
  return isDigest(digest) ? `blobs/${digest.replace(":", "/")}` : undefined;
}

/** A running hash with the algorithm of `like` (a digest), SHA-256 where `like` is empty or not a digest. Node has no BLAKE3: that makes some 70 megabytes a second. */
export function hasher(like: string): { update(bytes: Uint8Array): void; digest(): string } {
  const algorithm = algorithmOf(like);
  const hash = algorithm === "blake3" ? blake3.create() : createHash(algorithm);
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => `${algorithm}:${Buffer.from(hash.digest()).toString("hex")}`,
  };
}

/** Whether `hasher` gives both the same hash. */
export function isSameHash(one: string, other: string): boolean {
  return algorithmOf(one) === algorithmOf(other);
}

function algorithmOf(like: string): Algorithm {
  return digestAlgorithms.find((algorithm) => like.startsWith(`${algorithm}:`)) ?? "sha256";
}

/** The digest of bytes at hand, with the algorithm of `like`. */
export function digestOf(bytes: Uint8Array, like = ""): string {
  const hash = hasher(like);
  hash.update(bytes);
  return hash.digest();
}
