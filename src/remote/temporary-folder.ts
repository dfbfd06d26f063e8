import { readFileSync, readdirSync, lstatSync, mkdtempSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ToolError } from "../model/problem.ts";

/** A folder that only this user can look into. Gone when it is disposed of, and at the latest when the process ends. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

const prefix = "leaktrace-fetch-";

/** `leaktrace-fetch-<process>-<when it started>-<namespace of processes>-…`: who made it, so that others can tell whether he is still there. */
const nameForm = /^leaktrace-fetch-(\d+)-(\d+)-(\d+)-/;

/**
 * Makes one in the system's folder for such things, and removes those of runs that were killed. Throws ToolError where that folder is not there, or cannot
 * be written to.
 */
export function openTemporaryFolder(): TemporaryFolder {
  const path = makeFolder();
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  // A second signal ends the process without coming back to whoever holds the folder.
  process.once("exit", remove);
  return {
    path,
    [Symbol.dispose]() {
      process.off("exit", remove);
      remove();
    },
  };
}

function makeFolder(): string {
  try {
    const root = realpathSync(tmpdir());
    removeLeftovers(root);
    // mkdtemp makes it for its owner alone (0700).
    return mkdtempSync(join(root, `${prefix}${process.pid}-${startOf(process.pid)}-${namespace()}-`));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown trouble";
    throw new ToolError(
      "no-temporary-folder",
      `nothing can be put into the folder for temporary files, ${tmpdir()} (${code})`,
      {
        hint: "Set TMPDIR to a folder on a disk with room.",
        cause: error,
      },
    );
  }
}

/** Removes folders whose owners were this user's processes, on this machine, and are gone. */
function removeLeftovers(root: string): void {
  for (const name of listed(root)) {
    const [, pid, started, space] = nameForm.exec(name) ?? [];
    if (pid === undefined || space !== namespace() || isRunning(Number(pid), started!)) continue;
    const path = join(root, name);
    try {
      const facts = lstatSync(path);
      if (facts.isDirectory() && facts.uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another run removes it as well.
    }
  }
}

/** A folder that all may write to need not be one that all may list. */
function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isRunning(pid: number, started: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Whoever may not be signalled is there.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return started === "0" || startOf(pid) === started;
}

/** When a process started, in the system's own clock (proc(5), field 22 of `stat`); 0 where that cannot be known. */
function startOf(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    return /^\d+$/.exec(fields[19] ?? "")?.[0] ?? "0";
  } catch {
    return "0";
  }
}

/** Process numbers mean something within one of these only (pid_namespaces(7)): containers can share a folder. */
function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}
