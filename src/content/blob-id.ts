import { createHash } from "node:crypto";

/** The id that git gives to a blob with these bytes: lower-case hex of SHA-1 over `blob <size>\0` and the bytes (gitformat-pack, "objects"). */
export function blobId(bytes: Uint8Array): string {
  return startBlobId(bytes.length).update(bytes).digest("hex");
}

/** The same for bytes that come in pieces; their number must be known before. */
export function startBlobId(size: number): ReturnType<typeof createHash> {
  return createHash("sha1").update(`blob ${size}\0`);
}
