import type { TargetOutcome } from "../findings/index.ts";
import type { TargetSummary } from "../model/finding.ts";
import type { ImageFacts } from "../model/image-facts.ts";
import { addCounts, emptyLedger, type Ledger } from "../model/ledger.ts";
import type { ScanObserver } from "../model/observer.ts";
import type { Problem } from "../model/problem.ts";
import { shortened } from "../model/shortened.ts";
import type { UnitResult } from "../model/unit.ts";

/** Keeps the books of one target: what was planned, what became of it, and what went wrong. */
export class TargetTally {
  readonly problems: Problem[] = [];
  readonly target: string;
  /** Known once the target was opened. */
  kind: TargetSummary["kind"] = "unknown";
  /** Which part of the target is scanned; undefined for all of it. */
  selection: string | undefined;
  /** The images of the target. */
  images: readonly ImageFacts[] = [];
  readonly #observer: ScanObserver;
  #ledger: Ledger = emptyLedger;
  #isReachable = true;

  constructor(target: string, observer: ScanObserver) {
    this.target = target;
    this.#observer = observer;
  }

  /** A unit came back. Contents that it neither scanned nor skipped were left when the scan was interrupted, or when the unit was given up. */
  add(planned: number, result: UnitResult): void {
    const accounted = result.scanned + total(result.skipped);
    const left = Math.max(0, planned - accounted);
    const why = result.interrupted === true ? "interrupted" : result.abandoned === true ? "worker-crashed" : undefined;
    const skipped = left > 0 && why !== undefined ? addCounts(result.skipped, { [why]: left }) : result.skipped;
    this.#ledger = {
      planned: this.#ledger.planned + result.scanned + total(skipped),
      scanned: this.#ledger.scanned + result.scanned,
      bytes: this.#ledger.bytes + result.bytes,
      skipped: addCounts(this.#ledger.skipped, skipped),
      suppressed: addCounts(this.#ledger.suppressed, result.suppressed),
    };
    for (const problem of result.problems) this.#tell(problem);
  }

  /** Contents that were scanned before in this run. */
  known(contents: number): void {
    this.#ledger = {
      ...this.#ledger,
      planned: this.#ledger.planned + contents,
      scanned: this.#ledger.scanned + contents,
    };
  }

  /** Contents that an earlier run scanned: what their scan would have added to the counts, but for their number. */
  recognised(bytes: number, suppressed: Ledger["suppressed"]): void {
    this.#ledger = {
      ...this.#ledger,
      bytes: this.#ledger.bytes + bytes,
      suppressed: addCounts(this.#ledger.suppressed, suppressed),
    };
  }

  /** All of the target is as an earlier run left it. */
  recall(kind: TargetSummary["kind"], ledger: Ledger, problems: readonly Problem[]): void {
    this.kind = kind;
    this.#ledger = ledger;
    for (const problem of problems) this.#tell(problem);
  }

  /** Something went wrong outside of any unit. */
  problem(problem: Problem): void {
    const lost = problem.contents ?? 0;
    if (lost > 0) {
      const skipped = addCounts(this.#ledger.skipped, { [problem.code]: lost });
      this.#ledger = { ...this.#ledger, planned: this.#ledger.planned + lost, skipped };
    }
    this.#tell(problem);
  }

  /** The target could not be opened, or its scan broke off. */
  lose(problem: Problem): void {
    this.#isReachable = false;
    this.problem(problem);
  }

  /** What became of the target, with the number of findings that were seen in it. */
  outcome(findings: number): TargetOutcome {
    const { target, kind, selection, images } = this;
    const part = { ...(selection === undefined ? {} : { selection }), ...(images.length === 0 ? {} : { images }) };
    return { target, kind, reachable: this.#isReachable, ledger: this.#ledger, findings, ...part };
  }

  #tell(problem: Problem): void {
    const target = problem.target === "" ? this.target : problem.target;
    const named = { ...problem, target, subject: shortened(problem.subject), message: shortened(problem.message) };
    this.problems.push(named);
    this.#observer.problem(named);
  }
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
