import { existsSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { withAlternates } from "../content/git/alternates.ts";
import { parseReference } from "../registry/reference.ts";
import { findRepository } from "../sources/git/repository.ts";
import { besideContentStore, containerdDatabase } from "../sources/image/containerd-database.ts";
import { folderIdentity } from "../store/index.ts";
import type { Target } from "./targets.ts";

/** Where what a target's scan reads lies: what has to be unchanged for the target to be unchanged. */
export interface Place {
  /** On this machine, or in a registry, or a repository that is fetched for its scan. */
  readonly at: "hand" | "registry" | "address";
  /** Everything that the scan of the target can read. */
  readonly roots: readonly string[];
  /** Names the objects of a repository: what is known of them is known of these alone. */
  readonly objects?: string;
  /** The folder of objects, and those that it borrows from. */
  readonly folders?: readonly string[];
}

/** The place of a target on this machine; undefined where it has none that stays. */
export function placeOf({ name, as }: Target): Place | undefined {
  if (as === "stdin" || name === "-") return undefined;
  try {
    const repository = as === "any" || as === "git" ? findRepository(name) : undefined;
    if (repository === undefined) {
      // A storage in its usual place is named by what is meant of it, which can be nothing, and is no path.
      if (as === "git" || (storagePrefix.test(name) && !/^[^:]*:[./]/.test(name))) return undefined;
      const root = realpathSync(name.replace(imagePrefix, ""));
      const beside = existsSync(containerdDatabase(root)) ? besideContentStore(root) : [];
      return { at: "hand", roots: [root, ...beside.filter((path) => existsSync(path))] };
    }
    const { gitDir, commonDir } = repository;
    const folder = join(commonDir, "objects");
    const objects = folderIdentity(realpathSync(folder));
    const folders = withAlternates([folder], []);
    return {
      at: "hand",
      roots: [...new Set([gitDir, commonDir, ...folders.slice(1)])].map((path) => realpathSync(path)),
      ...(objects === undefined ? {} : { objects }),
      folders,
    };
  } catch {
    return undefined;
  }
}

/** An image in a registry has no place here, but its layers are what their digests say. */
export function registryPlaceOf({ name, as }: Target): Place | undefined {
  const reference = as === "any" || as === "image" ? parseReference(name) : undefined;
  if (reference === undefined || (as === "any" && !reference.isExplicit)) return undefined;
  return statSync(name, { throwIfNoEntry: false }) === undefined ? { at: "registry", roots: [] } : undefined;
}

/** A repository that is fetched: its ids are made on this side, of what came, so an id says the same each time. */
export function fetchedPlaceOf({ address }: Target): Place | undefined {
  if (address === undefined || address.transport === "none" || address.transport === "file") return undefined;
  return { at: "address", roots: [], objects: `fetched ${address.url}` };
}

const storagePrefix = /^(?:containerd|containers-storage|docker-storage):/;
const imagePrefix = /^(?:docker-archive|dir|oci|oci-archive|containerd|containers-storage|docker-storage|rootfs):/;

/** A path means something else from another folder; an address does not. */
export function fullName(repository: string): string {
  return statSync(repository, { throwIfNoEntry: false }) === undefined ? repository : resolve(repository);
}
