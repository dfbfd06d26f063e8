import type { ScanResult } from "../detect/index.ts";
import { findClean, judgedFrom, type ProvedContents } from "../model/clean-index.ts";
import { judgedKey, judgedWidth } from "../model/clean-list.ts";
import { suppressionReasons, type SuppressionReason } from "../model/detection.ts";

/** What a scan of a clean content gave. */
export interface Recognised {
  readonly size: number;
  readonly result: ScanResult;
}

/** Looks contents up among those that earlier scans found clean, by keys that were made of their bytes here and there. */
export class Recogniser {
  readonly #lists: readonly ProvedContents[];

  constructor(lists: readonly ProvedContents[] = []) {
    this.#lists = lists;
  }

  get isEmpty(): boolean {
    return this.#lists.length === 0;
  }

  /** What a scan of the content with the key at `keys[at …]` gave; undefined where none is known. */
  look(keys: Uint8Array, at: number): Recognised | undefined {
    for (const { index, positions } of this.#lists) {
      const position = findClean(index, keys, at);
      if (position < 0) continue;
      const suppressed: Partial<Record<SuppressionReason, number>> = {};
      const judged = new Map<number, number>();
      const entries = index.judged;
      for (let j = judgedFrom(index, position); entries[j] === position; j += judgedWidth) {
        const rule = positions[entries[j + 1]!]!;
        if (rule < 0) continue;
        const reason = suppressionReasons[entries[j + 2]!]!;
        const count = entries[j + 3]!;
        suppressed[reason] = (suppressed[reason] ?? 0) + count;
        judged.set(judgedKey(rule, reason), count);
      }
      return { size: index.sizes[position]!, result: { detections: [], suppressed, judged, limited: false } };
    }
    return undefined;
  }
}
