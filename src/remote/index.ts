/**
 * Repositories that are not on this machine. In: an address. Out: a folder with a bare repository that holds everything the other side offers, for the git
 * source to scan, until it is disposed of. Nothing of what comes is run or checked out; credentials go to the host that was asked, and into no message.
 */
import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../model/problem.ts";
import type { Address } from "./address.ts";
import { fetchError } from "./failure.ts";
import type { Fetcher } from "./fetchers.ts";
import { gitEnvironment } from "./git-environment.ts";
import { fetchWithGit } from "./git-program.ts";
import { openTemporaryFolder } from "./temporary-folder.ts";
import { fruitlessMs, silentMs, type Received } from "./watch.ts";

export type { Address } from "./address.ts";
export type { Fetcher } from "./fetchers.ts";

export interface FetchOptions {
  /** Absent: git where it is installed, else what is built in. */
  readonly fetcher: Fetcher | undefined;
  /** Of packs; so much is written to disk at most. Absent: `defaultMaxBytes`. */
  readonly maxBytes: number | undefined;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onReceived: (received: Received) => void;
}

export interface FetchedRepository extends Disposable {
  /** A bare repository. */
  readonly folder: string;
  /** What the other side offers and is not here. */
  readonly problems: readonly Problem[];
}

/** The largest public repositories take 40 GB. */
const defaultMaxBytes = 50e9;

/** So much of the disk's free room is left to others. */
const leftFree = 0.1;

/** Fetches all refs of a repository and their history. Throws ToolError where that fails; nothing is left on the disk then. */
export async function fetchRepository(address: Address, options: FetchOptions): Promise<FetchedRepository> {
  if (address.transport === "none") throw fetchError(address.url, "invalid-address", address.fault);
  if (address.transport === "file") return { folder: address.path, problems: [], [Symbol.dispose]: () => {} };
  const temporary = openTemporaryFolder();
  try {
    const folder = join(temporary.path, "repository");
    const { bavail, bsize } = statfsSync(temporary.path);
    const maxBytes = Math.min(options.maxBytes ?? defaultMaxBytes, Math.floor(bavail * bsize * (1 - leftFree)));
    const transfer = {
      ...{ address, folder, signal: options.signal, onReceived: options.onReceived },
      bounds: { maxBytes, silentMs, fruitlessMs },
    };
    const env = await gitEnvironment(address, temporary.path, options.env);
    if (env === undefined) throw fetchError(address.url, "no-git");
    const problems = await fetchWithGit(transfer, env, temporary.path);
    plainConfiguration(folder);
    return { folder, problems, [Symbol.dispose]: () => temporary[Symbol.dispose]() };
  } catch (error) {
    temporary[Symbol.dispose]();
    throw error;
  }
}

/** Leaves in the configuration only how the repository is kept: what was scanned should not depend on how it came here. */
function plainConfiguration(folder: string): void {
  const path = join(folder, "config");
  const extensions = readFileSync(path, "utf8").match(/^\s*(?:objectformat|refstorage) = \w+$/gim) ?? [];
  writeFileSync(path, configurationOf(extensions.map((line) => line.trim())));
  for (const name of ["FETCH_HEAD", "description", "branches", "hooks", "info"])
    rmSync(join(folder, name), { recursive: true, force: true });
}

/** The configuration of a bare repository (git-config, `core.repositoryFormatVersion`). */
function configurationOf(extensions: readonly string[]): string {
  const lines = extensions.length === 0 ? [] : ["[extensions]", ...extensions.map((line) => `\t${line}`)];
  const version = extensions.length === 0 ? 0 : 1;
  return ["[core]", `\trepositoryformatversion = ${version}`, "\tbare = true", ...lines, ""].join("\n");
}
