import type { Finding } from "../model/finding.ts";
import type { FeedEvent } from "./feed.ts";
import { prepareHeads } from "./grouping.ts";
import { searchable } from "./searchable.ts";
import { placed, sortAhead } from "./shown.ts";
import type { ReviewState } from "./state.ts";

/** Findings that are made ready between two keys: a few milliseconds, also where places are read from a case. */
const warmedAtOnce = 100;

/**
 * Makes ready, while nothing else is to be done, what filters look at, what the list is sorted by and put under, and once all is there, the list in every order: so the first
 * letter of a filter, and the first `s` and `t`, are as quick as the others.
 */
export function createWarming(state: () => ReviewState): { add(events: readonly FeedEvent[]): void; stop(): void } {
  const waiting: (readonly Finding[])[] = [];
  let next: NodeJS.Immediate | undefined;
  let at = 0;
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
