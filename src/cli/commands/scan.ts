import { buildReport, FindingStore, type ReportPieces } from "../../findings/index.ts";
import type { Report } from "../../model/finding.ts";
import type { ScanObserver } from "../../model/observer.ts";
import type { ScanOptions } from "../options.ts";
import type { Problem } from "../../model/problem.ts";
import type { Located, Source } from "../../model/source.ts";
import type { Unit, UnitResult } from "../../model/unit.ts";
import { presentScan } from "../present.ts";
import type { HitSink, Opener, ScanRequest } from "../request.ts";
import { isSame, Memory, type TargetMemory } from "../memory.ts";
import { Run } from "../run.ts";
import { selfTest } from "../self-test.ts";
import { prepareScan } from "../setup.ts";
import { parseEngineTarget } from "../../engine/target.ts";
import { fetchAhead, openTarget, targetOf, unreachable, withSubmodules } from "../targets.ts";
import { TargetTally } from "../tally.ts";
import { toolVersion } from "./version.ts";

/** `leaktrace scan`: looks at what each target is, scans all of it, reports. Gives the exit code. */
export async function run(targets: readonly string[], options: ScanOptions): Promise<number> {
  if (options.targetsFile !== undefined || options.journal !== undefined)
    return (await import("./sweep.ts")).run(targets, options);
  return presentScan(options, async (observer, asked) => {
    const named = targets.map((name) => targetOf(name, "any"));
    const hasEngine = named.some(({ name }) => parseEngineTarget(name)?.name === "");
    const all = hasEngine ? await (await import("../engine-target.ts")).withEngineTargets(named, options) : named;
    return runScan({ targets: all, options: asked }, observer);
  });
}

/** The whole program: rules, then each target's units through the pool, then where the hits were seen, then the report. */
export async function runScan(
  { targets, options, open = openTarget }: ScanRequest,
  observer: ScanObserver,
): Promise<Report> {
  // A hook that was asked to open targets its own way scans little, and at once.
  const isPart = open !== openTarget;
  const prepared = await prepareScan(targets, options, isPart ? { isPart } : {});
  const { ruleset, deciders, compile, poolOptions, notes } = prepared;
  const findings = new FindingStore({ ruleset, compile, deciders, onFinding: (finding) => observer.finding(finding) });
  await using scan = new Run(poolOptions, options, observer);
  using memory = isPart ? undefined : new Memory(prepared, options);
  const tallies: TargetTally[] = [];
  const all = await withSubmodules(targets, options);
  await using ahead = await fetchAhead(all, options, scan.signal, memory);
  options.keeper?.begin(all.map(({ name }) => name));
  for (const [i, target] of all.entries()) {
    if (options.signal.aborted) break;
    if (all.length > 1) observer.targets?.({ done: i, before: 0, of: all.length });
    const tally = new TargetTally(target.name, observer);
    tallies.push(tally);
    if (scan.isStopped) {
      tally.lose({ ...outOfTime(options.timeoutMs), target: target.name, subject: target.name });
      continue;
    }
    try {
      const known = await memory?.of(target, all.length === 1);
      await scanTarget((context) => open(target, options, { ...context, ...ahead?.how }), scan, findings, tally, known);
    } catch (error) {
      // One target that cannot be opened ends a run of one; in a longer run the others are still scanned.
      if (targets.length === 1 && !scan.isStopped) throw error;
      tally.lose(unreachable(error, target.name));
    }
  }
  // Where nothing of it is counted as left: what was found was not followed to where it was seen.
  const late = scan.isStopped && !options.signal.aborted ? [outOfTime(options.timeoutMs)] : [];
  const found = findings.findings();
  // Who has found something has shown that the rules work.
  const untrusted = found.length > 0 || scan.isStopped ? [] : await selfTest(prepared, (unit) => scan.read(unit));
  const undecided = findings.undecided();
  const join = (await memory?.joinCommits(undecided)) ?? ((all) => all);
  const pieces: ReportPieces = {
    version: toolVersion(),
    ruleset,
    targets: tallies.map((tally) => tally.outcome(findings.countIn(tally.target))),
    findings: join(found),
    suppressed: findings.suppressed(),
    mask: (text) => findings.mask(text),
    problems: [...notes, ...late, ...untrusted, ...tallies.flatMap(({ problems }) => problems)],
    interrupted: options.signal.aborted,
  };
  const report = buildReport(pieces);
  options.keeper?.keep(report, buildReport({ ...pieces, findings: join(undecided) }));
  return report;
}

