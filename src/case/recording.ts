import { randomBytes } from "node:crypto";
import type { Finding, Report } from "../model/finding.ts";
import { absorb, countRecords, newSince, type Absorbed, type CaseRecord } from "./absorb.ts";
import type { CaseFile } from "./case-file.ts";
import { interimItems, itemsOf } from "./item.ts";
import { targetOf, type ScanFacts, type ScannedTarget, type ScanRecord } from "./scan-record.ts";

/** A scan that is being written into a case. */
export interface Recording {
  /** A finding appeared or changed. Cheap; it is in the case with the next `flush`. */
  note(finding: Finding): void;
  /** Writes what was noted. Throws ToolError where that is not possible. */
  flush(): void;
  /** The scan has ended, however: its report takes the place of what was noted. Gives what the case did not know before the scan. Throws ToolError where it cannot be written. */
  finish(report: Report, identityOf: (name: string) => string): Absorbed;
}

/** Begins a scan. Nothing is written before the first `flush`. `targets`: what is going to be scanned, as far as that is known. */
export function beginRecording(
  file: CaseFile,
  begun: Pick<ScanFacts, "by" | "settings"> & { readonly targets: readonly ScannedTarget[] },
): Recording {
  const id = randomBytes(16).toString("hex");
  const began = new Date().toISOString();
  const before = countRecords(file);
  const scan: ScanRecord = { id, began, facts: { ...begun } };
  const target = begun.targets.length === 1 ? begun.targets[0]!.identity : "";
  let noted = new Map<string, Finding>();
  let isBegun = false;
  return {
    note: (finding) => void noted.set(finding.fingerprint, finding),
    flush() {
      if (isBegun && noted.size === 0) return;
      const items = [...noted.values()].flatMap((finding) => interimItems(finding, target));
      absorb(file, [{ kind: "scan", scan }, ...items.map((item) => ({ kind: "item", item, seen: [id] }) as const)]);
      isBegun = true;
      noted = new Map();
    },
    finish(report, identityOf) {
      const targets = report.targets.map(({ target: name }) => ({ name, identity: identityOf(name) }));
      const { findings, ...rest } = report;
      const facts = { ...begun, targets, report: rest };
      absorb(file, recordsOfReport({ id, began, ended: new Date().toISOString(), facts }, findings));
      return newSince(before, file);
    },
  };
}

/** The records of a scan that has ended. */
export function* recordsOfReport(scan: ScanRecord, findings: readonly Finding[]): Iterable<CaseRecord> {
  yield { kind: "scan", scan };
  for (const finding of findings)
    for (const item of itemsOf(finding, (origin) => targetOf(origin, scan.facts.targets)))
      yield { kind: "item", item, seen: [scan.id] };
}
