import { addLedgers, emptyLedger } from "../model/ledger.ts";
import type { Finding, Report, TargetSummary } from "../model/finding.ts";
import type { Problem } from "../model/problem.ts";
import type { ScanRecord } from "./scan-record.ts";

/**
 * The report of a case: its findings, with what the newest scan of each target (or of each part of one that was selected) told of it. A scan that was killed makes it
 * incomplete until its targets were scanned again.
 */
export function caseReport(scans: readonly ScanRecord[], findings: readonly Finding[]): Report {
  const newest = new Map<string, { readonly summary: TargetSummary; readonly scan: ScanRecord }>();
  for (const scan of scans) {
    for (const summary of scan.facts.report?.targets ?? []) {
      const { identity } = scan.facts.targets.find(({ name }) => name === summary.target) ?? {
        identity: summary.target,
      };
      newest.set(JSON.stringify([identity, summary.selection]), { summary, scan });
    }
  }
  const told = [...newest.values()];
  const problems = scans.flatMap((scan): Problem[] => {
    const ofTargets = new Set(told.filter((one) => one.scan === scan).map(({ summary }) => summary.target));
    const isLast = scan === scans.findLast(({ ended }) => ended !== undefined);
    const { report } = scan.facts;
    if (report === undefined) return wasScannedAgain(scan, scans) ? [] : [unfinished(scan)];
    return report.problems.filter(({ target }) => (target === "" ? isLast : ofTargets.has(target)));
  });
  const last = scans.findLast(({ facts }) => facts.report !== undefined)?.facts.report;
  return {
    schema: 1,
    tool: last?.tool ?? { name: "leaktrace", version: "" },
    rules: last?.rules ?? { digest: "", origin: "", count: 0 },
    targets: told
      .map(({ summary }) => summary)
      .sort((a, b) => (a.target < b.target ? -1 : a.target > b.target ? 1 : 0)),
    findings,
    problems,
    ledger: told.reduce((sum, { summary }) => addLedgers(sum, summary.ledger), emptyLedger),
    interrupted: told.some(({ scan }) => scan.facts.report?.interrupted === true),
  };
}

function wasScannedAgain({ began, facts }: ScanRecord, scans: readonly ScanRecord[]): boolean {
  const later = scans.filter((scan) => scan.ended !== undefined && scan.began >= began);
  return facts.targets.every(({ identity }) =>
    later.some((scan) => scan.facts.targets.some((target) => target.identity === identity)),
  );
}

function unfinished({ began, facts }: ScanRecord): Problem {
  return {
    code: "interrupted",
    effect: "incomplete",
    target: facts.targets.length === 1 ? facts.targets[0]!.name : "",
    subject: `scan of ${began.slice(0, 19)}Z`,
    message: "it has not ended: it is still running, or was killed",
  };
}
