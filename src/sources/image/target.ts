import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { indexArchive } from "../../content/archive-index.ts";
import { readHead } from "../../content/byte-range.ts";
import { isTarHeader, TAR_BLOCK } from "../../content/tar-header.ts";
import { ToolError } from "../../model/problem.ts";
import { usualRoots } from "./engine-storage.ts";
import { readStorageConf } from "./storage-conf.ts";
import { wrappingOf } from "./wrapping.ts";

export type ImageFormat =
  | "docker-archive"
  | "oci-layout"
  | "oci-archive"
  /** What skopeo calls `dir:`: a manifest beside its blobs. */
  | "copied-folder"
  /** What a registry keeps on its disk. */
  | "registry-storage"
  /** What containerd keeps on its disk. */
  | "content-store"
  /** What podman and buildah keep on their disk. */
  | "containers-storage"
  /** What Docker keeps on its disk. */
  | "docker-storage"
  /** The files of a container or of an image, unpacked, or as `docker export` gives them. */
  | "root-files";

export interface ImageTarget {
  readonly path: string;
  /** Absent where the target does not say it. */
  readonly format: ImageFormat | undefined;
  /** A tag or reference that limits the scan; empty for all images. */
  readonly tag: string;
}

const prefixes = [
  ["docker-archive:", "docker-archive"],
  ["oci-archive:", "oci-archive"],
  ["oci:", "oci-layout"],
  ["dir:", "copied-folder"],
  ["containerd:", "content-store"],
  ["containers-storage:", "containers-storage"],
  ["docker-storage:", "docker-storage"],
  ["rootfs:", "root-files"],
] as const;

/** Where containerd keeps its blobs, below its own folder. */
const contentStore = "io.containerd.content.v1.content";

/** Where stores of engines lie unless one is named. */
const usualStores: Partial<Record<ImageFormat, readonly string[]>> = {
  "content-store": [
    "/var/lib/containerd",
    "/var/lib/docker/containerd/daemon",
    "/var/lib/rancher/k3s/agent/containerd",
    "/var/snap/microk8s/common/var/lib/containerd",
  ].map((folder) => join(folder, contentStore)),
  "containers-storage": usualRoots(),
  "docker-storage": ["/var/lib/docker", join(homedir(), ".local/share/docker")],
};

/**
 * Takes a target apart: a path, or `oci:DIR[:tag]`, `oci-archive:FILE[:tag]`, `docker-archive:FILE[:reference]`, `dir:DIR`, as skopeo writes them; `containerd:[DIR][:digest]`,
 * where DIR is its folder or the content store in it, `containers-storage:[DIR][:name]` and `docker-storage:[DIR][:name]`, `rootfs:PATH`; DIR has to be named only where it is in no usual place.
 */
export async function parseImageTarget(target: string): Promise<ImageTarget> {
  const found = prefixes.find(([prefix]) => target.startsWith(prefix));
  if (found === undefined) return { path: target, format: undefined, tag: "" };
  const [prefix, format] = found;
  const rest = target.slice(prefix.length);
  const usual = usualStores[format];
  if (usual !== undefined && !/^[./]/.test(rest)) {
    const set = format === "containers-storage" ? await readStorageConf() : undefined;
    // A storage without images of its own can have those of others.
    if (set !== undefined && set.root !== "")
      for (const path of [set.root, ...set.imageStores])
        if (await isStorage(path, format)) return { path: set.root, format, tag: rest };
    for (const path of usual) if (await isStorage(path, format)) return { path, format, tag: rest };
    throw new ToolError("image-not-found", `there is no storage in the usual places: ${target}`, {
      hint: `Name its folder: ${prefix}/path`,
    });
  }
  // A path may hold colons: the longest one that exists is meant.
  for (let end = rest.length; end > 0; end = rest.lastIndexOf(":", end - 1)) {
    const path = rest.slice(0, end);
    if (!(await exists(path))) continue;
    // Nothing would be found in a folder that is none, and it would be called clean.
    if (usual !== undefined && !(await isStorage(path, format)))
      throw new ToolError("not-an-image", `not such a storage: ${target}`, {
        hint: "Name the folder of the engine itself; others than root may not be able to look into it.",
      });
    return { path, format, tag: rest.slice(end + 1) };
  }
  throw new ToolError("image-not-found", `no such image: ${target}`);
}

/** Prefixes that take a tag or a name behind a path, by what lies there. */
const selecting: Partial<Record<ImageFormat, string>> = {
  "oci-layout": "oci:",
  "oci-archive": "oci-archive:",
  "docker-archive": "docker-archive:",
  "content-store": "containerd:",
  "containers-storage": "containers-storage:",
  "docker-storage": "docker-storage:",
};

/** How an image in an archive, layout or storage at hand is named that was named as `PATH:TAG`; undefined where there is none at that path. */
export async function spelledOut(name: string): Promise<string | undefined> {
  for (let end = name.lastIndexOf(":"); end > 0; end = name.lastIndexOf(":", end - 1)) {
    const format = await sniffImage(name.slice(0, end));
    const prefix = format === undefined ? undefined : selecting[format];
    if (format === undefined || prefix === undefined) continue;
    // Paths of storages are told from names by how they begin.
    const isBare = usualStores[format] !== undefined && !/^[./]/.test(name);
    return `${prefix}${isBare ? "./" : ""}${name}`;
  }
  return undefined;
}

