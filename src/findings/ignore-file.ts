import { createHmac, randomBytes } from "node:crypto";
import { verdicts, type Decision, type DecisionChange, type Verdict } from "../model/decision.ts";
import { ToolError } from "../model/problem.ts";
import type { Decider } from "./decide.ts";
import { applyDecision } from "./decision-effect.ts";
import { replaceFile } from "../disk/index.ts";
import { readTextFile } from "./text-file.ts";
import { append } from "../model/multimap.ts";
import { codeBehind } from "../model/thrown.ts";

/** The name of the file of decisions, in the folder of the scanned repository or the current one. */
export const ignoreFileName = ".leaktraceignore";

/** One line of the file: a decision about one value, known only by a hash that needs the file's key. */
export interface IgnoreEntry {
  /** Hex, 16 to 64 digits, of HMAC-SHA256 (key, fingerprint); written with 32. */
  readonly hash: string;
  readonly decision: Verdict;
  /** `2024-01-31` or a full ISO 8601 time. */
  readonly date: string;
  readonly reason: string;
  /** As in `Decision`. */
  readonly by?: string;
  readonly expires?: string;
  readonly path?: string;
}

export interface IgnoreFile {
  /** 32 hex digits. Its own in each file, so that files of two projects do not tell whether they hold the same secret. */
  readonly key: string;
  /** Decisions, and as they stand the comments and blank lines that people wrote between them. */
  readonly lines: readonly (IgnoreEntry | string)[];
}

const hashDigits = 32;

/** The shortest hash that is read; entries are looked up by so much of it. */
const startDigits = 16;

/** Reasons are notes for colleagues; a longer one is cut so that a line stays a line. So are names and paths. */
const maxReasonLength = 1000;

/** What can stand behind the reason, as `name=value`, percent-encoded like the reason itself: no `=` is left in that. */
const optionalFields = ["by", "expires", "path"] as const;

/** An empty file with a new key. */
export function newIgnoreFile(): IgnoreFile {
  return { key: randomBytes(16).toString("hex"), lines: [] };
}

/** The decisions of a file, in its order. */
export function decisionsIn({ lines }: IgnoreFile): IgnoreEntry[] {
  return lines.filter((line) => typeof line !== "string");
}

/**
 * Reads the text of a `.leaktraceignore`: a header line `# leaktrace ignore 1 key=<32 hex>`, then a decision a line; blank lines and
 * `#` lines are comments. Gives the lines that could not be understood by number; throws ToolError `ignore-invalid` without a header.
 */
export function parseIgnoreFile(text: string): { file: IgnoreFile; badLines: readonly number[] } {
  const lines = text.split("\n");
  const header = /^# leaktrace ignore 1 key=([0-9a-f]{32})\s*$/.exec(lines[0] ?? "");
  if (header?.[1] === undefined) {
    throw new ToolError("ignore-invalid", `${ignoreFileName} does not begin with "# leaktrace ignore 1 key=…"`, {
      hint: "It was not written by leaktrace, or its first line was lost; take that line back from your history.",
    });
  }
  // What follows the last line end is no line.
  if (lines.at(-1) === "") lines.pop();
  const read: (IgnoreEntry | string)[] = [];
  const badLines: number[] = [];
  for (const [i, line] of lines.entries()) {
    if (i === 0) continue;
    const isComment = line.trim() === "" || line.startsWith("#");
    const entry = isComment ? line : parseEntry(line.trim());
    if (entry === undefined) badLines.push(i + 1);
    else read.push(entry);
  }
  return { file: { key: header[1], lines: read }, badLines };
}

function parseEntry(line: string): IgnoreEntry | undefined {
  const [hash, word, date, ...texts] = line.split(/\s+/);
  const decision = verdicts.find((known) => known === word);
  if (hash === undefined || !/^[0-9a-f]{16,64}$/.test(hash) || decision === undefined) return undefined;
  if (date === undefined || !/^\d{4}-\d{2}-\d{2}(?:T[\d:.]{1,20}Z)?$/.test(date)) return undefined;
  const fields = new Map<string, string>();
  for (const [i, text] of texts.entries()) {
    const name = optionalFields.find((known) => text.startsWith(`${known}=`)) ?? (i === 0 ? "reason" : undefined);
    if (name === undefined || fields.has(name)) return undefined;
    try {
      const written = name === "reason" ? text : text.slice(name.length + 1);
      fields.set(name, decodeURIComponent(written).slice(0, maxReasonLength));
    } catch {
      return undefined;
    }
  }
  const [by, expires, path] = optionalFields.map((name) => fields.get(name));
  if (expires !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(expires)) return undefined;
  return {
    hash,
    decision,
    date,
    reason: fields.get("reason") ?? "",
    ...(by === undefined ? {} : { by }),
    ...(expires === undefined ? {} : { expires }),
    ...(path === undefined ? {} : { path }),
  };
}

/**
 * The text of a file; `parseIgnoreFile` gives back the same file. Decisions are sorted by hash, so that merges in git are small, unless people wrote comments
 * between them: then each line stays where it is.
 */
