import { blobId } from "../../content/blob-id.ts";
import type { ContentId } from "../../model/content.ts";
import type { SourceContext } from "../../model/source.ts";
import type { InlineUnit } from "../../model/unit.ts";
import type { ConfigPlace } from "./locate.ts";
import type { ImagePlan } from "./plan.ts";

/** Texts of configurations handed to a worker at once. */
const INLINE_BATCH_BYTES = 4 << 20;

/** One text of configurations, and where it stands. */
interface ConfigText {
  readonly bytes: Uint8Array;
  readonly places: ConfigPlace[];
}

/** The contents of all configurations by their id. */
export function configContents(images: readonly ImagePlan[]): Map<ContentId, ConfigText> {
  const found = new Map<ContentId, ConfigText>();
  for (const image of images) {
    for (const content of image.contents) {
      const bytes = content.bytes ?? Buffer.from(content.text, "utf8");
      const id = blobId(bytes);
      const known: ConfigText = found.get(id) ?? { bytes, places: [] };
      known.places.push({ image, content });
      found.set(id, known);
    }
  }
  return found;
}

/** Units of those that nobody has scanned in this run. */
export function* inlineUnits(
  target: string,
  configs: ReadonlyMap<ContentId, ConfigText>,
  context: SourceContext,
): Generator<InlineUnit, void> {
  let contents: { place: string; bytes: Uint8Array }[] = [];
  let weight = 0;
  for (const [id, { bytes, places }] of configs) {
    if (!context.claim(id)) continue;
    contents.push({ place: places[0]?.content.place ?? "", bytes });
    weight += bytes.length;
    if (weight >= INLINE_BATCH_BYTES) {
      yield { kind: "inline", target, weight, contents };
      contents = [];
      weight = 0;
    }
  }
  if (contents.length > 0) yield { kind: "inline", target, weight, contents };
}
