import { resolve } from "node:path";
import { ignoreFileName } from "../../findings/index.ts";
import { verdictWords, type Decision } from "../../model/decision.ts";
import { openIgnoreFile, type LookRow, type Proposal, type WriteWish } from "../../review/index.ts";

/** Writes the decision that holds for a finding into the ignore file of the current folder, for scans that know nothing of its case. A sentence where none holds. */
export async function proposeIgnoreFile({ finding, decision }: WriteWish): Promise<Proposal | string> {
  if (decision === undefined) return "decide it first (f, i, r, x): what is written is that decision";
  const path = resolve(ignoreFileName);
  const file = await openIgnoreFile(path, path);
  const { fingerprint } = finding;
  const before = file.known(fingerprint);
  return {
    rows: [
      { text: path, tone: "strong" },
      ...(before === undefined ? [] : [{ text: `- ${decisionText(before)}`, tone: "alert" } as const]),
      { text: `+ ${decisionText(decision)}`, tone: "good" },
      { text: "", tone: "plain" },
      { text: "The file knows the value by a keyed hash alone, so it can be committed.", tone: "plain" },
    ] satisfies LookRow[],
    async write() {
      await file.write([{ fingerprint, decision }]);
      return { said: `${verdictWords[decision.verdict]} written to ${path}`, hidden: [], by: path };
    },
  };
}

function decisionText({ verdict, reason, expires, path }: Decision): string {
  return [
    verdictWords[verdict],
    ...(reason === "" ? [] : [reason]),
    ...(expires === undefined ? [] : [`until ${expires}`]),
    ...(path === undefined ? [] : [`in ${path}`]),
  ].join(", ");
}
