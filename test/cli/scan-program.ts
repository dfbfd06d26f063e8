import { execFile, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { createRandom } from "../../src/rules/random.ts";

/** The built program. */
export const program = fileURLToPath(new URL("../../bin/leaktrace.js", import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs the built program as a user does. */
export function leaktrace(args: readonly string[], options: RunOptions = {}): Ran {
  const { status, stdout, stderr }: SpawnSyncReturns<string> = spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    cwd: options.cwd,
    input: options.input ?? "",
    env: options.env ?? process.env,
    maxBuffer: 1 << 28,
    // A scan that hangs is a failure of its test, not of the whole run.
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  return { code: status, stdout, stderr };
}

/** The same beside the test, which can serve it meanwhile. */
export function leaktraceAside(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { encoding: "utf8", maxBuffer: 1 << 28, timeout: 60_000, killSignal: "SIGKILL", env } as const;
    const child = execFile(process.execPath, [program, ...args], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** A folder of the test file's own; gone when it is done. */
export function scratch(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "leaktrace-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A configuration with one rule: what it finds is what `probe` gives, and nothing else. */
export function probeRules(folder: string): string {
  const path = join(folder, "probe.toml");
  writeFileSync(
    path,
    `[[rules]]\nid = "probe"\ndescription = "A token of the tests"\nregex = '''\\b(prb_[0-9A-Za-z]{30})\\b'''\nkeywords = ["prb_"]\n`,
  );
  return path;
}

/** A token that the rule of `probeRules` finds. */
export function probe(seed: string | number): string {
  return `prb_${createRandom(seed).chars("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 30)}`;
}

/** One entry of the JSON report, as far as tests look at it. */
export interface Entry {
  readonly RuleID: string;
  readonly Secret: string;
  readonly Match: string;
  readonly File: string;
  readonly Commit: string;
  readonly Author: string;
  readonly Email: string;
  readonly Date: string;
  readonly Message: string;
  readonly StartLine: number;
  readonly StartColumn: number;
  readonly Fingerprint: string;
  readonly Image?: string;
  readonly Deleted?: boolean;
}

/** The entries of a JSON report on standard output. */
export function entriesOf({ stdout }: Ran): Entry[] {
  const parsed: unknown = JSON.parse(stdout);
  if (!Array.isArray(parsed)) throw new Error("the report is no array");
  // Our own report; tests compare the fields that they name.
  return parsed as Entry[];
}
