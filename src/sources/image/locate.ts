import type { ByteRange } from "../../content/byte-range.ts";
import type { ContentId, ImageOrigin, LayerFacts } from "../../model/content.ts";
import type { Sighting } from "../../model/source.ts";
import type { LayerReading } from "../../model/unit.ts";
import { layerEffects, type LayerEffects } from "./deletion.ts";
import type { ImagePlan, LayerPlan } from "./plan.ts";

/** What came of a layer. */
export interface LayerResult {
  readonly reading: LayerReading | undefined;
  readonly hits: readonly { readonly content: ContentId; readonly path: string }[];
}

/** Tells layers apart by their place: digests are claims of the scanned side. */
export function layerKey(range: ByteRange): string {
  return `${range.offset} ${range.length} ${range.file}`;
}

/** The sightings of contents with detections: one for each image, layer and path, and one for each text of a configuration. */
export function locateHits(
  images: readonly ImagePlan[],
  results: ReadonlyMap<string, LayerResult>,
  configs: ReadonlyMap<
    ContentId,
    { readonly places: readonly { readonly image: ImagePlan; readonly place: string }[] }
  >,
  contents: ReadonlySet<ContentId>,
): Sighting[] {
  const sightings: Sighting[] = [];
  const effects = new Map<string, LayerEffects>();
  const effectsOf = (layer: LayerPlan): LayerEffects | undefined => {
    if (layer.range === undefined) return undefined;
    const key = layerKey(layer.range);
    const reading = results.get(key)?.reading;
    const known = effects.get(key) ?? (reading === undefined ? undefined : layerEffects(reading));
    if (known !== undefined) effects.set(key, known);
    return known;
  };
  for (const image of images) {
    image.layers.forEach((layer, index) => {
      const result = layer.range === undefined ? undefined : results.get(layerKey(layer.range));
      const seen = new Set<string>();
      for (const { content, path } of result?.hits ?? []) {
        const key = `${content} ${path}`;
        if (!contents.has(content) || seen.has(key)) continue;
        seen.add(key);
        const remover =
          path === ""
            ? -1
            : image.layers.findIndex((later, at) => at > index && effectsOf(later)?.removes(path) === true);
        sightings.push({ content, origin: fileOrigin(image, index, path, remover, results) });
      }
    });
  }
  for (const [content, { places }] of configs) {
    if (!contents.has(content)) continue;
    for (const { image, place } of places) {
      const { name, digest, platform } = image;
      const origin = {
        kind: "image",
        image: name,
        digest,
        platform,
        part: "config",
        path: place,
        deleted: false,
      } as const;
      sightings.push({ content, origin });
    }
  }
  return sightings;
}

function fileOrigin(
  image: ImagePlan,
  index: number,
  path: string,
  remover: number,
  results: ReadonlyMap<string, LayerResult>,
): ImageOrigin {
  const { name, digest, platform } = image;
  const layer = layerFacts(image, index, results);
  const title = image.layers[index]?.title ?? "";
  const origin = {
    kind: "image",
    image: name,
    digest,
    platform,
    part: "file",
    path: path === "" ? title : path,
    layer,
    deleted: remover >= 0,
  } as const;
  return remover < 0 ? origin : { ...origin, deletedBy: layerFacts(image, remover, results) };
}

function layerFacts(image: ImagePlan, index: number, results: ReadonlyMap<string, LayerResult>): LayerFacts {
  const layer = image.layers[index];
  const reading = layer?.range === undefined ? undefined : results.get(layerKey(layer.range))?.reading;
  return {
    digest: layer?.digest || reading?.digest || "",
    diffId: reading?.diffId || layer?.diffId || "",
    index,
    createdBy: layer?.createdBy ?? "",
  };
}
