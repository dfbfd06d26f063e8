import type { ByteRange } from "../../content/byte-range.ts";
import { isOwnRemoval, type ContentId, type ImageOrigin, type LayerFacts, type Removal } from "../../model/content.ts";
import type { ImageFacts } from "../../model/image-facts.ts";
import type { Sighting } from "../../model/source.ts";
import { textEntry, type LayerReading } from "../../model/unit.ts";
import { layerEffects, type LayerEffects } from "./deletion.ts";
import type { ConfigContent, ImagePlan, LayerPlan } from "./plan.ts";
import { configProof, proofOf, type ProofPlace } from "./proof.ts";

/** What came of a layer. */
export interface LayerResult {
  readonly reading: LayerReading | undefined;
  readonly hits: readonly LayerHit[];
}

interface LayerHit {
  readonly content: ContentId;
  readonly path: string;
  readonly entry?: number | undefined;
}

/** Where a text of configurations stands. */
export interface ConfigPlace {
  readonly image: ImagePlan;
  readonly content: ConfigContent;
}

/** Other names of files with secrets, told of one image; a tar can name a file a million times. */
const MAX_LINK_SIGHTINGS = 10_000;

/** Tells layers apart by their place: digests are claims of the scanned side. */
export function layerKey(range: ByteRange): string {
  return `${range.offset} ${range.length} ${range.file}`;
}

/** The sightings of contents with detections: one for each image, layer and path, and one for each text of a configuration. */
export function locateHits(
  images: readonly ImagePlan[],
  results: ReadonlyMap<string, LayerResult>,
  configs: ReadonlyMap<ContentId, { readonly places: readonly ConfigPlace[] }>,
  contents: ReadonlySet<ContentId>,
  proofs: ProofPlace | undefined,
): Sighting[] {
  const sightings: Sighting[] = [];
  const effects = new Map<string, LayerEffects>();
  const resultOf = (layer: LayerPlan): LayerResult | undefined =>
    layer.range === undefined ? undefined : results.get(layerKey(layer.range));
  const effectsOf = (layer: LayerPlan): LayerEffects | undefined => {
    const reading = resultOf(layer)?.reading;
    if (layer.range === undefined || reading === undefined) return undefined;
    const key = layerKey(layer.range);
    const known = effects.get(key) ?? layerEffects(reading);
    effects.set(key, known);
    return known;
  };
  for (const image of images) {
    const view: ImageView = { image, resultOf, effectsOf };
    for (const file of filesOf(view, contents))
      sightings.push({ content: file.hit.content, origin: fileOrigin(view, file, proofs) });
  }
  for (const [content, { places }] of configs) {
    if (!contents.has(content)) continue;
    for (const { image, content: text } of places)
      sightings.push({ content, origin: configOrigin(image, text, proofs) });
  }
  return sightings;
}

/** An image with what its layers were found to be. */
interface ImageView {
  readonly image: ImagePlan;
  readonly resultOf: (layer: LayerPlan) => LayerResult | undefined;
  readonly effectsOf: (layer: LayerPlan) => LayerEffects | undefined;
}

/** A file with detections in a layer, under one of its names. */
interface PlacedFile {
  readonly hit: LayerHit;
  /** The layer that holds its bytes. */
  readonly stored: number;
  /** The layer that gives it this name; above `stored` for a hard link that leads into a lower layer. */
  readonly index: number;
  readonly path: string;
  /** The layer that takes the name away, and how; undefined where none does. */
  readonly end: { readonly index: number; readonly removal: Removal } | undefined;
}

/** Every file with detections of an image, under every name: its own, and those of hard links while it was there. */
function filesOf(view: ImageView, contents: ReadonlySet<ContentId>): PlacedFile[] {
  const files: PlacedFile[] = [];
  const seen = new Set<string>();
  const layers = view.image.layers;
  let links = 0;
  const place = (hit: LayerHit, stored: number, index: number, path: string): void => {
    const isLink = path !== hit.path || stored !== index;
    const ownEnd = isLink ? undefined : ownRemoval(layerAt(view, index), path, hit.entry);
    const key = `${index} ${hit.content} ${path}`;
    if (seen.has(key) || (isLink && ++links > MAX_LINK_SIGHTINGS)) return;
    seen.add(key);
    files.push({
      hit,
      stored,
      index,
      path,
      end: ownEnd === undefined ? endOf(view, index, path) : { index, removal: ownEnd },
    });
  };
  for (const [index, layer] of layers.entries()) {
    const hits = (view.resultOf(layer)?.hits ?? []).filter(({ content }) => contents.has(content));
    // Of equal files at one path the last one counts that is unpacked.
    const isUnseen = (hit: LayerHit): boolean => layerAt(view, index)?.isAfterEnd(hit.entry) === true;
    for (const hit of hits.toReversed().sort((a, b) => Number(isUnseen(a)) - Number(isUnseen(b))))
      place(hit, index, index, hit.path);
  }
  // New names are looked at in their turn: links can lead to links.
  for (const file of files) {
    if (file.path === "" || isOwnRemoval(file.end?.removal)) continue;
    const { index: end, removal } = file.end ?? { index: layers.length, removal: undefined };
    // A layer that removes a name can give the file another one; where it replaces the file, its links lead to the new one.
    const last = removal === "whiteout" ? end : end - 1;
    for (let index = file.index; index <= last; index++)
      for (const path of layerAt(view, index)?.linksTo(file.path) ?? []) place(file.hit, file.stored, index, path);
  }
  return files;
}

