/**
 * Container images as sources: docker-archives, OCI layouts and OCI archives, plain or compressed as a whole. Plans one unit for each
 * distinct layer and one for the texts of the configurations; afterwards says which image, layer and instruction brought a content in
 * and whether a later layer removed it. Nothing is unpacked; images of a registry are fetched by whoever opens them.
 */
import { stat } from "node:fs/promises";
import { ToolError, type Problem } from "../../model/problem.ts";
import type { InnerRepositories, KnownContents, PlannedUnit, Source, SourceContext } from "../../model/source.ts";
import type { LayerUnit, Unit } from "../../model/unit.ts";
import type { ByteRange } from "../../content/byte-range.ts";
import { storedIn, type StoredLayer } from "../../content/layer-table.ts";
import { cleanPath } from "../../content/tar-path.ts";
import { asTheyCome } from "./as-they-come.ts";
import { openBlobFolder, registryRoot } from "./blob-store.ts";
import { readConfig } from "./config.ts";
import { configContents, inlineUnits } from "./config-units.ts";
import { isNamed, planOf } from "./containerd.ts";
import type { ContainerdContainer } from "./containerd-metadata.ts";
import { gitFoldersIn, hasPartOf, type GitLayer } from "./git-folders.ts";
import { distinctLayers, layersWithoutTar, type PlacedLayer } from "./layers.ts";
import { imageFacts, layerKey, locateHits, type LayerResult } from "./locate.ts";
import { readOciLayout, type TaggedPlan } from "./oci.ts";
import { addProblem, otherStorage, type ImagePlan, type ProblemList } from "./plan.ts";
import { proofPlace, type ProofPlace } from "./proof.ts";
import { readPlans, selectTag } from "./read-plans.ts";
import { isRootFiles } from "./root-files.ts";
import { SettledDocuments } from "./settled-documents.ts";
import type { ImageStore } from "./store.ts";
import { triage, triageResult, type Triage } from "./triage.ts";
import { contentStoreAt, parseImageTarget, sniffImage, type ImageFormat } from "./target.ts";

export type { ContainerdContainer } from "./containerd-metadata.ts";
export { isNamed } from "./containerd.ts";
export { containerProofs, contentProofs, expandCommand, streamProofs } from "./proof.ts";
export { sniffImage, spelledOut, type ImageFormat } from "./target.ts";
export { wrappingOf } from "./wrapping.ts";

export interface ImageOptions {
  /** What the target is known to be; sniffed where it is absent. */
  readonly format?: ImageFormat;
  /** Where it lies, if that is not its name: a copy that was made for the scan. */
  readonly at?: string;
  /** The target names one image, whatever tags its archive tells. */
  readonly isOne?: boolean;
  /** What was wrong with it on its way here. */
  readonly problems?: readonly Problem[];
  /** How a copy can be had again; without it nothing is proved of one. */
  readonly proofs?: ProofPlace;
}

/** Images that lie elsewhere: documents are read as they are asked for, layers are fetched before they are scanned. */
export interface RemoteImages extends ImageStore, AsyncDisposable {
  /** What could not be had of the documents. */
  readonly faults: readonly RemoteFault[];
  /** A part of a layer, without fetching all of it. Throws an Error that says what went wrong. */
  readPart(digest: string, offset: number, length: number): Promise<Uint8Array>;
  /** Fetches a layer; gives what went wrong. */
  obtain(digest: string): Promise<RemoteFault | undefined>;
  /** The layer is no longer needed. */
  release(digest: string): Promise<void>;
  /** All was scanned: in these documents nothing was found. */
  settle?(clean: ReadonlySet<string>): void;
}

export interface RemoteFault {
  readonly subject: string;
  readonly message: string;
  /** It lies elsewhere, and was not to be fetched from there. */
  readonly isForeign?: true;
}

/** Layers on their way at once, and waiting to be scanned. */
const FETCHED_AT_ONCE = 3;

