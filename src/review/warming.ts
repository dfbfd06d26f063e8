import type { Finding } from "../model/finding.ts";
import type { FeedEvent } from "./feed.ts";
import { prepareHeads } from "./grouping.ts";
import { searchable } from "./searchable.ts";
import { placed, sortAhead } from "./shown.ts";
import type { ReviewState } from "./state.ts";
import { waitsForPlaces } from "./unread.ts";

/** Findings that are made ready between two keys: a few milliseconds, also where places are read from a case. */
const warmedAtOnce = 100;

/** A list that waits for places is made anew no more often than this, in milliseconds, and a long one less often: see `findingsPerMs`. */
const toldEachMs = 200;
const findingsPerMs = 100;

/**
 * Makes ready, while nothing else is to be done, what filters look at, what the list is sorted by and put under, and once all is there, the list in every order: so the first
 * letter of a filter, and the first `s` and `t`, are as quick as the others. `read` is called when places have been read that the list waits for, now and then, and once all were.
 */
export function createWarming(
  state: () => ReviewState,
  read: () => void,
): { add(events: readonly FeedEvent[]): void; stop(): void } {
  const waiting: (readonly Finding[])[] = [];
  let next: NodeJS.Immediate | undefined;
  let at = 0;
  let toldAt = 0;
  let sorting: { readonly findings: ReviewState["findings"]; readonly steps: Iterator<undefined, void> } | undefined;
  const warm = (): void => {
    next = undefined;
    const [findings] = waiting;
    if (findings === undefined) {
      if (sortOn()) next = setImmediate(warm);
      return;
    }
    for (const finding of findings.slice(at, at + warmedAtOnce)) {
      searchable(finding);
      placed(finding);
      prepareHeads(finding);
    }
    at += warmedAtOnce;
    if (at >= findings.length) {
      waiting.shift();
      at = 0;
    }
    const { unread, findings: all } = state();
    const isDue = waitsForPlaces(state()) && Date.now() - toldAt > Math.max(toldEachMs, all.size / findingsPerMs);
    if (isDue || (unread > 0 && waiting.length === 0)) {
      read();
      toldAt = Date.now();
    }
    next = setImmediate(warm);
  };
  /** Goes on with sorting; false where all is done, or where findings still arrive, after which it would have to be done again. */
  const sortOn = (): boolean => {
    const { findings, scan } = state();
    if (scan.isRunning) return false;
    if (sorting?.findings !== findings) sorting = { findings, steps: sortAhead(findings) };
    return sorting.steps.next().done !== true;
  };
  return {
    add(events) {
      for (const event of events) {
        if ((event.kind === "findings" || event.kind === "done") && event.findings !== undefined)
          waiting.push(event.findings);
      }
      next ??= setImmediate(warm);
    },
    stop() {
      waiting.length = 0;
      clearImmediate(next);
    },
  };
}
