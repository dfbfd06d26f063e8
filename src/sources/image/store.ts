import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Wrapping } from "../../model/unit.ts";
import { indexArchive, type ArchiveEntry } from "../../content/archive-index.ts";
import { readRange, type ByteRange } from "../../content/byte-range.ts";
import { cleanPath } from "../../content/tar-path.ts";
import { MAX_JSON_BYTES } from "../../content/json.ts";
import { addProblem, type ProblemList } from "./plan.ts";

/** Where the files of an image lie: a folder, or a tar that is never unpacked. */
export interface ImageStore {
  /** The place of a regular file, links of the archive resolved; undefined where there is none. */
  readonly find: (path: string) => Promise<ByteRange | undefined>;
  /** A small file whole; a word where that is not possible. */
  readonly read: (path: string) => Promise<Uint8Array | "missing" | "too-large">;
}

/** A tar of images, of which it is known what it holds. */
export interface ArchiveStore extends ImageStore {
  /** Its regular files, by their names; with another one's name behind it, what lies there as well. */
  files(): ReadonlyMap<string, ByteRange>;
}

/** Links followed from a name; longer chains are loops. */
const MAX_LINKS = 16;

/** A folder, links in it followed. Paths must be clean; callers take them from digests and from the specification. */
export function openFolder(folder: string): ImageStore {
  const find = async (path: string): Promise<ByteRange | undefined> => {
    const file = join(folder, cleanPath(path));
    const facts = await stat(file).catch(() => undefined);
    return facts?.isFile() === true ? { file, offset: 0, length: facts.size } : undefined;
  };
  return { find, read: async (path) => readSmall(await find(path)) };
}

/** A tar, compressed as a whole or not. Damage of the archive itself is added to `list`. */
export async function openArchive(
  file: string,
  wrapped: Wrapping | undefined,
  list: ProblemList,
  signal: AbortSignal,
): Promise<ArchiveStore> {
  const index = await indexArchive(file, wrapped === undefined ? { signal } : { wrapped, signal });
  if (index.damage !== undefined) addProblem(list, "layer-corrupt", file, index.damage);
  const resolve = (path: string): readonly [string, ArchiveEntry] | undefined => {
    let at = cleanPath(path);
    for (let hop = 0; hop < MAX_LINKS; hop++) {
      const entry = index.entries.get(at);
      if (entry === undefined || entry.type === "other") return undefined;
      if (entry.type === "file") return [at, entry];
      const folder =
        entry.type === "symbolic-link" && !entry.target.startsWith("/") ? at.slice(0, at.lastIndexOf("/") + 1) : "";
      at = cleanPath(folder + entry.target);
    }
    return undefined;
  };
  const repeated = new Set(index.replaced.map(({ path }) => path));
  const placeOf = ({ offset, length }: ArchiveEntry, path: string): ByteRange => ({
    ...{ file, offset, length },
    ...(wrapped === undefined ? {} : { wrapped }),
    ...(repeated.has(path) ? {} : { entry: path }),
  });
  const find = async (path: string): Promise<ByteRange | undefined> => {
    const found = resolve(path);
    return found === undefined ? undefined : placeOf(found[1], found[0]);
  };
  return {
    find,
    files() {
      const files = [...index.entries].filter(([, { type }]) => type === "file");
      const replaced = index.replaced.map((entry, i) => [`${entry.path} (replaced ${i + 1})`, entry] as const);
      return new Map(
        [...files, ...replaced].map(([path, entry]) => [path, placeOf(entry, "path" in entry ? entry.path : path)]),
      );
    },
    async read(path) {
      const found = resolve(path);
      const kept = found === undefined ? undefined : index.kept.get(found[0]);
      return kept ?? readSmall(await find(path));
    },
  };
}

/** A small file whole, by its place. */
export async function readSmall(range: ByteRange | undefined): Promise<Uint8Array | "missing" | "too-large"> {
  if (range === undefined) return "missing";
  if (range.length > MAX_JSON_BYTES) return "too-large";
  const parts: Uint8Array[] = [];
  try {
    for await (const chunk of readRange(range)) parts.push(chunk);
  } catch {
    return "missing";
  }
  return Buffer.concat(parts);
}
