import type { Detection } from "../model/detection.ts";
import { addCounts } from "../model/ledger.ts";
import type { ScanResult } from "../detect/index.ts";

/** The results of a content and of all that lies in it, as one. `detections`: those that are told, of which `most` are listed. */
export function mergeResults(
  results: readonly ScanResult[],
  detections: readonly Detection[],
  most: number,
): ScanResult {
  const publicKeys = results.flatMap((result) => result.publicKeys ?? []);
  return {
    detections: detections.slice(0, most),
    ...(publicKeys.length === 0 ? {} : { publicKeys }),
    suppressed: results.reduce((sum, { suppressed }) => addCounts(sum, suppressed), {}),
    judged: sumOf(results.map(({ judged }) => judged)),
    told: new Set(results.flatMap(({ told = [] }) => [...told])),
    limited: detections.length > most || results.some(({ limited }) => limited),
    ...(results.some(({ isCut }) => isCut) ? { isCut: true } : {}),
  };
}

function sumOf(lists: readonly ScanResult["judged"][]): ScanResult["judged"] {
  const sum = new Map<number, number>();
  for (const list of lists) for (const [key, count] of list) sum.set(key, (sum.get(key) ?? 0) + count);
  return sum;
}
