/**
 * A tar entry's name as a path from the root of the image: no leading slash, no `.` or empty parts, `..` resolved lexically and
 * never above the root. Empty for the root itself.
 */
export function cleanPath(name: string): string {
  if (name !== "" && !untidy.test(name)) return name;
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

const untidy = /(?:^|\/)(?:\.{0,2})(?:\/|$)/;

/** What a path says about lower layers (OCI image specification, layer.md). */
export type Whiteout =
  /** Removes `path` (a file, or a folder with all in it) of lower layers. */
  | { readonly kind: "remove"; readonly path: string }
  /** Empties the folder `path` of what lower layers put there. */
  | { readonly kind: "opaque"; readonly path: string }
  /** A note of the storage driver to itself; means nothing to an image. */
  | { readonly kind: "internal" };

const PREFIX = ".wh.";
const META_PREFIX = ".wh..wh.";
const OPAQUE = ".wh..wh..opq";

/** Reads a cleaned path as a whiteout; undefined for an ordinary file. A bare `.wh.` names nothing and counts as internal. */
export function parseWhiteout(path: string): Whiteout | undefined {
  const cut = path.lastIndexOf("/") + 1;
  if (!path.startsWith(PREFIX, cut)) return undefined;
  const folder = path.slice(0, Math.max(0, cut - 1));
  const name = path.slice(cut);
  if (name === OPAQUE) return { kind: "opaque", path: folder };
  if (name.startsWith(META_PREFIX) || name === PREFIX) return { kind: "internal" };
  const removed = name.slice(PREFIX.length);
  if (removed === "." || removed === "..") return { kind: "internal" };
  return { kind: "remove", path: folder === "" ? removed : `${folder}/${removed}` };
}

/** Longer paths no system has (Linux: 4096 bytes); a name of four megabytes has two million folders above it. */
const MAX_PATH = 8192;

/** The path of a file in a folder, cleaned; undefined where no system has it: of a folder of a megabyte a list can say that it holds a hundred thousand files. */
export function pathIn(folder: string, name: string): string | undefined {
  return folder.length + name.length > MAX_PATH ? undefined : cleanPath(`${folder}${name}`);
}

/** The folders above a cleaned path, nearest first, without the root; none of a path that no system could unpack. */
export function ancestors(path: string): string[] {
  const found: string[] = [];
  if (path.length > MAX_PATH) return found;
  for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) found.push(path.slice(0, cut));
  return found;
}
