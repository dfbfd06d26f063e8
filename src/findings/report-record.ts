import type { SuppressionReason } from "../model/detection.ts";
import type { Finding, Report, TargetSummary } from "../model/finding.ts";
import type { BaseImage, ImageFacts } from "../model/image-facts.ts";
import type { Ledger } from "../model/ledger.ts";
import { ToolError, type Problem, type ProblemCode } from "../model/problem.ts";
import { checkedFields, type CheckedFields } from "./checked.ts";
import { lifetimes } from "./lifetime.ts";
import { findingFromRecord, findingToRecord, recordSchema } from "./record.ts";
import { createSharing } from "./shared-parts.ts";

/** The last line of a report in JSON lines: everything but the findings. */
export type LedgerRecord = Omit<Report, "findings"> & { readonly kind: "ledger" };

const problemCodes = Object.keys({
  unreadable: 0,
  "pack-corrupt": 0,
  "object-corrupt": 0,
  "object-missing": 0,
  shallow: 0,
  partial: 0,
  "lfs-missing": 0,
  submodule: 0,
  "layer-missing": 0,
  "layer-corrupt": 0,
  "digest-mismatch": 0,
  "diff-id-mismatch": 0,
  "table-mismatch": 0,
  "manifest-invalid": 0,
  "config-invalid": 0,
  "archive-corrupt": 0,
  encrypted: 0,
  "too-deep": 0,
  "too-large": 0,
  bomb: 0,
  unsupported: 0,
  "foreign-layer": 0,
  triage: 0,
  "worker-crashed": 0,
  "timed-out": 0,
  interrupted: 0,
  "self-test": 0,
  "rules-limit": 0,
} satisfies Record<ProblemCode, 0>) as readonly ProblemCode[]; // the object's type has just these keys

const suppressionReasons = Object.keys({
  entropy: 0,
  allowlist: 0,
  placeholder: 0,
  reference: 0,
  masked: 0,
  "known-example": 0,
  checksum: 0,
  "not-random": 0,
  "inline-allow": 0,
  path: 0,
} satisfies Record<SuppressionReason, 0>) as readonly SuppressionReason[]; // the object's type has just these keys

/**
 * The lines of a report as JSON lines, without line ends: each finding, then the ledger. Findings in images have their `lifetimes` beside them, which are
 * made of their sightings, and not read back.
 */
export function* reportToLines(report: Report, options: { readonly reveal?: boolean } = {}): Iterable<string> {
  for (const finding of report.findings) {
    const lives = lifetimes(finding);
    const record = findingToRecord(finding, options);
    yield JSON.stringify(lives.length === 0 ? record : { ...record, lifetimes: lives });
  }
  yield JSON.stringify(ledgerToRecord(report));
}

/** The last line of a report, as data: everything but the findings. */
export function ledgerToRecord(report: Omit<Report, "findings">): LedgerRecord {
  return {
    schema: recordSchema,
    kind: "ledger",
    tool: report.tool,
    rules: report.rules,
    targets: report.targets,
    problems: report.problems,
    ledger: report.ledger,
    interrupted: report.interrupted,
  };
}

/** Reads a report in JSON lines back, as `readReportAsItComes` does. */
export async function readReport(lines: AsyncIterable<string> | Iterable<string>): Promise<Report> {
  const findings: Finding[] = [];
  const rest = await readReportAsItComes(lines, (finding) => void findings.push(finding));
  return { ...rest, findings };
}

/**
 * Reads a report in JSON lines back; blank lines are skipped. Gives each finding to `take` as soon as it is read, without plain texts, and all else at the
 * end. Throws ToolError `record-invalid` that names line and field; a file without its ledger line was cut off and is read as interrupted.
 */
