import { checkedFields, ledgerFromRecord, ledgerToRecord, type CheckedFields } from "../findings/index.ts";
import type { Origin } from "../model/content.ts";
import type { Report } from "../model/finding.ts";
import { ToolError } from "../model/problem.ts";

/** One scan, or one report that was imported, as the case keeps it. */
export interface ScanRecord {
  /** Random; of an imported report a hash of what it says. */
  readonly id: string;
  /** ISO 8601 in UTC with milliseconds. Of an imported report, when its file was written. */
  readonly began: string;
  /** Absent while the scan runs, or where it was killed. */
  readonly ended?: string;
  readonly facts: ScanFacts;
}

export interface ScanFacts {
  /** Who had it done. */
  readonly by: string;
  readonly targets: readonly ScannedTarget[];
  /** What changes what is scanned or found, by name. Scans with the same settings can be compared. */
  readonly settings: Readonly<Record<string, string>>;
  /** Everything that the report told but its findings; absent where the scan has not ended. */
  readonly report?: Omit<Report, "findings">;
}

export interface ScannedTarget {
  /** As the report names it. */
  readonly name: string;
  /** The same for the same target, wherever it is scanned from: `file://host/path`, an address, a reference. */
  readonly identity: string;
}

const maxIdChars = 64;

/** The text of a scan's facts: known fields alone, in a fixed order. */
export function factsToText({ by, targets, settings, report }: ScanFacts): string {
  return JSON.stringify({
    by,
    targets: targets.map(({ name, identity }) => ({ name, identity })),
    settings: Object.fromEntries(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))),
    ...(report === undefined ? {} : { report: ledgerToRecord(ledgerFromRecord(ledgerToRecord(report))) }),
  });
}

/** Reads facts of unknown making. Throws ToolError `record-invalid` that names the field. */
export function factsFromText(text: string): ScanFacts {
  return readFacts(checkedFields(JSON.parse(text), "scan"), JSON.parse(text));
}

/** A scan as plain JSON data for a line. */
export function scanToRecord({ id, began, ended, facts }: ScanRecord): object {
  const text = JSON.parse(factsToText(facts)) as object;
  return { kind: "scan", schema: 1, id, began, ...(ended === undefined ? {} : { ended }), ...text };
}

/** Reads a scan of unknown making. Throws ToolError `record-invalid` that names the field. */
export function scanFromRecord(value: unknown): ScanRecord {
  const fields = checkedFields(value, "scan");
  fields.oneOf("kind", ["scan"]);
  if (fields.number("schema") !== 1)
    throw new ToolError("record-invalid", "the scan was written by another version (schema)");
  const id = fields.text("id");
  if (!/^[0-9a-f]+$/.test(id) || id.length > maxIdChars) throw new ToolError("record-invalid", "scan.id is no id");
  const facts = readFacts(fields, value);
  const ended = fields.has("ended") ? time(fields, "ended") : undefined;
  if ((ended === undefined) !== (facts.report === undefined))
    throw new ToolError("record-invalid", "scan.ended and scan.report go together");
  return { id, began: time(fields, "began"), ...(ended === undefined ? {} : { ended }), facts };
}

/**
 * Which target of a scan a place lies in, by the names of both: a repository is named whole, or before what lies in it; an image before its tag; a file below its folder. Of
 * several the longest; of a single one all places are. Empty where nothing fits.
 */
export function targetOf(origin: Origin, targets: readonly ScannedTarget[]): string {
  if (targets.length === 1) return targets[0]!.identity;
  const name =
    origin.kind === "git"
      ? origin.repository
      : origin.kind === "image"
        ? origin.image
        : origin.kind === "file"
          ? origin.path
          : "-";
  let best: ScannedTarget | undefined;
  for (const target of targets) {
    const fits =
      name === target.name ||
      (origin.kind === "file" && (target.name === "." || name.startsWith(`${target.name.replace(/\/+$/, "")}/`))) ||
      (origin.kind !== "file" && name.startsWith(`${target.name}:`));
    if (fits && target.name.length >= (best?.name.length ?? 0)) best = target;
  }
  return best?.identity ?? "";
}

/** Whether a scan looked at all of a target and could read all of it: then what it did not see is not there any more. */
export function isWhole({ facts: { targets, report } }: ScanRecord, identity: string): boolean {
  if (report === undefined || report.interrupted) return false;
  const names = new Set(targets.filter((target) => target.identity === identity).map(({ name }) => name));
  const summaries = report.targets.filter(({ target }) => names.has(target));
  return (
    summaries.length > 0 &&
    summaries.every(
      ({ ledger, selection, status }) =>
        status !== "unreachable" &&
        status !== "incomplete" &&
        selection === undefined &&
        ledger.scanned === ledger.planned &&
        Object.values(ledger.skipped).every((count) => count === 0),
    ) &&
    !report.problems.some(({ effect, target }) => effect === "incomplete" && (target === "" || names.has(target)))
  );
}

function readFacts(fields: CheckedFields, value: unknown): ScanFacts {
  const settings = fields.fields("settings");
  const names = Object.keys((value as { readonly settings: object }).settings); // seen to be an object by the line above
  return {
    by: fields.text("by"),
    targets: fields.list("targets", (target) => ({ name: target.text("name"), identity: target.text("identity") })),
    settings: Object.fromEntries(names.map((name) => [name, settings.text(name)])),
    ...(fields.has("report") ? { report: ledgerFromRecord((value as { readonly report: unknown }).report) } : {}),
  };
}

function time(fields: CheckedFields, key: string): string {
  const text = fields.text(key);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(text))
    throw new ToolError("record-invalid", `scan.${key} is not a time in UTC`);
  return text;
}
