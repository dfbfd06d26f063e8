import { stat } from "node:fs/promises";
import { join } from "node:path";
import { indexArchive } from "../../content/archive-index.ts";
import { readHead } from "../../content/byte-range.ts";
import { cleanPath } from "../../content/tar-path.ts";
import { isTarHeader, TAR_BLOCK } from "../../content/tar-header.ts";
import type { TaggedPlan } from "./oci.ts";
import { wrappingOf } from "./wrapping.ts";

/** Folders at the root of systems. */
const atRoot: ReadonlySet<string> = new Set([
  ...["bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root"],
  ...["run", "sbin", "srv", "sys", "tmp", "usr", "var"],
]);
/** So many of them make a root; a project has a `bin` or a `lib`. */
const least = 3;
/** Entries looked at; archives of roots tell folders in their order. */
const mostEntries = 20_000;

/** Whether this looks like the files of a container: a folder, or a tar as `docker export` writes it. */
export async function isRootFiles(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory() ? await isRootFolder(path) : await isRootTar(path);
  } catch {
    return false;
  }
}

async function isRootFolder(path: string): Promise<boolean> {
  let count = 0;
  for (const name of atRoot) {
    // Many of them are links in today's distributions.
    const facts = await stat(join(path, name)).catch(() => undefined);
    if (facts?.isDirectory() === true) count++;
  }
  return count >= least;
}

async function isRootTar(path: string): Promise<boolean> {
  const wrapped = await wrappingOf(path);
  if (wrapped === undefined && !isTarHeader(await readHead({ file: path, offset: 0, length: TAR_BLOCK }, TAR_BLOCK)))
    return false;
  const tops = new Set<string>();
  let count = 0;
  const isEnough = (name: string): boolean => {
    const [top = ""] = cleanPath(name).split("/", 1);
    if (atRoot.has(top)) tops.add(top);
    return tops.size >= least || ++count >= mostEntries;
  };
  await indexArchive(path, wrapped === undefined ? { isEnough } : { wrapped, isEnough });
  return tops.size >= least;
}

/** Such files as an image of one layer. */
export async function readRootFiles(path: string): Promise<TaggedPlan[]> {
  const facts = await stat(path);
  const range = facts.isDirectory()
    ? { file: path, offset: 0, length: 0, unpacked: { kind: "folder" } as const }
    : { file: path, offset: 0, length: facts.size };
  const layer = { range, digest: "", diffId: "", createdBy: "", title: "" };
  return [{ tags: new Set(), digest: "", configDigest: "", platform: "", layers: [layer], contents: [] }];
}
