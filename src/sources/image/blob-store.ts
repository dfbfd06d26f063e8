import { lstat, opendir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { descriptorsIn } from "../../content/descriptor.ts";
import { blobPath, digestAlgorithms, digestOf, isDigest } from "../../content/digest.ts";
import { asRecord, parseJson } from "../../content/json.ts";
import type { ByteRange } from "../../content/byte-range.ts";
import { addProblem, type ProblemList } from "./plan.ts";
import { readSmall, type ImageStore } from "./store.ts";
import { codeOf } from "../../model/thrown.ts";

/** Blobs of one store; the largest registries have some hundred thousand a machine. */
const MAX_BLOBS = 2_000_000;
/** Folders of names in a registry. */
const MAX_FOLDERS = 1_000_000;
/** Deeper than any name of a repository. */
const MAX_DEPTH = 64;
/** Registries take no larger manifests. */
const MAX_DOCUMENT_BYTES = 4 << 20;
const hexForm = /^[0-9a-f]{64}$/;
const halfForm = /^[0-9a-f]{2}$/;

/** A folder of blobs without an index of its own, and what is known of names for them. */
interface BlobFolder {
  readonly blobs: ReadonlyMap<string, ByteRange>;
  /** Names of manifests, by digest. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>;
  /** The store that these are a part of, where they are one. */
  readonly store?: ImageStore;
}

/**
 * What a registry keeps on its disk (distribution's `filesystem` storage): manifests with and without tags, and blobs that no manifest names any more. All of
 * them can be fetched by their digest until the registry collects its garbage, or lie there for whoever has the disk.
 */
export async function openRegistryStorage(folder: string, list: ProblemList): Promise<ImageStore> {
  const root = await registryRoot(folder);
  const blobs = new Map<string, ByteRange>();
  for await (const half of namesIn(join(root, "blobs/sha256"), list)) {
    if (!halfForm.test(half)) continue;
    for await (const hex of namesIn(join(root, "blobs/sha256", half), list)) {
      if (!hexForm.test(hex) || blobs.size >= MAX_BLOBS) continue;
      const file = join(root, "blobs/sha256", half, hex, "data");
      const facts = await lstat(file).catch(() => undefined);
      if (facts?.isFile() === true) blobs.set(`sha256:${hex}`, { file, offset: 0, length: facts.size });
    }
  }
  const names = new Map<string, Set<string>>();
  const budget = { folders: MAX_FOLDERS };
  await readRepositories(join(root, "repositories"), "", names, budget, list);
  if (blobs.size >= MAX_BLOBS || budget.folders <= 0)
    addProblem(list, "unsupported", folder, "the registry holds more than is read of one");
  return openBlobFolder({ blobs, names }, list);
}

/** Where blobs and repositories lie in the folder of a registry. */
export async function registryRoot(folder: string): Promise<string> {
  const below = join(folder, "docker/registry/v2");
  return (await isFolder(below)) ? below : folder;
}

/** The content store of containerd: blobs by their digest, with the names that it has for them. */
export async function openContentStore(
  folder: string,
  names: ReadonlyMap<string, ReadonlySet<string>>,
  list: ProblemList,
): Promise<ImageStore> {
  const files = await blobFiles(folder, list);
  const blobs = new Map([...files].map(([path, range]) => [path.slice("blobs/".length).replace("/", ":"), range]));
  return openBlobFolder({ blobs, names }, list);
}

/** The files of a folder of blobs (`blobs/sha256/…`), by their paths. */
export async function blobFiles(folder: string, list: ProblemList): Promise<Map<string, ByteRange>> {
  const blobs = new Map<string, ByteRange>();
  for (const algorithm of digestAlgorithms) {
    if (!(await isFolder(join(folder, "blobs", algorithm)))) continue;
    for await (const hex of namesIn(join(folder, "blobs", algorithm), list)) {
      const digest = `${algorithm}:${hex}`;
      if (!isDigest(digest) || blobs.size >= MAX_BLOBS) continue;
      const file = join(folder, "blobs", algorithm, hex);
      const facts = await lstat(file).catch(() => undefined);
      if (facts?.isFile() === true) blobs.set(blobPath(digest)!, { file, offset: 0, length: facts.size });
    }
  }
  if (blobs.size >= MAX_BLOBS) addProblem(list, "unsupported", folder, "the store holds more than is read of one");
  return blobs;
}

/** Some blobs of a store, by their digests: what they name may be any other one of it. */
export function openBlobs(
  blobs: ReadonlyMap<string, ByteRange>,
  store: ImageStore,
  list: ProblemList,
): Promise<ImageStore> {
  return openBlobFolder({ blobs, names: new Map(), store }, list);
}

/** An OCI layout whose index names every manifest that no other names, and beside them the blobs that none names. */
export async function openBlobFolder({ blobs, names, store }: BlobFolder, list: ProblemList): Promise<ImageStore> {
  const find: ImageStore["find"] = async (path) => (store === undefined ? blobs.get(digestAt(path)) : store.find(path));
  const read: ImageStore["read"] = async (path) =>
    store === undefined ? readSmall(await find(path)) : store.read(path);
  const made = new Map<string, Uint8Array>();
  const digests = [...blobs.keys()].sort();
  const manifests: string[] = [];
  const named = new Set<string>();
  for (const digest of digests) {
    const range = blobs.get(digest)!;
    if (range.length > MAX_DOCUMENT_BYTES) continue;
    const bytes = await read(blobPath(digest)!);
    if (typeof bytes === "string") {
      addProblem(list, "unreadable", digest, "cannot be read");
      continue;
    }
    if (!isManifest(bytes)) continue;
    manifests.push(digest);
    const inside = descriptorsIn(bytes);
    for (const one of [...inside.manifests, ...inside.blobs]) named.add(one.digest);
  }
  const tops = manifests.filter((digest) => names.has(digest) || !named.has(digest));
  const isManifestDigest = new Set(manifests);
  const orphans = digests.filter((digest) => !named.has(digest) && !isManifestDigest.has(digest));
  const entry = (digest: string, name: string): object => ({
    ...{ digest, size: blobs.get(digest)?.length ?? 0 },
    annotations: { "org.opencontainers.image.ref.name": name },
  });
  const index: object[] = tops.flatMap((digest) =>
    [...(names.get(digest) ?? [digest])].sort().map((name) => entry(digest, name)),
  );
  if (orphans.length > 0) {
    const mediaType = "application/vnd.leaktrace.layer.orphan";
    const all = Buffer.from(JSON.stringify({ manifests: orphans.map((digest) => ({ digest, mediaType })) }));
    const digest = digestOf(all);
    made.set(blobPath(digest)!, all);
    index.push(entry(digest, "in no image"));
  }
  made.set("index.json", Buffer.from(JSON.stringify({ manifests: index })));
  return { find, read: async (path) => made.get(path) ?? read(path) };
}

/** The digest of a path in an OCI layout. */
function digestAt(path: string): string {
  return path.replace(/^blobs\//, "").replace("/", ":");
}

/** Whether a blob is a manifest or an index of any kind; a configuration is neither. */
function isManifest(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0x7b) return false;
  const document = asRecord(parseJson(bytes)) ?? {};
  const hasList = ["manifests", "layers", "blobs", "fsLayers"].some((name) => Array.isArray(document[name]));
  return hasList && document["rootfs"] === undefined;
}

/** Names of what lies below `repositories`: `name:tag` for what a tag stands for, `name@digest` for every other manifest that was ever pushed. */
async function readRepositories(
  folder: string,
  name: string,
  names: Map<string, Set<string>>,
  budget: { folders: number },
  list: ProblemList,
  depth = 0,
): Promise<void> {
  if (depth > MAX_DEPTH) return;
  for await (const part of namesIn(folder, list)) {
    if (budget.folders-- <= 0) return;
    if (part === "_manifests") {
      const tagged = new Set<string>();
      const add = (digest: string, as: string): void => {
        names.set(digest, (names.get(digest) ?? new Set<string>()).add(as));
      };
      for await (const tag of namesIn(join(folder, part, "tags"), list)) {
        const digest = await linkAt(join(folder, part, "tags", tag, "current/link"));
        if (digest === undefined) continue;
        tagged.add(digest);
        add(digest, `${name}:${tag}`);
      }
      for await (const hex of namesIn(join(folder, part, "revisions/sha256"), list)) {
        const digest = await linkAt(join(folder, part, "revisions/sha256", hex, "link"));
        if (digest !== undefined && !tagged.has(digest)) add(digest, `${name}@${digest}`);
      }
    } else if (!part.startsWith("_")) {
      const path = join(folder, part);
      // Links lead out of the storage.
      if ((await lstat(path).catch(() => undefined))?.isDirectory() === true)
        await readRepositories(path, name === "" ? part : `${name}/${part}`, names, budget, list, depth + 1);
    }
  }
}

/** The digest that a link of a registry's storage holds. */
async function linkAt(file: string): Promise<string | undefined> {
  const facts = await lstat(file).catch(() => undefined);
  if (facts?.isFile() !== true || facts.size > 256) return undefined;
  const text = (await readFile(file, "utf8").catch(() => "")).trim();
  return isDigest(text) ? text : undefined;
}

/** What a folder holds, sorted; one that cannot be read is a problem, one that is not there is empty. */
export async function* namesIn(folder: string, list: ProblemList): AsyncGenerator<string, void> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(folder)) {
      if (names.length >= MAX_BLOBS) break;
      names.push(name);
    }
  } catch (error) {
    const code = codeOf(error);
    if (code !== "ENOENT") addProblem(list, "unreadable", folder, `cannot be read (${code})`);
  }
  yield* names.sort();
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}
