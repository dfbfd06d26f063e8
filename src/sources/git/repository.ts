import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isRegularFile } from "../../content/regular-file.ts";
import { ToolError } from "../../model/problem.ts";

/** Where a repository's parts lie (gitrepository-layout). */
export interface Repository {
  /** The folder with HEAD and index: `.git`, a bare repository, or a linked worktree's own folder. */
  readonly gitDir: string;
  /** The folder with objects and refs; equal to `gitDir` but in linked worktrees. */
  readonly commonDir: string;
}

/** The longest `.git` file or `commondir` that is believed: they hold one path. */
const longestPathFile = 8192;

/** Finds the repository at `path`: a working tree, a bare repository, a `.git` folder, or a folder with a `.git` file. Undefined when there is none. */
export function findRepository(path: string): Repository | undefined {
  for (const candidate of [join(path, ".git"), path]) {
    const gitDir = followGitFile(candidate);
    if (gitDir === undefined || !existsSync(join(gitDir, "HEAD"))) continue;
    const commonDir = readPath(join(gitDir, "commondir"), gitDir) ?? gitDir;
    if (existsSync(join(commonDir, "objects"))) return { gitDir, commonDir };
  }
  return undefined;
}

function followGitFile(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  if (statSync(path).isDirectory()) return resolve(path);
  return readPath(path, dirname(path), "gitdir: ");
}

function readPath(file: string, relativeTo: string, prefix = ""): string | undefined {
  if (!existsSync(file)) return undefined;
  const stat = statSync(file);
  if (!stat.isFile() || stat.size > longestPathFile) return undefined;
  const text = readFileSync(file, "utf8").trimEnd();
  return text.startsWith(prefix) && text.length > prefix.length
    ? resolve(relativeTo, text.slice(prefix.length))
    : undefined;
}

/** Throws ToolError where the repository needs something that the reader cannot do: then nothing of it may look clean. */
export async function checkExtensions(repository: Repository): Promise<void> {
  const config = join(repository.commonDir, "config");
  if (!isRegularFile(config)) return;
  const [{ default: git }, fs] = await Promise.all([import("isomorphic-git"), import("node:fs")]);
  const read = async (path: string): Promise<unknown> => {
    try {
      const value: unknown = await git.getConfig({ fs, gitdir: repository.commonDir, path });
      return value;
    } catch {
      return undefined;
    }
  };
  const format = await read("extensions.objectformat");
  if (format !== undefined && format !== "sha1") {
    throw new ToolError("repository-format", `the repository keeps its objects by ${JSON.stringify(format)}`, {
      hint: "leaktrace reads SHA-1 repositories",
    });
  }
  const refs = await read("extensions.refstorage");
  if (refs !== undefined && refs !== "files") {
    throw new ToolError("repository-format", `the repository keeps its refs by ${JSON.stringify(refs)}`, {
      hint: "leaktrace reads refs that are kept as files",
    });
  }
}
