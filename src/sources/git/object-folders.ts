import { join } from "node:path";
import { unquote } from "../../content/git/alternates.ts";
import type { Repository } from "./repository.ts";

/**
 * Object folders of a repository as a program sees them that git has started in it: while a push is received, what comes in lies in a folder that
 * `GIT_OBJECT_DIRECTORY` names, and the repository's own is one of `GIT_ALTERNATE_OBJECT_DIRECTORIES` (git, "Environment variables").
 */
export function objectFolders(repository: Repository, env: NodeJS.ProcessEnv): string[] {
  const own = join(repository.commonDir, "objects");
  const first = env["GIT_OBJECT_DIRECTORY"];
  const more = splitFolders(env["GIT_ALTERNATE_OBJECT_DIRECTORIES"] ?? "");
  return [...(first === undefined || first === "" ? [] : [first]), own, ...more];
}

/** Folders with `:` (Windows: `;`) between them; one in quotes is written as in C and may hold the sign itself. */
function splitFolders(text: string): string[] {
  const sign = process.platform === "win32" ? ";" : ":";
  const parts = text.match(new RegExp(`"(?:[^"\\\\]|\\\\.)*"|[^${sign}]+`, "gs")) ?? [];
  return parts.map((part) => unquote(part));
}