/** Whether a folder is what engines of that kind keep, with or without images in it. */
async function isStorage(path: string, format: ImageFormat): Promise<boolean> {
  if (format === "content-store") return hasFolders(await contentStoreAt(path), "blobs");
  if ((await sniffFolder(path)) === format) return true;
  return (await hasFolders(path, "overlay-images", "overlay-layers")) && format === "containers-storage";
}

/** The content store of containerd, also where its whole folder is named. */
export async function contentStoreAt(folder: string): Promise<string> {
  const below = join(folder, contentStore);
  return (await hasFolders(below, "blobs")) ? below : folder;
}

/**
 * Looks at a path and tells which kind of image it is; undefined for everything else, also for what cannot be read.
 * Of compressed files no more is expanded than until the first entry that no image has, or only an image has (then an archive that is
 * of both kinds is called by the one that came first; `openImage` reads both).
 */
export async function sniffImage(path: string): Promise<ImageFormat | undefined> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return await sniffFolder(path);
    return facts.isFile() && facts.size > 0 ? await sniffFile(path) : undefined;
  } catch {
    return undefined;
  }
}

async function sniffFolder(path: string): Promise<ImageFormat | undefined> {
  if (await isFile(join(path, "oci-layout"))) return "oci-layout";
  for (const driver of ["overlay", "vfs"])
    if (await isFile(join(path, `${driver}-images/images.json`))) return "containers-storage";
  for (const driver of ["overlay2", "fuse-overlayfs", "vfs"])
    if (await hasFolders(join(path, "image", driver), "imagedb", "layerdb")) return "docker-storage";
  if (await hasFolders(join(path, "docker/registry/v2"), "blobs", "repositories")) return "registry-storage";
  if (await hasFolders(join(path, contentStore), "blobs")) return "content-store";
  if (await isCopied(path)) return "copied-folder";
  if (!(await hasFolders(path, "blobs"))) return undefined;
  if (await isFile(join(path, "index.json"))) return "oci-layout";
  if (await hasFolders(path, "blobs/sha256", "repositories")) return "registry-storage";
  return (await hasFolders(path, "blobs/sha256", "ingest")) ? "content-store" : undefined;
}

/** What the file `version` of a copied folder begins with. */
const copiedMark = "Directory Transport Version:";

async function isCopied(path: string): Promise<boolean> {
  const file = join(path, "version");
  if (!(await isFile(file)) || !(await isFile(join(path, "manifest.json")))) return false;
  const head = await readHead({ file, offset: 0, length: copiedMark.length }, copiedMark.length);
  return Buffer.from(head).toString("latin1") === copiedMark;
}

async function hasFolders(folder: string, ...names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    const facts = await stat(join(folder, name)).catch(() => undefined);
    if (facts?.isDirectory() !== true) return false;
  }
  return true;
}

/** Names at the top of image archives of all kinds and ages. */
const imageEntry =
  /^(?:$|blobs(?:\/|$)|oci-layout$|index\.json$|manifest\.json$|repositories$|[0-9a-f]{64}(?:\.json|\.tar|\/.*)?$)/;
/** Names that only images have: of a compressed archive nothing behind the first such is needed to know that it is one. */
const dockerEntry = /^[0-9a-f]{64}(?:\.json|\.tar|\/layer\.tar|\/json)$/;
const ociEntry = /^blobs\/sha(?:256|512)\/[0-9a-f]{64,128}$/;
/** Entries looked at before an archive without a manifest is taken for something else; images have some hundreds. */
const MAX_SNIFFED_ENTRIES = 20_000;

async function sniffFile(path: string): Promise<ImageFormat | undefined> {
  const wrapped = await wrappingOf(path);
  if (wrapped === undefined && !isTarHeader(await readHead({ file: path, offset: 0, length: TAR_BLOCK }, TAR_BLOCK)))
    return undefined;
  const names = new Set<string>();
  let isForeign = false;
  let early: ImageFormat | undefined;
  let count = 0;
  const isEnough = (name: string): boolean => {
    names.add(name);
    isForeign ||= !imageEntry.test(name);
    if (dockerEntry.test(name)) early = "docker-archive";
    else if (ociEntry.test(name)) early = "oci-archive";
    const isTold = wrapped === undefined ? false : isForeign || early !== undefined;
    return isTold || name === "manifest.json" || ++count >= MAX_SNIFFED_ENTRIES;
  };
  await indexArchive(path, wrapped === undefined ? { isEnough } : { wrapped, isEnough });
  if (isForeign && wrapped !== undefined) return undefined;
  if (early !== undefined && wrapped !== undefined) return early;
  if (names.has("manifest.json")) return "docker-archive";
  if (names.has("index.json") && (names.has("oci-layout") || names.has("blobs"))) return "oci-archive";
  if (names.has("repositories")) return "docker-archive";
  // Blobs and nothing else: an archive that was cut off before it tells what it is.
  return isForeign ? undefined : early;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
