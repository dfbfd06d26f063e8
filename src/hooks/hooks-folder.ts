import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

export interface HookPlaces {
  /** Where git runs the hook: the top of the working tree, or a bare repository. */
  readonly root: string;
  /** The folder with the repository's objects and refs; worktrees share it, and its hooks. */
  readonly commonDir: string;
  /** `core.hooksPath` as the repository's own configuration has it. */
  readonly configured: () => Promise<string | undefined>;
}

/** Long enough for a slow disk. */
const gitMs = 10_000;

/**
 * The folder in which git looks for hooks. git itself is asked where it is there, because the setting can also come from the user, the
 * machine, or an included file; without git the repository's own configuration counts.
 */
export async function hooksFolder({ root, commonDir, configured }: HookPlaces): Promise<string> {
  const told = await askGit(root);
  if (told !== undefined) return resolve(root, told);
  const path = await configured();
  if (path === undefined) return join(commonDir, "hooks");
  return resolve(root, path.replace(/^~(?=\/|$)/, homedir()));
}

function askGit(root: string): Promise<string | undefined> {
  return new Promise((done) => {
    execFile("git", ["rev-parse", "--git-path", "hooks"], { cwd: root, timeout: gitMs }, (error, stdout) => {
      const path = stdout.replace(/\r?\n$/, "");
      done(error === null && path !== "" ? path : undefined);
    });
  });
}
