import { statSync } from "node:fs";
import { dirname } from "node:path";
import { withBuilds } from "./build-folder.ts";
import { ToolError, type Problem } from "../model/problem.ts";
import { parseAddress, type Address } from "../remote/address.ts";
import type { Source } from "../model/source.ts";
import { codeOf } from "../model/thrown.ts";
import { parseEngineTarget } from "../engine/target.ts";
import { openFiles, openStdin } from "../sources/files/index.ts";
import type { FetchAhead } from "./fetch-ahead.ts";
import type { Memory } from "./memory.ts";
import type { ScanOptions } from "./options.ts";
import type { OpenContext } from "./request.ts";

export interface Target {
  /** As the user named it; an address without its credentials. */
  readonly name: string;
  /** Of a repository that is fetched first. */
  readonly address?: Address;
  /** What the user says it is; `any`: to be found out. */
  readonly as: "any" | "git" | "image" | "files" | "stdin";
}

const imagePrefix = /^(?:docker-archive|dir|oci|oci-archive|containerd|containers-storage|docker-storage|rootfs):/;

/** What an argument names. Repositories elsewhere are told by their form; `file://` is another way to write a path. */
export function targetOf(name: string, as: Target["as"]): Target {
  const address = parseAddress(name);
  if (address === undefined) return { name, as };
  if (address.transport === "file") return { name: address.path, as };
  // An image or a folder has no such name; what is said of it leaves the credentials out all the same.
  return as === "any" || as === "git" ? { name: address.url, as: "git", address } : { name: address.url, as };
}

/** Has repositories that lie elsewhere fetched before their turn comes; undefined where there are none. `signal` ends all of it; what `memory` knows is not fetched. */
export async function fetchAhead(
  targets: readonly Target[],
  options: ScanOptions,
  signal: AbortSignal,
  memory?: Pick<Memory, "knowsWhole">,
): Promise<FetchAhead | undefined> {
  const elsewhere = new Map(
    targets.flatMap((target) => (target.address === undefined ? [] : [[target.address, target]])),
  );
  if (elsewhere.size === 0) return undefined;
  const isKnown = async (address: Address): Promise<boolean> =>
    (await memory?.knowsWhole(elsewhere.get(address)!)) === true;
  return new (await import("./fetch-ahead.ts")).FetchAhead([...elsewhere.keys()], options, signal, isKnown);
}

/** Opens a target as what it is: a repository, an image, a folder or file, or standard input. Throws ToolError where it is none of them. */
export async function openTarget(target: Target, options: ScanOptions, context: OpenContext): Promise<Source> {
  const { name, address } = target;
  switch (target.as) {
    case "git":
      return address === undefined
        ? openRepository(name, options, context)
        : (await import("./remote-target.ts")).openRemote(address, options, context);
    case "image":
      return openImageTarget(name, options, context);
    case "files":
      return openFolder(name, options);
    case "stdin":
      return openStdin();
    case "any":
      return openAny(name, options, context);
  }
}

/** An image at hand, on standard input, or of an engine; where there is no such file, one of a registry. */
async function openImageTarget(name: string, options: ScanOptions, context: OpenContext): Promise<Source> {
  const engine = parseEngineTarget(name);
  if (engine !== undefined)
    return (await import("./engine-target.ts")).openEngineTarget(name, engine, options, context);
  if (name === "-") return (await import("./archive-stream.ts")).openStreamedImage(name, undefined, context);
  if (!imagePrefix.test(name) && statSync(name, { throwIfNoEntry: false }) === undefined) {
    await checkPath(name);
    const { referenceOf, openRegistryTarget } = await import("./registry-target.ts");
    const reference = referenceOf(name);
    if (reference !== undefined) return openRegistryTarget(name, reference, options, context);
  }
  return openAtHand(name, context);
}

/** Throws ToolError for `PATH:TAG` where an image lies at that path: no registry is asked for what is here. */
async function checkPath(name: string): Promise<void> {
  const { spelledOut } = await import("../sources/image/index.ts");
  const meant = name.startsWith("docker://") ? undefined : await spelledOut(name);
  if (meant === undefined) return;
  const { referenceOf } = await import("./registry-target.ts");
  const elsewhere = referenceOf(name) === undefined ? "" : `, or docker://${name} for one in a registry`;
  throw new ToolError("usage", `${name} does not say what it is: before the colon stands the path of an image`, {
    hint: `Say ${meant} for the one here${elsewhere}.`,
  });
}

async function openAtHand(name: string, context: OpenContext): Promise<Source> {
  const { isSlow, openStreamedImage } = await import("./archive-stream.ts");
  if (await isSlow(name)) return openStreamedImage(name, name, context);
  return (await import("../sources/image/index.ts")).openImage(name, context);
}

/**
 * What to say of a target that could not be opened, or broke off. Rethrows what would break every other target as well.
 * The message of an unexpected error is not repeated: it can hold anything, and a run of that target alone shows it.
 */
