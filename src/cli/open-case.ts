import { statSync } from "node:fs";
import { basename } from "node:path";
import {
  absorbCounted,
  CaseFile,
  caseReport,
  decidedFinding,
  openDecisions,
  readState,
  recordsOfImport,
  type Absorbed,
  type CaseDecisions,
  type CaseState,
} from "../case/index.ts";
import type { Report } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { reviewerName } from "./reviewer.ts";

/** A case as commands use it. */
export interface OpenCase extends Disposable {
  readonly file: CaseFile;
  readonly decisions: CaseDecisions;
  readonly state: () => CaseState;
  /** All that the case knows, with its decisions applied; sorted as reports are. */
  readonly report: () => Report;
}

/** Opens a case for the reviewer at this machine, and says on stderr what is to be known of its file. Throws ToolError. */
export async function openCase(path: string, options: { readonly create?: boolean } = {}): Promise<OpenCase> {
  const file = await CaseFile.open(path, options);
  try {
    for (const note of file.notes) process.stderr.write(`leaktrace: ${sanitize(note)}\n`);
    const decisions = openDecisions(file, reviewerName());
    return {
      file,
      decisions,
      state: () => readState(file),
      report() {
        const { scans, secrets } = readState(file);
        return caseReport(
          scans,
          secrets.map((secret) => decidedFinding(secret, decisions, path)),
        );
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** Takes a report that was read into a case. `name`: of its file. */
export function importReport(file: CaseFile, report: Report, name: string): Absorbed {
  return absorbCounted(file, recordsOfImport(report, basename(name), reviewerName(), writtenAt(name)));
}

/** When a file was written; now, where it is none (standard input). */
export function writtenAt(name: string): Date {
  return statSync(name, { throwIfNoEntry: false })?.mtime ?? new Date();
}
