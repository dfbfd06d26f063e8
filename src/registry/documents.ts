import { isBlobDescriptor } from "../content/descriptor.ts";
import { isDigest } from "../content/digest.ts";
import { asArray, asRecord, parseJson } from "../content/json.ts";

/** What one document says of another, or of a blob (OCI image specification, descriptor.md). */
export interface Descriptor {
  readonly digest: string;
  /** Absent where it is not told. */
  readonly size?: number;
  readonly kind: "manifest" | "blob";
}

/** Documents that one names are read up to this many; real ones have some tens. */
const most = 10_000;

/** What an index or a manifest names. Nothing of what does not parse. */
export function descriptorsIn(bytes: Buffer | undefined): {
  manifests: readonly Descriptor[];
  blobs: readonly Descriptor[];
} {
  const document = asRecord(bytes === undefined ? undefined : parseJson(bytes)) ?? {};
  const list = (value: unknown): readonly unknown[] => asArray(value).slice(0, most);
  const read =
    (kind: Descriptor["kind"]) =>
    (value: unknown): Descriptor[] => {
      const { digest, size } = asRecord(value) ?? {};
      if (!isDigest(digest)) return [];
      return [
        { digest, kind, ...(typeof size === "number" && Number.isSafeInteger(size) && size >= 0 ? { size } : {}) },
      ];
    };
  const indexed = list(document["manifests"]);
  // Schema 1 tells no sizes.
  const sums = list(document["fsLayers"]).map((layer) => ({ digest: asRecord(layer)?.["blobSum"] }));
  const blobs = [document["config"], ...list(document["layers"]), ...list(document["blobs"]), ...sums];
  return {
    manifests: indexed.filter((item) => !isBlobDescriptor(item)).flatMap(read("manifest")),
    blobs: [...blobs, ...indexed.filter(isBlobDescriptor)].flatMap(read("blob")),
  };
}
