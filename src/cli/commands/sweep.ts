import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { buildReport, FindingStore, loadDecidersOf, type Decider } from "../../findings/index.ts";
import type { ContentHit } from "../../model/detection.ts";
import type { Finding, Report } from "../../model/finding.ts";
import type { ScanObserver } from "../../model/observer.ts";
import { ToolError, type Problem } from "../../model/problem.ts";
import { codeBehind } from "../../model/thrown.ts";
import {
  distinctTargets,
  joinFindings,
  openJournal,
  parseTargetList,
  settled,
  type Listed,
  type TargetRecord,
} from "../../response/index.ts";
import type { FetchAhead } from "../fetch-ahead.ts";
import { scanSettings, type ScanOptions } from "../options.ts";
import { presentScan } from "../present.ts";
import { Memory } from "../memory.ts";
import { readBounded } from "../read-bounded.ts";
import { Run } from "../run.ts";
import { selfTest } from "../self-test.ts";
import { prepareScan, ruleTest, type Prepared } from "../setup.ts";
import { fetchAhead, openTarget, targetOf, unreachable, type Target } from "../targets.ts";
import { TargetTally } from "../tally.ts";
import type { HitSink } from "../request.ts";
import { runScan, scanTarget } from "./scan.ts";
import { toolVersion } from "./version.ts";

/** A list of a million long paths fits; a larger file was named by mistake. */
const maxListBytes = 1 << 28;

/** `leaktrace scan` with `--targets` or `--journal`: many targets, each finished one kept in the journal. Gives the exit code. */
export async function run(args: readonly string[], options: ScanOptions): Promise<number> {
  const { targetsFile, journal, secrecy } = options;
  const listed = targetsFile === undefined ? [] : parseTargetList(await readList(targetsFile));
  const named = [...args, ...listed].map((name) => targetOf(name, "any"));
  const targets = distinctTargets(named, process.cwd());
  if (targets.length === 0)
    throw new ToolError("usage", `${targetsFile ?? "the command line"} names no target`, {
      hint: "Write one target a line.",
    });
  if (targetsFile === "-" && targets.some(({ name }) => name === "-")) {
    throw new ToolError("usage", "standard input is read for the list of targets, so it cannot be a target itself");
  }
  if (journal === undefined) {
    return presentScan(options, (observer, asked) => runScan({ targets, options: asked }, observer));
  }
  if (secrecy.kind === "reveal" || (secrecy.kind === "redact" && secrecy.percent < 100)) {
    throw new ToolError("usage", "a run with a journal cannot show secrets", {
      hint: "The report is made from the journal, and no plain secret is ever written there: scan the target in question without --targets and --journal.",
    });
  }
  return presentScan(options, (observer, asked) => runSweep(targets, journal, asked, observer), targets.length);
}

/**
 * Scans what the journal does not hold yet, or holds as unreachable. The report is made from the journal's records alone, so a run that was killed and resumed gives
 * the same bytes as one that was not. For the same reason a target's ledger leaves out the two counts that depend on which target was
 * scanned before it: bytes, and candidates that were judged not to be secrets.
 */
async function runSweep(
  targets: readonly Listed<Target>[],
  path: string,
  options: ScanOptions,
  observer: ScanObserver,
): Promise<Report> {
  // No target's own configuration counts for a sweep; decisions written in a target's folder count for this target.
  const prepared = await prepareScan([], options);
  const basis = { version: toolVersion(), rules: prepared.ruleset.digest, options: digestOf(options) };
  options.keeper?.begin(targets.map(({ name }) => name));
  await using journal = await openJournal(path, basis, options.resume);
  const records = new Map(targets.flatMap(({ id }) => [[id, journal.done.get(id)]] as const).filter(isDone));
  // What could not be reached then may be reached now: the network is back, the password is right.
  const left = targets.filter(({ id }) => (records.get(id)?.summary.status ?? "unreachable") === "unreachable");
  let isStopped = false;
  let untrusted: readonly Problem[] = [];
  using memory = new Memory(prepared, options);
  if (left.length > 0) {
    await using scan = new Run(prepared.poolOptions, options, observer);
    await using ahead = await fetchAhead(left, options, scan.signal, memory);
    const hits = new Map<string, ContentHit>();
    const before = targets.length - left.length;
    for (const [i, target] of left.entries()) {
      if ((isStopped = scan.isStopped)) break;
      observer.targets?.({ done: before + i, before, of: targets.length });
      const record = await scanListed(target, { prepared, scan, ahead, memory, hits, options, observer });
      records.set(target.id, settled(record));
      // Half a target is told in this report; the next run does it again.
      if (scan.isStopped) continue;
      await journal.append(record);
      const { status, findings } = record.summary;
      observer.targets?.({
        done: before + i + 1,
        before,
        of: targets.length,
        ended: { target: target.name, status, findings },
      });
    }
    isStopped ||= scan.isStopped;
    if (!isStopped && [...records.values()].every(({ findings }) => findings.length === 0))
      untrusted = await selfTest(prepared, (unit) => scan.read(unit));
  }
  const told = { ...prepared, notes: [...prepared.notes, ...untrusted] };
  const done = [...records.values()];
  const join = await memory.joinCommits(done.flatMap(({ findings }) => findings));
  const report = reportOf(done, told, isStopped, join);
  options.keeper?.keep(report, reportOf(done, { ...told, deciders: [] }, isStopped, join));
  return report;
}