function outOfTime(timeoutMs: number): Problem {
  const message = `the ${timeoutMs / 1000} s of --timeout were over before the scan was`;
  return { code: "timed-out", effect: "incomplete", target: "", subject: "", message };
}

/** One target: open, plan, scan, locate; or what earlier runs know of it. Throws where it cannot be opened. */
export async function scanTarget(
  open: Opener,
  scan: Run,
  findings: HitSink,
  tally: TargetTally,
  memory?: TargetMemory,
): Promise<void> {
  let context = await scan.begin(tally.target);
  if (memory !== undefined) {
    if (await recall(memory, scan, findings, tally)) return;
    context = await scan.begin(tally.target, memory);
  }
  scan.warm();
  await using source = await open(context);
  tally.kind = source.kind;
  const located = await scanSource(source, scan, findings, tally, memory);
  tally.selection = source.selection;
  tally.images = located.images ?? [];
  const inner = source.repositories?.() ?? [];
  if (inner.length > 0) {
    // They are put on the disk to be read: where they lay is gone by the next scan.
    memory?.forgetWhole();
    const { scanInner } = await import("../inner-repositories.ts");
    await scanInner(inner, context, tally, (repository) => scanSource(repository, scan, findings, tally));
  }
  memory?.keep(tally, located, scan.isStopped);
}

/** Scans all of an opened target, and tells where its secrets were seen. */
async function scanSource(
  source: Source,
  scan: Run,
  findings: HitSink,
  tally: TargetTally,
  memory?: TargetMemory,
): Promise<Located> {
  for await (const item of source.units()) {
    if ("code" in item) tally.problem(item);
    else if (item.kind === "known") tally.known(item.contents);
    else {
      await scan.submit(item, (unit, planned, result) => {
        tally.add(planned, result);
        for (const hit of result.hits) findings.addHit(hit, tally.target);
        findings.addPublicKeys(result.publicKeys ?? []);
        source.done(unit, result);
        memory?.note(unit, result);
      });
    }
  }
  await scan.drain();
  const taken = memory?.known?.taken;
  if (taken !== undefined) {
    tally.recognised(taken.bytes, taken.suppressed);
    scan.tellKnown(taken.clean);
  }
  const located = await source.locate(findings.contents(), async (unit) => {
    const read = (asked: Unit): Promise<UnitResult> => scan.read(asked);
    const result = unit.kind === "graph" && memory !== undefined ? await memory.graph(unit, read) : await read(unit);
    // Reading how things hang together meets contents of its own: the names in trees.
    tally.add(unit.kind === "graph" ? unit.trees : 0, result);
    for (const hit of result.hits) findings.addHit(hit, tally.target);
    findings.addPublicKeys(result.publicKeys ?? []);
    memory?.note(unit, result);
    return result;
  });
  for (const sighting of located.sightings) findings.addSighting(sighting, tally.target);
  for (const problem of located.problems) tally.problem(problem);
  return located;
}

/** Where nothing of the target has changed since it was scanned, reads the contents with secrets alone. False where that does not add up. */
async function recall(memory: TargetMemory, scan: Run, findings: HitSink, tally: TargetTally): Promise<boolean> {
  const before = memory.recall();
  if (before === undefined) return false;
  const results = await scan.readAgain(before.units, before.rules);
  const hits = results.flatMap((result) => result.hits);
  const isDamaged = results.some(({ problems }) => problems.some(({ effect }) => effect === "incomplete"));
  if (scan.isStopped || isDamaged || !isSame(hits, before)) return false;
  for (const hit of hits) findings.addHit(hit, tally.target);
  findings.addPublicKeys(before.publicKeys);
  for (const sighting of before.sightings) findings.addSighting(sighting, tally.target);
  tally.recall(before.kind, before.ledger, before.problems);
  tally.images = before.images;
  scan.tellKnown(before.ledger.scanned - before.hits.length);
  return true;
}
