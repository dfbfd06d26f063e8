import { isDigest } from "./digest.ts";
import { asArray, asRecord, asText, asTexts, parseJson } from "./json.ts";

/** What one document says of another, or of a blob (OCI image specification, descriptor.md). */
export interface Descriptor {
  readonly digest: string;
  /** Absent where it is not told. */
  readonly size?: number;
  readonly kind: "manifest" | "blob";
  /** Where else it lies, as whoever made the document says. */
  readonly urls?: readonly string[];
}

/** Documents that one names are read up to this many; real ones have some tens. */
const most = 10_000;

/** Places that are tried for one blob. */
const mostUrls = 4;

/** Kinds of what is no document of an image: layers of all kinds, caches' configurations. */
const blobType = /\.(?:layer|rootfs)\.|\btar\b|\.cacheconfig\./;

/** Whether an entry of an index stands for a blob, as in the caches of BuildKit, and not for a manifest. */
export function isBlobDescriptor(descriptor: unknown): boolean {
  return blobType.test(asText(asRecord(descriptor)?.["mediaType"]));
}

/** What an index or a manifest names, of schema 1 too. Nothing of what does not parse. */
export function descriptorsIn(bytes: Uint8Array | undefined): {
  manifests: readonly Descriptor[];
  blobs: readonly Descriptor[];
} {
  const document = asRecord(bytes === undefined ? undefined : parseJson(bytes)) ?? {};
  const list = (value: unknown): readonly unknown[] => asArray(value).slice(0, most);
  const indexed = list(document["manifests"]);
  // Schema 1 tells no sizes.
  const sums = list(document["fsLayers"]).map((layer) => ({ digest: asRecord(layer)?.["blobSum"] }));
  const blobs = [document["config"], ...list(document["layers"]), ...list(document["blobs"]), ...sums];
  return {
    manifests: indexed.filter((item) => !isBlobDescriptor(item)).flatMap((item) => readDescriptor(item, "manifest")),
    blobs: [...blobs, ...indexed.filter(isBlobDescriptor)].flatMap((item) => readDescriptor(item, "blob")),
  };
}

/** The descriptor in a list of its own; an empty one for what is none. */
function readDescriptor(value: unknown, kind: Descriptor["kind"]): Descriptor[] {
  const { digest, size, urls } = asRecord(value) ?? {};
  if (!isDigest(digest)) return [];
  const isSize = typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
  const places = asTexts(urls).slice(0, mostUrls);
  return [{ digest, kind, ...(isSize ? { size } : {}), ...(places.length === 0 ? {} : { urls: places }) }];
}
