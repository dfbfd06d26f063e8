import { ToolError } from "../model/problem.ts";
import { sanitize } from "../model/sanitize.ts";

/** Every exit code of the program. `--exit-code` replaces `found`; `findings/gate.ts` chooses among the first four. */
export const exitCodes = {
  clean: 0,
  found: 1,
  /** Wrong usage, configuration or rules, an output that cannot be written, or a bug. */
  usage: 2,
  /** Nothing found, but not everything was scanned. */
  incomplete: 3,
  interrupted: 130,
  terminated: 143,
  hungUp: 129,
} as const;

/** Tells of trouble that stopped the run, on stderr: one line and a hint for what the user can change, a stack for what only we can. */
export function reportFailure(error: unknown, stderr: (text: string) => void): number {
  if (error instanceof ToolError) {
    stderr(`leaktrace: ${sanitize(error.message)}\n`);
    if (error.hint !== undefined) stderr(`  ${sanitize(error.hint)}\n`);
    return exitCodes.usage;
  }
  const refusal = systemRefusal(error);
  if (refusal !== undefined) {
    stderr(`leaktrace: ${sanitize(refusal)}\n`);
    return exitCodes.usage;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr(`leaktrace: this is a bug, please report it\n`);
  for (const line of stack.split("\n")) stderr(`  ${sanitize(line)}\n`);
  return exitCodes.usage;
}

/** What the system had none left of, or no longer has: nobody's bug. */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the quota of the disk is used up",
  EROFS: "the file system can only be read",
  EMFILE: "too many files are open (ulimit -n)",
  ENFILE: "too many files are open on this machine",
  ENOMEM: "no memory is left",
  EIO: "the disk or the terminal does not answer",
};

function systemRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const { code, syscall = "", path = "" } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" && syscall === "uv_cwd") return "the current folder is gone; change to one that is there";
  const why = refusals[String(code)];
  return why === undefined ? undefined : `${why} (${[code, syscall, path].filter((word) => word !== "").join(" ")})`;
}

/** A running command's way to hear of Ctrl-C, SIGTERM and the end of its terminal. */
export interface Interruption extends Disposable {
  /** Aborted by the first signal: stop taking work, write what was found. */
  readonly signal: AbortSignal;
  /** What the program exits with: the signal's code once one came, else `code`. */
  exitCode(code: number): number;
}

/**
 * Listens to SIGINT, SIGTERM and SIGHUP until it is disposed of. The first one asks the command to stop; the second ends the process at once,
 * for whoever does not want to wait for the report.
 */
export function listenForInterruption(stderr: (text: string) => void): Interruption {
  const controller = new AbortController();
  let code: number | undefined;
  const on = (signalCode: number) => (): void => {
    if (code !== undefined) process.exit(signalCode);
    code = signalCode;
    stderr("\nleaktrace: stopping; what was found is being written (again: leave at once)\n");
    controller.abort();
  };
  const listeners = [
    ["SIGINT", on(exitCodes.interrupted)],
    ["SIGTERM", on(exitCodes.terminated)],
    ["SIGHUP", on(exitCodes.hungUp)],
  ] as const;
  for (const [name, listener] of listeners) process.on(name, listener);
  return {
    signal: controller.signal,
    exitCode: (other) => code ?? other,
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}

/**
 * Lets readers of our output go away without a word: `leaktrace … | head` is no error, nor is a terminal that was closed. A result that cannot be written for
 * another reason ends the program: its exit code would speak of a report that is not there. Of what stderr cannot take nobody can be told.
 */
export function watchOutput({ stdout, stderr }: Pick<NodeJS.Process, "stdout" | "stderr">): void {
  stderr.on("error", () => undefined);
  stdout.on("error", ({ code = "unknown trouble" }: NodeJS.ErrnoException) => {
    if (code === "EPIPE" || code === "EIO") return;
    stderr.write(`leaktrace: cannot write to standard output (${code})\n`);
    process.exit(exitCodes.usage);
  });
}
