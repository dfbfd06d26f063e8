/**
 * Files of a repository that are no objects: those of the git folder (configuration, hooks, logs, messages), what Git LFS keeps, and the working tree. Nothing
 * of them is obeyed or run; they are bytes to scan.
 */
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import type { Reach } from "../../model/content.ts";
import type { IdBytes } from "../../model/object-id.ts";
import { startsWith, type Repository } from "./repository.ts";
import { list, type SideFile, type SideProblem } from "./side-file.ts";
import { WorkingTree } from "./working-tree.ts";

export interface SideOptions {
  readonly worktree: boolean;
  /** Paths of the index: they are not ignored, whatever the ignore files say. */
  readonly tracked: ReadonlySet<string>;
  readonly idBytes: IdBytes;
  /** What stands in an index that cannot be read as one is scanned as it is. */
  readonly hasDamagedIndex: boolean;
}

/** Folders are not gone into deeper than this: a git folder is never that deep, a working tree hardly. */
const maxDepth = 256;

/** Leftovers of writes that broke off, which are told as such; by path from the git folder. */
const unfinished = /^objects\/(?:(?:[0-9a-f]{2}\/)?tmp_obj.*|pack\/\.?tmp[-_].*)$/;
const looseObject = /^objects\/[0-9a-f]{2}\/([0-9a-f]{38}|[0-9a-f]{62})$/;
const pack = /^objects\/pack\/[^/]+\.pack$/;
const binaryIndex = /^(?:worktrees\/[^/]+\/)?index$/;
/** Refs, each an id in a file: they are told by their names. */
const refFile = /^(?:worktrees\/[^/]+\/)?refs\/./;
const refSizes: ReadonlySet<number> = new Set([40, 41, 64, 65]);

/** How files of the git folder are named: `.git/config`; in a bare repository `config`. */
export function gitFolderPrefix(target: string, { gitDir, commonDir }: Repository): string {
  const isOwn = gitDir === commonDir && resolve(target) === gitDir;
  return isOwn && basename(gitDir) !== ".git" ? "" : ".git/";
}

/** The working tree of what the user named; undefined where there is none. */
function workingTreeOf(target: string, repository: Repository): string | undefined {
  if (existsSync(join(target, ".git"))) return resolve(target);
  return resolve(target) === repository.gitDir && basename(repository.gitDir) === ".git"
    ? resolve(repository.gitDir, "..")
    : undefined;
}

/** All side files, sorted by folder, and what could not be listed. */
export function* sideFiles(
  target: string,
  repository: Repository,
  options: SideOptions,
): Generator<SideFile | SideProblem> {
  const { gitDir, commonDir } = repository;
  const { worktree, tracked } = options;
  const prefix = gitFolderPrefix(target, repository);
  yield* gitFolder(commonDir, prefix, options);
  const isInside = !relative(commonDir, gitDir).startsWith("..");
  if (!isInside) yield* gitFolder(gitDir, prefix, options);
  if (!worktree) return;
  const root = workingTreeOf(target, repository);
  if (root === undefined)
    yield { code: "unsupported", effect: "note", subject: target, message: "a bare repository has no working tree" };
  else yield* new WorkingTree(root, commonDir, tracked).files();
}

/** Whether a file is one of objects or the binary index, which are read by others. */
function isReadElsewhere(root: string, below: string, { idBytes, hasDamagedIndex }: SideOptions): boolean {
  if (binaryIndex.test(below)) return !hasDamagedIndex;
  if (!below.startsWith("objects/")) return false;
  const loose = looseObject.exec(below)?.[1];
  if (loose !== undefined) return loose.length === 2 * idBytes - 2;
  return unfinished.test(below) || (pack.test(below) && startsWith(join(root, below), "PACK"));
}

