import { createHash } from "node:crypto";
import type { IdBytes } from "../../model/object-id.ts";
import { objectTypes } from "./pack-entry.ts";

const names = new Map<number, string>([
  [objectTypes.commit, "commit"],
  [objectTypes.tree, "tree"],
  [objectTypes.blob, "blob"],
  [objectTypes.tag, "tag"],
]);

/** The id of an object: SHA-1 or SHA-256 over `<type> <size>\0` and the bytes (gitformat-pack). `type` is one of `objectTypes`. */
export function objectId(type: number, bytes: Uint8Array, idBytes: IdBytes): Buffer {
  const hash = createHash(idBytes === 20 ? "sha1" : "sha256");
  return hash
    .update(`${names.get(type) ?? ""} ${bytes.length}\0`)
    .update(bytes)
    .digest();
}
