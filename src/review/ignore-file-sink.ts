import {
  changeDecisions,
  decisionFinder,
  holdsOn,
  newIgnoreFile,
  readIgnoreFile,
  writeIgnoreFile,
  type IgnoreFile,
} from "../findings/index.ts";
import { ToolError } from "../model/problem.ts";
import type { DecisionSink } from "../model/decision.ts";

/**
 * Keeps decisions in a `.leaktraceignore`: by keyed hash of the value's fingerprint, so the file can be committed. Nothing is written before
 * the first decision. `place` is how people call the file.
 * Throws ToolError when there is a file that cannot be read, or one with lines that are no decisions: writing it anew would lose them.
 */
export async function openIgnoreFile(path: string, place: string): Promise<DecisionSink> {
  let file = (await readWhole(path, place)) ?? newIgnoreFile();
  let find = decisionFinder(file);
  return {
    place,
    known: (fingerprint) => {
      const decision = find(fingerprint);
      return decision !== undefined && holdsOn(decision, today()) ? decision : undefined;
    },
    write: async (changes) => {
      // Someone else may have written to it meanwhile: another review, git.
      const next = changeDecisions((await readWhole(path, place)) ?? file, changes);
      await writeIgnoreFile(path, next);
      file = next;
      find = decisionFinder(file);
    },
  };
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

async function readWhole(path: string, place: string): Promise<IgnoreFile | undefined> {
  const read = await readIgnoreFile(path);
  const [bad] = read?.badLines ?? [];
  if (bad !== undefined) {
    throw new ToolError("ignore-invalid", `line ${bad} of ${place} is no decision`, {
      hint: "Correct it or take it out; a review would lose it.",
    });
  }
  return read?.file;
}
