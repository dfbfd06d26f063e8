/**
 * Repositories that are not on this machine. In: an address. Out: a folder with a bare repository that holds everything the other side offers, for the git
 * source to scan, until it is disposed of. Nothing of what comes is run or checked out; credentials go to the host that was asked, and into no message.
 */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { ToolError, type Problem } from "../model/problem.ts";
import type { Address } from "./address.ts";
import { Failure, fetchError } from "./failure.ts";
import type { Fetcher } from "./fetchers.ts";
import { ask, gitEnvironment } from "./git-environment.ts";
import { fetchWithGit, type Transfer } from "./git-program.ts";
import { reduceLayout } from "./layout.ts";
import { fetchedRefs, listedRefs } from "./refs-digest.ts";
import { openTemporaryFolder } from "./temporary-folder.ts";
import { fruitlessMs, silentMs, type Received } from "./watch.ts";

export type { Address } from "./address.ts";
export { NotFetched } from "./failure.ts";
export type { Fetcher } from "./fetchers.ts";
export type { Received } from "./watch.ts";

export interface FetchOptions {
  /** Absent: git where it is installed, else what is built in. */
  readonly fetcher: Fetcher | undefined;
  /** Of packs; so much is written to disk at most. Absent: `defaultMaxBytes`. */
  readonly maxBytes: number | undefined;
  /** What it may take of the room that others leave on the disk, from 0 to 1. */
  readonly roomShare: number;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onReceived: (received: Received) => void;
}

export interface FetchedRepository extends Disposable {
  /** A bare repository. */
  readonly folder: string;
  /** What the other side offers and is not here. */
  readonly problems: readonly Problem[];
  /** Tells its refs from all others, as `offeredRefs` does; undefined where that cannot be told. */
  readonly refs: Uint8Array | undefined;
}

/** The largest public repositories take 40 GB. */
const defaultMaxBytes = 50e9;

/** A list of refs is there at once, or is not waited for. */
const listMs = 30_000;

/** So much of the disk's free room is left to others. */
const leftFree = 0.1;

/** Fetches all refs of a repository and their history. Throws ToolError where that fails; nothing is left on the disk then. */
export async function fetchRepository(address: Address, options: FetchOptions): Promise<FetchedRepository> {
  if (address.transport === "none") throw fetchError(address.url, "invalid-address", address.fault);
  if (address.transport === "file")
    return { folder: address.path, problems: [], refs: undefined, [Symbol.dispose]: () => {} };
  const temporary = openTemporaryFolder();
  try {
    const folder = join(temporary.path, "repository");
    const { bavail, bsize } = statfsSync(temporary.path);
    const maxBytes = Math.min(
      options.maxBytes ?? defaultMaxBytes,
      Math.floor(bavail * bsize * (1 - leftFree) * options.roomShare),
    );
    const transfer = {
      ...{ address, folder, signal: options.signal, onReceived: options.onReceived },
      bounds: { maxBytes, silentMs, fruitlessMs },
    };
    const problems = await transferBy(options.fetcher, transfer, temporary.path, options.env);
    return { folder, problems, refs: fetchedRefs(folder), [Symbol.dispose]: () => temporary[Symbol.dispose]() };
  } catch (error) {
    temporary[Symbol.dispose]();
    throw error instanceof Failure ? fetchError(address.url, error.reason, error.detail) : error;
  }
}

/**
 * Asks a repository for its refs alone: gives what `fetchRepository` would tell of them. Undefined where it offers none, or cannot be asked: a fetch tells why.
 */
export async function offeredRefs(
  address: Address,
  { fetcher, signal, env }: Pick<FetchOptions, "fetcher" | "signal" | "env">,
): Promise<Uint8Array | undefined> {
  if (address.transport === "none" || address.transport === "file") return undefined;
  using temporary = openTemporaryFolder();
  const cwd = temporary.path;
  try {
    const environment = fetcher === "builtin" ? undefined : await gitEnvironment(address, cwd, env);
    if (environment !== undefined) {
      const listed = await ask(["ls-remote", "--refs", "--", address.url], environment, cwd, "", signal);
      return listed === undefined ? undefined : listedRefs(listed);
    }
    if (fetcher === "git" || address.transport === "ssh") return undefined;
    const { offeredBuiltin } = await import("./builtin.ts");
    const bounds = { maxBytes: 0, silentMs: listMs, fruitlessMs: listMs };
    return await offeredBuiltin({ address, folder: cwd, bounds, signal, onReceived: () => {} });
  } catch (error) {
    if (error instanceof Failure || error instanceof ToolError) return undefined;
    throw error;
  }
}

async function transferBy(
  fetcher: Fetcher | undefined,
  transfer: Transfer,
  cwd: string,
  env: FetchOptions["env"],
): Promise<readonly Problem[]> {
  const { address, folder } = transfer;
  const environment = fetcher === "builtin" ? undefined : await gitEnvironment(address, cwd, env);
  if (environment !== undefined) {
    const problems = await fetchWithGit(transfer, environment, cwd);
    reduceLayout(folder);
    return problems;
  }
  if (fetcher === "git") throw new Failure("no-git", "git is not installed");
  if (address.transport === "ssh") throw new Failure("no-git");
  const { fetchBuiltin } = await import("./builtin.ts");
  return fetchBuiltin(transfer);
}
