import { createHash } from "node:crypto";
import { reportToLines } from "../findings/index.ts";
import type { Report } from "../model/finding.ts";
import type { CaseRecord } from "./absorb.ts";
import { recordsOfReport } from "./recording.ts";

/**
 * The records of a report that was written earlier, as a scan of its own: its id is a hash of what it says, so the same report is imported once. Where its targets lie is not known, so
 * they are known by their names. `name`: of the file, for people. `written`: when
 * it was; what the report tells is as old as that.
 */
export function recordsOfImport(report: Report, name: string, by: string, written: Date): Iterable<CaseRecord> {
  const { findings, ...rest } = report;
  const hash = createHash("sha256");
  for (const line of reportToLines(report)) hash.update(line).update("\n");
  const date = written.toISOString();
  const targets = report.targets.map(({ target }) => ({ name: target, identity: target }));
  const facts = { by, targets, settings: { imported: name }, report: rest };
  return recordsOfReport({ id: hash.digest("hex").slice(0, 32), began: date, ended: date, facts }, findings);
}
