import { beginRecording, CaseFile, openDecisions, type CaseDecisions, type Recording } from "../case/index.ts";
import type { Finding, Report } from "../model/finding.ts";
import type { ScanObserver } from "../model/observer.ts";
import { ToolError } from "../model/problem.ts";
import { sanitize } from "../model/sanitize.ts";
import { counted } from "../report/index.ts";
import { scanSettings, type ScanOptions } from "./options.ts";
import { reviewerName } from "./reviewer.ts";
import { targetIdentity } from "./target-identity.ts";

/** What a `kill -9` can take away of a running scan. */
const flushMs = 700;

/** A scan that is written into a case while it runs, and obeys the decisions there. */
export interface CaseKeeper extends Disposable {
  readonly file: CaseFile;
  readonly decisions: CaseDecisions;
  /** What the scan is to be asked: the same options, with this keeper. */
  readonly options: ScanOptions;
  /** Hears what the scan tells, and passes it on. */
  observing(observer: ScanObserver): ScanObserver;
  /** To be called once the report is out. Gives a line for people; throws ToolError where the case could not be written. */
  settle(): string;
}

/** Opens the case of a scan, and makes it where there is none. Throws ToolError before anything is scanned where that is not possible. */
export async function openKeeper(path: string, options: ScanOptions): Promise<CaseKeeper> {
  const file = await CaseFile.open(path, { create: true });
  for (const note of file.notes) process.stderr.write(`leaktrace: ${sanitize(note)}\n`);
  if (file.isReadOnly) {
    file[Symbol.dispose]();
    throw new ToolError("case", `${path} cannot be written`);
  }
  const by = reviewerName();
  const decisions = openDecisions(file, by);
  let recording: Recording | undefined;
  let failure: unknown;
  let line = `case ${path}: the scan was not kept`;
  const attempt = (act: () => void): void => {
    try {
      act();
      failure = undefined;
    } catch (error) {
      // The scan goes on: its report is worth more than its place in the case. The next attempt may succeed.
      failure = error;
    }
  };
  const timer = setInterval(() => attempt(() => recording?.flush()), flushMs).unref();
  return {
    file,
    decisions,
    options: {
      ...options,
      keeper: {
        decider: decisions.decide,
        begin(names) {
          const targets = names.map((name) => ({ name, identity: targetIdentity(name) }));
          recording = beginRecording(file, { by, settings: settingsText(options), targets });
        },
        keep(report, undecided) {
          clearInterval(timer);
          attempt(() => {
            const added = recording?.finish(withSuppressions(undecided, report, path), targetIdentity);
            const conflicts = decisions.conflicted().length;
            line = [
              `case ${path}: ${counted(added?.secrets ?? 0, "new secret")}, ${counted(added?.places ?? 0, "new place")}`,
              conflicts > 0 ? `, ${counted(conflicts, "conflict")} of decisions` : "",
            ].join("");
          });
        },
      },
    },
    observing: (observer) => ({
      ...observer,
      finding(finding) {
        recording?.note(finding);
        observer.finding(finding);
      },
    }),
    settle() {
      if (failure !== undefined) throw failure;
      return sanitize(line);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      file[Symbol.dispose]();
    },
  };
}

/** Findings with all their places, and with what hides them elsewhere than in this case: in an ignore file, in a baseline. */
function withSuppressions(undecided: Report, { findings }: Report, path: string): Report {
  const hidden = new Map(findings.map(({ fingerprint, suppressed }) => [fingerprint, suppressed]));
  const told = undecided.findings.map((finding): Finding => {
    const suppressed = hidden.get(finding.fingerprint);
    return suppressed === undefined || suppressed.by === path ? finding : { ...finding, suppressed };
  });
  return { ...undecided, findings: told };
}

/** What was selected of a history can name anything, even the secret that is looked for: only that there was a selection is kept. */
function settingsText(options: ScanOptions): Readonly<Record<string, string>> {
  const { selection, ...rest } = scanSettings(options);
  const settings = { ...rest, selection: selection?.kind ?? "all" };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]));
}
