import { statSync } from "node:fs";
import { basename } from "node:path";
import {
  absorbCounted,
  CaseFile,
  caseReport,
  decidedFinding,
  openDecisions,
  openState,
  readState,
  recordsOfImport,
  type Absorbed,
  type CaseDecisions,
  type CaseState,
  type KnownSecret,
} from "../case/index.ts";
import type { Finding, Report } from "../model/finding.ts";
import { sanitize } from "../model/sanitize.ts";
import { reviewerName } from "./reviewer.ts";

/** A case as commands use it. */
export interface OpenCase extends Disposable {
  readonly file: CaseFile;
  readonly decisions: CaseDecisions;
  readonly state: () => CaseState;
  /** All that the case knows, with its decisions applied; sorted as reports are. */
  readonly report: () => Report;
  /** The same for who looks while it is read: the report without its findings, and these slice by slice (see `openState`). */
  readonly reading: () => { readonly report: Report; readonly findings: Iterable<readonly Finding[]> };
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
      reading() {
        const { scans, slices } = openState(file);
        return { report: caseReport(scans, []), findings: decidedSlices(slices(), decisions, path) };
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

function* decidedSlices(
  slices: Iterable<readonly KnownSecret[]>,
  decisions: CaseDecisions,
  path: string,
): Generator<readonly Finding[], void> {
  for (const slice of slices) yield slice.map((secret) => decidedFinding(secret, decisions, path));
}

/** Takes a report that was read into a case. `name`: of its file. */
export function importReport(file: CaseFile, report: Report, name: string): Absorbed {
  return absorbCounted(file, recordsOfImport(report, basename(name), reviewerName(), writtenAt(name)));
}

/** When a file was written; now, where it is none (standard input). */
export function writtenAt(name: string): Date {
  return statSync(name, { throwIfNoEntry: false })?.mtime ?? new Date();
}
