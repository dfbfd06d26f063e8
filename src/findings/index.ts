/**
 * findings: joins detections by the value of the secret, finds out what they are worth at the places they stand at, applies people's
 * decisions, and gives the exit code. In: hits and sightings. Out: `Finding`, `Report`.
 * Never writes a plain value anywhere: what leaves it for a disk is masked or hashed.
 */
export { parseBaseline, baselineDecider, type Baseline } from "./baseline.ts";
export { buildReport, type ReportPieces, type TargetOutcome } from "./build-report.ts";
export { checkedFields, type CheckedFields } from "./checked.ts";
export { suppress, type Decider } from "./decide.ts";
export { applyDecision, holdsOn, isUnder, withFact } from "./decision-effect.ts";
export { fateOf, fateText, type Fate } from "./fate.ts";
export { fingerprint, isFingerprint } from "./fingerprint.ts";
export { countsFor, gate, isIncomplete, type GateOptions } from "./gate.ts";
export { gitleaksFingerprint, gitleaksIgnoreDecider, parseGitleaksIgnore } from "./gitleaks-ignore.ts";
export {
  addDecision,
  changeDecisions,
  decisionFinder,
  decisionsIn,
  ignoreFileDecider,
  ignoreFileName,
  newIgnoreFile,
  parseIgnoreFile,
  readIgnoreFile,
  removeDecision,
  serializeIgnoreFile,
  writeIgnoreFile,
  type IgnoreEntry,
  type IgnoreFile,
} from "./ignore-file.ts";
export {
  endText,
  isEventful,
  lifetimes,
  removalWords,
  stepText,
  type Lifetime,
  type LifetimeStep,
} from "./lifetime.ts";
export { markedLine, allowMark } from "./inline-mark.ts";
export { loadDeciders, loadDecidersOf, type DecisionPlaces } from "./load-deciders.ts";
export { maskDots, maskEncoded, maskIn, maskSecret } from "./mask.ts";
export { compareFindings, compareSightings, originKey } from "./order.ts";
export { committedContents, withEarlierCommits } from "./join-places.ts";
export { createSharing } from "./shared-parts.ts";
export type { CompilePattern } from "./place-judge.ts";
export { placeKind } from "./place-kind.ts";
export { createOriginMasker, type OriginMasker } from "./origin-mask.ts";
export {
  descriptionFromRecord,
  findingFromRecord,
  findingToRecord,
  sightingFromRecord,
  sightingToRecord,
  type FindingRecord,
} from "./record.ts";
export {
  ledgerFromRecord,
  ledgerToRecord,
  problemFromRecord,
  readReport,
  readReportAsItComes,
  reportToLines,
  targetFromRecord,
} from "./report-record.ts";
export { FindingStore, type FindingStoreOptions } from "./store.ts";
export { crowdsOf, weighPlace, type PlaceWeight } from "./weigh-place.ts";
