import { isUtf8 } from "node:buffer";
import { isBlobDescriptor } from "../../content/descriptor.ts";
import { blobPath, digestOf, isDigest } from "../../content/digest.ts";
import { isManifestOf } from "../../content/signed-manifest.ts";
import { asArray, asRecord, asText, hasHiddenMembers, nestsDeeper, parseJson } from "../../content/json.ts";
import { MAX_LEAF_DEPTH, platformOf, readConfig, type ImageConfig } from "./config.ts";
import { ambiguityMessage, documentTexts, isAmbiguous } from "./document-texts.ts";
import { embeddedBytes, withEmbeddedLayers } from "./embedded.ts";
import {
  addProblem,
  boundedLayers,
  type ConfigContent,
  type ImagePlan,
  type LayerPlan,
  type ProblemList,
} from "./plan.ts";
import { addProvenance } from "./provenance.ts";
import { readSchema1 } from "./schema1.ts";
import type { ImageStore } from "./store.ts";

/** Indexes in indexes; real ones have two levels. */
const MAX_INDEX_DEPTH = 8;
/** Manifests of one layout, over all tags and platforms; the disk of a registry holds those of all its repositories. */
const MAX_MANIFESTS = 200_000;

/** Images of these kinds have a configuration in the sense of config.md; other configurations must not be read as one (manifest.md). */
const imageConfigTypes: ReadonlySet<string> = new Set([
  "",
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);

/** Members by which it is told what belongs to an image. */
const indexNames = ["manifests"] as const;
const manifestNames = ["config", "layers", "blobs", "fsLayers", "history"] as const;

/** `{}`, the configuration of artifacts that have none. */
const EMPTY_CONFIG_BYTES = 2;

/** An image before its name is settled: archives can tell more tags for it. */
export interface TaggedPlan extends Omit<ImagePlan, "name"> {
  readonly tags: Set<string>;
  /** Digest of the configuration: tells whether two lists of images mean the same one. */
  readonly configDigest: string;
}

/** Reads `index.json` and all that it names: nested indexes, every platform, attestations and artifacts. */
export async function readOciLayout(store: ImageStore, list: ProblemList): Promise<TaggedPlan[]> {
  const plans = new Map<string, TaggedPlan>();
  const visited = new Set<string>();
  const bytes = await store.read("index.json");
  if (typeof bytes === "string") {
    addProblem(
      list,
      "manifest-invalid",
      "index.json",
      bytes === "missing" ? "is missing" : "is too large to be an index",
    );
    return [];
  }
  const root = asRecord(parseJson(bytes));
  if (root === undefined) {
    addProblem(list, "manifest-invalid", "index.json", "does not parse");
    return [];
  }
  if (isAmbiguous(bytes, root, indexNames)) addProblem(list, "manifest-invalid", "index.json", ambiguityMessage);
  addTexts("index.json", "", root, "");
  await walkIndex(root, "", []);
  await addProvenance(store, plans);
  return [...plans.values()];

  /** What is written in an index is part of no one image below it. */
  function addTexts(key: string, digest: string, index: Readonly<Record<string, unknown>>, tag: string): void {
    const contents = documentTexts("index", index);
    if (contents.length === 0) return;
    const tags = new Set(tag === "" ? [] : [tag]);
    plans.set(`texts of ${key}`, { tags, digest, configDigest: "", platform: "", layers: [], contents });
  }

  async function walkIndex(
    index: Readonly<Record<string, unknown>>,
    tag: string,
    above: readonly string[],
  ): Promise<void> {
    const absent: string[] = [];
    let present = 0;
    for (const item of asArray(index["manifests"])) {
      const descriptor = asRecord(item) ?? {};
      if (isBlobDescriptor(descriptor)) continue;
      const digest = descriptor["digest"];
      if (!isDigest(digest)) {
        addProblem(
          list,
          "manifest-invalid",
          asText(digest) || "index.json",
          "an entry of the index has no valid digest",
        );
        continue;
      }
      // Engines know an image by what the first index calls it; what stands further in names a part of it.
      const ownTag = tag || tagOf(descriptor);
      const document = await store.read(blobPath(digest) ?? "");
      if (document === "missing") {
        absent.push(digest);
        continue;
      }
      present++;
      if (document === "too-large") {
        addProblem(list, "manifest-invalid", digest, "is too large to be a manifest");
        continue;
      }
      await walkDocument(digest, document, descriptor, ownTag, above);
    }
    // Archives of one platform keep the index of all: what was never put into them is not a gap of the scan, as long as something was.
    for (const subject of absent) {
      const problem = {
        code: "manifest-invalid",
        target: list.target,
        subject,
        message: "the manifest is not in the image store",
      } as const;
      list.problems.push({ ...problem, effect: above.length > 0 && present > 0 ? "note" : "incomplete" });
    }
  }

  async function walkDocument(
    digest: string,
    bytes: Uint8Array,
    descriptor: Readonly<Record<string, unknown>>,
    tag: string,
    above: readonly string[],
  ): Promise<void> {
    const known = plans.get(digest);
    if (known !== undefined) {
      if (tag !== "") known.tags.add(tag);
      return;
    }
    const visit = `${digest} ${tag}`;
    if (visited.has(visit)) return;
    visited.add(visit);
    if (visited.size > MAX_MANIFESTS || above.length > MAX_INDEX_DEPTH) {
      addProblem(list, "unsupported", digest, "indexes are nested too deep or hold too many manifests");
      return;
    }
    if (!isManifestOf(bytes, digest))
      addProblem(list, "digest-mismatch", digest, `the stored document hashes to ${digestOf(bytes, digest)}`);
    const document = asRecord(parseJson(bytes));
    if (document === undefined) {
      addProblem(list, "manifest-invalid", digest, "the manifest does not parse");
      return;
    }
    if (isAmbiguous(bytes, document, [...indexNames, ...manifestNames]))
      addProblem(list, "manifest-invalid", digest, ambiguityMessage);
    const kinds = kindsOf(document);
    if (kinds.length === 0) addProblem(list, "manifest-invalid", digest, "is neither a manifest nor an index");
    // Its media type says which of them it is, and comes from elsewhere: whoever is told another one reads another image.
    for (const kind of kinds) {
      const plan = await readKind(kind, digest, document, descriptor, tag, above);
      if (plan !== undefined) plans.set(kinds[0] === kind ? digest : `${digest} as ${kind}`, plan);
    }
  }

  async function readKind(
    kind: DocumentKind,
    digest: string,
    document: Readonly<Record<string, unknown>>,
    descriptor: Readonly<Record<string, unknown>>,
    tag: string,
    above: readonly string[],
  ): Promise<TaggedPlan | undefined> {
    switch (kind) {
      case "index": {
        addTexts(digest, digest, document, tag);
        await walkIndex(document, tag, [...above, digest]);
        const blobs = asArray(document["manifests"]).filter(isBlobDescriptor);
        if (blobs.length === 0) return undefined;
        // Caches of builds are an index of layers (BuildKit, `cache-to`).
        return {
          ...(await readManifest(store, list, digest, { blobs }, descriptor, tag)),
          indexes: above,
          isIndex: true,
        };
      }
      case "manifest":
        return { ...(await readManifest(store, list, digest, document, descriptor, tag)), indexes: above };
      case "schema1":
        return readSchema1(document, digest, tag, (layer) => findLayer(store, list, layer), list);
    }
  }
}

type DocumentKind = "index" | "manifest" | "schema1";

/** What a document is taken for; one that is several things is each of them to somebody. */
function kindsOf(document: Readonly<Record<string, unknown>>): readonly DocumentKind[] {
  const has = (name: string): boolean => Array.isArray(document[name]);
  const isManifest = has("layers") || has("blobs") || asRecord(document["config"]) !== undefined;
  return [
    ...(has("manifests") ? (["index"] as const) : []),
    ...(isManifest ? (["manifest"] as const) : []),
    ...(has("fsLayers") ? (["schema1"] as const) : []),
  ];
}

function tagOf(descriptor: Readonly<Record<string, unknown>>): string {
  const annotations = asRecord(descriptor["annotations"]) ?? {};
  return asText(annotations["io.containerd.image.name"]) || asText(annotations["org.opencontainers.image.ref.name"]);
}

async function readManifest(
  store: ImageStore,
  list: ProblemList,
  digest: string,
  manifest: Readonly<Record<string, unknown>>,
  descriptor: Readonly<Record<string, unknown>>,
  tag: string,
): Promise<TaggedPlan> {
  const configDescriptor = asRecord(manifest["config"]) ?? {};
  // What has none at all: artifacts of the years before every manifest had one, and caches.
  const { config, contents } =
    manifest["config"] === undefined && manifest["layers"] === undefined
      ? { config: undefined, contents: [] }
      : await readConfigBlob(store, list, configDescriptor);
  const all = [...asArray(manifest["layers"]), ...asArray(manifest["blobs"])];
  const items = boundedLayers(all, digest, list);
  const layers: LayerPlan[] = [];
  for (const [index, item] of items.entries()) {
    const layer = asRecord(item) ?? {};
    const layerDigest = layer["digest"];
    const isKnown = config?.diffIds.length === all.length;
    layers.push({
      range: await findLayer(store, list, layer),
      digest: isDigest(layerDigest) ? layerDigest : "",
      diffId: isKnown ? (config.diffIds[index] ?? "") : "",
      createdBy: isKnown ? (config.instructions[index] ?? "") : "",
      ...titleAndKind(layer, config !== undefined),
    });
  }
  return {
    tags: new Set(tag === "" ? [] : [tag]),
    digest,
    configDigest: asText(configDescriptor["digest"]),
    configPath: blobPath(asText(configDescriptor["digest"])) ?? "",
    ...baseOf(manifest),
    ...subjectOf(manifest, descriptor),
    platform: config?.platform || platformOf(descriptor["platform"]),
    layers,
    contents: [...contents, ...withEmbeddedLayers(documentTexts("manifest", manifest), manifest)],
  };
}

/** Layers of images are tars where their types say so; files of artifacts have such types as well, and names. */
function titleAndKind(
  layer: Readonly<Record<string, unknown>>,
  isOfImage: boolean,
): Pick<LayerPlan, "title" | "isTar"> {
  const title = titleOf(asRecord(layer["annotations"]) ?? {});
  const isTar = isOfImage && title === "" && /[./]tar\b(?!.*encrypted)/.test(asText(layer["mediaType"]));
  return isTar ? { title, isTar } : { title };
}

/** How a layer that is no tar is called: by its file's name, or by what an attestation states. */
function titleOf(annotations: Readonly<Record<string, unknown>>): string {
  return asText(annotations["org.opencontainers.image.title"]) || asText(annotations["in-toto.io/predicate-type"]);
}

/** BuildKit says it beside the manifest of an attestation. */
function subjectOf(
  manifest: Readonly<Record<string, unknown>>,
  descriptor: Readonly<Record<string, unknown>>,
): Pick<ImagePlan, "subject"> {
  const annotations = asRecord(descriptor["annotations"]) ?? {};
  const subject = asRecord(manifest["subject"])?.["digest"] ?? annotations["vnd.docker.reference.digest"];
  return isDigest(subject) ? { subject } : {};
}

function baseOf(manifest: Readonly<Record<string, unknown>>): Pick<ImagePlan, "base"> {
  const annotations = asRecord(manifest["annotations"]) ?? {};
  const name = asText(annotations["org.opencontainers.image.base.name"]);
  const digest = asText(annotations["org.opencontainers.image.base.digest"]);
  return name === "" && digest === "" ? {} : { base: { name, digest: isDigest(digest) ? digest : "" } };
}

async function findLayer(
  store: ImageStore,
  list: ProblemList,
  layer: Readonly<Record<string, unknown>>,
): Promise<LayerPlan["range"]> {
  const digest = layer["digest"];
  if (!isDigest(digest)) {
    addProblem(list, "manifest-invalid", asText(digest) || "layer", "a layer of the manifest has no valid digest");
    return undefined;
  }
  const range = await store.find(blobPath(digest) ?? "");
  // Nothing in its bytes says so.
  if (asText(layer["mediaType"]).endsWith("+encrypted"))
    addProblem(list, "encrypted", digest, "the layer is encrypted: nobody without its key can scan it");
  if (range === undefined && embeddedBytes(layer) === undefined) {
    const isForeign = asArray(layer["urls"]).length > 0;
    if (isForeign)
      addProblem(
        list,
        "foreign-layer",
        digest,
        "the layer lies on a server that the manifest names; it was not fetched",
      );
    else addProblem(list, "layer-missing", digest, "the layer is not in the image store");
  }
  return range;
}

async function readConfigBlob(
  store: ImageStore,
  list: ProblemList,
  descriptor: Readonly<Record<string, unknown>>,
): Promise<{ config: ImageConfig | undefined; contents: readonly ConfigContent[] }> {
  const digest = descriptor["digest"];
  const none = { config: undefined, contents: [] };
  if (!isDigest(digest)) {
    addProblem(
      list,
      "config-invalid",
      asText(digest) || "config",
      "the manifest names no configuration by a valid digest",
    );
    return none;
  }
  const stored = await store.read(blobPath(digest) ?? "");
  const bytes =
    stored === "missing" && typeof descriptor["data"] === "string" ? Buffer.from(descriptor["data"], "base64") : stored;
  if (typeof bytes === "string") {
    addProblem(
      list,
      "config-invalid",
      digest,
      bytes === "missing" ? "the configuration is missing" : "the configuration is too large to be read",
    );
    return none;
  }
  const actual = digestOf(bytes, digest);
  if (actual !== digest) addProblem(list, "digest-mismatch", digest, `the stored configuration hashes to ${actual}`);
  if (!imageConfigTypes.has(asText(descriptor["mediaType"]))) {
    return bytes.length <= EMPTY_CONFIG_BYTES ? none : { config: undefined, contents: [asWhole(bytes)] };
  }
  return readConfigBytes(bytes, digest, list);
}

/** Reads a configuration; one that does not parse is still scanned, as one text. */
export function readConfigBytes(
  bytes: Uint8Array,
  subject: string,
  list: ProblemList,
): { config: ImageConfig | undefined; contents: readonly ConfigContent[] } {
  const value = parseJson(bytes);
  const config = readConfig(value);
  if (config !== undefined) {
    const hidden = hasHiddenMembers(bytes, value) || nestsDeeper(value, MAX_LEAF_DEPTH) ? [asWhole(bytes)] : [];
    return { config, contents: [...config.contents, ...hidden] };
  }
  addProblem(list, "config-invalid", subject, "the configuration does not parse; it was scanned as plain text");
  return { config: undefined, contents: [asWhole(bytes)] };
}

function asWhole(bytes: Uint8Array): ConfigContent {
  return { place: "config!", text: Buffer.from(bytes).toString("utf8"), ...(isUtf8(bytes) ? { query: "" } : {}) };
}
