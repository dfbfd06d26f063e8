import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, open, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { ToolError } from "../model/problem.ts";
import { linePieces } from "../model/line-pieces.ts";
import { codeBehind, codeOf } from "../model/thrown.ts";

/** Only the owner can read a report: it tells where secrets are. */
const reportMode = 0o600;

/**
 * Makes sure before the scan that a report can be written; touches nothing. Throws ToolError `report-unwritable`.
 * `-` is standard output.
 */
export async function checkWritable(path: string): Promise<void> {
  if (path === "-") return;
  try {
    const kind = await kindOf(path);
    if (kind === "folder") throw new ToolError("report-unwritable", `cannot write the report: ${path} is a folder`);
    await access(kind === "special" ? path : dirname(path), constants.W_OK);
    const folder = await stat(dirname(path));
    if (!folder.isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
  } catch (error) {
    throw unwritable(path, error);
  }
}

/**
 * Writes a report: to a temporary file beside the target, which then takes its place whole; `-` goes to `stdout`; pipes and devices are
 * written as they are. Throws ToolError `report-unwritable`; a reader who closes standard output early is no error.
 */
export async function writeReport(
  path: string,
  lines: Iterable<string>,
  stdout: Writable = process.stdout,
): Promise<void> {
  if (path === "-") return writeLines(lines, stdout);
  try {
    if ((await kindOf(path)) === "special") {
      await using file = await open(path, "w");
      for (const piece of linePieces(lines)) await file.writeFile(piece);
      return;
    }
    const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomBytes(6).toString("hex")}.tmp`);
    try {
      {
        await using file = await open(temporary, "wx", reportMode);
        for (const piece of linePieces(lines)) await file.writeFile(piece);
        await file.sync();
      }
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Writes lines to a stream at the pace of its reader. Ends quietly when the reader has gone (EPIPE). */
export async function writeLines(lines: Iterable<string>, stream: Writable): Promise<void> {
  let failure: Error | undefined;
  const onError = (error: Error): void => {
    failure = error;
  };
  stream.on("error", onError);
  try {
    for (const piece of linePieces(lines)) {
      if (failure !== undefined) break;
      await new Promise<void>((resolve) => {
        stream.write(piece, () => resolve());
      });
    }
  } finally {
    // A late EPIPE of what is still under way would otherwise be an uncaught error.
    if (failure === undefined) stream.off("error", onError);
  }
  if (failure !== undefined && !isClosedPipe(failure)) throw unwritable("standard output", failure);
}

async function kindOf(path: string): Promise<"file" | "folder" | "special" | "none"> {
  const known = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (known === undefined) return "none";
  return known.isFile() ? "file" : known.isDirectory() ? "folder" : "special";
}

function isClosedPipe(error: Error): boolean {
  return codeOf(error) === "EPIPE" || codeOf(error) === "ERR_STREAM_DESTROYED";
}

function unwritable(path: string, error: unknown): ToolError {
  if (error instanceof ToolError) return error;
  return new ToolError("report-unwritable", `cannot write the report to ${path}${codeBehind(error)}`, {
    cause: error,
  });
}
