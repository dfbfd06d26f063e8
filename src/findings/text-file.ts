import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { ToolError } from "../model/problem.ts";
import { codeOf } from "../model/thrown.ts";

/** Decision files and baselines are lists; one of this size is no list that people keep, and reading it would fill the memory. */
const maxFileBytes = 256 * 1024 * 1024;

/**
 * Reads a file of decisions. Gives undefined when there is none. What lies at the path can come from a scanned repository, so only a
 * regular file is read (opening a pipe would wait for ever). Throws ToolError `decisions-unreadable` for everything else.
 */
export async function readTextFile(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile()) throw new ToolError("decisions-unreadable", `${path} is not a regular file`);
    if (stat.size > maxFileBytes) throw new ToolError("decisions-unreadable", `${path} is too large (256 MiB at most)`);
    return await file.readFile("utf8");
  } catch (error) {
    if (error instanceof ToolError) throw error;
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new ToolError("decisions-unreadable", `cannot read ${path} (${code === "" ? "unknown error" : code})`, {
      cause: error,
    });
  }
}
