import { randomBytes } from "node:crypto";
import { lstat, open, readFile, rename, unlink, writeFile, chmod } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../disk/index.ts";
import { ToolError } from "../model/problem.ts";
import { codeBehind, codeOf } from "../model/thrown.ts";
import { formerName, hookScript, isOurHook, type HookName, type Installer } from "./script.ts";

/** What lies where git looks for the hook. */
export interface HookState {
  /** Path of the hook. */
  readonly path: string;
  readonly hook: "none" | "ours" | "other";
  /** A hook that ours calls first lies beside it. */
  readonly hasFormer: boolean;
}

/** git runs what its owner may execute; hooks hold nothing secret. */
const hookMode = 0o755;
/** Hooks are short; more than this of one need not be read to know whose it is. */
const headBytes = 256;

/** Looks at the hook in a folder of hooks. */
export async function hookState(folder: string, hook: HookName): Promise<HookState> {
  const path = join(folder, hook);
  const hasFormer = (await kindOf(hook, join(folder, formerName(hook)))) !== "none";
  return { path, hook: await kindOf(hook, path), hasFormer };
}

/**
 * Installs the hook, or brings it up to date. A hook that is there already is kept beside it, byte for byte, and called by ours first.
 * Throws ToolError where that would cost a hook that was kept before. Gives what was there.
 */
export async function installHook(folder: string, hook: HookName, installer: Installer): Promise<HookState> {
  const before = await hookState(folder, hook);
  const former = join(folder, formerName(hook));
  if (before.hook === "other" && before.hasFormer && !(await areSame(before.path, former))) {
    throw new ToolError(
      "hook-exists",
      `${before.path} was written by another program after leaktrace was installed, and ${formerName(hook)} beside it holds an older hook`,
      {
        hint: `Neither is overwritten: keep what you need of ${former} and remove it, then install again.`,
      },
    );
  }
  try {
    makeFolder(folder);
    const temporary = join(folder, `${hook}.${randomBytes(6).toString("hex")}.tmp`);
    try {
      await writeFile(temporary, hookScript(hook, installer), { flag: "wx", mode: hookMode });
      // The mode given above is cut down by the umask.
      await chmod(temporary, hookMode);
      if (before.hook === "other" && !before.hasFormer) {
        await rename(before.path, former);
        await rename(temporary, before.path).catch(async (error: unknown) => {
          await rename(former, before.path);
          throw error;
        });
      } else await rename(temporary, before.path);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw unwritable(folder, error);
  }
  return before;
}

/** Takes the hook away and puts back the one that was there before. Leaves a hook that is not ours alone. Gives what was there. */
export async function uninstallHook(folder: string, hook: HookName): Promise<HookState> {
  const before = await hookState(folder, hook);
  if (before.hook !== "ours") return before;
  try {
    if (before.hasFormer) await rename(join(folder, formerName(hook)), before.path);
    else await unlink(before.path);
  } catch (error) {
    throw unwritable(folder, error);
  }
  return before;
}

async function kindOf(hook: HookName, path: string): Promise<HookState["hook"]> {
  const stat = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
    throw unwritable(path, error);
  });
  if (stat === undefined) return "none";
  if (!stat.isFile()) return "other";
  try {
    await using file = await open(path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return isOurHook(hook, buffer.toString("latin1", 0, bytesRead)) ? "ours" : "other";
  } catch {
    return "other";
  }
}

async function areSame(a: string, b: string): Promise<boolean> {
  try {
    const [first, second] = await Promise.all([readFile(a), readFile(b)]);
    return first.equals(second);
  } catch {
    return false;
  }
}

function unwritable(path: string, error: unknown): ToolError {
  if (error instanceof ToolError) return error;
  return new ToolError("hook-unwritable", `cannot change the hook in ${path}${codeBehind(error)}`, { cause: error });
}
