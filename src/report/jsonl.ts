import type { Report } from "../model/finding.ts";
import { sanitizeJson } from "../model/sanitize.ts";
import { reportToLines } from "../findings/index.ts";
import type { ReportOptions } from "./options.ts";

/** The native report, `"schema": 1`: a finding a line with all its sightings (suppressed ones too, marked), then one ledger line. */
export function* jsonl(report: Report, options: ReportOptions): Iterable<string> {
  for (const line of reportToLines(report, { reveal: options.secrecy.kind === "reveal" })) yield sanitizeJson(line);
}
