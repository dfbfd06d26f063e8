import type { Problem } from "../../model/problem.ts";
import { layerKey, type LayerResult } from "./locate.ts";
import type { ImagePlan, LayerPlan } from "./plan.ts";

export type PlacedLayer = LayerPlan & { readonly range: NonNullable<LayerPlan["range"]> };

/** Layers that engines would unpack, and that are no tars: what is wrong with them hides what they hold. */
export function layersWithoutTar(
  target: string,
  images: readonly ImagePlan[],
  results: ReadonlyMap<string, LayerResult>,
): Problem[] {
  const layers = images.flatMap((image) => distinctLayers([image])).filter(({ isTar }) => isTar === true);
  return distinctLayers([{ layers }]).flatMap((layer): Problem[] => {
    if (results.get(layerKey(layer.range))?.reading?.isOneFile !== true) return [];
    const message = "is no tar, as its image says: it was scanned as one file";
    const subject = layer.digest || layer.diffId || layer.range.file;
    return [{ code: "unsupported", effect: "incomplete", target, subject, message }];
  });
}

/** Layers that are there, each once. */
export function distinctLayers(images: readonly Pick<ImagePlan, "layers">[]): PlacedLayer[] {
  const found = new Map<string, PlacedLayer>();
  for (const layer of images.flatMap((image) => image.layers)) {
    const { range } = layer;
    if (range !== undefined && !found.has(layerKey(range))) found.set(layerKey(range), { ...layer, range });
  }
  return [...found.values()];
}
