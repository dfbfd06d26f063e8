import { createHash } from "node:crypto";
import type { ImageOrigin, LayerFacts, LayerOwner } from "../model/content.ts";
import type { BaseImage, ImageFacts } from "../model/image-facts.ts";
import { compareText } from "./order.ts";

/** Tells whose layers are, from the images that one report knows. Exact or silent: histories and names are never taken for evidence. */
export function createLayerOwners(images: readonly ImageFacts[]): (origin: ImageOrigin) => ImageOrigin {
  /** The image that ends with a chain of layers; of several the first by name. */
  const byChain = new Map<string, ImageFacts>();
  const byKey = new Map<string, ImageFacts>();
  const sorted = images.toSorted((a, b) => compareText(keyOf(a), keyOf(b)));
  for (const image of sorted) {
    byKey.set(keyOf(image), image);
    const chain = chainIds(image.diffIds).at(-1);
    if (chain !== undefined && !byChain.has(chain)) byChain.set(chain, image);
  }
  const owners = new Map<string, readonly (LayerOwner | undefined)[]>();
  const ownersOf = (origin: ImageOrigin): readonly (LayerOwner | undefined)[] => {
    const key = keyOf(origin);
    const image = byKey.get(key);
    const known = owners.get(key) ?? (image === undefined ? [] : ownersIn(image, byChain));
    owners.set(key, known);
    return known;
  };
  const owned = (layer: LayerFacts, all: readonly (LayerOwner | undefined)[]): LayerFacts => {
    const { owner: _, ...facts } = layer;
    const owner = all[layer.index];
    return owner === undefined ? facts : { ...facts, owner };
  };
  return (origin) => {
    if (origin.layer === undefined) return origin;
    const all = ownersOf(origin);
    if (origin.layer.owner === undefined && !all.some((owner) => owner !== undefined)) return origin;
    return {
      ...origin,
      layer: owned(origin.layer, all),
      ...(origin.deletedBy === undefined ? {} : { deletedBy: owned(origin.deletedBy, all) }),
    };
  };
}

/** The owner of each layer of an image: the smallest other image whose layers are the first ones of this image. */
function ownersIn(image: ImageFacts, byChain: ReadonlyMap<string, ImageFacts>): readonly (LayerOwner | undefined)[] {
  const chains = chainIds(image.diffIds);
  const owners = new Array<LayerOwner | undefined>(image.diffIds.length).fill(undefined);
  let from = 0;
  for (const [last, chain] of chains.entries()) {
    const base = last < image.diffIds.length - 1 ? byChain.get(chain) : undefined;
    if (base === undefined) continue;
    owners.fill({ part: "base", image: base.image }, from, last + 1);
    from = last + 1;
    // Only what the image itself is said to be built on has nothing of another base above it.
    if (image.base !== undefined && isBase(base, image.base))
      return owners.fill({ part: "application", image: base.image }, from);
  }
  // Without the base itself, as far as the build wrote it down.
  const { name, layers = 0 } = image.base ?? { name: "" };
  if (from > 0 || name === "" || layers === 0 || layers > owners.length) return owners;
  return owners.fill({ part: "base", image: name }, 0, layers).fill({ part: "application", image: name }, layers);
}

/** Whether an image is the one that another was built on: by its own digest, or by that of an index that leads to it. */
function isBase({ digest, indexes = [] }: ImageFacts, base: BaseImage): boolean {
  return base.digest !== "" && (base.digest === digest || indexes.includes(base.digest));
}

/** Chain ids of the layers (OCI image specification, config.md), up to the first one that is not known. */
function chainIds(diffIds: readonly string[]): readonly string[] {
  const chains: string[] = [];
  for (const diffId of diffIds) {
    if (diffId === "") break;
    const below = chains.at(-1);
    chains.push(
      below === undefined ? diffId : `sha256:${createHash("sha256").update(`${below} ${diffId}`).digest("hex")}`,
    );
  }
  return chains;
}

function keyOf({ image, digest, platform }: Pick<ImageOrigin, "image" | "digest" | "platform">): string {
  return [image, digest, platform].join("\0");
}