export function unreachable(error: unknown, target: string): Problem {
  if (error instanceof ToolError && error.code === "worker") throw error;
  const code = codeOf(error);
  const message =
    error instanceof ToolError
      ? // The target stands before it.
        error.message.replace(`cannot fetch ${target}: `, "cannot be fetched: ")
      : /^E[A-Z0-9]+$/.test(code)
        ? `cannot be read (${code})`
        : "a fault in leaktrace ended its scan; leaktrace scan of it alone shows the fault";
  const isStopped = error instanceof ToolError && error.code === "interrupted";
  return { code: isStopped ? "interrupted" : "unreadable", effect: "incomplete", target, subject: target, message };
}

/**
 * With `--recurse-submodules`: each repository, and behind it those of its submodules that were initialised. Where a part of a repository was selected,
 * the working tree that `--worktree` asks for is a target of its own.
 */
export async function withSubmodules(targets: readonly Target[], options: ScanOptions): Promise<readonly Target[]> {
  const { recurseSubmodules, worktree, selection } = options;
  const hasOwnTree = worktree && selection !== undefined;
  if (!recurseSubmodules && !hasOwnTree) return targets;
  const { findRepository, submodulesOf } = await import("../sources/git/index.ts");
  return targets.flatMap((target) => {
    if (target.address !== undefined) return [target];
    const isRepository = target.as === "git" || (target.as === "any" && findRepository(target.name) !== undefined);
    if (!isRepository) return [target];
    const inside = recurseSubmodules ? submodulesOf(target.name) : [];
    return [
      target,
      ...inside.map((name) => ({ name, as: "git" as const })),
      ...(hasOwnTree ? [{ name: target.name, as: "files" as const }] : []),
    ];
  });
}

/** A repository, or the part of it that is asked for. `folder`: where it lies, if that is not its name. */
export async function openRepository(
  name: string,
  options: ScanOptions,
  context: OpenContext,
  folder = name,
): Promise<Source> {
  const { selection, maxTargetBytes, worktree } = options;
  switch (selection?.kind) {
    case undefined:
      return (await import("../sources/git/index.ts")).openGit(name, context, { worktree, folder });
    case "range": {
      const now = Math.floor(Date.now() / 1000);
      return (await import("../sources/git/range/index.ts")).openRange(name, selection, now, context, folder);
    }
    case "staged":
    case "unstaged": {
      const { indexOfHook, openChanges } = await import("../sources/git/staged/index.ts");
      const indexFile = indexOfHook(name, process.env);
      return openChanges(name, { kind: selection.kind, maxBytes: maxTargetBytes, indexFile }, context);
    }
  }
}

async function openAny(name: string, options: ScanOptions, context: OpenContext): Promise<Source> {
  if (name === "-" && options.selection === undefined) return openStdin();
  const { openImage, sniffImage } = await import("../sources/image/index.ts");
  const engine = parseEngineTarget(name);
  if (imagePrefix.test(name) && engine === undefined) return openImage(name, context);
  if (engine !== undefined && statSync(name, { throwIfNoEntry: false }) === undefined)
    return (await import("./engine-target.ts")).openEngineTarget(name, engine, options, context);
  let isFolder: boolean;
  try {
    isFolder = statSync(name).isDirectory();
  } catch (error) {
    const { referenceOf, openRegistryTarget } = await import("./registry-target.ts");
    const reference = referenceOf(name);
    if (options.selection === undefined) await checkPath(name);
    // A path that was mistyped is asked of no registry.
    if (reference?.isExplicit === true) return openRegistryTarget(name, reference, options, context);
    throw new ToolError("no-target", `${name} does not exist`, {
      hint: "a target is a repository, an image archive or OCI layout, a folder, a file, an address, host/name:tag, docker:name, or - for standard input",
      cause: error,
    });
  }
  if (isFolder) {
    const { findRepository } = await import("../sources/git/index.ts");
    if (findRepository(name) !== undefined) return openRepository(name, options, context);
  }
  if (options.selection !== undefined) {
    throw new ToolError("usage", `${name} is not a git repository: there are no commits to select from`, {
      hint: "Scan it in a run of its own, without --since, --until, --branch and --log-opts.",
    });
  }
  if ((await sniffImage(name)) !== undefined) return openAtHand(name, context);
  const { repositoriesAt } = await import("../sources/git/index.ts");
  return openFolder(name, options, repositoriesAt);
}

/** A folder or a file, with what builds would take of it into images. `repositoriesAt`: where repositories in it are to be read as such. */
function openFolder(
  name: string,
  { maxTargetBytes, followSymlinks }: ScanOptions,
  repositoriesAt?: (folder: string) => readonly string[],
): Source {
  const how = { maxBytes: maxTargetBytes, followSymlinks, ...(repositoriesAt === undefined ? {} : { repositoriesAt }) };
  const source = openFiles(name, how);
  return withBuilds(source, statSync(name).isDirectory() ? name : dirname(name));
}
