import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf, type StoreFault } from "../../content/git/pack-folder.ts";
import { readFileIfThere } from "../../content/whole-file.ts";
import { isObjectId } from "../../model/object-id.ts";
import { readRefTables, type RefTables } from "./ref-tables.ts";
import type { LogEntry, TableRef } from "./reftable.ts";
import { hasHead, isOfGitFolder, linkedWorktrees, type Repository } from "./repository.ts";

export interface Ref {
  /** Full name, `refs/heads/main`; or `HEAD`. */
  readonly name: string;
  readonly oid: string;
  /** For annotated tags in packed-refs: the object behind the tag. */
  readonly peeled?: string;
}

/** A ref file holds an id or `ref: name`. */
const longestRefFile = 4096;
/** Two million refs take some 150 MB. */
const maxPackedBytes = 1 << 28;
/** `ref:` may point at `ref:`; git gives up at five. */
const maxSymbolicDepth = 5;

/**
 * All refs of the repository, sorted by name: HEAD, loose and packed ones; a loose ref hides the packed one of its name. Those of reftables, where
 * there are such. What cannot be read, or names nothing that a ref can, is listed in `faults`.
 */
export function listRefs(repository: Repository, faults: StoreFault[] = []): Ref[] {
  const found = new Map<string, Ref>();
  for (const ref of readPackedRefs(join(repository.commonDir, "packed-refs"), faults)) found.set(ref.name, ref);
  // Beside reftables git writes a HEAD and a file `refs/heads` that mean nothing.
  const hasTables = existsSync(join(repository.commonDir, "reftable"));
  const resolve = (name: string): void => {
    try {
      const oid = resolveRef(repository, name, found);
      if (oid !== undefined) found.set(name, { name, oid });
    } catch (error) {
      if (!hasTables && isRefName(name))
        faults.push({ subject: name, message: `the ref is not read: ${messageOf(error)}` });
    }
  };
  for (const folder of new Set([repository.commonDir, repository.gitDir]))
    for (const name of refFiles(folder, faults)) resolve(name);
  resolve("HEAD");
  if (!hasHead(repository.gitDir))
    faults.push({ subject: "HEAD", message: "is gone: git takes this for no repository" });
  for (const ref of listTableRefs(repository, faults)) found.set(ref.name, ref);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Refs that a linked working tree has for itself (git-worktree, "Refs"). */
const ownRef = /^(?:HEAD$|refs\/(?:worktree|bisect|rewritten)\/)/;

/** The refs of a linked working tree that are its own. `common`: those that it shares, by their names. */
export function listOwnRefs(worktree: Repository, common: ReadonlyMap<string, Ref>): Ref[] {
  const found = new Map<string, Ref>();
  for (const name of ["HEAD", ...refFiles(worktree.gitDir, [])]) {
    if (!ownRef.test(name)) continue;
    try {
      const oid = resolveRef(worktree, name, common);
      if (oid !== undefined) found.set(name, { name, oid });
    } catch {
      // `checkHead` tells of it.
    }
  }
  for (const { name, oid: own, target } of readRefTables(worktree.gitDir, [])?.refs.values() ?? []) {
    const oid = own ?? (target === undefined ? undefined : common.get(target)?.oid);
    if (oid !== undefined && ownRef.test(name)) found.set(name, { name, oid });
  }
  return [...found.values()];
}

/** Tells in `faults` when the HEAD of a linked working tree is damaged; `listRefs` tells it of the repository's own. */
export function checkHead(repository: Repository, faults: StoreFault[]): void {
  try {
    resolveRef(repository, "HEAD", new Map());
  } catch (error) {
    const subject = join(repository.gitDir, "HEAD");
    faults.push({ subject, message: `the ref is not read: ${messageOf(error)}` });
  }
}

/**
 * The reflogs that reftables keep, those of linked working trees among them, each as git writes it into a file: `path` is what that would be called,
 * `logs/refs/heads/main`.
 */
export function listTableLogs(
  repository: Repository,
  faults: StoreFault[] = [],
): { readonly path: string; readonly text: string }[] {
  const texts = new Map<string, string>();
  const linked = linkedWorktrees(repository).map((name) => `worktrees/${name}/`);
  for (const prefix of ["", ...linked]) {
    const { logs } = readRefTables(join(repository.commonDir, prefix), faults) ?? { logs: [] };
    for (const [name, entries] of logs)
      texts.set(`${prefix}logs/${name}`, entries.map((entry) => logLine(entry)).join(""));
  }
  return [...texts].map(([path, text]) => ({ path, text })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function logLine({ oldId, newId, person, email, time, zone, message }: LogEntry): string {
  const text = message.trimEnd();
  return `${oldId} ${newId} ${person} <${email}> ${time} ${zone}${text === "" ? "" : `\t${text}`}\n`;
}

/** The common tables, then those of a linked worktree: its HEAD and its own refs hide the common ones. */
function tablesOf({ commonDir, gitDir }: Repository, faults: StoreFault[]): RefTables[] {
  return [...new Set([commonDir, gitDir])].flatMap((folder) => readRefTables(folder, faults) ?? []);
}

/** Full name of the branch that is checked out; undefined where none is. */
export function headBranch(repository: Repository): string | undefined {
  // The file HEAD stands beside reftables, too, and names a branch that is none.
  for (const { refs } of tablesOf(repository, []).toReversed()) {
    const head = refs.get("HEAD");
    if (head !== undefined) return head.target;
  }
  try {
    return symbolicTarget(readRefFile(join(repository.gitDir, "HEAD")) ?? "");
  } catch {
    return undefined;
  }
}

function listTableRefs(repository: Repository, faults: StoreFault[]): Ref[] {
  const all = new Map<string, TableRef>();
  for (const { refs } of tablesOf(repository, faults)) for (const [name, ref] of refs) all.set(name, ref);
  return [...all.values()].flatMap(({ name, oid: own, peeled }): Ref[] => {
    const oid = own ?? oidOf(name, all);
    if (oid === undefined) return [];
    return [{ name, oid, ...(peeled === undefined ? {} : { peeled }) }];
  });
}

function oidOf(name: string, all: ReadonlyMap<string, TableRef>): string | undefined {
  let ref = all.get(name);
  for (let depth = 0; depth < maxSymbolicDepth && ref?.target !== undefined; depth++) ref = all.get(ref.target);
  return ref?.oid;
}

/** `refs/heads/main` → `main`, `refs/remotes/origin/x` → `origin/x`, `refs/tags/v1` → `v1`, `refs/stash` → `stash`. */
export function shortName(name: string): string {
  return name.replace(/^refs\/(?:heads\/|remotes\/|tags\/)?/, "");
}

/** Undefined where it leads to a name that is not there, as of a branch without commits. Throws Error where it cannot be read, or is damaged. */
function resolveRef(repository: Repository, name: string, packed: ReadonlyMap<string, Ref>): string | undefined {
  let current = name;
  for (let depth = 0; depth <= maxSymbolicDepth; depth++) {
    const text = readRefFile(join(repository.gitDir, current)) ?? readRefFile(join(repository.commonDir, current));
    if (text === undefined) return packed.get(current)?.oid;
    if (isObjectId(text)) return text;
    const target = symbolicTarget(text);
    if (target === undefined) throw new Error("it holds neither an id nor a name");
    current = target;
  }
  throw new Error("it leads in a circle, or through too many names");
}

function symbolicTarget(text: string): string | undefined {
  const target = /^ref:\s*(refs\/[^\0\n]+)$/.exec(text)?.[1];
  return target?.split("/").includes("..") === true ? undefined : target;
}

/** Undefined where there is no such file. Throws Error where there is one that cannot be read. */
function readRefFile(path: string): string | undefined {
  return readFileIfThere(path, longestRefFile)?.toString("utf8").trim();
}

/** Locks and hidden files lie among refs, and are none (git-check-ref-format). */
function isRefName(name: string): boolean {
  return !name.split("/").some((part) => part.startsWith(".") || part.endsWith(".lock"));
}

/** Names of the refs that are files of a git folder. */
function refFiles(folder: string, faults: StoreFault[]): string[] {
  if (isOfGitFolder(folder, "refs")) return listFiles(folder, "refs", faults);
  faults.push({ subject: "refs", message: "is a link that leads to no refs" });
  return [];
}

function listFiles(folder: string, name: string, faults: StoreFault[]): string[] {
  try {
    return readdirSync(join(folder, name), { withFileTypes: true }).flatMap((entry) => {
      const path = `${name}/${entry.name}`;
      // Old versions of git made links of refs that lead to others. What is neither file nor link is told where it is resolved.
      return entry.isDirectory() ? listFiles(folder, path, faults) : [path];
    });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code !== "ENOENT") faults.push({ subject: name, message: `folder of refs cannot be listed (${code})` });
    return [];
  }
}

/** The packed-refs file (git-pack-refs): `<id> <name>`, and `^<id>` for what the tag above points at. */
function readPackedRefs(path: string, faults: StoreFault[]): Ref[] {
  const fault = (message: string): void => void faults.push({ subject: "packed-refs", message });
  let text: string;
  try {
    text = readFileIfThere(path, maxPackedBytes)?.toString("utf8") ?? "";
  } catch (error) {
    fault(`the packed refs are not read: ${messageOf(error)}`);
    return [];
  }
  const refs: Ref[] = [];
  let others = 0;
  for (const line of text.split("\n")) {
    const peeled = /^\^([0-9a-f]{40}|[0-9a-f]{64})$/.exec(line)?.[1];
    const last = refs[refs.length - 1];
    const [, oid, name] = /^([0-9a-f]{40}|[0-9a-f]{64}) (refs\/.+)$/.exec(line) ?? [];
    if (oid !== undefined && name !== undefined) refs.push({ name, oid });
    else if (peeled !== undefined && last !== undefined) refs[refs.length - 1] = { ...last, peeled };
    else if (line !== "" && !line.startsWith("#")) others++;
  }
  if (others > 0) fault(`${others} lines are no refs`);
  if (text !== "" && !text.endsWith("\n")) fault("its last line is cut off");
  return refs;
}
