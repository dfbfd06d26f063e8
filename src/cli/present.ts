import type { Report } from "../model/finding.ts";
import type { ScanObserver } from "../model/observer.ts";
import { checkWritable, countText } from "../report/index.ts";
import { logLevels, type ScanOptions } from "./options.ts";
import type { CaseKeeper } from "./case-keeper.ts";
import { showProgress } from "./progress.ts";
import { presentReport } from "./text-output.ts";

/**
 * Runs a scan with its progress shown, keeps it in a case where that is asked for, writes its report and, for several targets, a table of them; gives the exit code. An output that
 * cannot be written ends it before it begins. `targets`: how many there are to scan, where a report can hold fewer.
 */
export async function presentScan(
  options: ScanOptions,
  scan: (observer: ScanObserver, options: ScanOptions) => Promise<Report>,
  targets?: number,
): Promise<number> {
  if (options.reportPath !== undefined) await checkWritable(options.reportPath);
  using kept = await keeperOf(options);
  const isQuiet = logLevels.indexOf(options.logLevel) > logLevels.indexOf("info");
  // A long run over many targets that says nothing for hours is taken for dead, and CI services end it.
  const progress = showProgress({
    stream: process.stderr,
    env: process.env,
    tellsTargets: targets !== undefined && !isQuiet,
  });
  let known = 0;
  let looked: readonly [bytes: number, looked: number] | undefined;
  let report: Report;
  try {
    const observer: ScanObserver = {
      ...progress,
      known: (contents) => void (known += contents),
      looked: (...numbers) => void (looked = numbers),
    };
    report = await scan(kept?.observing(observer) ?? observer, kept?.options ?? options);
  } finally {
    progress[Symbol.dispose]();
  }
  const code = await presentReport(report, options);
  if (known > 0 && !isQuiet)
    process.stderr.write(
      `leaktrace: ${countText(known)} of these contents are known from earlier scans (--no-cache scans them again)\n`,
    );
  if (looked !== undefined && logLevels.indexOf(options.logLevel) <= logLevels.indexOf("debug"))
    process.stderr.write(`leaktrace: keywords were looked for in ${looked[1]} of ${looked[0]} bytes\n`);
  const count = Math.max(targets ?? 0, report.targets.length);
  if (count > 1 && !isQuiet) {
    const { targetTable } = await import("../response/index.ts");
    for (const line of targetTable(report.targets, count - report.targets.length)) process.stderr.write(`${line}\n`);
    if (targets !== undefined && report.targets.some(({ status }) => status === "unreachable"))
      process.stderr.write("--resume tries those again that were unreachable\n");
  }
  const told = kept?.settle();
  if (told !== undefined && !isQuiet) process.stderr.write(`leaktrace: ${told}\n`);
  return code;
}

/** Loads the case's side only where there is one. */
async function keeperOf(options: ScanOptions): Promise<CaseKeeper | undefined> {
  return options.casePath === undefined
    ? undefined
    : (await import("./case-keeper.ts")).openKeeper(options.casePath, options);
}
