import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../model/problem.ts";
import { baselineDecider, readBaseline } from "./baseline.ts";
import type { Decider } from "./decide.ts";
import { gitleaksIgnoreDecider, gitleaksIgnoreName, parseGitleaksIgnore } from "./gitleaks-ignore.ts";
import { ignoreFileDecider, ignoreFileName, readIgnoreFile } from "./ignore-file.ts";
import { readTextFile } from "./text-file.ts";

export interface DecisionPlaces {
  /** Folders that can hold ignore files: the scanned repositories and folders, and the current one. */
  readonly folders: readonly string[];
  /** `--gitleaks-ignore-path`: a file, or a folder with one. */
  readonly ignorePath?: string;
  /** `--baseline-path`. */
  readonly baselinePath?: string;
}

/**
 * Reads every decision that applies to a scan. Lines that cannot be understood become notes that name file and line; files that are
 * not what they say throw ToolError, because a scan that ignores decisions blocks people and one that guesses them hides secrets.
 */
export async function loadDeciders(
  places: DecisionPlaces,
): Promise<{ deciders: readonly Decider[]; notes: readonly Problem[] }> {
  const deciders: Decider[] = [];
  const notes: Problem[] = [];
  const note = (path: string, lines: readonly number[]): void => {
    for (const line of lines.slice(0, maxNotes)) {
      notes.push({
        code: "config-invalid",
        effect: "note",
        target: "",
        subject: `${path}:${line}`,
        message: "this line is no decision and was left out",
      });
    }
  };
  const folders = [...new Set(places.folders)];
  for (const path of folders.map((folder) => join(folder, ignoreFileName))) {
    const read = await readIgnoreFile(path);
    if (read === undefined) continue;
    note(path, read.badLines);
    deciders.push(ignoreFileDecider(read.file));
  }
  const lists = folders.map((folder) => join(folder, gitleaksIgnoreName));
  if (places.ignorePath !== undefined) {
    const isFolder = await stat(places.ignorePath).then(
      (known) => known.isDirectory(),
      () => true,
    );
    lists.push(isFolder ? join(places.ignorePath, gitleaksIgnoreName) : places.ignorePath);
  }
  for (const path of new Set(lists)) {
    const text = await readTextFile(path);
    if (text === undefined) continue;
    const { places: accepted, badLines } = parseGitleaksIgnore(text);
    note(path, badLines);
    deciders.push(gitleaksIgnoreDecider(accepted));
  }
  if (places.baselinePath !== undefined) deciders.push(baselineDecider(await readBaseline(places.baselinePath)));
  return { deciders, notes };
}

/** A file of another kind under this name would make a note of every line. */
const maxNotes = 10;
