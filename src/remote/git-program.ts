import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../model/problem.ts";
import type { Address } from "./address.ts";
import { Failure, type Reason } from "./failure.ts";
import { ask } from "./git-environment.ts";
import { ignoredRefs, receivedObjects, reasonOf } from "./git-messages.ts";
import { usageOf, type Usage } from "./process-usage.ts";
import { Watch, type Bounds, type Received } from "./watch.ts";

/** How often the folder is looked at while git writes. */
const lookMs = 200;
/** What git writes is kept so far back: the reason stands at its end. */
const keptText = 1 << 16;
const longestLine = 1 << 12;
/** What git and the server say of their progress, and a line for each ref with an odd name. */
const mostHeard = 1 << 25;
/** Memory that git may take: for a list of refs, which a server need not end, … */
const freeMemory = 3 << 28;
/** … and so much for each byte of a pack: an object takes some hundred bytes while it is indexed, and some thirty in the pack. */
const memoryShare = 8;
/** Seconds of processors for a pack that is small, and bytes that are indexed in one: five times as many in the largest histories. A pack can make a thousand times its size. */
const freeSeconds = 30;
const bytesPerSecond = 1e6;

function isBeyond({ memory, seconds }: Usage, bytes: number): boolean {
  return memory > freeMemory + memoryShare * bytes || seconds > freeSeconds + bytes / bytesPerSecond;
}

export interface Transfer {
  readonly address: Extract<Address, { transport: "http" | "https" | "ssh" }>;
  /** Where the bare repository comes; not there yet. */
  readonly folder: string;
  readonly bounds: Bounds;
  readonly signal: AbortSignal;
  readonly onReceived: (received: Received) => void;
}

/**
 * Has git fetch everything that a repository offers: all refs and their history. `env`: see `gitEnvironment`. Gives what was left behind. Throws
 * Failure where nothing could be fetched; git and all that it started have ended then.
 */
export async function fetchWithGit(
  { address, folder, bounds, signal, onReceived }: Transfer,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<readonly Problem[]> {
  const { url } = address;
  if (signal.aborted) throw new Failure("interrupted");
  const args = ["clone", "--mirror", "--template=", "--progress", "--", url, folder];
  // In a session of its own nothing can ask at the terminal, and all of it can be ended at once.
  const git = spawn("git", args, { cwd, env, detached: true, stdio: ["ignore", "ignore", "pipe"] });
  const watch = new Watch(bounds);
  let text = "";
  let line = "";
  let refsLeft = 0;
  let objects = 0;
  let heard = 0;
  let stopped: Reason | undefined;
  const stop = (reason: Reason): void => {
    stopped ??= reason;
    kill(git);
  };
  const onAbort = (): void => stop("interrupted");
  const onExit = (): void => kill(git);
  signal.addEventListener("abort", onAbort);
  process.once("exit", onExit);
  git.stderr.setEncoding("utf8").on("data", (piece: string) => {
    watch.hear();
    heard += piece.length;
    if (heard > mostHeard) stop("fruitless");
    objects = receivedObjects(piece) ?? objects;
    const lines = (line + piece).split("\n");
    line = lines.pop()!.slice(-longestLine);
    refsLeft += ignoredRefs(lines);
    text = (text + piece).slice(-keptText);
  });
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    const bytes = await packBytes(folder);
    onReceived({ bytes, objects });
    const isTooMuch = git.pid !== undefined && isBeyond(await usageOf(git.pid), bytes);
    const excess = isTooMuch ? "too-large" : watch.look(bytes);
    if (excess !== undefined) stop(excess);
    isLooking = false;
  };
  const timer = setInterval(() => void look(), lookMs);
  try {
    const code = await new Promise<number | null>((done, fail) => {
      git.once("error", fail);
      git.once("close", done);
    });
    if (stopped === undefined && code === 0) await look();
    if (stopped !== undefined) throw new Failure(stopped);
    if (code !== 0) throw new Failure(reasonOf(text));
    if (isEmpty(folder) && address.transport !== "ssh" && !(await speaksGit(url, env, cwd)))
      throw new Failure("not-a-repository");
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", onAbort);
    process.off("exit", onExit);
  }
  if (refsLeft === 0) return [];
  const message = `${refsLeft === 1 ? "a ref" : `${refsLeft} refs`} of the repository cannot be fetched: git takes no such names`;
  return [{ code: "unsupported", effect: "incomplete", target: url, subject: url, message }];
}

/** A repository without refs has nothing to fetch. */
function isEmpty(folder: string): boolean {
  return !existsSync(join(folder, "packed-refs")) && !existsSync(join(folder, "reftable"));
}

/**
 * Whether a server that named no refs speaks git's protocol at all (gitprotocol-http, "Smart Server Response"). Any other page of text without a tab is
 * an empty repository to git, such as one that asks people to log in.
 */
async function speaksGit(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<boolean> {
  const trace = join(cwd, "trace");
  await ask(["ls-remote", "--", url], { ...env, GIT_TRACE_PACKET: trace }, cwd, "");
  const text = await readFile(trace, "utf8").catch(() => "");
  return /packet: +\S*< (?:# service=git-upload-pack|version 2)/.test(text);
}

function kill(git: ChildProcess): void {
  if (git.pid === undefined || git.exitCode !== null || git.signalCode !== null) return;
  try {
    process.kill(-git.pid, "SIGKILL");
  } catch {
    git.kill("SIGKILL");
  }
}

/** Bytes of packs, those that are being written too. */
async function packBytes(folder: string): Promise<number> {
  const packs = join(folder, "objects", "pack");
  const names = await readdir(packs).catch(() => []);
  const sizes = await Promise.all(
    names
      .filter((name) => !name.endsWith(".idx"))
      .map((name) =>
        stat(join(packs, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
