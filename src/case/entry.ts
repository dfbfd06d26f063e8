import { createHash, randomBytes } from "node:crypto";
import { checkedFields, isFingerprint, type CheckedFields } from "../findings/index.ts";
import { verdicts, type Decision, type DecisionAct } from "../model/decision.ts";
import { ToolError } from "../model/problem.ts";

/**
 * One line of the log of decisions: what somebody said of one secret at one moment. The log only grows: what is taken back or changed is a new entry that
 * names the ones it replaces. Its id is a hash of all that it says, so an entry that was altered is another one, and none can be slipped under those that
 * follow it.
 */
export interface Entry {
  readonly id: string;
  /** When it was written: ISO 8601 in UTC with milliseconds; later than every entry of its author that the case knew. */
  readonly time: string;
  /** Who wrote it. */
  readonly by: string;
  readonly act: DecisionAct;
  /** Random; the same for all entries of one act. */
  readonly step: string;
  readonly fingerprint: string;
  /** Ids of the entries about the same secret that its author knew, and that count no longer. Sorted. */
  readonly replaces: readonly string[];
  /** Absent: the secret is open again. */
  readonly decision?: Decision;
}

const idDigits = 32;
/** Reasons, names and paths are lines for people. */
const maxText = 2000;
/** Heads of one secret that one entry can settle: each is a reviewer who knew of no other. */
const maxReplaced = 10_000;

/** An entry with its id. Texts are cut to a length that a line for people has. */
export function entryOf(fields: Omit<Entry, "id">): Entry {
  const { time, step, act, fingerprint, replaces } = fields;
  const by = cut(fields.by);
  const decision = fields.decision === undefined ? {} : { decision: cutDecision(fields.decision) };
  const content = { time, by, act, step, fingerprint, replaces: replaces.toSorted(), ...decision };
  const id = createHash("sha256")
    .update(`leaktrace decision 1\n${JSON.stringify(content)}`)
    .digest("hex");
  return { id: id.slice(0, idDigits), ...content };
}

/** A name for a step that no other has. */
export function newStep(): string {
  return randomBytes(16).toString("hex");
}

/** An entry as plain JSON data, its keys in a fixed order. */
export function entryToRecord(entry: Entry): object {
  const { id, time, by, act, step, fingerprint, replaces, decision } = entry;
  return {
    kind: "decision",
    schema: 1,
    ...{ id, time, by, act, step, fingerprint, replaces },
    ...(decision === undefined ? {} : { decision }),
  };
}

/** Reads an entry of unknown making. Throws ToolError `record-invalid` where a field is wrong, or where its id is not that of what it says. */
export function entryFromRecord(value: unknown): Entry {
  const entry = storedEntry(value);
  if (entryOf(entry).id !== entry.id)
    throw new ToolError("record-invalid", "decision.id is not that of its text: it was altered");
  return entry;
}

/** Reads an entry that was checked when it came into the case: its id is not computed again. Throws ToolError `record-invalid` where a field is wrong. */
export function storedEntry(value: unknown): Entry {
  const fields = checkedFields(value, "decision");
  fields.oneOf("kind", ["decision"]);
  if (fields.number("schema") !== 1)
    throw new ToolError("record-invalid", "the decision was written by another version (schema)");
  const fingerprint = fields.text("fingerprint");
  if (!isFingerprint(fingerprint)) throw new ToolError("record-invalid", "decision.fingerprint is not a fingerprint");
  const decision = fields.optionalFields("decision");
  const replaces = fields.texts("replaces");
  if (replaces.length > maxReplaced) throw new ToolError("record-invalid", "decision.replaces is too long");
  return {
    id: matching(fields, "id", /^[0-9a-f]{32}$/),
    time: matching(fields, "time", /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
    by: fields.text("by"),
    act: fields.oneOf("act", ["decide", "undo", "redo"]),
    step: matching(fields, "step", /^[0-9a-f]{32}$/),
    fingerprint,
    replaces,
    ...(decision === undefined ? {} : { decision: readDecision(decision) }),
  };
}

function readDecision(fields: CheckedFields): Decision {
  const by = fields.optionalText("by");
  const path = fields.optionalText("path");
  return {
    verdict: fields.oneOf("verdict", verdicts),
    reason: fields.text("reason"),
    date: matching(fields, "date", /^\d{4}-\d{2}-\d{2}(?:T[\d:.]{1,20}Z)?$/),
    ...(by === undefined ? {} : { by }),
    ...(fields.has("expires") ? { expires: matching(fields, "expires", /^\d{4}-\d{2}-\d{2}$/) } : {}),
    ...(path === undefined ? {} : { path }),
  };
}

function cutDecision({ verdict, reason, date, by, expires, path }: Decision): Decision {
  return {
    verdict,
    reason: cut(reason),
    date,
    ...(by === undefined ? {} : { by: cut(by) }),
    ...(expires === undefined ? {} : { expires }),
    ...(path === undefined ? {} : { path: cut(path) }),
  };
}

function matching(fields: CheckedFields, key: string, form: RegExp): string {
  const text = fields.text(key);
  if (!form.test(text)) throw new ToolError("record-invalid", `decision.${key} has another form than leaktrace writes`);
  return text;
}

/** Surrogates without their partner would not survive the file. */
function cut(text: string): string {
  return Buffer.from(text.slice(0, maxText), "utf8").toString("utf8");
}
