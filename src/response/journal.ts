import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import {
  checkedFields,
  findingFromRecord,
  findingToRecord,
  problemFromRecord,
  targetFromRecord,
} from "../findings/index.ts";
import type { Finding, TargetSummary } from "../model/finding.ts";
import { ToolError, type Problem } from "../model/problem.ts";
import { sanitizeJson } from "../model/sanitize.ts";
import { codeBehind } from "../model/thrown.ts";

/** What the results of a sweep depend on beside its targets; a journal goes on only under the same. */
export interface SweepBasis {
  readonly version: string;
  /** Digest of the rules. */
  readonly rules: string;
  /** Digest of the options that change what is scanned or found. */
  readonly options: string;
}

/** All that a finished target has to say. Holds no plain value. */
export interface TargetRecord {
  /** Id of the target in the list; its name may be masked. */
  readonly id: string;
  readonly summary: TargetSummary;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

export interface Journal extends AsyncDisposable {
  /** Targets that were finished, in this run or before it, by id. */
  readonly done: ReadonlyMap<string, TargetRecord>;
  /** Writes a finished target; it is on the disk when this resolves. */
  append(record: TargetRecord): Promise<void>;
}

const schema = 1;
/** Only the owner can read it: it tells where secrets are. */
const journalMode = 0o600;
const pieceBytes = 1 << 20;
/** The longest text that can be made of a line; no target that could be written has more. */
const maxLineBytes = 1 << 28;

/**
 * Opens the journal of a sweep: JSON lines, first what it rests on, then one line for each finished target, each forced to the disk before
 * the next target begins. A last line that was cut off (kill -9, power) is removed, and its target is done again. Without `resume` an
 * earlier journal is replaced; a file that is no journal never is. Throws ToolError where it cannot go on.
 */
export async function openJournal(path: string, basis: SweepBasis, resume: boolean): Promise<Journal> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK, journalMode);
  } catch (error) {
    throw unwritable(path, error);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new ToolError("journal", `the journal ${path} is not a regular file`);
    const done = new Map<string, TargetRecord>();
    let end = 0;
    if (stat.size > 0) {
      const kept = await readJournal(file, path, resume ? basis : undefined, done);
      if (resume) end = kept;
    }
    await file.chmod(journalMode);
    await file.truncate(end);
    const write = async (record: object): Promise<void> => {
      const line = Buffer.from(`${sanitizeJson(JSON.stringify(record))}\n`);
      for (let written = 0; written < line.length;) {
        const { bytesWritten } = await file.write(line, written, line.length - written, end + written);
        written += bytesWritten;
      }
      end += line.length;
      await file.datasync();
    };
    if (end === 0) await write({ schema, kind: "journal", tool: "leaktrace", ...basis });
    await syncFolder(dirname(path));
    return {
      done,
      async append(record) {
        try {
          await write(toLine(record));
        } catch (error) {
          throw unwritable(path, error);
        }
        done.set(record.id, record);
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error instanceof ToolError ? error : unwritable(path, error);
  }
}

/** A record after a trip through the journal: what is told of a target is the same whether it was read back or not. */
export function settled(record: TargetRecord): TargetRecord {
  const value: unknown = JSON.parse(JSON.stringify(toLine(record)));
  return fromLine(value);
}

function toLine({ id, summary, findings, problems }: TargetRecord): object {
  return {
    schema,
    kind: "target",
    id,
    summary,
    findings: findings.map((finding) => findingToRecord(finding)),
    problems,
  };
}

function fromLine(value: unknown): TargetRecord {
  const fields = checkedFields(value, "target");
  fields.oneOf("kind", ["target"]);
  if (fields.number("schema") !== schema) throw new ToolError("record-invalid", "target.schema is of another version");
  // `checkedFields` has seen that it is an object; whether there is a list in it is checked here, its items by `findingFromRecord`.
  const { findings } = value as { findings?: unknown };
  if (!Array.isArray(findings)) throw new ToolError("record-invalid", "target.findings is not a list");
  return {
    id: fields.text("id"),
    summary: targetFromRecord(fields.fields("summary")),
    findings: findings.map((finding: unknown) => findingFromRecord(finding)),
    problems: fields.list("problems", problemFromRecord),
  };
}

/** Reads a journal into `done` and gives where its last whole line ends. Without a basis only its first line is looked at. */
async function readJournal(
  file: FileHandle,
  path: string,
  basis: SweepBasis | undefined,
  done: Map<string, TargetRecord>,
): Promise<number> {
  let number = 0;
  let good = 0;
  let failed: { readonly number: number; readonly error: unknown } | undefined;
  for await (const { text, end } of wholeLines(file)) {
    number++;
    // A broken line is forgiven where it is the last: that is how a killed write looks.
    if (failed !== undefined) throw damaged(path, failed.number);
    try {
      const value: unknown = JSON.parse(text);
      if (number === 1) checkHeader(value, basis);
      else if (basis !== undefined) {
        const record = fromLine(value);
        done.set(record.id, record);
      }
      good = end;
    } catch (error) {
      if (error instanceof ToolError && error.code === "journal-differs") throw error;
      if (number === 1) throw notOurs(path);
      failed = { number, error };
    }
    if (basis === undefined) return good;
  }
  // A file without any whole line: a journal that was killed while its first line was written, or something else.
  if (number === 0 && !(await beginsLikeJournal(file))) throw notOurs(path);
  return good;
}

function checkHeader(value: unknown, basis: SweepBasis | undefined): void {
  const fields = checkedFields(value, "journal");
  fields.oneOf("kind", ["journal"]);
  fields.oneOf("tool", ["leaktrace"]);
  const found = { version: fields.text("version"), rules: fields.text("rules"), options: fields.text("options") };
  if (basis === undefined) return;
  const differs =
    fields.number("schema") !== schema || found.version !== basis.version
      ? "by another version of leaktrace"
      : found.rules !== basis.rules
        ? "with other rules"
        : found.options !== basis.options
          ? "with other options"
          : undefined;
  if (differs === undefined) return;
  throw new ToolError(
    "journal-differs",
    `the journal was written ${differs}: results of both in one report would not be comparable`,
    {
      hint: "Go on with the same rules, options and version, or start again without --resume.",
    },
  );
}

async function* wholeLines(file: FileHandle): AsyncGenerator<{ text: string; end: number }> {
  let pieces: Buffer[] = [];
  let held = 0;
  let at = 0;
  for (;;) {
    const piece = Buffer.allocUnsafe(pieceBytes);
    const { bytesRead } = await file.read(piece, 0, pieceBytes, at);
    if (bytesRead === 0) return;
    let from = 0;
    for (
      let newline = piece.subarray(0, bytesRead).indexOf(0x0a);
      newline >= 0;
      newline = piece.subarray(0, bytesRead).indexOf(0x0a, from)
    ) {
      pieces.push(piece.subarray(from, newline));
      from = newline + 1;
      yield { text: Buffer.concat(pieces).toString("utf8"), end: at + from };
      pieces = [];
      held = 0;
    }
    pieces.push(piece.subarray(from, bytesRead));
    held += bytesRead - from;
    if (held > maxLineBytes)
      throw new ToolError("journal", "the journal holds a line that is longer than any that leaktrace writes");
    at += bytesRead;
  }
}

async function beginsLikeJournal(file: FileHandle): Promise<boolean> {
  const start = JSON.stringify({ schema, kind: "journal" }).slice(0, -1);
  const bytes = Buffer.alloc(start.length);
  const { bytesRead } = await file.read(bytes, 0, start.length, 0);
  return start.startsWith(bytes.toString("latin1", 0, bytesRead));
}

/** Makes the name of a new file survive a power cut; where folders cannot be opened (Windows) it survives without. */
async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, constants.O_RDONLY);
    await folder.sync();
  } catch {
    // The file itself is synced; a lost name only means that the sweep starts again.
  }
}

function damaged(path: string, line: number): ToolError {
  return new ToolError("journal", `line ${line} of the journal ${path} cannot be read`, {
    hint: "Start again without --resume.",
  });
}

function notOurs(path: string): ToolError {
  return new ToolError("journal", `${path} is not a journal of leaktrace, and is left as it is`, {
    hint: "Name another file with --journal.",
  });
}

function unwritable(path: string, error: unknown): ToolError {
  return new ToolError("journal", `cannot write the journal ${path}${codeBehind(error)}`, { cause: error });
}
