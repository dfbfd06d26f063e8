import { loadDeciders } from "../findings/index.ts";
import type { Finding, FindingSighting, Report, TargetSummary } from "../model/finding.ts";

/**
 * A report that was read back, with what was decided since: the ignore files of the current folder, where the review of a report writes. Whoever reviews a
 * report and then writes it in another format gets what the next scan would say.
 */
export async function decidedReport(report: Report): Promise<Report> {
  const { deciders, notes } = await loadDeciders({ folders: ["."] });
  if (deciders.length === 0) return { ...report, problems: [...report.problems, ...notes] };
  const gone = new Map<string, number>();
  const findings = report.findings.map((finding) => {
    const decided = deciders.reduce((current, decider) => decider(current), finding);
    if (finding.suppressed === undefined)
      for (const { target } of report.targets)
        if (isSeenIn(finding, target) && (decided.suppressed !== undefined || !isSeenIn(decided, target)))
          gone.set(target, (gone.get(target) ?? 0) + 1);
    return decided;
  });
  const targets = report.targets.map((target) => without(target, gone.get(target.target) ?? 0));
  return { ...report, findings, targets, problems: [...report.problems, ...notes] };
}

/** A target with fewer findings; what was found in it no longer says what became of it once there is none. */
function without(target: TargetSummary, hidden: number): TargetSummary {
  if (hidden === 0) return target;
  const findings = Math.max(0, target.findings - hidden);
  if (findings > 0 || target.status !== "found") return { ...target, findings };
  return { ...target, findings, status: target.ledger.scanned < target.ledger.planned ? "incomplete" : "clean" };
}

function isSeenIn({ sightings }: Finding, target: string): boolean {
  return sightings.some((sighting) => liesIn(sighting, target));
}

/** Whether a place lies in the target of this name. */
function liesIn({ origin }: FindingSighting, target: string): boolean {
  switch (origin.kind) {
    case "stdin":
      return target === "-";
    case "git":
      return origin.repository === target;
    case "image":
      return origin.image === target || origin.image.startsWith(`${target}:`);
    case "file":
      return target === "." || origin.path === target || origin.path.startsWith(`${target.replace(/\/+$/, "")}/`);
  }
}
