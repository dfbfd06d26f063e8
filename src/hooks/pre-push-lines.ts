import { ToolError } from "../model/problem.ts";

/** One name that is pushed or deleted, as git tells it to the hook (githooks, "pre-push"). */
export interface PrePushLine {
  /** A full ref, or what the user wrote where it was none (`HEAD~`); absent where the remote's name is deleted. */
  readonly localRef?: string;
  readonly localId?: string;
  readonly remoteRef: string;
  /** Absent where the remote has nothing under the name. */
  readonly remoteId?: string;
}

/** Taken from the end: what the user wrote for the local name can hold blanks. Ids have 40 digits, or 64 in SHA-256 repositories. */
const form = /^(.+) ([0-9a-f]{40}|[0-9a-f]{64}) (\S+) ([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Reads what git gives to the hook on standard input. Throws ToolError for a line that is not understood: what it names would go unscanned. */
export function parsePrePushLines(text: string): PrePushLine[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, i) => {
      const [, localRef, localId, remoteRef, remoteId] = form.exec(line.replace(/\r$/, "")) ?? [];
      if (localRef === undefined || localId === undefined || remoteRef === undefined || remoteId === undefined) {
        throw new ToolError("hook-input", `line ${i + 1} on standard input is not what git gives to a pre-push hook`, {
          hint: "git calls this by itself: leaktrace hook install sets it up",
        });
      }
      return {
        ...(isZero(localId) ? {} : { localRef, localId }),
        remoteRef,
        ...(isZero(remoteId) ? {} : { remoteId }),
      };
    });
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
