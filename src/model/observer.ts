import type { Finding, TargetSummary } from "./finding.ts";
import type { Problem } from "./problem.ts";

/** How a running scan shows itself: to the progress line, to the review. All methods are cheap and never throw. */
export interface ScanObserver {
  /** A new finding, or one that changed (more sightings, better places); same fingerprint. */
  finding(finding: Finding): void;
  problem(problem: Problem): void;
  progress(progress: Progress): void;
  /** Of several targets one begins, or (`ended`) has ended. */
  targets?(progress: TargetsProgress): void;
  /** So many contents of a target were not scanned now, because an earlier scan knows them. */
  known?(contents: number): void;
  /** All is scanned: so many bytes, and in so many of them keywords had to be looked for (versions inherit the rest). */
  looked?(bytes: number, looked: number): void;
}

/** How far a run over several targets has come. */
export interface TargetsProgress {
  readonly done: number;
  /** Of these so many were done before this run began. */
  readonly before: number;
  readonly of: number;
  readonly ended?: Pick<TargetSummary, "target" | "status" | "findings">;
}

export interface Progress {
  readonly target: string;
  readonly phase: "fetch" | "plan" | "scan" | "locate" | "done";
  readonly bytesDone: number;
  /** 0 while unknown. */
  readonly bytesPlanned: number;
  readonly contentsDone: number;
  readonly findings: number;
  readonly elapsedMs: number;
}
