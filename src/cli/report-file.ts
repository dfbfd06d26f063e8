import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { readReport } from "../findings/index.ts";
import type { Report } from "../model/finding.ts";

/** Whether a path is a report in JSON lines: a regular file that is called `.jsonl` or begins like one of ours. */
export async function isReportFile(path: string): Promise<boolean> {
  // Only a regular file: looking into a pipe would take away its beginning, and may wait for ever.
  const isFile = await stat(path).then(
    (known) => known.isFile(),
    () => false,
  );
  return isFile && (path.endsWith(".jsonl") || (await beginsLikeReport(path)));
}

/** Reads a report in JSON lines from a file, or (`-`) from standard input. Throws ToolError where it is damaged. */
export function readReportFile(path: string): Promise<Report> {
  const input = path === "-" ? process.stdin : createReadStream(path);
  return readReport(createInterface({ input, crlfDelay: Infinity }));
}

async function beginsLikeReport(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  const start = '{"schema":1,"kind":"';
  const { buffer, bytesRead } = await file.read(Buffer.alloc(start.length), 0, start.length, 0);
  return buffer.toString("latin1", 0, bytesRead) === start;
}