export async function readReportAsItComes(
  lines: AsyncIterable<string> | Iterable<string>,
  take: (finding: Finding) => void,
): Promise<Omit<Report, "findings">> {
  const sharing = createSharing();
  let ledger: Omit<Report, "findings"> | undefined;
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    try {
      const value: unknown = JSON.parse(line);
      const kind = checkedFields(value, "line").oneOf("kind", ["finding", "ledger"]);
      if (kind === "finding") take(sharing.finding(findingFromRecord(value)));
      else ledger = ledgerFromRecord(value);
    } catch (error) {
      const what = error instanceof ToolError ? error.message : "it is not JSON";
      throw new ToolError("record-invalid", `line ${number} of the report cannot be read: ${what}`, {
        hint: "Give a report that was written with -f jsonl.",
      });
    }
  }
  return ledger ?? cutOff;
}

const cutOff: Omit<Report, "findings"> = {
  schema: 1,
  tool: { name: "leaktrace", version: "" },
  rules: { digest: "", origin: "", count: 0 },
  targets: [],
  problems: [],
  ledger: { planned: 0, scanned: 0, bytes: 0, skipped: {}, suppressed: {} },
  interrupted: true,
};

/** Reads what `ledgerToRecord` gave, of unknown making. Throws ToolError `record-invalid` that names the field. */
export function ledgerFromRecord(value: unknown): Omit<Report, "findings"> {
  const fields = checkedFields(value, "ledger");
  if (fields.number("schema") !== recordSchema) {
    throw new ToolError("record-invalid", "the ledger was written by another version (schema)");
  }
  const tool = fields.fields("tool");
  const rules = fields.fields("rules");
  return {
    schema: recordSchema,
    tool: { name: tool.oneOf("name", ["leaktrace"]), version: tool.text("version") },
    rules: { digest: rules.text("digest"), origin: rules.text("origin"), count: rules.number("count") },
    targets: fields.list("targets", targetFromRecord),
    problems: fields.list("problems", problemFromRecord),
    ledger: ledgerOf(fields.fields("ledger")),
    interrupted: fields.flag("interrupted"),
  };
}

/** Reads what became of a target from checked fields; the journal of sweeps reads its lines with it. */
export function targetFromRecord(fields: CheckedFields): TargetSummary {
  const selection = fields.optionalText("selection");
  return {
    target: fields.text("target"),
    kind: fields.oneOf("kind", ["git", "image", "files", "stdin", "unknown"]),
    status: fields.oneOf("status", ["clean", "found", "incomplete", "unreachable"]),
    findings: fields.number("findings"),
    ledger: ledgerOf(fields.fields("ledger")),
    ...(selection === undefined ? {} : { selection }),
    ...(fields.has("images") ? { images: fields.list("images", imageFacts) } : {}),
  };
}

function baseImage(fields: CheckedFields): BaseImage {
  const layers = fields.has("layers") ? { layers: fields.number("layers") } : {};
  return { name: fields.text("name"), digest: fields.text("digest"), ...layers };
}

function imageFacts(fields: CheckedFields): ImageFacts {
  const base = fields.optionalFields("base");
  return {
    image: fields.text("image"),
    digest: fields.text("digest"),
    platform: fields.text("platform"),
    diffIds: fields.texts("diffIds"),
    ...(base === undefined ? {} : { base: baseImage(base) }),
    ...(fields.has("indexes") ? { indexes: fields.texts("indexes") } : {}),
    ...(fields.has("subject") ? { subject: fields.text("subject") } : {}),
  };
}

/** Reads a problem from checked fields. */
export function problemFromRecord(fields: CheckedFields): Problem {
  return {
    code: fields.oneOf("code", problemCodes),
    effect: fields.oneOf("effect", ["incomplete", "note"]),
    target: fields.text("target"),
    subject: fields.text("subject"),
    message: fields.text("message"),
  };
}

function ledgerOf(fields: CheckedFields): Ledger {
  return {
    planned: fields.number("planned"),
    scanned: fields.number("scanned"),
    bytes: fields.number("bytes"),
    skipped: fields.counts("skipped", problemCodes),
    suppressed: fields.counts("suppressed", suppressionReasons),
  };
}
