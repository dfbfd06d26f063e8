import { lstat } from "node:fs/promises";
import { join } from "node:path";
import type { ByteRange } from "../../content/byte-range.ts";
import { digestOf, isDigest } from "../../content/digest.ts";
import { namesIn, openBlobFolder } from "./blob-store.ts";
import { addProblem, type ProblemList } from "./plan.ts";
import { readSmall, type ImageStore } from "./store.ts";

/** A blob or a manifest by its digest, which stands without its algorithm; old ones say which files are layers. */
const blobName = /^((?:[0-9a-f]{64}){1,2})(?:\.manifest\.json|\.tar)?$/;
const manifestName = "manifest.json";
/** The version of the form stands in a file of one line; anything longer is looked at. */
const versionName = "version";
const mostVersionBytes = 64;

/** A folder that `skopeo copy … dir:FOLDER` wrote: one image, or an index with all it names, and what belongs to none of them. */
export interface CopiedFolder {
  readonly store: ImageStore;
  /** Files that are no blobs: signatures. By their names. */
  readonly others: ReadonlyMap<string, ByteRange>;
}

/** Opens such a folder, without following links out of it. */
export async function openCopiedFolder(folder: string, list: ProblemList): Promise<CopiedFolder> {
  const blobs = new Map<string, ByteRange>();
  const names = new Map<string, ReadonlySet<string>>();
  const others = new Map<string, ByteRange>();
  for await (const name of namesIn(folder, list)) {
    const file = join(folder, name);
    const facts = await lstat(file).catch(() => undefined);
    if (facts?.isFile() !== true) continue;
    const range = { file, offset: 0, length: facts.size };
    const hex = blobName.exec(name)?.[1] ?? "";
    const digest = `${hex.length === 64 ? "sha256" : "sha512"}:${hex}`;
    if (isDigest(digest)) blobs.set(digest, range);
    else if (name !== manifestName && (name !== versionName || facts.size > mostVersionBytes)) others.set(name, range);
  }
  const file = join(folder, manifestName);
  const facts = await lstat(file).catch(() => undefined);
  const bytes = facts?.isFile() === true ? await readSmall({ file, offset: 0, length: facts.size }) : "missing";
  if (typeof bytes === "string") {
    const why = bytes === "missing" ? "is missing" : "is too large to be a manifest";
    addProblem(list, "manifest-invalid", manifestName, why);
  } else {
    const digest = digestOf(bytes);
    blobs.set(digest, { file, offset: 0, length: bytes.length });
    // The image has the name of its folder.
    names.set(digest, new Set([""]));
  }
  return { store: await openBlobFolder({ blobs, names }, list), others };
}
