import type { ContentId } from "../../model/content.ts";
import type { Unit, UnitResult } from "../../model/unit.ts";
import type { ConfigPlace } from "./locate.ts";
import type { ImagePlan } from "./plan.ts";

/** Tells which documents of images were scanned whole and hold nothing: manifests, indexes, configurations, and statements that are layers. */
export class SettledDocuments {
  readonly #images: readonly ImagePlan[];
  readonly #configs: ReadonlyMap<ContentId, { readonly places: readonly ConfigPlace[] }>;
  /** Documents with a secret. */
  readonly #holding = new Set<string>();
  readonly #cleanLayers = new Set<string>();
  #isWhole = true;

  /** `configs`: where the texts of documents stand. */
  constructor(
    images: readonly ImagePlan[],
    configs: ReadonlyMap<ContentId, { readonly places: readonly ConfigPlace[] }>,
  ) {
    this.#images = images;
    this.#configs = configs;
  }

  /** Hears what came of a unit. */
  note(unit: Unit, { hits, problems, interrupted, abandoned }: UnitResult): void {
    const isWhole = problems.length === 0 && interrupted !== true && abandoned !== true;
    if (unit.kind === "layer" && isWhole && hits.length === 0) this.#cleanLayers.add(unit.digest);
    if (unit.kind !== "inline") return;
    this.#isWhole &&= isWhole;
    for (const { content } of hits)
      for (const { image, content: text } of this.#configs.get(content)?.places ?? []) {
        const isOfConfig = text.place.startsWith("config!");
        if (isOfConfig) this.#holding.add(configDigest(image));
        if (!isOfConfig || image.contents.some(isEmbedded)) this.#holding.add(image.digest);
      }
  }

  /** Digests; none where a text was left out. */
  clean(): ReadonlySet<string> {
    if (!this.#isWhole) return new Set();
    const all = new Set(this.#images.flatMap((image) => [image.digest, configDigest(image), ...(image.indexes ?? [])]));
    for (const digest of this.#cleanLayers) all.add(digest);
    for (const digest of this.#holding) all.delete(digest);
    all.delete("");
    return all;
  }
}

/** Empty where there is no configuration of its own. */
function configDigest({ configPath = "" }: ImagePlan): string {
  return configPath.replace(/^blobs\//, "").replace("/", ":");
}

/** Whether a manifest holds its configuration. */
function isEmbedded({ place }: { readonly place: string }): boolean {
  return place.startsWith("manifest!config[");
}