export function serializeIgnoreFile(file: IgnoreFile): string {
  const hasComments = file.lines.some((line) => typeof line === "string");
  const sorted = hasComments
    ? file.lines
    : decisionsIn(file).sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  const lines = sorted.map((line) => (typeof line === "string" ? line : writtenEntry(line)));
  return [`# leaktrace ignore 1 key=${file.key}`, ...lines].map((line) => `${line}\n`).join("");
}

function writtenEntry(entry: IgnoreEntry): string {
  const texts = [
    encoded(entry.reason),
    ...optionalFields.map((name) => (entry[name] === undefined ? "" : `${name}=${encoded(entry[name])}`)),
  ];
  return [entry.hash, entry.decision, entry.date, ...texts.filter((text) => text !== "")].join(" ");
}

/**
 * The file with decisions about findings, each in place of an earlier one about the same, else at its end. Takes time in proportion to the file and to the
 * changes, not to both.
 */
export function changeDecisions(file: IgnoreFile, changes: readonly DecisionChange[]): IgnoreFile {
  const changed = changes.map(({ fingerprint, decision }) => changedEntry(keyedHash(file.key, fingerprint), decision));
  const byStart = new Map<string, Changed[]>();
  for (const one of changed) append(byStart, one.full.slice(0, startDigits), one);
  const placed = new Set<Changed>();
  const lines = file.lines.flatMap((line): (IgnoreEntry | string)[] => {
    if (typeof line === "string") return [line];
    const change = byStart.get(line.hash.slice(0, startDigits))?.findLast(({ full }) => full.startsWith(line.hash));
    if (change === undefined) return [line];
    if (change.entry === undefined || placed.has(change)) return [];
    placed.add(change);
    return [change.entry];
  });
  const added = changed.flatMap((change) => (change.entry === undefined || placed.has(change) ? [] : [change.entry]));
  return { key: file.key, lines: [...lines, ...added] };
}

interface Changed {
  /** All digits of the hash. */
  readonly full: string;
  /** Absent: the finding is open again. */
  readonly entry: IgnoreEntry | undefined;
}

function changedEntry(full: string, taken: Decision | undefined): Changed {
  if (taken === undefined) return { full, entry: undefined };
  const { verdict, ...rest } = taken;
  return { full, entry: { hash: full.slice(0, hashDigits), decision: verdict, ...rest } };
}

/** The file with a decision about a finding, in place of an earlier one about the same, else at its end. */
export function addDecision(file: IgnoreFile, fingerprint: string, decision: Decision): IgnoreFile {
  return changeDecisions(file, [{ fingerprint, decision }]);
}

/** The file without any decision about a finding. */
export function removeDecision(file: IgnoreFile, fingerprint: string): IgnoreFile {
  return changeDecisions(file, [{ fingerprint }]);
}

/**
 * Tells the decision about a finding by its fingerprint, where there is one; of several the last one written. Whether it still holds is asked of `holdsOn`. The
 * file is sorted once, for many questions.
 */
export function decisionFinder(file: IgnoreFile): (fingerprint: string) => Decision | undefined {
  const byStart = new Map<string, IgnoreEntry[]>();
  for (const entry of decisionsIn(file)) {
    const start = entry.hash.slice(0, startDigits);
    append(byStart, start, entry);
  }
  return (fingerprint) => {
    if (byStart.size === 0) return undefined;
    const full = keyedHash(file.key, fingerprint);
    const entry = byStart.get(full.slice(0, startDigits))?.findLast(({ hash }) => full.startsWith(hash));
    return entry === undefined ? undefined : decisionOf(entry);
  };
}

function decisionOf({ hash: _, decision, ...rest }: IgnoreEntry): Decision {
  return { verdict: decision, ...rest };
}

/** Reads the file at a path; undefined when there is none. Throws ToolError when it is no such file. */
export async function readIgnoreFile(
  path: string,
): Promise<{ file: IgnoreFile; badLines: readonly number[] } | undefined> {
  const text = await readTextFile(path);
  return text === undefined ? undefined : parseIgnoreFile(text);
}

/** Writes the file, as `replaceFile` does. Throws ToolError. */
export async function writeIgnoreFile(path: string, file: IgnoreFile): Promise<void> {
  try {
    await replaceFile(path, serializeIgnoreFile(file));
  } catch (error) {
    throw new ToolError("ignore-unwritable", `cannot write ${path}${codeBehind(error)}`, { cause: error });
  }
}

/** Applies the decisions of a file, as `applyDecision` does each. `today`: in UTC, `2027-01-31`. */
export function ignoreFileDecider(file: IgnoreFile, today = new Date().toISOString().slice(0, 10)): Decider {
  const find = decisionFinder(file);
  return (finding) => {
    const decision = find(finding.fingerprint);
    return decision === undefined ? finding : applyDecision(finding, decision, ignoreFileName, today);
  };
}

function keyedHash(key: string, fingerprint: string): string {
  return createHmac("sha256", Buffer.from(key, "hex")).update(fingerprint).digest("hex");
}

/** Surrogates that lost their partner are replaced: percent-encoding refuses them. */
function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text.slice(0, maxReasonLength), "utf8").toString("utf8"));
}
