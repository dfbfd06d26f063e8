import { spawn, spawnSync } from "node:child_process";
import type { ProgramStart } from "../outside.ts";

/** Runs a program on the terminal, which must have been given back, until it ends. Gives what went wrong, or nothing. */
export function runOnTerminal({ command, args }: ProgramStart): string {
  const { error, status } = spawnSync(command, args, { stdio: "inherit" });
  if (error !== undefined) return `the editor could not be started: ${error.message}`;
  return status === 0 ? "" : `the editor ended with ${status ?? "a signal"}`;
}

/** Starts a program of the desktop and leaves it alone. */
export function startBeside({ command, args }: ProgramStart): void {
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  // It may be gone again: the address stands on the screen.
  child.on("error", () => {});
  child.unref();
}
