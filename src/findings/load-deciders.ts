import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import pLimit from "p-limit";
import { ToolError, type Problem } from "../model/problem.ts";
import { baselineDecider, readBaseline } from "./baseline.ts";
import type { Decider } from "./decide.ts";
import { foreignRules, gitleaksIgnoreDecider, gitleaksIgnoreName, parseGitleaksIgnore } from "./gitleaks-ignore.ts";
import { ignoreFileDecider, ignoreFileName, readIgnoreFile } from "./ignore-file.ts";
import { readTextFile } from "./text-file.ts";

export interface DecisionPlaces {
  /** Folders that can hold ignore files: the scanned repositories and folders, and the current one. */
  readonly folders: readonly string[];
  /** `--gitleaks-ignore-path`: a file, or a folder with one. */
  readonly ignorePath?: string;
  /** `--baseline-path`. */
  readonly baselinePath?: string;
  /** Tells the ids of rules, once they are loaded: places that were accepted under another program's ids count for any rule. Absent: ids count as they are. */
  readonly isRule?: Promise<((id: string) => boolean) | undefined>;
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
  const limit = pLimit(maxOpenFiles);
  const ignoreFiles = folders.map((folder) => join(folder, ignoreFileName));
  for (const [index, read] of (await limit.map(ignoreFiles, readIgnoreFile)).entries()) {
    const path = ignoreFiles[index];
    if (read === undefined || path === undefined) continue;
    note(path, read.badLines);
    deciders.push(ignoreFileDecider(read.file));
  }
  const lists = folders.map((folder) => join(folder, gitleaksIgnoreName));
  if (places.ignorePath !== undefined) {
    const known = await stat(places.ignorePath).catch(() => undefined);
    // gitleaks passes over it without a word; whoever mistyped it waits in vain for what he ignores.
    if (known === undefined)
      notes.push({
        ...{ code: "config-invalid", effect: "note", target: "", subject: places.ignorePath },
        message: "there is no such ignore file: nothing is ignored by it",
      });
    const isFolder = known?.isDirectory() ?? true;
    lists.push(isFolder ? join(places.ignorePath, gitleaksIgnoreName) : places.ignorePath);
  }
  const gitleaksFiles = [...new Set(lists)];
  // Asked where there is a list: else nobody waits for rules here.
  const context = async (path: string) => {
    const isRule = await places.isRule;
    return { folder: dirname(path), ...(isRule === undefined ? {} : { isRule }) };
  };
  for (const [index, text] of (await limit.map(gitleaksFiles, readTextFile)).entries()) {
    const path = gitleaksFiles[index];
    if (text === undefined || path === undefined) continue;
    const { places: accepted, badLines } = parseGitleaksIgnore(text);
    note(path, badLines);
    const held = await context(path);
    deciders.push(gitleaksIgnoreDecider(accepted, held));
    const foreign = held.isRule === undefined ? [] : foreignRules(accepted, held.isRule);
    if (foreign.length > 0)
      notes.push({
        ...{ code: "config-invalid", effect: "note", target: "", subject: path },
        message: `names rules of another program (${shortList(foreign)}): at these places whatever is found is hidden`,
      });
  }
  if (places.baselinePath !== undefined)
    deciders.push(baselineDecider(await readBaseline(places.baselinePath), await places.isRule));
  return { deciders, notes };
}

/**
 * The decisions in the folder of a target. Whoever can write there must not end a scan by it: a file that cannot be read or understood hides nothing,
 * and is told in a note.
 */
export async function loadDecidersOf(
  folder: string,
  isRule?: DecisionPlaces["isRule"],
): ReturnType<typeof loadDeciders> {
  try {
    return await loadDeciders({ folders: [folder], ...(isRule === undefined ? {} : { isRule }) });
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const message = `${error.message}: it decides nothing`;
    return {
      deciders: [],
      notes: [{ code: "config-invalid", effect: "note", target: "", subject: folder, message }],
    };
  }
}

function shortList(names: readonly string[]): string {
  const more = names.length - maxNames;
  return `${names.slice(0, maxNames).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const maxNames = 3;

/** A sweep asks thousands of folders, often over a network: one by one is slow, and all at once is more than a process may open. */
const maxOpenFiles = 16;

/** A file of another kind under this name would make a note of every line. */
const maxNotes = 10;
