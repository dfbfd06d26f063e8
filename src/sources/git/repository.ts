import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
  type Stats,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isRegularFile, openWithoutWaiting } from "../../content/regular-file.ts";
import type { IdBytes } from "../../model/object-id.ts";
import { ToolError } from "../../model/problem.ts";

/** Where a repository's parts lie (gitrepository-layout). */
export interface Repository {
  /** The folder with HEAD and index: `.git`, a bare repository, or a linked worktree's own folder. */
  readonly gitDir: string;
  /** The folder with objects and refs; equal to `gitDir` but in linked worktrees. */
  readonly commonDir: string;
}

/** A configuration is a page of text; in some repositories there is a section for each of ten thousand branches. */
const maxConfigBytes = 1 << 22;

/** The longest `.git` file or `commondir` that is believed: they hold one path. */
const longestPathFile = 8192;

/** Finds the repository at `path`: a working tree, a bare repository, a `.git` folder, or a folder with a `.git` file. Undefined when there is none. */
export function findRepository(path: string): Repository | undefined {
  for (const candidate of [join(path, ".git"), path]) {
    const gitDir = followGitFile(candidate);
    if (gitDir === undefined || !(hasHead(gitDir) || isWithoutHead(gitDir))) continue;
    const commonDir = readPath(join(gitDir, "commondir"), gitDir) ?? gitDir;
    if (existsSync(join(commonDir, "objects"))) return { gitDir, commonDir };
  }
  return undefined;
}

/** Whether a folder, which is met on the way through others, is a git folder that says all of itself: nothing in it leads to another one. */
export function isGitFolder(path: string): boolean {
  const has = (name: string): boolean => entryAt(join(path, name)) !== undefined;
  if (!isFolder(join(path, "objects")) || has("commondir") || has(".git")) return false;
  return hasObjects(path) || (hasHead(path) && isFolder(join(path, "refs")));
}

/** Whether a git folder has a `HEAD`. A link is enough: in old repositories it leads to a branch, which may be packed, or without a commit yet. */
export function hasHead(gitDir: string): boolean {
  return entryAt(join(gitDir, "HEAD")) !== undefined;
}

/** A repository whose `HEAD` is gone is none for git, and neither is a mere folder of objects; these are there all the same. */
function isWithoutHead(gitDir: string): boolean {
  const has = (name: string): boolean => existsSync(join(gitDir, name));
  return (has("objects/pack") && (has("refs/heads") || has("packed-refs"))) || hasObjects(gitDir);
}

/** Whether a pack or a loose object lies where git has them. */
function hasObjects(gitDir: string): boolean {
  const objects = join(gitDir, "objects");
  if (
    namesIn(join(objects, "pack")).some(
      (name) => name.endsWith(".pack") && startsWith(join(objects, "pack", name), "PACK"),
    )
  )
    return true;
  return namesIn(objects).some(
    (prefix) =>
      /^[0-9a-f]{2}$/.test(prefix) &&
      namesIn(join(objects, prefix)).some(
        (rest) => /^(?:[0-9a-f]{38}|[0-9a-f]{62})$/.test(rest) && startsWith(join(objects, prefix, rest), "x"),
      ),
  );
}

function isFolder(path: string): boolean {
  return entryAt(path)?.isDirectory() === true;
}

/** What stands at a path, links not followed; undefined where nothing does, or nothing can be: below a file, behind a circle of links. */
function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * Whether what lies in a git folder under that name is a git folder's: the folder itself, or one that a link leads to, as `git-new-workdir` makes them. A link to
 * somewhere else could have a whole disk read for names of refs.
 */
