import { isDigest } from "../../content/digest.ts";
import { asArray, asRecord, asText, asTexts, parseJson } from "../../content/json.ts";
import { platformOf, readConfig } from "./config.ts";
import type { TaggedPlan } from "./oci.ts";
import { addProblem, type ConfigContent, type LayerPlan, type ProblemList } from "./plan.ts";

/** Layers of one image; engines stop at 127. */
const MAX_LAYERS = 10_000;

/**
 * Reads a manifest of the time before Docker 1.10 (image manifest version 2, schema 1): layers and their configurations stand in it from the top layer down, and each
 * configuration repeats what it inherits. `find` gives the place of a layer, and tells what is wrong with it.
 */
export async function readSchema1(
  manifest: Readonly<Record<string, unknown>>,
  digest: string,
  tag: string,
  find: (layer: Readonly<Record<string, unknown>>) => Promise<LayerPlan["range"]>,
  list: ProblemList,
): Promise<TaggedPlan> {
  const sums = asArray(manifest["fsLayers"]).map((item) => asRecord(item)?.["blobSum"]);
  const history = asArray(manifest["history"]).map((item) => {
    const text = asText(asRecord(item)?.["v1Compatibility"]);
    return asRecord(parseJson(Buffer.from(text)));
  });
  if (sums.length > MAX_LAYERS) addProblem(list, "unsupported", digest, "the manifest holds too many layers");
  if (history.includes(undefined)) addProblem(list, "config-invalid", digest, "a configuration in it does not parse");
  const layers: LayerPlan[] = [];
  const contents: ConfigContent[] = [];
  for (const document of history.slice(0, MAX_LAYERS)) contents.push(...(readConfig(document)?.contents ?? []));
  for (const [index, sum] of sums.slice(0, MAX_LAYERS).entries()) {
    const cmd = asRecord(history[index]?.["container_config"])?.["Cmd"];
    const createdBy = history.length === sums.length ? asTexts(cmd).join(" ") : "";
    const blob = isDigest(sum) ? sum : "";
    layers.unshift({ range: await find({ digest: sum }), digest: blob, diffId: "", createdBy, title: "" });
  }
  const platform = platformOf({ os: "linux", ...history[0], architecture: manifest["architecture"] });
  return { tags: new Set(tag === "" ? [] : [tag]), digest, configDigest: "", platform, layers, contents };
}
