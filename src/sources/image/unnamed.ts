/**
 * What lies in a layout or an archive and no index of it leads to: manifests that lost their tag, layers and configurations that were left behind. All of it
 * goes wherever the archive goes.
 */
import { descriptorsIn } from "../../content/descriptor.ts";
import { blobPath, isDigest } from "../../content/digest.ts";
import type { ByteRange } from "../../content/byte-range.ts";
import { asRecord, parseJson } from "../../content/json.ts";
import { readRemains } from "./docker-archive.ts";
import { readConfig } from "./config.ts";
import { openBlobs } from "./blob-store.ts";
import { readOciLayout, type TaggedPlan } from "./oci.ts";
import type { ConfigContent, ProblemList } from "./plan.ts";
import type { ImageStore } from "./store.ts";

/** A store with a list of what was asked for. */
export interface WatchedStore<Store extends ImageStore> {
  readonly store: Store;
  readonly wasAskedFor: (range: ByteRange) => boolean;
}

/** Watches which files of a store are asked for, links followed. */
export function watchStore<Store extends ImageStore>(store: Store): WatchedStore<Store> {
  const asked = new Set<string>();
  const keyOf = ({ file, offset }: ByteRange): string => `${offset} ${file}`;
  const find: ImageStore["find"] = async (path) => {
    const range = await store.find(path);
    if (range !== undefined) asked.add(keyOf(range));
    return range;
  };
  const read: ImageStore["read"] = async (path) => {
    await find(path);
    return store.read(path);
  };
  return { store: { ...store, find, read }, wasAskedFor: (range) => asked.has(keyOf(range)) };
}

/** Files that archives of Docker have beside those that `manifest.json` names: marks of versions, and names that stand there as well. */
const marks = /^(?:[0-9a-f]{64}\/VERSION|repositories|oci-layout)$/;
/** A version is some digits; anything longer is looked at. */
const MAX_MARK_BYTES = 16;
/** Configurations of layers in archives of Docker, from before and after 25. */
const MAX_CONFIG_BYTES = 4 << 20;

/** Everything of a store that none of the `known` images has, as images of their own. `files`: all that the store holds, by their paths. */
export async function readUnnamed(
  files: ReadonlyMap<string, ByteRange>,
  { store, wasAskedFor }: WatchedStore<ImageStore>,
  known: readonly TaggedPlan[],
  list: ProblemList,
): Promise<TaggedPlan[]> {
  const left = new Map<string, ByteRange>();
  const others = new Map<string, ByteRange>();
  for (const [path, range] of files) {
    const digest = path.replace(/^blobs\//, "").replace("/", ":");
    const isBlob = path.startsWith("blobs/") && isDigest(digest);
    if (wasAskedFor(range)) continue;
    if (isBlob) left.set(digest, range);
    else if (!marks.test(path) || (range.length > MAX_MARK_BYTES && path.endsWith("/VERSION"))) others.set(path, range);
  }
  if (left.size + others.size === 0) return [];
  const readBlob = (digest: string): ReturnType<ImageStore["read"]> => store.read(blobPath(digest)!);
  const contents = [
    ...(await takeConfigs(left, await namedIn(left, readBlob), readBlob)),
    ...(await takeConfigs(others, new Set(), store.read)),
  ];
  const told = new Set(known.flatMap((plan) => plan.contents.map(({ text }) => text)));
  const fresh = contents.filter(({ place, text }) => !told.has(text) && !identities.has(place));
  const plan = { tags: new Set(["in no image"]), digest: "", configDigest: "", platform: "", layers: [] };
  return [
    ...(left.size === 0 ? [] : await readOciLayout(await openBlobs(left, store, list), list)),
    ...(others.size === 0 ? [] : readRemains(others, list)),
    ...(fresh.length === 0 ? [] : [{ ...plan, contents: fresh }]),
  ];
}

/** What manifests among some blobs name. */
async function namedIn(blobs: ReadonlyMap<string, ByteRange>, read: ImageStore["read"]): Promise<Set<string>> {
  const named = new Set<string>();
  for (const [name, range] of blobs) {
    const bytes = range.length > MAX_CONFIG_BYTES ? "too-large" : await read(name);
    const inside = typeof bytes === "string" ? { manifests: [], blobs: [] } : descriptorsIn(bytes);
    for (const { digest } of [...inside.manifests, ...inside.blobs]) named.add(digest);
  }
  return named;
}

/** Takes configurations out of `files`, but for those of manifests that are there as well, and gives their texts. */
async function takeConfigs(
  files: Map<string, ByteRange>,
  named: ReadonlySet<string>,
  read: ImageStore["read"],
): Promise<ConfigContent[]> {
  const contents: ConfigContent[] = [];
  for (const [name, range] of files) {
    if (named.has(name) || range.length > MAX_CONFIG_BYTES) continue;
    const bytes = await read(name);
    const document = typeof bytes === "string" || bytes[0] !== 0x7b ? undefined : asRecord(parseJson(bytes));
    if (document === undefined || !(oldConfig.test(name) || isConfig(document))) continue;
    contents.push(...(readConfig(document)?.contents ?? []));
    files.delete(name);
  }
  return contents;
}

/** Of a layer, in archives from before Docker 25: all of its fields can be missing. */
const oldConfig = /^[0-9a-f]{64}\/json$/;
/** What only says which layer it is. */
const identities: ReadonlySet<string> = new Set(["id", "parent", "created"].map((name) => `config!${name}`));

/** Those of images name their layers, those of single layers the container that made them. */
function isConfig(document: Readonly<Record<string, unknown>>): boolean {
  const has = (name: string): boolean => asRecord(document[name]) !== undefined;
  return has("rootfs") || has("container_config") || (has("config") && typeof document["architecture"] === "string");
}
