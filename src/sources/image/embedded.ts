import { digestOf, isDigest } from "../../content/digest.ts";
import { asArray, asRecord } from "../../content/json.ts";
import type { ConfigContent } from "./plan.ts";

/** The bytes of a blob that stand in the descriptor itself (`data`); undefined where none do, or others than its digest says. */
export function embeddedBytes(descriptor: Readonly<Record<string, unknown>>): Buffer | undefined {
  const { digest, data } = descriptor;
  if (!isDigest(digest) || typeof data !== "string") return undefined;
  const bytes = Buffer.from(data, "base64");
  return digestOf(bytes, digest) === digest ? bytes : undefined;
}

/** The texts of a manifest, of which those that are layers are scanned as what they are: archives are opened. */
export function withEmbeddedLayers(
  texts: readonly ConfigContent[],
  manifest: Readonly<Record<string, unknown>>,
): readonly ConfigContent[] {
  const layers = new Map<string, Buffer>();
  for (const list of ["layers", "blobs"])
    for (const [i, item] of asArray(manifest[list]).entries()) {
      const bytes = embeddedBytes(asRecord(item) ?? {});
      if (bytes !== undefined) layers.set(`manifest!${list}[${i}][data]`, bytes);
    }
  return texts.map((text) => {
    const bytes = layers.get(text.place);
    return bytes === undefined ? text : { ...text, bytes };
  });
}
