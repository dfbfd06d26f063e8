import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { readRange, type ByteRange } from "../../content/byte-range.ts";
import { hasher, isDigest } from "../../content/digest.ts";
import { cleanPath } from "../../content/tar-path.ts";
import { addProblem, type ProblemList } from "./plan.ts";
import { openFolder, readSmall, type ImageStore } from "./store.ts";

/**
 * An OCI layout folder. Build tools link blobs from elsewhere into it. Such a link is followed where it leads to what has the digest of its name; whoever made the layout for
 * others to scan may have let it lead to their keys.
 */
export async function openLayoutFolder(folder: string, list: ProblemList): Promise<ImageStore> {
  const inside = openFolder(folder);
  const root = await realpath(folder).catch(() => folder);
  const verdicts = new Map<string, Promise<boolean>>();
  const mayRead = async (path: string, range: ByteRange): Promise<boolean> => {
    const file = await realpath(join(folder, cleanPath(path))).catch(() => "");
    if (file.startsWith(root.endsWith(sep) ? root : root + sep)) return true;
    if (await hasDigest(range, digestAt(path))) return true;
    addProblem(list, "digest-mismatch", path, "is a link to something else outside of the layout: it was not read");
    return false;
  };
  const find: ImageStore["find"] = async (path) => {
    const range = await inside.find(path);
    if (range === undefined) return undefined;
    const verdict = verdicts.get(path) ?? mayRead(path, range);
    verdicts.set(path, verdict);
    return (await verdict) ? range : undefined;
  };
  return { find, read: async (path) => readSmall(await find(path)) };
}

/** The digest that a blob's path says; empty for other paths. */
function digestAt(path: string): string {
  const [, algorithm, hex] = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(cleanPath(path)) ?? [];
  const digest = `${algorithm}:${hex}`;
  return isDigest(digest) ? digest : "";
}

async function hasDigest(range: ByteRange, digest: string): Promise<boolean> {
  if (digest === "") return false;
  const hash = hasher(digest);
  try {
    for await (const chunk of readRange(range)) hash.update(chunk);
  } catch {
    return false;
  }
  return hash.digest() === digest;
}
