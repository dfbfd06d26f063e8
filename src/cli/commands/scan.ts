import { buildReport, FindingStore, type TargetOutcome } from "../../findings/index.ts";
import type { Report } from "../../model/finding.ts";
import type { ScanObserver } from "../../model/observer.ts";
import { ToolError, type Problem } from "../../model/problem.ts";
import type { Source } from "../../model/source.ts";
import type { ScanOptions } from "../options.ts";
import { presentScan } from "../present.ts";
import { Run } from "../run.ts";
import { prepareScan } from "../setup.ts";
import { openTarget, type Target } from "../targets.ts";
import { TargetTally } from "../tally.ts";
import { toolVersion } from "./version.ts";

/** `leaktrace scan`: looks at what each target is, scans all of it, reports. Gives the exit code. */
export async function run(targets: readonly string[], options: ScanOptions): Promise<number> {
  if (options.targetsFile !== undefined || options.resume) return (await import("./sweep.ts")).run(targets, options);
  return presentScan(options, (observer) => runScan({ targets: targets.map((name) => ({ name, as: "any" })), options }, observer));
}

export interface ScanRequest {
  readonly targets: readonly Target[];
  readonly options: ScanOptions;
}

/** The whole program: rules, then each target's units through the pool, then where the hits were seen, then the report. */
export async function runScan({ targets, options }: ScanRequest, observer: ScanObserver): Promise<Report> {
  const { ruleset, deciders, compile, poolOptions, notes } = await prepareScan(targets, options);
  const findings = new FindingStore({ ruleset, compile, deciders, onFinding: (finding) => observer.finding(finding) });
  await using scan = new Run(poolOptions, options, observer);
  const problems: Problem[] = [...notes];
  const outcomes: TargetOutcome[] = [];
  for (const target of targets) {
    if (options.signal.aborted) break;
    const tally = new TargetTally(target.name, observer);
    try {
      await using source = await openTarget(target, options, scan.context);
      await scanSource(source, scan, findings, tally);
      outcomes.push({ target: target.name, kind: source.kind, reachable: true, ledger: tally.ledger(), findings: findings.countIn(target.name) });
    } catch (error) {
      // One target that cannot be opened ends a run of one; in a longer run the others are still scanned.
      if (!(error instanceof ToolError) || targets.length === 1) throw error;
      tally.problem({ code: "unreadable", effect: "incomplete", target: target.name, subject: target.name, message: error.message });
      outcomes.push({ target: target.name, kind: "unknown", reachable: false, ledger: tally.ledger(), findings: 0 });
    }
    problems.push(...tally.problems);
  }
  return buildReport({
    version: toolVersion(),
    ruleset,
    targets: outcomes,
    findings: findings.findings(),
    suppressed: findings.suppressed(),
    mask: (text) => findings.mask(text),
    problems,
    interrupted: options.signal.aborted,
  });
}

/** One target: plan, scan, locate. */
async function scanSource(source: Source, scan: Run, findings: FindingStore, tally: TargetTally): Promise<void> {
  scan.begin(source.target);
  for await (const item of source.units()) {
    if ("code" in item) tally.problem(item);
    else if (item.kind === "known") tally.known(item.contents);
    else {
      await scan.submit(item, (result) => {
        tally.add(item.planned, result);
        for (const hit of result.hits) findings.addHit(hit, source.target);
        source.done(item.unit, result);
      });
    }
  }
  await scan.drain();
  const located = await source.locate(findings.contents(), (unit) => scan.read(unit));
  for (const sighting of located.sightings) findings.addSighting(sighting, source.target);
  for (const problem of located.problems) tally.problem(problem);
}
