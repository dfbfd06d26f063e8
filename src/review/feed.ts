import type { Finding } from "../model/finding.ts";
import type { Progress, ScanObserver } from "../model/observer.ts";
import type { Problem } from "../model/problem.ts";

/** What a feed tells, in the order in which it became known. */
export type FeedEvent =
  /** New findings, or changed ones (same fingerprint, to be replaced). */
  | { readonly kind: "findings"; readonly findings: readonly Finding[] }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "progress"; readonly progress: Progress }
  /** The end of a scan. `findings`, where given, is the whole and final list: what is not in it has been withdrawn. */
  | { readonly kind: "done"; readonly findings?: readonly Finding[]; readonly failure?: string };

/** Where the findings of a review come from: a scan that is still running, or a list that was read. */
export interface ReviewFeed {
  /** What is looked at, for the header: the targets, or the report's path. */
  readonly title: string;
  /** A report is read; nothing is scanned. */
  readonly isReading?: boolean;
  /** Calls `listener` with everything so far, at once, and with everything to come. Returns how to stop. One listener at a time. */
  subscribe(listener: (event: FeedEvent) => void): () => void;
}

export interface LiveFeed extends ReviewFeed {
  /** To be handed to the scan. */
  readonly observer: ScanObserver;
  /** Many findings in one go. */
  findings(findings: readonly Finding[]): void;
  /** To be called once, when the scan has ended: with its findings (absent: those that were told), or with one line that says why it failed. */
  end(outcome: { readonly findings?: readonly Finding[] } | { readonly failure: string }): void;
}

/** A feed that a running scan fills, or (`isReading`) a report while it is read. What comes before the review has subscribed is kept for it. */
export function createLiveFeed(title: string, { isReading = false } = {}): LiveFeed {
  const waiting: FeedEvent[] = [];
  let listener: ((event: FeedEvent) => void) | undefined;
  const tell = (event: FeedEvent): void => {
    if (listener === undefined) waiting.push(event);
    else listener(event);
  };
  return {
    title,
    isReading,
    subscribe(next) {
      listener = next;
      for (const event of waiting.splice(0)) next(event);
      return () => {
        listener = undefined;
      };
    },
    observer: {
      finding: (finding) => tell({ kind: "findings", findings: [finding] }),
      problem: (problem) => tell({ kind: "problem", problem }),
      progress: (progress) => tell({ kind: "progress", progress }),
    },
    findings: (findings) => tell({ kind: "findings", findings }),
    end: (outcome) => tell({ kind: "done", ...outcome }),
  };
}

/** A feed of a list that is complete: what a report holds. */
export function createListFeed(
  title: string,
  findings: readonly Finding[],
  problems: readonly Problem[] = [],
): ReviewFeed {
  return {
    title,
    subscribe(listener) {
      for (const problem of problems) listener({ kind: "problem", problem });
      listener({ kind: "findings", findings });
      listener({ kind: "done" });
      return () => {};
    },
  };
}
