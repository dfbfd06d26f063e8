import { buildReport, FindingStore } from "../../findings/index.ts";
import type { Report } from "../../model/finding.ts";
import type { ScanObserver } from "../../model/observer.ts";
import type { ScanOptions } from "../options.ts";
import { presentScan } from "../present.ts";
import type { HitSink, Opener, ScanRequest } from "../request.ts";
import { Run } from "../run.ts";
import { prepareScan } from "../setup.ts";
import { openTarget, unreachable, withWorktree } from "../targets.ts";
import { TargetTally } from "../tally.ts";
import { toolVersion } from "./version.ts";

/** `leaktrace scan`: looks at what each target is, scans all of it, reports. Gives the exit code. */
export async function run(targets: readonly string[], options: ScanOptions): Promise<number> {
  if (options.targetsFile !== undefined || options.journal !== undefined)
    return (await import("./sweep.ts")).run(targets, options);
  return presentScan(options, (observer) =>
    runScan({ targets: targets.map((name) => ({ name, as: "any" })), options }, observer),
  );
}

/** The whole program: rules, then each target's units through the pool, then where the hits were seen, then the report. */
export async function runScan(
  { targets, options, open = openTarget }: ScanRequest,
  observer: ScanObserver,
): Promise<Report> {
  const { ruleset, deciders, compile, poolOptions, notes } = await prepareScan(targets, options);
  const findings = new FindingStore({ ruleset, compile, deciders, onFinding: (finding) => observer.finding(finding) });
  await using scan = new Run(poolOptions, options, observer);
  const tallies: TargetTally[] = [];
  for (const target of await withWorktree(targets, options)) {
    if (options.signal.aborted) break;
    const tally = new TargetTally(target.name, observer);
    tallies.push(tally);
    try {
      await scanTarget((context) => open(target, options, context), scan, findings, tally);
    } catch (error) {
      // One target that cannot be opened ends a run of one; in a longer run the others are still scanned.
      if (targets.length === 1) throw error;
      tally.lose(unreachable(error, target.name));
    }
  }
  return buildReport({
    version: toolVersion(),
    ruleset,
    targets: tallies.map((tally) => tally.outcome(findings.countIn(tally.target))),
    findings: findings.findings(),
    suppressed: findings.suppressed(),
    mask: (text) => findings.mask(text),
    problems: [...notes, ...tallies.flatMap(({ problems }) => problems)],
    interrupted: options.signal.aborted,
  });
}

/** One target: open, plan, scan, locate. Throws where it cannot be opened. */
export async function scanTarget(open: Opener, scan: Run, findings: HitSink, tally: TargetTally): Promise<void> {
  await using source = await open(scan.begin(tally.target));
  tally.kind = source.kind;
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
  if (tally.isWhole() && !scan.isStopped) scan.settle();
}