/** What keeps a file of a layer out of containers within that layer. */
function ownRemoval(layer: LayerEffects | undefined, path: string, entry: number | undefined): Removal | undefined {
  if (layer?.isAfterEnd(entry) === true) return "after-end";
  return layer?.shadows(path, entry) === true ? "shadowed" : undefined;
}

function layerAt({ image, effectsOf }: ImageView, index: number): LayerEffects | undefined {
  const layer = image.layers[index];
  return layer === undefined ? undefined : effectsOf(layer);
}

/** The first layer above `index` that takes the path away. */
function endOf(view: ImageView, index: number, path: string): PlacedFile["end"] {
  if (path === "") return undefined;
  for (let above = index + 1; above < view.image.layers.length; above++) {
    const removal = layerAt(view, above)?.removes(path);
    if (removal !== undefined) return { index: above, removal };
  }
  return undefined;
}

function fileOrigin(
  view: ImageView,
  { hit, stored, index, path, end }: PlacedFile,
  proofs: ProofPlace | undefined,
): ImageOrigin {
  const { image } = view;
  const { name, digest, platform } = image;
  const title = image.layers[index]?.title ?? "";
  const proof = fileProof(view, stored, hit, proofs);
  return {
    kind: "image",
    image: name,
    digest,
    platform,
    part: "file",
    path: path === "" ? title : path,
    layer: layerFacts(view, index),
    deleted: end !== undefined,
    ...(end === undefined ? {} : { deletedBy: layerFacts(view, end.index), removal: end.removal }),
    ...(path === hit.path && stored === index ? {} : { linkTo: hit.path }),
    ...(proof === undefined ? {} : { proof }),
  };
}

function fileProof(view: ImageView, stored: number, hit: LayerHit, proofs: ProofPlace | undefined): string | undefined {
  const layer = view.image.layers[stored];
  const reading = layer === undefined ? undefined : view.resultOf(layer)?.reading;
  if (layer?.range === undefined || reading === undefined || proofs === undefined) return undefined;
  // No command prints a name as it prints a file.
  if (hit.entry === textEntry) return undefined;
  // It would print the file with its holes, which is another content.
  if (hit.entry !== undefined && reading.sparse?.includes(hit.entry) === true) return undefined;
  const effects = layerAt(view, stored);
  const occurrence = effects?.occurrence(hit.path, hit.entry);
  const isAfterEnd = effects?.isAfterEnd(hit.entry) === true;
  const [imageDigest, layerDigest] = [view.image.digest, layer.digest];
  const { fetch } = proofs;
  return proofOf(
    { imageDigest, layerDigest, range: layer.range, reading, path: hit.path, occurrence, isAfterEnd },
    view.image.isIndex === true && fetch !== undefined ? { blob: fetch } : proofs,
  );
}

function configOrigin(image: ImagePlan, { place, query }: ConfigContent, proofs: ProofPlace | undefined): ImageOrigin {
  const { name, digest, platform } = image;
  const proof = query === undefined || proofs === undefined ? undefined : configProof(image, query, proofs);
  return {
    kind: "image",
    image: name,
    digest,
    platform,
    part: "config",
    path: place,
    deleted: false,
    ...(proof === undefined ? {} : { proof }),
  };
}

/** What a report says of an image: its layers, by what they expand to. */
export function imageFacts(image: ImagePlan, results: ReadonlyMap<string, LayerResult>): ImageFacts {
  const { name, digest, platform, layers, base, indexes = [], subject } = image;
  const diffIds = layers.map((layer) => {
    const reading = layer.range === undefined ? undefined : results.get(layerKey(layer.range))?.reading;
    return reading?.diffId || layer.diffId;
  });
  return {
    ...{ image: name, digest, platform, diffIds },
    ...(base === undefined ? {} : { base }),
    ...(indexes.length === 0 ? {} : { indexes }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function layerFacts(view: ImageView, index: number): LayerFacts {
  const layer = view.image.layers[index];
  const reading = layer === undefined ? undefined : view.resultOf(layer)?.reading;
  return {
    digest: layer?.digest || reading?.digest || "",
    diffId: reading?.diffId || layer?.diffId || "",
    index,
    createdBy: layer?.createdBy ?? "",
  };
}