function isDone(entry: readonly [string, TargetRecord | undefined]): entry is readonly [string, TargetRecord] {
  return entry[1] !== undefined;
}

interface Sweep {
  readonly prepared: Prepared;
  readonly scan: Run;
  readonly ahead: FetchAhead | undefined;
  readonly memory: Memory;
  /** Contents with detections, of all targets so far: another target that holds them has them not scanned again. */
  readonly hits: Map<string, ContentHit>;
  readonly options: ScanOptions;
  readonly observer: ScanObserver;
}

/** Scans one target. What it gives depends on nothing but the target. */
async function scanListed(
  target: Listed<Target>,
  { prepared, scan, ahead, memory, hits, options, observer }: Sweep,
): Promise<TargetRecord> {
  const { ruleset, compile } = prepared;
  const { name, id } = target;
  const tally = new TargetTally(name, observer);
  const store = new FindingStore({
    ruleset,
    compile,
    deciders: await decidersOf(name, tally, ruleTest(ruleset, options)),
    onFinding: (finding) => observer.finding(finding),
  });
  const sink: HitSink = {
    addHit(hit, target) {
      hits.set(hit.content, hit);
      store.addHit(hit, target);
    },
    addPublicKeys: (keys) => store.addPublicKeys(keys),
    contents: () => new Set(hits.keys()),
    addSighting(sighting, target) {
      const hit = hits.get(sighting.content);
      if (hit !== undefined) store.addHit(hit);
      store.addSighting(sighting, target);
    },
  };
  try {
    const known = await memory.of(target, false);
    await scanTarget((context) => openTarget(target, options, { ...context, ...ahead?.how }), scan, sink, tally, known);
  } catch (error) {
    tally.lose(unreachable(error, name));
  }
  const outcome = tally.outcome(store.countIn(name));
  const report = buildReport({
    version: toolVersion(),
    ruleset,
    targets: [{ ...outcome, ledger: { ...outcome.ledger, bytes: 0, suppressed: {} } }],
    findings: store.findings(),
    mask: (text) => store.mask(text),
    problems: tally.problems,
    interrupted: false,
  });
  return { id, summary: report.targets[0]!, findings: report.findings, problems: report.problems };
}

/** Decisions that lie in the target's own folder. A file of them that cannot be understood hides nothing, and is told. */
async function decidersOf(
  name: string,
  tally: TargetTally,
  isRule: ReturnType<typeof ruleTest>,
): Promise<readonly Decider[]> {
  const isFolder = await stat(name).then(
    (known) => known.isDirectory(),
    () => false,
  );
  if (!isFolder) return [];
  const { deciders, notes } = await loadDecidersOf(name, Promise.resolve(isRule));
  for (const note of notes) tally.problem({ ...note, target: name });
  return deciders;
}

/** The report of all records; decisions of the current folder and a baseline are applied here, so that they count for resumed targets too. */
function reportOf(
  records: readonly TargetRecord[],
  { ruleset, deciders, notes }: Prepared,
  isStopped: boolean,
  join: (findings: readonly Finding[]) => readonly Finding[],
): Report {
  const decide = (record: TargetRecord) =>
    record.findings.map((finding) => deciders.reduce((current, decider) => decider(current), finding));
  const problems: Problem[] = [...notes];
  const decided = records.map((record) => {
    problems.push(...record.problems);
    const findings = decide(record);
    return { record, findings, open: findings.filter(({ suppressed }) => suppressed === undefined).length };
  });
  return buildReport({
    version: toolVersion(),
    ruleset,
    targets: decided.map(({ record: { summary }, open }) => ({
      ...summary,
      reachable: summary.status !== "unreachable",
      findings: open,
    })),
    findings: join(joinFindings(decided.flatMap(({ findings }) => findings))),
    problems,
    interrupted: isStopped,
  });
}

function digestOf(options: ScanOptions): string {
  return createHash("sha256")
    .update(JSON.stringify(scanSettings(options)))
    .digest("hex");
}

async function readList(path: string): Promise<string> {
  const bytes = await readBounded(path, maxListBytes).catch((error: unknown) => {
    throw new ToolError("usage", `cannot read the list of targets ${path}${codeBehind(error)}`, { cause: error });
  });
  if (bytes !== undefined) return bytes.toString("utf8");
  throw new ToolError("usage", `the list of targets ${path} is too large (256 MiB at most)`);
}
