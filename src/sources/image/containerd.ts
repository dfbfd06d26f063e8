import { stat } from "node:fs/promises";
import { asArray, asRecord, asText, parseJson } from "../../content/json.ts";
import { openContentStore } from "./blob-store.ts";
import { chainIds } from "./chain-id.ts";
import { readConfig } from "./config.ts";
import { readContainerdMetadata, type ContainerdContainer } from "./containerd-metadata.ts";
import { readOciLayout, type TaggedPlan } from "./oci.ts";
import { addProblem, containerPlan, otherStorage, type LayerPlan, type ProblemList } from "./plan.ts";
import { contentStoreAt } from "./target.ts";

/**
 * Images and containers in the folder of containerd (of Docker and Kubernetes that use it), without asking it. `folder`: its own, or that of its contents. Layers whose contents were
 * dropped once they were unpacked are read from where they were unpacked to; of containers what was written in them, and how they are run.
 */
export async function readContainerd(folder: string, list: ProblemList): Promise<TaggedPlan[]> {
  const contents = await contentStoreAt(folder);
  const { names, containers, layers } = await readContainerdMetadata(contents);
  const plans = await readOciLayout(await openContentStore(contents, names, list), list);
  const images: TaggedPlan[] = [];
  const replaced = new Set<string>();
  for (const plan of plans) images.push(await withUnpacked(plan, layers, replaced));
  if (replaced.size > 0) tellReplaced(list, folder, replaced);
  return [...images, ...containers.map((container) => planOf(container, list))];
}

/** A container as an image of its own; where what was written in it cannot be had, that is a gap. */
export function planOf({ id, spec, told, folder, isSomewhere }: ContainerdContainer, list: ProblemList): TaggedPlan {
  const name = `container ${id}`;
  const document = asRecord(parseJson(spec)) ?? {};
  for (const mount of asArray(document["mounts"])) {
    const { type, destination } = asRecord(mount) ?? {};
    if (type === "bind") list.problems.push(otherStorage(list.target, asText(destination)));
  }
  const contents = [
    ...(readConfig({ ...document, ...told })?.contents ?? []),
    // What is no JSON is a text.
    ...(spec.length > 0 && Object.keys(document).length === 0
      ? [{ place: "config!", text: spec.toString("utf8") }]
      : []),
  ];
  if (folder === undefined && isSomewhere)
    addProblem(
      list,
      "layer-missing",
      name,
      "what was written in it does not lie in a folder that can be read here; root can read it on the machine of the engine",
    );
  return containerPlan({ digest: "", names: [name], folder, contents });
}

/** Whether an image or a container that has this name is meant by what was asked for: the name, its end behind a slash, and without its tag where that is `latest`. */
export function isNamed(name: string, asked: string): boolean {
  return [asked, `${asked}:latest`].some((one) => name === one || name.endsWith(`/${one}`));
}

/** The image, with the folders of those layers of which nothing else is left; they are noted in `replaced`. */
async function withUnpacked(
  plan: TaggedPlan,
  folders: ReadonlyMap<string, string>,
  replaced: Set<string>,
): Promise<TaggedPlan> {
  if (plan.layers.every(({ range }) => range !== undefined)) return plan;
  const chain = [...chainIds(plan.layers.map(({ diffId }) => diffId))];
  const layers: LayerPlan[] = [];
  for (const [index, layer] of plan.layers.entries()) {
    const folder = layer.range === undefined && layer.diffId !== "" ? folders.get(chain[index] ?? "") : undefined;
    if (folder === undefined || (await stat(folder).catch(() => undefined))?.isDirectory() !== true) {
      layers.push(layer);
      continue;
    }
    const range = { file: folder, offset: 0, length: 0, unpacked: { kind: "folder" } } as const;
    layers.push({ ...layer, range, digest: "", diffId: "" });
    replaced.add(layer.digest);
  }
  return { ...plan, layers };
}

/** Takes back that layers are missing; what cannot be known of them is a note. */
function tellReplaced({ target, problems }: ProblemList, subject: string, replaced: ReadonlySet<string>): void {
  const left = problems.filter(({ code, subject: digest }) => code !== "layer-missing" || !replaced.has(digest));
  const message = `of ${replaced.size} layers only the unpacked files are left: they were scanned, but nothing proves that they are the layers', and what their emptied folders hide is told as visible`;
  problems.splice(0, problems.length, ...left, { code: "layer-missing", effect: "note", target, subject, message });
}
