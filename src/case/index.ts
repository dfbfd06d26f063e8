/**
 * case: one file that holds what scans found and what people decided, for as long as an incident lasts. In: reports, findings of a running scan, decisions, other cases and
 * bundles. Out: findings with their history, a `Report`, a sink for the review, a signed bundle.
 * Holds no plain value: what comes in is masked or hashed first. A case or bundle from somebody else is read as any other input: checked, and nothing in it is run.
 */
export { absorb, absorbCounted, checkedRecordsOf, recordsOf, type Absorbed, type CaseRecord } from "./absorb.ts";
export { openBundle, type OpenedBundle } from "./bundle-read.ts";
export { writeBundle } from "./bundle-write.ts";
export { CaseFile, looksLikeCase } from "./case-file.ts";
export { caseReport } from "./case-report.ts";
export { decidedFinding, openDecisions, type CaseDecisions } from "./decisions.ts";
export { entryFromRecord, entryToRecord, type Entry } from "./entry.ts";
export { readGitleaksReport } from "./import-gitleaks.ts";
export { recordsOfImport } from "./import-report.ts";
export { beginRecording, type Recording } from "./recording.ts";
export type { ScannedTarget, ScanRecord } from "./scan-record.ts";
export { keyIdOf } from "./signature.ts";
export { loadPublicKey, loadSigningKey, type SigningKey } from "./signing-key.ts";
export { openState, readState, type CaseState, type KnownSecret } from "./state.ts";
export { sayingOf } from "./verdict-state.ts";
