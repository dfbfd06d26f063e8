import type { Report } from "../model/finding.ts";
import type { ScanObserver } from "../model/observer.ts";
import { checkWritable } from "../report/index.ts";
import type { ScanOptions } from "./options.ts";
import { showProgress } from "./progress.ts";
import { presentReport } from "./text-output.ts";

/** Runs a scan with its progress shown, writes its report, gives the exit code. An output that cannot be written ends it before it begins. */
export async function presentScan(options: ScanOptions, scan: (observer: ScanObserver) => Promise<Report>): Promise<number> {
  if (options.reportPath !== undefined) await checkWritable(options.reportPath);
  const progress = showProgress({ stream: process.stderr, env: process.env });
  let report: Report;
  try {
    report = await scan(progress);
  } finally {
    progress[Symbol.dispose]();
  }
  return presentReport(report, options);
}
