import type { Finding } from "./finding.ts";
import type { Problem } from "./problem.ts";

/** How a running scan shows itself: to the progress line, to the review. All methods are cheap and never throw. */
export interface ScanObserver {
  /** A new finding, or one that changed (more sightings, better places); same fingerprint. */
  finding(finding: Finding): void;
  problem(problem: Problem): void;
  progress(progress: Progress): void;
  /** So many contents of a target were not scanned now, because an earlier scan knows them. */
  known?(contents: number): void;
  /** All is scanned: so many bytes, and in so many of them keywords had to be looked for (versions inherit the rest). */
  looked?(bytes: number, looked: number): void;
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
