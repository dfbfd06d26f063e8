import type { SuppressionReason } from "../model/detection.ts";
import type { ImageFacts } from "../model/image-facts.ts";
import type { Finding, Report, TargetSummary } from "../model/finding.ts";
import { addCounts, addLedgers, emptyLedger, type Ledger } from "../model/ledger.ts";
import type { Problem } from "../model/problem.ts";
import type { Ruleset } from "../model/rule.ts";
import { joinPlaces } from "./join-places.ts";
import { compareFindings, compareText } from "./order.ts";

/** What became of one target. */
export interface TargetOutcome {
  readonly target: string;
  readonly kind: TargetSummary["kind"];
  /** False when it could not be opened at all. */
  readonly reachable: boolean;
  /** Contents first met in this target; what another target brought before counts there. */
  readonly ledger: Ledger;
  /** Findings seen in it, without suppressed ones: `FindingStore.countIn`. */
  readonly findings: number;
  /** Which part of it was scanned; absent where it was all of it. */
  readonly selection?: string;
  readonly images?: readonly ImageFacts[];
}

export interface ReportPieces {
  readonly version: string;
  readonly ruleset: Ruleset;
  readonly targets: readonly TargetOutcome[];
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
  /** Dropped by place: `FindingStore.suppressed`; added to the ledger's counts. */
  readonly suppressed?: Partial<Record<SuppressionReason, number>>;
  /** Masks secrets in texts that name scanned things: `FindingStore.mask`. */
  readonly mask?: (text: string) => string;
  readonly interrupted: boolean;
}

/** Puts the pieces of a scan together: sorted, summed, each target with its status. Pure. */
export function buildReport(pieces: ReportPieces): Report {
  const mask = pieces.mask ?? ((text: string): string => text);
  const broken = new Set(
    pieces.problems.filter((problem) => problem.effect === "incomplete").map((problem) => problem.target),
  );
  const targets = pieces.targets.map((outcome): TargetSummary => {
    const { target, kind, ledger, findings, selection, images = [] } = outcome;
    const part = selection === undefined ? {} : { selection: mask(selection) };
    const shown = images.map((image) => ({ ...image, image: mask(image.image) }));
    return {
      target: mask(target),
      kind,
      status: statusOf(outcome, broken.has(target) || broken.has("")),
      findings,
      ledger,
      ...part,
      ...(shown.length === 0 ? {} : { images: shown }),
    };
  });
  const total = pieces.targets.reduce((sum, outcome) => addLedgers(sum, outcome.ledger), emptyLedger);
  return {
    schema: 1,
    tool: { name: "leaktrace", version: pieces.version },
    rules: {
      digest: pieces.ruleset.digest,
      origin: pieces.ruleset.origin,
      count: pieces.ruleset.rules.filter((rule) => !rule.skipReport).length,
    },
    targets: targets.sort((a, b) => compareText(a.target, b.target)),
    findings: joinPlaces(
      pieces.findings,
      targets.flatMap(({ images = [] }) => images),
    ).toSorted(compareFindings),
    problems: distinctProblems(
      pieces.problems.map((problem) => ({
        ...problem,
        target: mask(problem.target),
        subject: mask(problem.subject),
      })),
    ),
    ledger: { ...total, suppressed: addCounts(total.suppressed, pieces.suppressed ?? {}) },
    interrupted: pieces.interrupted,
  };
}

function statusOf(outcome: TargetOutcome, isBroken: boolean): TargetSummary["status"] {
  if (!outcome.reachable) return "unreachable";
  if (outcome.findings > 0) return "found";
  const { planned, scanned, skipped } = outcome.ledger;
  const hasSkipped = scanned < planned || Object.values(skipped).some((count) => count > 0);
  return isBroken || hasSkipped ? "incomplete" : "clean";
}

function distinctProblems(problems: readonly Problem[]): Problem[] {
  const keyed = new Map<string, Problem>();
  for (const problem of problems) {
    keyed.set([problem.target, problem.code, problem.subject, problem.message, problem.effect].join("\0"), problem);
  }
  return [...keyed].sort(([a], [b]) => compareText(a, b)).map(([, problem]) => problem);
}
