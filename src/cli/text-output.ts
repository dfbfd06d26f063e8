import { fstatSync } from "node:fs";
import type { Writable } from "node:stream";
import { gate } from "../findings/index.ts";
import type { Report } from "../model/finding.ts";
import {
  formats,
  type FormatName,
  loadWidths,
  problemText,
  summaryLine,
  writeLines,
  writeReport,
  type ReportOptions,
} from "../report/index.ts";
import { lineLinks } from "./line-links.ts";
import { logLevels, type LogLevel, type ScanOptions } from "./options.ts";

/** Columns taken for a terminal that does not tell its own. */
const defaultColumns = 80;

/** Wider lines are hard to read, however wide the terminal is. */
const maxColumns = 200;

/** Problems named on stderr; the report holds all of them. */
const maxProblems = 100;

/** Formats that tell the web page of a place. */
const linkedFormats: ReadonlySet<FormatName> = new Set(["json", "csv", "junit", "markdown", "html", "template"]);

/** A stream that may be a terminal, and may know its width. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Its file, where it is one of this process. */
  readonly fd?: number;
}

export interface OutputStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Ends a scan: writes the report where it was asked for, names the problems and sums up on stderr, and gives the exit code of the
 * report (not of a signal). Throws ToolError when the report cannot be written.
 */
export async function presentReport(
  report: Report,
  options: ScanOptions,
  streams: OutputStreams = process,
): Promise<number> {
  const { stdout, stderr } = streams;
  const path = options.reportPath ?? "-";
  const format = formats[options.reportFormat];
  const linkOf = linkedFormats.has(options.reportFormat) ? await lineLinks(report, options.platform) : undefined;
  const links = {
    ...(linkOf === undefined ? {} : { linkOf }),
    ...(options.template === undefined ? {} : { template: options.template }),
  };
  const isShown = path === "-" ? options.reportFormat === "text" : options.verbose;
  if (isShown && stdout.isTTY === true) await loadWidths();
  if (path === "-") {
    const looks =
      options.reportFormat === "text" ? textLooks(stdout, options, streams.env) : { ...fileLooks(options), ...links };
    await writeLines(format(report, looks), stdout);
  } else {
    await writeReport(path, format(report, { ...fileLooks(options), ...links }));
    if (options.verbose) await writeLines(formats.text(report, textLooks(stdout, options, streams.env)), stdout);
  }
  const showsText = options.reportFormat === "text" && path === "-";
  // On one terminal, or in one log, the text report has said it all already.
  if (!(showsText && goToOnePlace(stdout, stderr))) sayEnd(report, options.logLevel, stderr);
  return gate(report, {
    exitCode: options.exitCode,
    ...(options.minSeverity === undefined ? {} : { minSeverity: options.minSeverity }),
  });
}

function goToOnePlace(stdout: OutputStream, stderr: OutputStream): boolean {
  if (stdout.isTTY === true && stderr.isTTY === true) return true;
  if (stdout.fd === undefined || stderr.fd === undefined) return false;
  try {
    const [one, other] = [fstatSync(stdout.fd), fstatSync(stderr.fd)];
    return one.dev === other.dev && one.ino === other.ino;
  } catch {
    return false;
  }
}

function sayEnd(report: Report, level: LogLevel, stderr: OutputStream): void {
  const says = (at: LogLevel): boolean => logLevels.indexOf(level) <= logLevels.indexOf(at);
  const named = report.problems.filter(({ effect }) => says(effect === "incomplete" ? "error" : "info"));
  for (const problem of named.slice(0, maxProblems)) stderr.write(`leaktrace: ${problemText(problem)}\n`);
  if (named.length > maxProblems) {
    stderr.write(`leaktrace: and ${named.length - maxProblems} more problems (-f jsonl lists all)\n`);
  }
  if (says("info")) stderr.write(`leaktrace: ${summaryLine(report)}\n`);
}

function fileLooks(options: ScanOptions): ReportOptions {
  return { secrecy: options.secrecy, colour: false, width: Infinity, ascii: false };
}

/** How text looks on a stream: wrapped to a terminal's width and coloured on one, plain and unwrapped elsewhere. */
function textLooks(stream: OutputStream, options: ScanOptions, env: OutputStreams["env"]): ReportOptions {
  const isTerminal = stream.isTTY === true;
  return {
    secrecy: options.secrecy,
    colour: wantsColour(isTerminal, options.colour, env),
    width: columnsOf(stream),
    ascii: !speaksUnicode(env),
  };
}

/** How many columns text takes: those of a terminal, up to what is easy to read; elsewhere it is not wrapped. `loadWidths` comes before it is. */
export function columnsOf({ isTTY, columns = 0 }: OutputStream): number {
  return isTTY === true ? Math.min(maxColumns, columns > 0 ? columns : defaultColumns) : Infinity;
}

/** Colour on a stream: the flag counts before `FORCE_COLOR`, that before `NO_COLOR`, then whether it is a terminal that knows colour. */
export function wantsColour(isTerminal: boolean, asked: ScanOptions["colour"], env: OutputStreams["env"]): boolean {
  if (asked !== "auto") return asked === "always";
  const isSet = (name: string): boolean => (env[name] ?? "") !== "";
  if (isSet("FORCE_COLOR")) return env["FORCE_COLOR"] !== "0";
  return isTerminal && !isSet("NO_COLOR") && env["TERM"] !== "dumb";
}

/** Whether the locale is one of UTF-8; without any locale it is taken for one, as pipes and CI have none. */
function speaksUnicode(env: OutputStreams["env"]): boolean {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find((value) => (value ?? "") !== "");
  return locale === undefined || /utf-?8/i.test(locale);
}
