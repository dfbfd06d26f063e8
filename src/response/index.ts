/**
 * response: what is done with many targets at once. A sweep's list, its journal (JSON lines, from which it goes on after any kind of end),
 * the joining of what single targets found, and the table at the end. Never holds or writes a plain value.
 */
export { checkFix, type CheckedFinding, type Fate } from "./check-fix.ts";
export { joinFindings } from "./join-findings.ts";
export { openJournal, settled, type Journal, type SweepBasis, type TargetRecord } from "./journal.ts";
export { deletionOrder, historyRemedy, placeRemedy } from "./remedy.ts";
export { targetTable } from "./table.ts";
export { distinctTargets, parseTargetList, type Listed } from "./target-list.ts";
export { unifiedDiff } from "./unified-diff.ts";
