import { spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { program, type Ran } from "../cli/scan-program.ts";

/** A user with a home, a folder for temporary things, and no configuration but what the test writes. */
export interface User {
  readonly home: string;
  readonly temporary: string;
  readonly env: NodeJS.ProcessEnv;
}

export function createUser(folder: string): User {
  const home = join(folder, "home");
  const temporary = join(folder, "tmp");
  mkdirSync(home, { recursive: true });
  mkdirSync(temporary, { recursive: true });
  const kept = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^GIT_|^SSH_|_proxy$|^XDG_/i.test(name)),
  );
  return { home, temporary, env: { ...kept, HOME: home, TMPDIR: temporary } };
}

/** What is left of fetches. */
export function leftovers({ temporary }: User): string[] {
  return readdirSync(temporary);
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ran>;
}

/** Runs the built program beside the test, which serves what it asks for. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv, cwd = process.cwd()): Running {
  // A scan that hangs is a failure of its test, not of the whole run.
  const child = spawn(process.execPath, [program, ...args], { env, cwd, timeout: 25_000, killSignal: "SIGKILL" });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (piece: string) => (text[name] += piece));
  child.stdin.end();
  const ended = new Promise<Ran>((done) => child.once("close", (code) => done({ code, ...text })));
  return { pid: child.pid!, ended };
}

/** The same, to its end. */
export function scan(args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<Ran> {
  return start(args, env, cwd).ended;
}
