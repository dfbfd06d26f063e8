import { existsSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { withAlternates } from "../content/git/alternates.ts";
import { parseReference } from "../registry/reference.ts";
import { findRepository } from "../sources/git/repository.ts";
import { besideContentStore, containerdDatabase } from "../sources/image/containerd-database.ts";
import type { Target } from "./targets.ts";

/** Where what a target's scan reads lies: what has to be unchanged for the target to be unchanged. */
export interface Place {
  /** It is an image in a registry. */
  readonly isRemote: boolean;
  /** Everything that the scan of the target can read. */
  readonly roots: readonly string[];
  /** The folder of objects, of a repository. */
  readonly objects?: string;
  /** That one, and those that it borrows from. */
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
      return { isRemote: false, roots: [root, ...beside.filter((path) => existsSync(path))] };
    }
    const { gitDir, commonDir } = repository;
    const objects = join(commonDir, "objects");
    const folders = withAlternates([objects], []);
    return {
      isRemote: false,
      roots: [...new Set([gitDir, commonDir, ...folders.slice(1)])].map((path) => realpathSync(path)),
      objects: realpathSync(objects),
      folders,
    };
  } catch {
    return undefined;
  }
}

/** An image in a registry has no place here, but its layers are what their digests say. */
export function remotePlaceOf({ name, as }: Target): Place | undefined {
  const reference = as === "any" || as === "image" ? parseReference(name) : undefined;
  if (reference === undefined || (as === "any" && !reference.isExplicit)) return undefined;
  return statSync(name, { throwIfNoEntry: false }) === undefined ? { isRemote: true, roots: [] } : undefined;
}

const storagePrefix = /^(?:containerd|containers-storage|docker-storage):/;
const imagePrefix = /^(?:docker-archive|dir|oci|oci-archive|containerd|containers-storage|docker-storage|rootfs):/;

/** A path means something else from another folder; an address does not. */
export function fullName(repository: string): string {
  return statSync(repository, { throwIfNoEntry: false }) === undefined ? repository : resolve(repository);
}
