import { createHash } from "node:crypto";
import { afterAll } from "vitest";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CaseFile, recordsOf } from "../../src/case/index.ts";
import { recordToJson } from "../../src/case/absorb.ts";
import { beginRecording } from "../../src/case/recording.ts";
import type { Finding, Report } from "../../src/model/finding.ts";
import { contentId, fileOrigin, finding, report, sighting } from "../findings/samples.ts";

/** A folder of the test file's own. */
export const folder = mkdtempSync(join(tmpdir(), "leaktrace-case-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;

/** A path for a case that is not there yet. */
export function freshPath(): string {
  return join(folder, `${++count}.case`);
}

export function openNew(): Promise<CaseFile> {
  return CaseFile.open(freshPath(), { create: true });
}

/** A fingerprint of a secret that is called so. */
export function idOf(name: string): string {
  return `lt1${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}

/** A secret of this name in files of these paths. */
export function secretIn(name: string, ...paths: readonly string[]): Finding {
  const sightings = paths.map((path) => sighting(fileOrigin(path), { content: contentId(path) }));
  return finding({ fingerprint: idOf(name), sightings });
}

/** The report of a whole scan of the folder `app`. */
export function reportOf(findings: readonly Finding[], fields: Partial<Report> = {}): Report {
  const ledger = { planned: 5, scanned: 5, bytes: 100, skipped: {}, suppressed: {} };
  const status = findings.length > 0 ? "found" : "clean";
  const target = { target: "app", kind: "files", status, findings: findings.length, ledger } as const;
  return report({ targets: [target], ledger, findings, ...fields });
}

/** Puts a whole scan into a case, as `scan --case` does. */
export function scanInto(file: CaseFile, findings: readonly Finding[], fields: Partial<Report> = {}): void {
  const target = { name: "app", identity: "file://here/app" };
  const recording = beginRecording(file, { by: "Ada", settings: {}, targets: [target] });
  for (const one of findings) recording.note(one);
  recording.flush();
  recording.finish(reportOf(findings, fields), () => target.identity);
}

/** All that a case holds, as text: two cases that hold the same give the same. */
export function textOfCase(file: CaseFile): string {
  return [...recordsOf(file)].map((record) => JSON.stringify(recordToJson(record))).join("\n");
}
