import type { Finding } from "../model/finding.ts";
import type { Decision, DecisionSink } from "../model/decision.ts";
import type { FeedEvent, ReviewFeed } from "./feed.ts";
import type { Key } from "./key-input.ts";
import type { Size } from "./layout.ts";
import { reduce } from "./reducer.ts";
import { initialState, type Action, type Effect, type ReviewState } from "./state.ts";

/** Findings come one by one and fast; taking them up in bundles keeps keys quick. In milliseconds. */
const bundleMs = 50;

/** A long list takes longer to sort, so it is done less often. */
const longList = 5000;
const longListBundleMs = 250;

/** What the session cannot do itself. Writing decisions is its own matter. */
export type OuterEffect = Exclude<Effect, { kind: "write" }>;

export interface Session {
  readonly state: () => ReviewState;
  readonly key: (key: Key) => void;
  readonly resize: (size: Size) => void;
  readonly select: (fingerprint: string) => void;
  readonly copied: () => void;
  /** Waits until every decision so far is written, or has failed to be. */
  readonly settled: () => Promise<void>;
  /** Stops listening to the feed and waits until every decision is written, or has failed to be. */
  readonly close: () => Promise<void>;
}

/**
 * The running review: holds the state, feeds the reducer, writes decisions in the order in which they were taken.
 * `changed` is called after each new state, `perform` with what only the terminal can do, `now` tells the time (ISO 8601, UTC).
 */
export function createSession(options: {
  readonly feed: ReviewFeed;
  readonly decisions: DecisionSink;
  readonly size: Size;
  readonly now: () => string;
  readonly changed: () => void;
  readonly perform: (effect: OuterEffect) => void;
}): Session {
  const { feed, decisions } = options;
  let state = initialState(feed.title, decisions.place, options.size);
  let writing = Promise.resolve();

  const dispatch = (action: Action): void => {
    const reduced = reduce(state, action);
    state = reduced.state;
    for (const effect of reduced.effects) {
      if (effect.kind === "write") write(effect);
      else options.perform(effect);
    }
    options.changed();
  };

  const write = (effect: Extract<Effect, { kind: "write" }>): void => {
    writing = writing
      .then(() => decisions.write(effect.changes))
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        dispatch({ kind: "not-written", step: effect.step, reason });
      });
  };

  const arrivals = createArrivals(decisions);
  let pending: FeedEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  const takeUp = (): void => {
    timer = undefined;
    const events = pending;
    pending = [];
    const { known, own } = arrivals.note(events);
    dispatch({
      kind: "fed",
      events: events.map((event) => withoutOwnSuppression(event, own, decisions.place)),
      known,
    });
  };
  const unsubscribe = feed.subscribe((event) => {
    pending.push(event);
    timer ??= setTimeout(takeUp, state.findings.size > longList ? longListBundleMs : bundleMs);
  });
  // What a feed tells at once, such as a report that was read, belongs in the first frame.
  if (timer !== undefined) {
    clearTimeout(timer);
    takeUp();
  }

  return {
    state: () => state,
    key: (key) => dispatch({ kind: "key", key, now: options.now() }),
    resize: (size) => dispatch({ kind: "resized", size }),
    select: (fingerprint) => dispatch({ kind: "selected", fingerprint }),
    copied: () => dispatch({ kind: "copied" }),
    settled: () => writing,
    close: () => {
      unsubscribe();
      clearTimeout(timer);
      return writing;
    },
  };
}

/** Looks up decisions for findings the first time they are seen: later, what the session holds is newer than what the file may still say. */
function createArrivals(decisions: DecisionSink): {
  note(events: readonly FeedEvent[]): {
    readonly known: ReadonlyMap<string, Decision>;
    readonly own: ReadonlySet<string>;
  };
} {
  const seen = new Set<string>();
  const own = new Set<string>();
  return {
    note(events) {
      const known = new Map<string, Decision>();
      for (const event of events) {
        const findings = event.kind === "findings" || event.kind === "done" ? (event.findings ?? []) : [];
        for (const { fingerprint } of findings) {
          if (seen.has(fingerprint)) continue;
          seen.add(fingerprint);
          const decision = decisions.known(fingerprint);
          if (decision === undefined) continue;
          known.set(fingerprint, decision);
          own.add(fingerprint);
        }
      }
      return { known, own };
    },
  };
}

/** A finding that the scan hid because of a decision in the very file that is edited here is not hidden by anyone else. */
function withoutOwnSuppression(event: FeedEvent, own: ReadonlySet<string>, place: string): FeedEvent {
  if ((event.kind !== "findings" && event.kind !== "done") || event.findings === undefined) return event;
  const lift = (finding: Finding): Finding => {
    if (finding.suppressed?.by !== place || !own.has(finding.fingerprint)) return finding;
    const { suppressed: _, ...rest } = finding;
    return rest;
  };
  return { ...event, findings: event.findings.map(lift) };
}