/**
 * Opens an image. `target` is a path or has one of the prefixes `oci:`, `oci-archive:`, `docker-archive:`, with a tag behind it where
 * only one image is meant. Throws ToolError where there is no image at all; everything else that is wrong is yielded by `units`.
 */
export async function openImage(target: string, context: SourceContext, options: ImageOptions = {}): Promise<Source> {
  const {
    path,
    format: named,
    tag,
  } = options.at === undefined ? await parseImageTarget(target) : { path: options.at, format: undefined, tag: "" };
  if ((await stat(path).catch(() => undefined)) === undefined)
    throw new ToolError("image-not-found", `no such image: ${target}`);
  const format =
    options.format ?? named ?? (await sniffImage(path)) ?? ((await isRootFiles(path)) ? "root-files" : undefined);
  if (format === undefined)
    throw new ToolError("not-an-image", `not an image archive or OCI layout: ${target}`, {
      hint: "rootfs:PATH reads a folder or a tar as the files of a container; leaktrace dir reads any folder.",
    });
  const list: ProblemList = { target, problems: [...(options.problems ?? [])] };
  const plans = selectTag(await readPlans(path, format, list, tag === "", context.signal), tag, target);
  return sourceOf(
    target,
    plans.map((plan) => namedPlan(plan, target, options.isOne === true ? target : tag)),
    list,
    context,
    options.at === undefined ? proofPlace(await proofRoot(path, format), format) : options.proofs,
  );
}

/** The folder that configurations are named from. */
async function proofRoot(path: string, format: ImageFormat): Promise<string> {
  if (format === "registry-storage") return registryRoot(path);
  return format === "content-store" ? contentStoreAt(path) : path;
}

/** A container of an engine, brought here. */
export interface ContainerFiles {
  /** A tar of all its files … */
  readonly file: string;
  /** … of which these were changed or added since it was made. */
  readonly changed: readonly string[];
  readonly id: string;
  /** What the engine tells of it; its configuration is that of an image. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** Where other storage is mounted. */
  readonly mounts: readonly string[];
  readonly proofs: ProofPlace;
}

/** Opens a container: what is set for it, and the files that its image does not hold. */
export async function openContainer(
  target: string,
  { file, changed, id, facts, mounts, proofs }: ContainerFiles,
  context: SourceContext,
): Promise<Source> {
  const list: ProblemList = { target, problems: [] };
  for (const subject of mounts) list.problems.push(otherStorage(target, subject));
  const config = readConfig(facts);
  const range = { file, offset: 0, length: (await stat(file)).size };
  const only = changed.map(cleanPath);
  const layer = { range, digest: "", diffId: "", createdBy: "written in the container", title: "", only };
  const plan = {
    ...{ name: target, digest: /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : "" },
    platform: config?.platform ?? "",
    layers: changed.length === 0 ? [] : [layer],
    contents: config?.contents ?? [],
    configPath: "inspect",
  };
  return sourceOf(target, [plan], list, context, proofs);
}

/** Opens images that lie elsewhere. The source closes them. `proofs`: how they can be had without this program. */
export async function openRemoteImages(
  target: string,
  remote: RemoteImages,
  context: SourceContext,
  proofs: ProofPlace = {},
): Promise<Source> {
  const list: ProblemList = { target, problems: [] };
  const plans = await readOciLayout(remote, list);
  for (const { subject, message } of remote.faults) addProblem(list, "unreadable", subject, message);
  return sourceOf(
    target,
    plans.map((plan) => namedPlan(plan, target, "")),
    list,
    context,
    proofs,
    remote,
  );
}

