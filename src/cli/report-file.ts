import { createReadStream, type ReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { readReport, readReportAsItComes } from "../findings/index.ts";
import type { Finding, Report } from "../model/finding.ts";
import { linesIn } from "./file-lines.ts";

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
  return readReport(linesIn(inputOf(path), path));
}

/** A report that is being read. */
export interface ReportReading {
  /** Of the file, so far. */
  readonly bytesRead: () => number;
  /** Stops; `rest` then tells what was there. */
  readonly stop: () => void;
  /** All but the findings, once it is read. */
  readonly rest: Promise<Omit<Report, "findings">>;
}

/** Reads a report as `readReportFile` does, and gives each finding away as soon as it is there. */
export function startReadingReport(path: string, take: (finding: Finding) => void): ReportReading {
  const input = inputOf(path);
  let isStopped = false;
  return {
    bytesRead: () => ("bytesRead" in input ? input.bytesRead : 0),
    stop: () => {
      isStopped = true;
      input.destroy();
    },
    rest: readReportAsItComes(
      linesIn(input, path, () => isStopped),
      take,
    ),
  };
}

function inputOf(path: string): ReadStream | NodeJS.ReadStream {
  return path === "-" ? process.stdin : createReadStream(path);
}

async function beginsLikeReport(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  const start = '{"schema":1,"kind":"';
  const { buffer, bytesRead } = await file.read(Buffer.alloc(start.length), 0, start.length, 0);
  return buffer.toString("latin1", 0, bytesRead) === start;
}
