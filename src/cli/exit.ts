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
} as const;

/** Tells of trouble that stopped the run, on stderr: one line and a hint for what the user can change, a stack for what only we can. */
export function reportFailure(error: unknown, stderr: (text: string) => void): number {
  if (error instanceof ToolError) {
    stderr(`leaktrace: ${sanitize(error.message)}\n`);
    if (error.hint !== undefined) stderr(`  ${sanitize(error.hint)}\n`);
    return exitCodes.usage;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr(`leaktrace: this is a bug, please report it\n`);
  for (const line of stack.split("\n")) stderr(`  ${sanitize(line)}\n`);
  return exitCodes.usage;
}

/** A running command's way to hear of Ctrl-C and SIGTERM. */
export interface Interruption extends Disposable {
  /** Aborted by the first signal: stop taking work, write what was found. */
  readonly signal: AbortSignal;
  /** What the program exits with: the signal's code once one came, else `code`. */
  exitCode(code: number): number;
}

/**
 * Listens to SIGINT and SIGTERM until it is disposed of. The first one asks the command to stop; the second ends the process at once,
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
  const onInterrupt = on(exitCodes.interrupted);
  const onTerminate = on(exitCodes.terminated);
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return {
    signal: controller.signal,
    exitCode: (other) => code ?? other,
    [Symbol.dispose]() {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
    },
  };
}

/** Lets readers of our output go away without a word: `leaktrace … | head` is no error. */
export function tolerateClosedPipes(streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
