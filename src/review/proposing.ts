import type { Finding } from "../model/finding.ts";
import { errorMessage } from "../model/thrown.ts";
import type { LookRow } from "./look.ts";
import type { Action } from "./state.ts";
import type { Proposal, Writer, WriteWish, WrittenIn } from "./writer.ts";

/** What is being worked out, or waits for a yes. */
export interface Proposing {
  begin(wish: WriteWish, findings: ReadonlyMap<string, Finding>): void;
  /** Writes what is proposed. */
  commit(): void;
  /** Nobody wants it any more. */
  withdraw(): void;
  /** Waits for what is being written. */
  settled(): Promise<void>;
}

/** Has proposals worked out, one at a time, and tells the reducer of them. */
export function createProposing(writer: Writer | undefined, dispatch: (action: Action) => void): Proposing {
  let current: { readonly what: WrittenIn; readonly abort: AbortController; proposal?: Proposal } | undefined;
  let writing = Promise.resolve();
  const withdraw = (): void => {
    current?.abort.abort();
    current = undefined;
  };
  return {
    begin(wish, findings) {
      withdraw();
      const { what } = wish;
      const mine: NonNullable<typeof current> = { what, abort: new AbortController() };
      current = mine;
      const tell = (stage: "working" | "ready" | "refused", rows: readonly LookRow[]): void => {
        if (current === mine) dispatch({ kind: "proposed", what, stage, rows });
      };
      const context = {
        findings,
        signal: mine.abort.signal,
        told: (rows: readonly LookRow[]) => tell("working", rows),
      };
      void (writer?.propose(wish, context) ?? Promise.resolve("nothing can be written here")).then(
        (answer) => {
          if (typeof answer === "string") return tell("refused", refusal(answer));
          mine.proposal = answer;
          tell("ready", answer.rows);
        },
        (error: unknown) => tell("refused", refusal(errorMessage(error))),
      );
    },
    commit() {
      if (current?.proposal === undefined) return;
      const { what, proposal } = current;
      current = undefined;
      writing = proposal.write().then(
        (written) => dispatch({ kind: "written", ...written }),
        (error: unknown) =>
          dispatch({ kind: "proposed", what, stage: "refused", rows: refusal(`not written: ${errorMessage(error)}`) }),
      );
    },
    withdraw,
    settled: () => writing,
  };
}

function refusal(text: string): readonly LookRow[] {
  return [{ text, tone: "alert" }];
}
