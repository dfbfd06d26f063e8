import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

export interface PlaceOptions {
  /** `--cache-dir`. */
  readonly asked?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/**
 * The folder of the cache: what was asked for, `LEAKTRACE_CACHE_DIR`, else `leaktrace` in the user's cache folder: `%LOCALAPPDATA%` on Windows,
 * `~/Library/Caches` on macOS, elsewhere `$XDG_CACHE_HOME` or `~/.cache` (XDG Base Directory Specification: a relative path there counts for nothing).
 */
export function cacheFolder({ asked, env, platform }: PlaceOptions): string {
  const named = [asked, env["LEAKTRACE_CACHE_DIR"]].find((path) => path !== undefined && path !== "");
  return named === undefined ? join(userFolder(env, platform), "leaktrace") : resolve(named);
}

function userFolder(env: PlaceOptions["env"], platform: NodeJS.Platform): string {
  if (platform === "win32") return env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local");
  if (platform === "darwin") return join(homedir(), "Library", "Caches");
  const asked = env["XDG_CACHE_HOME"] ?? "";
  return isAbsolute(asked) ? asked : join(homedir(), ".cache");
}
