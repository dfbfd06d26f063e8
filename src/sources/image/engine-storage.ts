import { lstat, opendir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { isDigest } from "../../content/digest.ts";
import { asArray, asRecord, asText, asTexts, parseJson } from "../../content/json.ts";
import { chainIds } from "./chain-id.ts";
import { readConfig, type ImageConfig } from "./config.ts";
import { readConfigBytes, type TaggedPlan } from "./oci.ts";
import { addProblem, containerPlan, type ConfigContent, type LayerPlan, type ProblemList } from "./plan.ts";
import { readStorageConf } from "./storage-conf.ts";
import { openFolder, type ImageStore } from "./store.ts";

/** Layers of one image; engines stop at 127. */
const MAX_LAYERS = 10_000;
/** Images, layers or containers of one machine. */
const MAX_ENTRIES = 1_000_000;
const hexForm = /^[0-9a-f]{64}$/;
/** Names of folders that engines make for layers. */
const folderForm = /^[0-9a-z]{1,128}(?:-init)?$/;

type Table = Readonly<Record<string, unknown>>;

/**
 * Images and containers in the storage of podman, buildah, CRI-O and skopeo (containers/storage), without an engine: each layer is put together again from its files and the list that the storage
 * keeps of it. Of containers what was written in them.
 */
export async function readContainersStorage(root: string, list: ProblemList): Promise<TaggedPlan[]> {
  const conf = await readStorageConf();
  // Whoever names no storage means all that his settings name; images of one that is named can be built on others as well.
  const shared = conf.imageStores.filter((path) => path !== root);
  const plans: TaggedPlan[] = [];
  const own = await readStoredLayers(root, list);
  const others: [path: string, layers: StoredLayers][] = [];
  for (const path of shared) others.push([path, await readStoredLayers(path, list)]);
  const bases = others.map(([, layers]) => layers);
  const isOwn = root === conf.root || (conf.root === "" && usualRoots().includes(root));
  for (const [path, layers] of [[root, own] as const, ...(isOwn ? others : [])])
    plans.push(...(await readImages(path, layers, bases, list)));
  return [...plans, ...(await settingsOf(openFolder(root)))];
}

/** Where containers/storage lies unless its settings say otherwise, the likelier place first. */
export function usualRoots(): readonly string[] {
  const own = join(homedir(), ".local/share/containers/storage");
  const shared = "/var/lib/containers/storage";
  return process.getuid?.() === 0 ? [shared, own] : [own, shared];
}

const drivers = ["overlay", "vfs"] as const;
type Driver = (typeof drivers)[number];

/** A layer of a storage, with what tells where its files lie. */
interface StoredLayer {
  readonly table: Table;
  readonly root: string;
}

/** The layers of one storage, by their names. */
type StoredLayers = Readonly<Record<Driver, ReadonlyMap<string, StoredLayer>>>;

async function readStoredLayers(root: string, list: ProblemList): Promise<StoredLayers> {
  const store = openFolder(root);
  const layersOf = async (driver: Driver): Promise<Map<string, StoredLayer>> => {
    const tables = await readTables(store, `${driver}-layers/layers.json`, list);
    return new Map(tables.map((table) => [asText(table["id"]), { table, root }]));
  };
  return { overlay: await layersOf("overlay"), vfs: await layersOf("vfs") };
}

function filesOf(root: string, driver: Driver, id: string): string {
  return join(root, driver === "vfs" ? `vfs/dir/${id}` : `${driver}/${id}/diff`);
}

/** `own`: its layers; `others`: those of storages that they may be built on. */
async function readImages(
  root: string,
  own: StoredLayers,
  others: readonly StoredLayers[],
  list: ProblemList,
): Promise<TaggedPlan[]> {
  const store = openFolder(root);
  const plans: TaggedPlan[] = [];
  for (const driver of drivers) {
    const images = await readTables(store, `${driver}-images/images.json`, list);
    const layerOf = (id: string): StoredLayer | undefined =>
      own[driver].get(id) ?? others.map((other) => other[driver].get(id)).find((layer) => layer !== undefined);
    for (const image of images) {
      const id = asText(image["id"]);
      const key = `sha256:${id}`;
      const configPath = `${driver}-images/${id}/=${Buffer.from(key).toString("base64")}`;
      const config = hexForm.test(id) ? await readConfigAt(store, configPath, key, list) : none;
      const { layers: chain, missing } = chainOf(asText(image["layer"]), layerOf);
      if (missing !== "")
        addProblem(list, "layer-missing", missing, "the layer is not in the storage, nor are those below it");
      const isKnown = config.config?.diffIds.length === chain.length;
      const plan: LayerPlan[] = chain.map(({ table: layer, root: place }, index) => {
        const layerId = asText(layer["id"]);
        const diffId = layer["diff-digest"];
        const split = join(place, `${driver}-layers/${layerId}.tar-split.gz`);
        return {
          ...assembled(split, filesOf(place, driver, layerId), layer["diff-size"]),
          diffId: isDigest(diffId) ? diffId : "",
          createdBy: isKnown ? (config.config?.instructions[index] ?? "") : "",
        };
      });
      const { contents } = config;
      const digest = isDigest(image["digest"]) ? image["digest"] : key;
      const platform = config.config?.platform ?? "";
      plans.push({
        tags: new Set(asTexts(image["names"])),
        digest,
        configDigest: key,
        configPath,
        platform,
        layers: plan,
        contents,
      });
    }
    for (const container of await readTables(store, `${driver}-containers/containers.json`, list)) {
      const [id, layer] = [asText(container["id"]), asText(container["layer"])];
      // With vfs a container's folder holds its image too; contents that were scanned with that are not scanned again.
      if (!hexForm.test(id) || !hexForm.test(layer)) continue;
      const told = await textsOf(store, `${driver}-containers/${id}`, [
        "userdata/config.json",
        "userdata/buildah.json",
      ]);
      const names = asTexts(container["names"]).map((name) => `container ${name}`);
      plans.push(containerPlan({ ...named(id, names), folder: filesOf(root, driver, layer), contents: told }));
    }
  }
  return plans;
}

/** Where podman keeps how containers are run, whether they ever ran or not (libpod): databases, each a file to be scanned as any other. */
const settings = ["libpod/bolt_state.db", "libpod/db.sql", "libpod/db.sql-wal"] as const;

async function settingsOf(store: ImageStore): Promise<TaggedPlan[]> {
  const layers: LayerPlan[] = [];
  for (const title of settings) {
    const range = await store.find(title);
    if (range !== undefined) layers.push({ range, digest: "", diffId: "", createdBy: "", title });
  }
  const tags = new Set(["settings of containers"]);
  return layers.length === 0 ? [] : [{ tags, digest: "", configDigest: "", platform: "", layers, contents: [] }];
}

/** The same for Docker's own storage (`/var/lib/docker`). */
export async function readDockerStorage(root: string, list: ProblemList): Promise<TaggedPlan[]> {
  const store = openFolder(root);
  const plans: TaggedPlan[] = [];
  for (const driver of ["overlay2", "fuse-overlayfs", "vfs"]) {
    const base = `image/${driver}`;
    const filesOf = (id: string): string => join(root, driver === "vfs" ? `vfs/dir/${id}` : `${driver}/${id}/diff`);
    const tags = await readTags(store, `${base}/repositories.json`);
    for (const id of await namesIn(join(root, base, "imagedb/content/sha256"))) {
      if (!hexForm.test(id)) continue;
      const digest = `sha256:${id}`;
      const configPath = `${base}/imagedb/content/sha256/${id}`;
      const { config, contents } = await readConfigAt(store, configPath, digest, list);
      const layers: LayerPlan[] = [];
      const diffIds = (config?.diffIds ?? []).slice(0, MAX_LAYERS);
      const chains = [...chainIds(diffIds)];
      for (const [index, diffId] of diffIds.entries()) {
        const place = `${base}/layerdb/sha256/${chains[index]!.slice(7)}`;
        const cacheId = await readText(store, `${place}/cache-id`);
        const createdBy = config?.instructions[index] ?? "";
        if (!folderForm.test(cacheId)) {
          addProblem(list, "layer-missing", diffId, "the layer is not in the storage");
          layers.push({ range: undefined, digest: "", diffId, createdBy, title: "" });
          continue;
        }
        const size = Number(await readText(store, `${place}/size`));
        const made = assembled(join(root, place, "tar-split.json.gz"), filesOf(cacheId), size);
        layers.push({ ...made, diffId, createdBy });
      }
      const platform = config?.platform ?? "";
      const names = tags.get(digest) ?? new Set<string>();
      plans.push({ tags: names, digest, configDigest: digest, configPath, platform, layers, contents });
    }
    for (const id of await namesIn(join(root, base, "layerdb/mounts"))) {
      const mount = await readText(store, `${base}/layerdb/mounts/${id}/mount-id`);
      if (!hexForm.test(id) || !folderForm.test(mount)) continue;
      const told = await textsOf(store, `containers/${id}`, ["config.v2.json", "hostconfig.json"]);
      plans.push(containerPlan({ ...named(id, []), folder: filesOf(mount), contents: told }));
    }
  }
  return plans;
}

const none: { config: ImageConfig | undefined; contents: readonly ConfigContent[] } = {
  config: undefined,
  contents: [],
};

/** A layer whose tar is put together again while it is read. */
function assembled(split: string, folder: string, size: unknown): Pick<LayerPlan, "range" | "digest" | "title"> {
  const length = typeof size === "number" && Number.isSafeInteger(size) && size > 0 ? size : 0;
  return { range: { file: split, offset: 0, length, unpacked: { kind: "split", folder } }, digest: "", title: "" };
}

/** How a container is called. */
function named(id: string, names: readonly string[]): { digest: string; names: readonly string[] } {
  return { digest: `sha256:${id}`, names: names.length === 0 ? [`container ${id.slice(0, 12)}`] : names };
}

/** Layers of an image, lowest first; `missing`: the name of one that is not there, so that nobody knows those below it. */
function chainOf(
  top: string,
  layerOf: (id: string) => StoredLayer | undefined,
): { layers: readonly StoredLayer[]; missing: string } {
  const layers: StoredLayer[] = [];
  const seen = new Set<string>();
  for (let id = top; hexForm.test(id) && !seen.has(id) && seen.size < MAX_LAYERS;) {
    seen.add(id);
    const layer = layerOf(id);
    if (layer === undefined) return { layers, missing: id };
    layers.unshift(layer);
    id = asText(layer.table["parent"]);
  }
  return { layers, missing: "" };
}

async function readTables(store: ImageStore, path: string, list: ProblemList): Promise<Table[]> {
  const bytes = await store.read(path);
  if (bytes === "missing") return [];
  const parsed = typeof bytes === "string" ? undefined : parseJson(bytes);
  if (!Array.isArray(parsed)) addProblem(list, "manifest-invalid", path, "does not parse");
  return asArray(parsed)
    .slice(0, MAX_ENTRIES)
    .map((item) => asRecord(item) ?? {});
}

async function readConfigAt(store: ImageStore, path: string, subject: string, list: ProblemList): Promise<typeof none> {
  const bytes = await store.read(path);
  if (typeof bytes !== "string") return readConfigBytes(bytes, subject, list);
  addProblem(list, "config-invalid", subject, `the configuration is ${bytes === "missing" ? "missing" : "too large"}`);
  return none;
}

/** `repository:tag` of each image. */
async function readTags(store: ImageStore, path: string): Promise<Map<string, Set<string>>> {
  const bytes = await store.read(path);
  const tags = new Map<string, Set<string>>();
  const repositories = asRecord(asRecord(typeof bytes === "string" ? undefined : parseJson(bytes))?.["Repositories"]);
  for (const named of Object.values(repositories ?? {})) {
    for (const [name, digest] of Object.entries(asRecord(named) ?? {}))
      if (isDigest(digest) && !name.includes("@")) tags.set(digest, (tags.get(digest) ?? new Set()).add(name));
  }
  return tags;
}

/** Texts of a container's documents. */
async function textsOf(store: ImageStore, folder: string, names: readonly string[]): Promise<ConfigContent[]> {
  const contents: ConfigContent[] = [];
  for (const name of names) {
    const bytes = await store.read(`${folder}/${name}`);
    if (typeof bytes === "string") continue;
    const document = asRecord(parseJson(bytes)) ?? {};
    // Engines write what an image calls `config` with a capital.
    contents.push(...(readConfig({ ...document, Config: undefined, config: document["Config"] })?.contents ?? []));
  }
  return contents;
}

async function readText(store: ImageStore, path: string): Promise<string> {
  const bytes = await store.read(path);
  return typeof bytes === "string" ? "" : Buffer.from(bytes).toString("utf8").trim();
}

async function namesIn(folder: string): Promise<string[]> {
  if ((await lstat(folder).catch(() => undefined))?.isDirectory() !== true) return [];
  const names: string[] = [];
  for await (const { name } of await opendir(folder)) if (names.length < MAX_ENTRIES) names.push(name);
  return names.sort();
}
