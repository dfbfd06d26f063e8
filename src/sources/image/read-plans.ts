import { ToolError } from "../../model/problem.ts";
import { blobFiles, openRegistryStorage } from "./blob-store.ts";
import { isNamed, readContainerd } from "./containerd.ts";
import { openCopiedFolder } from "./copied-folder.ts";
import { readDockerArchive, readRemains } from "./docker-archive.ts";
import { readContainersStorage, readDockerStorage } from "./engine-storage.ts";
import { readOciLayout, type TaggedPlan } from "./oci.ts";
import { addProblem, type LayerPlan, type ProblemList } from "./plan.ts";
import { openLayoutFolder } from "./layout-folder.ts";
import { openArchive, type ArchiveStore } from "./store.ts";
import { readRootFiles } from "./root-files.ts";
import type { ImageFormat } from "./target.ts";
import { wrappingOf } from "./wrapping.ts";
import { readUnnamed, watchStore } from "./unnamed.ts";

/** What lies at a path, as images. `isAll`: no image is named, so what belongs to none is read as well. */
export async function readPlans(
  path: string,
  format: ImageFormat,
  list: ProblemList,
  isAll: boolean,
  signal: AbortSignal,
): Promise<TaggedPlan[]> {
  switch (format) {
    case "oci-layout": {
      const watched = watchStore(await openLayoutFolder(path, list));
      const plans = await readOciLayout(watched.store, list);
      return isAll ? [...plans, ...(await readUnnamed(await blobFiles(path, list), watched, plans, list))] : plans;
    }
    case "copied-folder": {
      const { store, others } = await openCopiedFolder(path, list);
      return [...(await readOciLayout(store, list)), ...readRemains(others, list)];
    }
    case "registry-storage":
      return readOciLayout(await openRegistryStorage(path, list), list);
    case "containers-storage":
      return readContainersStorage(path, list);
    case "docker-storage":
      return readDockerStorage(path, list);
    case "content-store":
      return readContainerd(path, list);
    case "root-files":
      return readRootFiles(path);
    case "oci-archive":
    case "docker-archive": {
      const watched = watchStore(await openArchive(path, await wrappingOf(path), list, signal));
      const plans = await readArchive(watched.store, format, list);
      return isAll ? [...plans, ...(await readUnnamed(watched.store.files(), watched, plans, list))] : plans;
    }
  }
}

async function readArchive(store: ArchiveStore, format: ImageFormat, list: ProblemList): Promise<TaggedPlan[]> {
  const has = async (name: string): Promise<boolean> => (await store.find(name)) !== undefined;
  const hasManifest = (await has("manifest.json")) || (await has("repositories"));
  const hasIndex = (await has("index.json")) && (format === "oci-archive" || (await has("oci-layout")));
  if (!hasManifest && !hasIndex) {
    const subject = format === "oci-archive" ? "index.json" : "manifest.json";
    addProblem(list, "manifest-invalid", subject, "is missing: the archive was cut off, or is no image");
    return [];
  }
  const fromIndex = hasIndex ? await readOciLayout(store, list) : [];
  return hasManifest ? mergePlans(fromIndex, await readDockerArchive(store, list)) : fromIndex;
}

/** Docker 25 and later describe an image twice; the index knows its digest, `manifest.json` its name. Where they differ both are scanned. */
function mergePlans(fromIndex: TaggedPlan[], fromManifest: TaggedPlan[]): TaggedPlan[] {
  const plans = [...fromIndex];
  for (const plan of fromManifest) {
    const same = fromIndex.find(
      (other) => other.configDigest === plan.configDigest && isSameLayers(other.layers, plan.layers),
    );
    if (same === undefined) {
      plans.push(plan);
    } else if (plan.tags.size > 0) {
      same.tags.clear();
      for (const tag of plan.tags) same.tags.add(tag);
    }
  }
  return plans;
}

function isSameLayers(a: readonly LayerPlan[], b: readonly LayerPlan[]): boolean {
  return a.length === b.length && a.every((layer, index) => layer.range?.offset === b[index]?.range?.offset);
}

/** The images that a tag, a name or a digest means; all where it is empty. Throws ToolError where there is none. */
export function selectTag(plans: TaggedPlan[], tag: string, target: string): TaggedPlan[] {
  if (tag === "") return plans;
  const chosen = plans.filter((plan) => plan.digest === tag || [...plan.tags].some((name) => isNamed(name, tag)));
  if (chosen.length === 0) throw new ToolError("image-not-found", `no image of that name in the archive: ${target}`);
  return chosen;
}
