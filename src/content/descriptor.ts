import { asRecord, asText } from "./json.ts";

/** Kinds of what is no document of an image: layers of all kinds, caches' configurations. */
const blobType = /\.(?:layer|rootfs)\.|\btar\b|\.cacheconfig\./;

/** Whether an entry of an index stands for a blob, as in the caches of BuildKit, and not for a manifest. */
export function isBlobDescriptor(descriptor: unknown): boolean {
  return blobType.test(asText(asRecord(descriptor)?.["mediaType"]));
}