/** What an engine without Docker's API says that it has. */
export interface EngineParts {
  /** Its contents. */
  readonly blobs: ReadonlyMap<string, ByteRange>;
  /** Names of documents, by their digests. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
  readonly containers: readonly ContainerdContainer[];
}

/** Opens what an engine has, read through the engine. `asked`: one image or container alone, by its name, empty for all. The source closes `remote`. Throws ToolError. */
export async function openEngineParts(
  target: string,
  asked: string,
  { blobs, names, containers }: EngineParts,
  remote: RemoteImages,
  context: SourceContext,
  proofs: ProofPlace,
): Promise<Source> {
  const list: ProblemList = { target, problems: [] };
  const isMeant = (digest: string): boolean =>
    digest === asked || [...(names.get(digest) ?? [])].some((name) => isNamed(name, asked));
  const meant = asked === "" ? blobs : new Map([...blobs].filter(([digest]) => isMeant(digest)));
  const plans = await readOciLayout(await openBlobFolder({ blobs: meant, names, store: remote }, list), list);
  const all = [...plans, ...containers.map((container) => planOf(container, list))];
  for (const { subject, message } of remote.faults) addProblem(list, "unreadable", subject, message);
  return sourceOf(
    target,
    all.map((plan) => namedPlan(plan, target, asked)),
    list,
    context,
    proofs,
    remote,
  );
}

function sourceOf(
  target: string,
  images: readonly ImagePlan[],
  list: ProblemList,
  context: SourceContext,
  /** Undefined: what was scanned is gone afterwards. */
  proofs: ProofPlace | undefined,
  remote?: RemoteImages,
): Source {
  const results = new Map<string, LayerResult>();
  const triaged = new Map<Unit, { readonly key: string; readonly triage: Triage }>();
  const configs = configContents(images);
  const settled = new SettledDocuments(images, configs);

  async function* firstLook(layer: PlacedLayer): AsyncGenerator<PlannedUnit | Problem, void> {
    const { digest, diffId, range } = layer;
    if (context.isLayerKnown?.(digest, diffId) === true) {
      yield { kind: "planned", unit: layerUnit(target, layer), planned: 0 };
      return;
    }
    const stored: StoredLayer =
      remote === undefined
        ? storedIn(range)
        : { length: range.length, read: (offset, length) => remote.readPart(digest, offset, length) };
    const looked = await triage(stored, { target, digest, diffId });
    yield* looked.problems;
    const { unit, reading } = looked;
    if (unit === undefined) {
      results.set(layerKey(range), { reading, hits: [] });
      return;
    }
    triaged.set(unit, { key: layerKey(range), triage: looked });
    yield { kind: "planned", unit, planned: unit.contents.length };
  }

  return {
    target,
    kind: "image",
    async *units(): AsyncGenerator<PlannedUnit | KnownContents | Problem, void> {
      yield* distinctProblems(list.problems);
      let fresh = 0;
      for (const unit of inlineUnits(target, configs, context)) {
        fresh += unit.contents.length;
        yield { kind: "planned", unit, planned: unit.contents.length };
      }
      if (fresh < configs.size) yield { kind: "known", contents: configs.size - fresh };
      const layers = distinctLayers(images);
      if (context.isTriage === true) {
        for (const layer of layers) yield* firstLook(layer);
        return;
      }
      if (remote === undefined) {
        for (const layer of layers) yield { kind: "planned", unit: layerUnit(target, layer), planned: 0 };
        return;
      }
      const isHere = ({ range, digest, diffId }: PlacedLayer): boolean =>
        range.unpacked !== undefined || context.isLayerKnown?.(digest, diffId) === true;
      context.expected?.(layers.reduce((sum, layer) => sum + (isHere(layer) ? 0 : layer.range.length), 0));
      const fetch = async (layer: PlacedLayer): Promise<PlannedUnit | Problem> =>
        isHere(layer)
          ? { kind: "planned", unit: layerUnit(target, layer), planned: 0 }
          : fetched(target, layer, remote);
      yield* asTheyCome(layers, FETCHED_AT_ONCE, fetch);
    },
    done(unit, result) {
      settled.note(unit, result);
      const first = triaged.get(unit);
      if (first !== undefined) results.set(first.key, triageResult(first.triage, result));
      if (unit.kind !== "layer") return;
      void remote?.release(unit.digest);
      const hits = result.hits.map((hit) => ({ content: hit.content, path: hit.place, entry: hit.entry }));
      results.set(layerKey(unit), { reading: result.layer, hits });
    },
    locate: async (contents) => {
      remote?.settle?.(settled.clean());
      return {
        sightings: locateHits(images, results, configs, contents, proofs),
        problems: layersWithoutTar(target, images, results),
        images: images.filter(({ layers }) => layers.length > 0).map((image) => imageFacts(image, results)),
      };
    },
    repositories: () => repositoriesIn(target, images, results, remote),
    [Symbol.asyncDispose]: async () => remote?.[Symbol.asyncDispose](),
  };
}

/** Git folders in the images. Images that have one in the same layers have one repository. */
function repositoriesIn(
  target: string,
  images: readonly ImagePlan[],
  results: ReadonlyMap<string, LayerResult>,
  remote: RemoteImages | undefined,
): InnerRepositories[] {
  const seen = new Set<string>();
  const lots = new Map<string, { image: string; folders: string[]; layers: GitLayer[] }>();
  for (const image of images) {
    const layers = image.layers.flatMap((layer) => {
      const reading = layer.range === undefined ? undefined : results.get(layerKey(layer.range))?.reading;
      return layer.range === undefined || reading === undefined
        ? []
        : [{ layer: { ...layer, range: layer.range }, reading }];
    });
    for (const folder of new Set(layers.flatMap(({ reading }) => reading.gitFolders))) {
      const parts = layers.filter(({ reading }) => hasPartOf(reading, folder)).map(({ layer }) => layer);
      const key = parts.map(({ range }) => layerKey(range)).join("\0");
      if (seen.has(`${key}\0${folder}`)) continue;
      seen.add(`${key}\0${folder}`);
      const inLot = lots.get(`${image.name}\0${key}`);
      if (inLot !== undefined) {
        inLot.folders.push(folder);
        continue;
      }
      const gitLayers = parts.map((layer) => ({
        unit: layerUnit(target, layer),
        obtain: async () => (await remote?.obtain(layer.digest))?.message,
        release: async () => remote?.release(layer.digest),
      }));
      lots.set(`${image.name}\0${key}`, { image: image.name, folders: [folder], layers: gitLayers });
    }
  }
  return [...lots.values()].flatMap(({ image, folders, layers }) => gitFoldersIn(image, folders, layers, target));
}

/** A layer that was fetched, as a unit; or what kept it from coming. */
async function fetched(target: string, layer: PlacedLayer, remote: RemoteImages): Promise<PlannedUnit | Problem> {
  const fault = await remote.obtain(layer.digest);
  if (fault !== undefined) {
    const { subject, message, isForeign } = fault;
    return { code: isForeign ? "foreign-layer" : "layer-missing", effect: "incomplete", target, subject, message };
  }
  return { kind: "planned", unit: layerUnit(target, layer), planned: 0 };
}

/** `tag`: what the target says of it already. */
function namedPlan(plan: TaggedPlan, target: string, tag: string): ImagePlan {
  const { tags, configDigest: _, ...image } = plan;
  const colon = target.endsWith(":") ? "" : ":";
  const name = tag !== "" || tags.size === 0 ? target : `${target}${colon}${[...tags].sort().join(",")}`;
  return { ...image, name };
}

function layerUnit(target: string, layer: PlacedLayer): LayerUnit {
  const { file, offset, length, wrapped, unpacked } = layer.range;
  // A layer streams: what is in flight of it does not grow with its expanded size, which nobody knows before anyway.
  const unit = {
    kind: "layer",
    target,
    weight: length,
    file,
    offset,
    length,
    digest: layer.digest,
    diffId: layer.diffId,
    ...(layer.only === undefined ? {} : { only: layer.only }),
  } as const;
  return { ...unit, ...(wrapped === undefined ? {} : { wrapped }), ...(unpacked === undefined ? {} : { unpacked }) };
}

/** Images share layers: one that is missing is missing once. */
function distinctProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) seen.set(`${problem.code} ${problem.subject} ${problem.message}`, problem);
  return [...seen.values()];
}
