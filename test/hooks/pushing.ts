import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRepository, gitEnvironment, openWorkshop, type Workshop } from "../../fixtures/git/workshop.ts";
import { createRandom } from "../../src/rules/random.ts";
import { fillTemplate } from "../../src/rules/templates.ts";

const program = join(import.meta.dirname, "../../bin/leaktrace.js");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A clone with the hook's program on hand, and the bare repository that it pushes to. */
export interface Desk extends Workshop {
  readonly remote: Workshop;
  /** `git push`, with hooks. */
  push(...args: readonly string[]): Ran;
  /** Runs the built program in the clone. */
  leaktrace(args: readonly string[], input?: string, environment?: NodeJS.ProcessEnv): Ran;
}

/** A value that looks real and never was. */
export function madeSecret(seed: string): string {
  return fillTemplate("${gen:github-pat}", createRandom(seed));
}

/** Makes a bare repository and a clone of it in a folder; `options` go to `git init`. */
export function makeDesk(folder: string, ...options: readonly string[]): Desk {
  mkdirSync(folder, { recursive: true });
  const remote = createRepository(join(folder, "remote.git"), "--bare", ...options);
  const shop = createRepository(join(folder, "work"), ...options);
  shop.git("remote", "add", "origin", remote.path);
  return desk(shop, remote);
}

/** Works on a clone that is there already. */
export function openDesk(path: string, remote: Workshop): Desk {
  return desk(openWorkshop(path), remote);
}

function desk(shop: Workshop, remote: Workshop): Desk {
  // Without a `leaktrace` on the path, whatever the machine has installed: the hook then takes the program that installed it.
  const bin = join(shop.path, "..", "bin");
  mkdirSync(bin, { recursive: true });
  for (const name of ["git", "sh", "cat", "node", "sed"]) {
    const found = spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).stdout.toString().trim();
    if (found !== "") writeFileSync(join(bin, name), `#!/bin/sh\nexec '${found}' "$@"\n`, { mode: 0o755 });
  }
  const environment = (): NodeJS.ProcessEnv => ({ ...gitEnvironment(), PATH: bin });
  const run = (command: string, args: readonly string[], input: string, env: NodeJS.ProcessEnv): Ran => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: shop.path, input, env, encoding: "utf8" });
    return { code: status, stdout, stderr };
  };
  return {
    ...shop,
    remote,
    push: (...args) => run(join(bin, "git"), ["push", ...args], "", environment()),
    leaktrace: (args, input = "", more = {}) =>
      run(process.execPath, [program, ...args], input, { ...environment(), ...more }),
  };
}
