import type { Finding, Report } from "../model/finding.ts";
import { severities, type Severity } from "../model/rule.ts";

export interface GateOptions {
  /** What to give when secrets were found; 1 unless `--exit-code` says otherwise. */
  readonly exitCode: number;
  /** Findings below it do not count; default: `low`, so identifiers that are worth knowing stop nothing. */
  readonly minSeverity?: Severity;
}

/** Exit code of a scan that found nothing but did not see everything. */
const incompleteCode = 3;

/**
 * The exit code of a report: `exitCode` when a finding counts that is not suppressed, 3 when nothing was found but the scan is
 * incomplete, 0 when everything that the targets hold was scanned and nothing was found.
 */
export function gate(report: Report, options: GateOptions): number {
  if (report.findings.some((finding) => countsFor(finding, options.minSeverity))) return options.exitCode;
  return isIncomplete(report) ? incompleteCode : 0;
}

/** Whether a finding counts: no decision hides it, and it is as severe as is asked for. */
export function countsFor({ suppressed, severity }: Finding, minSeverity: Severity = "low"): boolean {
  return suppressed === undefined && severities.indexOf(severity) <= severities.indexOf(minSeverity);
}

/** Whether anything was left unscanned: then a report without findings does not mean that there are none. */
export function isIncomplete(report: Report): boolean {
  return (
    report.interrupted ||
    report.rules.count === 0 ||
    report.targets.length === 0 ||
    report.ledger.scanned < report.ledger.planned ||
    Object.values(report.ledger.skipped).some((count) => count > 0) ||
    report.problems.some((problem) => problem.effect === "incomplete") ||
    report.targets.some((target) => target.status === "incomplete" || target.status === "unreachable")
  );
}
