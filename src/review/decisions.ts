/** What a reviewer can say of a secret. `false-positive` and `ignored` hide it from later scans; `real` and `rotated` do not. */
export type Verdict = "real" | "false-positive" | "ignored" | "rotated";

/** In the order of the counts on the summary line. */
export const verdicts: readonly Verdict[] = ["real", "false-positive", "ignored", "rotated"];

/** How a verdict is written for people. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  real: "real",
  "false-positive": "false positive",
  ignored: "ignored",
  rotated: "rotated",
};

export interface Decision {
  readonly verdict: Verdict;
  /** One line of the reviewer's own words; empty when none were given. */
  readonly reason: string;
  /** When it was taken: ISO 8601 in UTC, seconds precision. */
  readonly date: string;
}

export interface DecisionChange {
  readonly fingerprint: string;
  /** What holds from now on; absent: the secret is open again. */
  readonly decision?: Decision;
}

/** Where decisions are kept. The review knows findings by fingerprint alone, never by position. */
export interface DecisionSink {
  /** The name of the place, for people: `.leaktraceignore`. */
  readonly place: string;
  /** The decision that is already written for a finding, if any. Cheap: asked once for each finding that arrives. */
  known(fingerprint: string): Decision | undefined;
  /**
   * Writes all the changes or none. Resolves when they are safely kept; rejects with a one-line reason, and then nothing has changed.
   * The review never calls it again before the last call has settled.
   */
  write(changes: readonly DecisionChange[]): Promise<void>;
}

/** Keeps decisions in memory alone: for looking around without leaving a trace, and for tests. */
export function memoryDecisions(
  place = "memory",
): DecisionSink & { readonly decisions: ReadonlyMap<string, Decision> } {
  const decisions = new Map<string, Decision>();
  return {
    place,
    decisions,
    known: (fingerprint) => decisions.get(fingerprint),
    write: (changes) => {
      for (const { fingerprint, decision } of changes) {
        if (decision === undefined) decisions.delete(fingerprint);
        else decisions.set(fingerprint, decision);
      }
      return Promise.resolve();
    },
  };
}