export function isOfGitFolder(gitDir: string, name: string): boolean {
  const path = join(gitDir, name);
  if (entryAt(path)?.isSymbolicLink() !== true) return true;
  try {
    const real = realpathSync(path);
    return basename(real) === name && hasHead(dirname(real));
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether the first bytes of a file are these. */
export function startsWith(path: string, text: string): boolean {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, openWithoutWaiting);
    const bytes = Buffer.alloc(text.length);
    return (
      fstatSync(descriptor).isFile() &&
      readSync(descriptor, bytes, 0, bytes.length, 0) === bytes.length &&
      bytes.toString("latin1") === text
    );
  } catch {
    return false;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function followGitFile(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  if (statSync(path).isDirectory()) return resolve(path);
  return readPath(path, dirname(path), "gitdir: ");
}

function readPath(file: string, relativeTo: string, prefix = ""): string | undefined {
  if (!existsSync(file)) return undefined;
  const stat = statSync(file);
  // What says that it is empty, and is not, can wait for ever to be read (`/proc/kmsg`).
  if (!stat.isFile() || stat.size === 0 || stat.size > longestPathFile) return undefined;
  const text = readFileSync(file, "utf8").trimEnd();
  return text.startsWith(prefix) && text.length > prefix.length
    ? resolve(relativeTo, text.slice(prefix.length))
    : undefined;
}

/** Of a linked working tree: where its `.git` file lies. */
export function gitFileOf(gitDir: string): string | undefined {
  return readPath(join(gitDir, "gitdir"), gitDir);
}

/** Names of the linked working trees, sorted; each has a folder of its name in `worktrees`. */
export function linkedWorktrees({ commonDir }: Repository): string[] {
  try {
    return readdirSync(join(commonDir, "worktrees")).sort();
  } catch {
    // There are none; of a folder that cannot be listed the files of the git folder tell.
    return [];
  }
}

/** How a repository is kept (gitformat-pack, `extensions.objectFormat`). */
export interface RepositoryFormat {
  readonly idBytes: IdBytes;
}

/** What holds where the configuration says nothing. */
export const defaultFormat: RepositoryFormat = { idBytes: 20 };

/**
 * Reads how the repository is kept. Throws ToolError where it needs something that the reader cannot do: then nothing of it may look clean. Where
 * refs are kept (`extensions.refStorage`) is seen by the folders that are there.
 */
export async function readFormat(repository: Repository): Promise<RepositoryFormat> {
  const config = join(repository.commonDir, "config");
  if (!isRegularFile(config)) return guessFormat(repository);
  if (statSync(config).size > maxConfigBytes) {
    throw new ToolError(
      "repository-format",
      `the configuration of the repository is larger than ${maxConfigBytes} bytes`,
      {
        hint: `look at ${config}: it says how objects and refs are kept`,
      },
    );
  }
  const format = (await configValues(repository, "extensions.objectformat")).at(-1);
  if (format !== undefined && format !== "sha1" && format !== "sha256") {
    throw new ToolError("repository-format", `the repository keeps its objects by ${JSON.stringify(format)}`, {
      hint: "leaktrace reads SHA-1 and SHA-256 repositories",
    });
  }
  const refs = (await configValues(repository, "extensions.refstorage")).at(-1);
  if (refs !== undefined && refs !== "files" && refs !== "reftable") {
    throw new ToolError("repository-format", `the repository keeps its refs by ${JSON.stringify(refs)}`, {
      hint: "leaktrace reads refs that are kept as files or as reftables",
    });
  }
  return format === undefined ? guessFormat(repository) : { idBytes: format === "sha256" ? 32 : 20 };
}

/** What a repository's own configuration says of a name, in its order; what that includes is not read. Nothing where the configuration cannot be read. */
export async function configValues({ commonDir }: Repository, path: string): Promise<string[]> {
  const config = join(commonDir, "config");
  if (!isRegularFile(config) || statSync(config).size > maxConfigBytes) return [];
  const [{ default: git }, fs] = await Promise.all([import("isomorphic-git"), import("node:fs")]);
  try {
    const values: unknown[] = await git.getConfigAll({ fs, gitdir: commonDir, path });
    return values.filter((value) => typeof value === "string");
  } catch {
    return [];
  }
}

/** What the names of objects and packs tell, where a configuration is damaged or gone: longer ids alone. */
function guessFormat({ commonDir }: Repository): RepositoryFormat {
  const objects = join(commonDir, "objects");
  let hasLonger = false;
  for (const folder of ["pack", ...namesIn(objects).filter((name) => /^[0-9a-f]{2}$/.test(name))]) {
    for (const name of namesIn(join(objects, folder))) {
      const [, id = ""] = (folder === "pack" ? /^pack-([0-9a-f]+)\.pack$/ : /^([0-9a-f]+)$/).exec(name) ?? [];
      const digits = folder === "pack" ? id.length : id.length + folder.length;
      if (digits === 40) return defaultFormat;
      hasLonger ||= digits === 64;
    }
  }
  return hasLonger ? { idBytes: 32 } : defaultFormat;
}
