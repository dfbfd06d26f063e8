import { pathHash } from "../model/path-hash.ts";
import type { HardLink, LayerReading, RepeatedPath } from "../model/unit.ts";
import { HashList } from "./hash-list.ts";
import { cleanPath, parseWhiteout, type Whiteout } from "./tar-path.ts";

/** Whiteouts remembered of one layer; real layers have some thousands. Beyond it `deleted` may be missing on a sighting. */
const MAX_WHITEOUTS = 1_000_000;
/** Hard links remembered of one layer; those that bring git and busybox have some hundreds. Beyond it a file's other names may be missing. */
const MAX_LINKS = 100_000;
/** Entries of paths that stand in the tar more than once. Well-made layers have none. */
const MAX_REPEATED = 100_000;

/** Sparse files remembered of one layer; disks and logs of accounts are such. */
const MAX_SPARSE = 10_000;

/** Repositories remembered of one layer; a cache of packages can bring some hundreds. */
export const MAX_GIT_FOLDERS = 10_000;

/** A pack or a loose object, behind the folder of its repository (gitrepository-layout). */
const objectPath = /^((?:.*\/)?)objects\/(?:pack\/pack-[0-9a-f]{40,64}\.pack|[0-9a-f]{2}\/[0-9a-f]{38,62})$/;

/** Whether a file of a layer is read as a part of a repository: all that lies in it is scanned there. */
export function isObjectOfGit(path: string): boolean {
  return path.includes("objects/") && objectPath.test(path);
}

export interface LayerPaths {
  /** Takes the next entry of the tar. Gives its number among those that are no folders and no whiteouts, -1 for these. */
  entry(path: string, entry: NamedEntry): number;
  /** Words for what was too much to be remembered. */
  gaps(): readonly string[];
  /** Whether there are repositories that nobody will read. */
  leavesOutRepositories(): boolean;
  result(): Omit<LayerReading, "digest" | "diffId" | "compression" | "isUnpadded">;
}

interface NamedEntry {
  readonly name: string;
  readonly type: "file" | "directory" | "other";
  readonly linkTo?: string;
  readonly isAfterEnd?: true;
  readonly isSparse?: true;
  readonly overlay?: "whiteout" | "opaque";
}

/** Gathers what the names of a layer's tar tell, in the order of its entries. */
export function collectLayerPaths(): LayerPaths {
  const files = new HashList();
  const directories = new HashList();
  const whiteouts = new Set<string>();
  const opaques = new Set<string>();
  const links: HardLink[] = [];
  const gitFolders = new Set<string>();
  const leads = new Set<string>();
  const sparse: number[] = [];
  let count = 0;
  let unseenFrom: number | undefined;
  let hasMoreWhiteouts = false;
  let hasMoreLinks = false;
  let hasMoreRepositories = false;

  const removes = (whiteout: Whiteout): void => {
    if (whiteout.kind === "internal") return;
    if (whiteouts.size + opaques.size >= MAX_WHITEOUTS) hasMoreWhiteouts = true;
    else (whiteout.kind === "remove" ? whiteouts : opaques).add(whiteout.path);
  };
  const takeObject = (path: string): void => {
    const folder = objectPath.exec(path)?.[1];
    if (folder === undefined) return;
    const name = folder.replace(/\/$/, "");
    if (gitFolders.size < MAX_GIT_FOLDERS || gitFolders.has(name)) gitFolders.add(name);
    else hasMoreRepositories = true;
  };
  return {
    entry(path, { name, type, linkTo, isAfterEnd, isSparse, overlay }) {
      // Nothing that is not unpacked does anything to other files.
      const isSeen = isAfterEnd === undefined;
      if (!isSeen) unseenFrom ??= count;
      if (type === "directory") {
        if (isSeen) directories.add(pathHash(path));
        if (isSeen && overlay === "opaque") removes({ kind: "opaque", path });
        return -1;
      }
      const whiteout: Whiteout | undefined = overlay === "whiteout" ? { kind: "remove", path } : parseWhiteout(path);
      if (whiteout !== undefined) {
        if (isSeen) removes(whiteout);
        return -1;
      }
      files.add(pathHash(path));
      leads.add(leadOf(name, path));
      if (path.includes("objects/")) takeObject(path);
      if (linkTo !== undefined && isSeen) {
        if (links.length >= MAX_LINKS) hasMoreLinks = true;
        else links.push({ path, target: cleanPath(linkTo) });
      }
      if (isSparse === true && sparse.length < MAX_SPARSE) sparse.push(count);
      return count++;
    },
    gaps: () => [
      ...(hasMoreWhiteouts ? [`more than ${MAX_WHITEOUTS} whiteouts: not all are known`] : []),
      ...(unseenFrom === undefined
        ? []
        : [`entries stand behind the end of the tar, which no engine unpacks: they were scanned`]),
      ...(hasMoreLinks ? [`more than ${MAX_LINKS} hard links: not all are known`] : []),
    ],
    leavesOutRepositories: () => hasMoreRepositories,
    result() {
      const repeated = repeatedPaths(files);
      return {
        files: files.sorted(unseenFrom),
        directories: directories.sorted(),
        whiteouts: [...whiteouts].sort(),
        opaques: [...opaques].sort(),
        links,
        gitFolders: [...gitFolders].sort(),
        repeated,
        leads: [...leads].sort(),
        ...(unseenFrom === undefined ? {} : { unseenFrom }),
        ...(sparse.length === 0 ? {} : { sparse }),
      };
    },
  };
}

function leadOf(name: string, path: string): string {
  if (name === path) return "";
  if (name === `./${path}`) return "./";
  return name === `/${path}` ? "/" : "?";
}

function repeatedPaths(files: HashList): RepeatedPath[] {
  const entries = new Map<number, number[]>();
  for (const hash of files.repeated(MAX_REPEATED)) entries.set(hash, []);
  if (entries.size === 0) return [];
  let room = MAX_REPEATED;
  files.forEach((hash, number) => {
    const known = entries.get(hash);
    // The last one counts, so it is kept whatever came before.
    if (known !== undefined && room-- <= 0) known.pop();
    known?.push(number);
  });
  return [...entries].map(([hash, numbers]) => ({ hash, entries: numbers })).sort((a, b) => a.hash - b.hash);
}
