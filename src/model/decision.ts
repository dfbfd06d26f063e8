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
  /** Who took it: `Ada <ada@example.org>`; absent where nobody said. */
  readonly by?: string;
  /** The first day on which it no longer holds: `2027-01-31`, in UTC. Absent: it holds until it is changed. */
  readonly expires?: string;
  /** Where it holds: paths that match this gitignore-like pattern. Absent: wherever the value stands. */
  readonly path?: string;
}

/** One act of a reviewer: what was and what is, for each finding that it touched. */
export interface DecisionStep {
  readonly changes: readonly {
    readonly fingerprint: string;
    readonly before: Decision | undefined;
    readonly after: Decision | undefined;
  }[];
}

/** What was done in earlier sessions as well, so that undo goes on tomorrow. Oldest first. */
export interface DecisionHistory {
  readonly past: readonly DecisionStep[];
  /** Steps that were taken back and can be done again; the last one first to be done. */
  readonly future: readonly DecisionStep[];
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
  write(changes: readonly DecisionChange[], act?: DecisionAct): Promise<void>;
  /** What reviewers whose decisions were merged say of a finding, where they differ and nobody has decided since; else nothing. Cheap, like `known`. */
  conflicts?(fingerprint: string): readonly Decision[];
  /** The steps that can be undone and done again, where this place keeps them beyond one session. */
  history?(): DecisionHistory;
}

/** What kind of step is written; a place with a history needs to know. Default: `decide`. */
export type DecisionAct = "decide" | "undo" | "redo";

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
