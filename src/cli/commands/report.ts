import { open } from "node:fs/promises";
import { looksLikeCase } from "../../case/index.ts";
import { ToolError } from "../../model/problem.ts";
import { codeBehind } from "../../model/thrown.ts";
import { checkWritable } from "../../report/index.ts";
import { decidedReport } from "../decided-report.ts";
import { openCase } from "../open-case.ts";
import type { ScanOptions } from "../options.ts";
import { readReportFile } from "../report-file.ts";
import { presentReport } from "../text-output.ts";

/**
 * `leaktrace report CASE|report.jsonl|-`: writes a report in any format from a case, or from a report that was written with `-f jsonl`. Gives the exit code that a scan with that report
 * would have; what was decided in the current folder since counts.
 */
export async function run(args: readonly string[], options: ScanOptions): Promise<number> {
  const [path] = args;
  if (path === undefined)
    throw new ToolError("usage", "there is nothing to report", { hint: "Name a case, or a report." });
  if (options.secrecy.kind === "reveal" || (options.secrecy.kind === "redact" && options.secrecy.percent < 100))
    throw new ToolError("usage", "cases and reports that were read back hold no plain values to show");
  if (options.reportPath !== undefined) await checkWritable(options.reportPath);
  if (path === "-" || !looksLikeCase(path)) {
    if (path !== "-") await checkReadable(path);
    return presentReport(await decidedReport(await readReportFile(path)), options);
  }
  using opened = await openCase(path);
  return await presentReport(opened.report(), options);
}

/** A reader by lines does not say why it ends. */
async function checkReadable(path: string): Promise<void> {
  try {
    await using file = await open(path, "r");
    if ((await file.stat()).isDirectory()) throw Object.assign(new Error("a folder"), { code: "EISDIR" });
  } catch (error) {
    throw new ToolError("usage", `cannot read ${path}${codeBehind(error)}`, { cause: error });
  }
}