function* gitFolder(root: string, prefix: string, options: SideOptions): Generator<SideFile | SideProblem> {
  const toWalk: string[] = [""];
  while (toWalk.length > 0) {
    const folder = toWalk.pop()!;
    const listed = list(join(root, folder), prefix + folder);
    if ("code" in listed) {
      yield listed;
      continue;
    }
    for (const entry of listed) {
      const below = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (isReadElsewhere(root, below, options)) continue;
      if (entry.isDirectory() && isModule(root, below)) yield* moduleConfigs(root, below, prefix);
      else if (entry.isDirectory()) {
        if (below.split("/").length < maxDepth) toWalk.push(below);
        else
          yield { code: "unsupported", effect: "incomplete", subject: prefix + below, message: "is nested too deeply" };
      } else if (entry.isFile()) yield* file(root, below, prefix);
      else if (entry.isSymbolicLink())
        yield {
          code: "unsupported",
          effect: "note",
          subject: prefix + below,
          message: "is a symbolic link: not followed",
        };
      else
        yield {
          code: "unsupported",
          // Of a configuration that nobody can read it is not known how objects and refs are kept.
          effect: /^config(?:\.worktree)?$/.test(below) ? "incomplete" : "note",
          subject: prefix + below,
          message: "is a pipe, a socket or a device: not opened",
        };
    }
  }
}

/** Whether this is the repository of a submodule; folders on the way to it hold nothing that git knows. */
function isModule(root: string, below: string): boolean {
  return below.startsWith("modules/") && isModuleFolder(join(root, below));
}

function isModuleFolder(folder: string): boolean {
  return existsSync(join(folder, "HEAD")) && existsSync(join(folder, "objects"));
}

/** Of a submodule's repository the configuration is told by its parent; the rest is a repository of its own. */
function* moduleConfigs(root: string, module: string, prefix: string): Generator<SideFile | SideProblem> {
  for (const folder of [join(root, module), ...initialisedModules(join(root, module))]) {
    for (const name of ["config", "config.worktree"]) {
      const below = `${relative(root, folder).split(sep).join("/")}/${name}`;
      if (lstatSync(join(root, below), { throwIfNoEntry: false })?.isFile() === true) yield* file(root, below, prefix);
    }
  }
}

/** Git folders of the submodules that were initialised, those of their submodules too; sorted. */
export function initialisedModules(commonDir: string): string[] {
  const found: string[] = [];
  const toWalk = [{ folder: join(commonDir, "modules"), depth: 0 }];
  while (toWalk.length > 0) {
    const { folder, depth } = toWalk.pop()!;
    const listed = list(folder, folder);
    if ("code" in listed) continue;
    if (isModuleFolder(folder)) {
      found.push(folder);
      toWalk.push({ folder: join(folder, "modules"), depth: depth + 1 });
    } else if (depth < maxDepth) {
      // Names of submodules hold slashes: folders up to them hold nothing else.
      for (const entry of listed)
        if (entry.isDirectory()) toWalk.push({ folder: join(folder, entry.name), depth: depth + 1 });
    }
  }
  return found.sort();
}

function* file(root: string, below: string, prefix: string): Generator<SideFile | SideProblem> {
  const path = join(root, below);
  const name = prefix + below;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined)
    yield { code: "unreadable", effect: "incomplete", subject: name, message: "is gone", contents: 1 };
  else if (refFile.test(below) && refSizes.has(stat.size) && isRef(path)) return;
  else if (lfsObject.test(below)) yield { path, name, size: stat.size, reach: ["local"], form: "lfs" };
  else yield { path, name, size: stat.size, reach: [reachOf(below)] };
}

/** Whether a file holds an id, and maybe a line end. */
function isRef(path: string): boolean {
  try {
    return /^(?:[0-9a-f]{40}|[0-9a-f]{64})\n?$/.test(readFileSync(path, "latin1"));
  } catch {
    return false;
  }
}

/** Where Git LFS keeps a file (git-lfs, "local storage"). */
const lfsObject = /^lfs\/objects\/[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{64}$/;

function reachOf(below: string): Reach {
  if (/^(?:worktrees\/[^/]+\/)?logs\/refs\/stash$/.test(below)) return "stash";
  if (/^(?:worktrees\/[^/]+\/)?logs\//.test(below)) return "reflog";
  return below === "packed-refs" ? "ref" : "local";
}
