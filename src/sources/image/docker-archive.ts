import type { ByteRange } from "../../content/byte-range.ts";
import { digestOf } from "../../content/digest.ts";
import { platformOf, readConfig } from "./config.ts";
import { asArray, asRecord, asText, asTexts, parseJson } from "../../content/json.ts";
import { ambiguityMessage, isAmbiguous } from "./document-texts.ts";
import { readConfigBytes, type TaggedPlan } from "./oci.ts";
import { addProblem, boundedLayers, type ConfigContent, type LayerPlan, type ProblemList } from "./plan.ts";
import type { ImageStore } from "./store.ts";

/** Members of an image in `manifest.json`. */
const archiveNames = ["Config", "Layers", "RepoTags"] as const;
/** Layers that name each other as parents. */
const MAX_CHAIN = 10_000;
/** An image id, as folders of old archives are named. */
const imageId = /^[0-9a-f]{64}$/;
/** File names that promise what the bytes hash to. */
const blobName = /(?:^|\/)blobs\/sha256\/([0-9a-f]{64})$/;
const configName = /^([0-9a-f]{64})\.json$/;

/** Reads `manifest.json` of a docker-archive (Docker, podman, skopeo); archives from before Docker 1.10 have `repositories` only. */
export async function readDockerArchive(store: ImageStore, list: ProblemList): Promise<TaggedPlan[]> {
  const bytes = await store.read("manifest.json");
  if (bytes === "missing") return readRepositories(store, list);
  const images = typeof bytes === "string" ? undefined : parseJson(bytes);
  if (!Array.isArray(images)) {
    addProblem(
      list,
      "manifest-invalid",
      "manifest.json",
      bytes === "too-large" ? "is too large to be a manifest" : "does not parse",
    );
    return [];
  }
  if (typeof bytes !== "string" && isAmbiguous(bytes, images, archiveNames))
    addProblem(list, "manifest-invalid", "manifest.json", ambiguityMessage);
  const plans: TaggedPlan[] = [];
  for (const item of asArray(images)) {
    const image = asRecord(item);
    if (image === undefined) addProblem(list, "manifest-invalid", "manifest.json", "an entry is not an image");
    else plans.push(await readImage(store, list, image));
  }
  return plans;
}

async function readImage(
  store: ImageStore,
  list: ProblemList,
  image: Readonly<Record<string, unknown>>,
): Promise<TaggedPlan> {
  const configPath = asText(image["Config"]);
  const bytes = await store.read(configPath);
  let read: ReturnType<typeof readConfigBytes> = { config: undefined, contents: [] };
  let digest = "";
  if (typeof bytes === "string") {
    addProblem(
      list,
      "config-invalid",
      configPath,
      bytes === "missing" ? "the configuration is missing" : "the configuration is too large to be read",
    );
  } else {
    digest = digestOf(bytes);
    const promised = (blobName.exec(configPath) ?? configName.exec(configPath))?.[1];
    if (promised !== undefined && digest !== `sha256:${promised}`) {
      addProblem(list, "digest-mismatch", configPath, `the stored configuration hashes to ${digest}`);
    }
    read = readConfigBytes(bytes, configPath, list);
  }
  const { config } = read;
  const all = asTexts(image["Layers"]);
  const paths = boundedLayers(all, configPath || "manifest.json", list);
  const foreign = asRecord(image["LayerSources"]) ?? {};
  const isKnown = config?.diffIds.length === all.length;
  const layers: LayerPlan[] = [];
  for (const [index, path] of paths.entries()) {
    const range = await store.find(path);
    const diffId = isKnown ? (config.diffIds[index] ?? "") : "";
    if (range === undefined) {
      const isForeign = asArray(asRecord(foreign[diffId])?.["urls"]).length > 0;
      if (isForeign)
        addProblem(
          list,
          "foreign-layer",
          path,
          "the layer lies on a server that the manifest names; it was not fetched",
        );
      else addProblem(list, "layer-missing", path, "the layer is not in the archive");
    }
    const hex = blobName.exec(path)?.[1];
    layers.push({
      range,
      digest: hex === undefined ? "" : `sha256:${hex}`,
      diffId,
      createdBy: isKnown ? (config.instructions[index] ?? "") : "",
      title: "",
      isTar: true,
    });
  }
  const tags = new Set(asTexts(image["RepoTags"]));
  return {
    tags,
    digest,
    configDigest: digest,
    configPath,
    platform: config?.platform ?? "",
    layers,
    contents: read.contents,
  };
}

/** Files of an archive that none of its images has, or that does not tell what images it has, as one that was cut off: each is scanned as it is. */
export function readRemains(files: ReadonlyMap<string, ByteRange>, list: ProblemList): TaggedPlan[] {
  const layers: LayerPlan[] = [];
  for (const [path, range] of boundedLayers([...files], "manifest.json", list))
    layers.push({ range, digest: "", diffId: "", createdBy: "", title: path });
  if (layers.length === 0) return [];
  return [{ tags: new Set(["in no image"]), digest: "", configDigest: "", platform: "", layers, contents: [] }];
}

/** Images of old archives: each layer has a folder with its own configuration, which names its parent. */
async function readRepositories(store: ImageStore, list: ProblemList): Promise<TaggedPlan[]> {
  const bytes = await store.read("repositories");
  const repositories = typeof bytes === "string" ? undefined : asRecord(parseJson(bytes));
  if (repositories === undefined) {
    addProblem(
      list,
      "manifest-invalid",
      "manifest.json",
      bytes === "missing" ? "is missing" : "repositories does not parse",
    );
    return [];
  }
  const tagsOf = new Map<string, Set<string>>();
  for (const [repository, value] of Object.entries(repositories)) {
    for (const [tag, id] of Object.entries(asRecord(value) ?? {})) {
      if (typeof id !== "string" || !imageId.test(id)) {
        addProblem(list, "manifest-invalid", `${repository}:${tag}`, "does not name an image");
        continue;
      }
      const tags = tagsOf.get(id) ?? new Set<string>();
      tagsOf.set(id, tags.add(`${repository}:${tag}`));
    }
  }
  const plans: TaggedPlan[] = [];
  for (const [id, tags] of tagsOf) plans.push(await readChain(store, list, id, tags));
  return plans;
}

async function readChain(store: ImageStore, list: ProblemList, top: string, tags: Set<string>): Promise<TaggedPlan> {
  const layers: LayerPlan[] = [];
  const contents: ConfigContent[] = [];
  const seen = new Set<string>();
  let platform = "";
  let digest = "";
  for (let id = top; imageId.test(id) && !seen.has(id) && seen.size < MAX_CHAIN;) {
    seen.add(id);
    const bytes = await store.read(`${id}/json`);
    const document = typeof bytes === "string" ? undefined : asRecord(parseJson(bytes));
    if (id === top && typeof bytes !== "string") digest = digestOf(bytes);
    if (document === undefined)
      addProblem(list, "config-invalid", `${id}/json`, bytes === "missing" ? "is missing" : "does not parse");
    // Each layer repeats what it inherits; equal texts are one content in the end.
    contents.push(...(readConfig(document)?.contents ?? []));
    platform ||= platformOf(document);
    const range = await store.find(`${id}/layer.tar`);
    if (range === undefined) addProblem(list, "layer-missing", `${id}/layer.tar`, "the layer is not in the archive");
    const createdBy = asTexts(asRecord(document?.["container_config"])?.["Cmd"]).join(" ");
    layers.unshift({ range, digest: "", diffId: "", createdBy, title: "" });
    id = asText(document?.["parent"]);
  }
  return { tags, digest, configDigest: "", platform, layers, contents };
}
