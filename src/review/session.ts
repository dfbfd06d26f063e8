import type { Finding } from "../model/finding.ts";
import type { Decision, DecisionSink } from "../model/decision.ts";
import { errorMessage } from "../model/thrown.ts";
import type { FeedEvent, ReviewFeed } from "./feed.ts";
import type { Key } from "./key-input.ts";
import type { Size } from "./layout.ts";
import { isReadTab, lookId, type Looker, type LookKey, type LookRow } from "./look.ts";
import { reduce } from "./reducer.ts";
import { createProposing } from "./proposing.ts";
import { createWarming } from "./warming.ts";
import type { Writer, WriteWish } from "./writer.ts";
import { initialState, selectedFinding, type Action, type Effect, type ReviewState } from "./state.ts";

/** Findings come one by one and fast; taking them up in bundles keeps keys quick. In milliseconds. */
const bundleMs = 50;

/** A long list takes longer to be listed anew, so it is done less often: of fifty thousand findings once in a second. */
const findingsPerMs = 50;

/** What the session cannot do itself. Writing decisions is its own matter. */
export type OuterEffect = Exclude<Effect, { kind: "write" | "value" | "propose" | "commit" | "withdraw" }>;

export interface Session {
  readonly state: () => ReviewState;
  readonly key: (key: Key) => void;
  readonly resize: (size: Size) => void;
  readonly select: (fingerprint: string) => void;
  readonly say: (text: string) => void;
  /** The draft of a rule could not be edited. */
  readonly refuse: (text: string) => void;
  /** Has worked out what a draft that was edited would change. */
  readonly propose: (wish: WriteWish) => void;
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
  readonly looker?: Looker;
  readonly writer?: Writer;
}): Session {
  const { feed, decisions } = options;
  const history = decisions.history?.();
  let state = initialState({
    ...{ title: feed.title, place: decisions.place, size: options.size, now: options.now() },
    isReading: feed.isReading === true,
    ...(history === undefined ? {} : { history }),
  });
  let writing = Promise.resolve();

  const dispatch = (action: Action): void => {
    const reduced = reduce(state, action);
    state = reduced.state;
    for (const effect of reduced.effects) {
      if (effect.kind === "write") write(effect);
      else if (effect.kind === "value") readValue(effect.finding);
      else if (effect.kind === "propose") proposing.begin(effect.wish, state.findings);
      else if (effect.kind === "commit") proposing.commit();
      else if (effect.kind === "withdraw") proposing.withdraw();
      else options.perform(effect);
    }
    looking.follow(state);
    options.changed();
  };
  const proposing = createProposing(options.writer, dispatch);
  const looking = createLooking(options.looker, (key, finding, rows) =>
    dispatch({ kind: "looked", key, finding, rows }),
  );
  const readValue = ({ fingerprint }: Finding): void => {
    const finding = state.findings.get(fingerprint);
    const reading = finding === undefined ? undefined : options.looker?.value(finding);
    void (reading ?? Promise.resolve(undefined))
      .catch(() => undefined)
      .then((value) => dispatch({ kind: "value", fingerprint, ...(value === undefined ? {} : { value }) }));
  };

  const write = (effect: Extract<Effect, { kind: "write" }>): void => {
    writing = writing
      .then(() => decisions.write(effect.changes, effect.act))
      .then(
        () => dispatch({ kind: "kept" }),
        (error: unknown) =>
          dispatch({ kind: "not-written", step: effect.step, act: effect.act, reason: errorMessage(error) }),
      );
  };

  const warming = createWarming(
    () => state,
    () => dispatch({ kind: "places-read" }),
  );
  const arrivals = createArrivals(decisions);
  let pending: FeedEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  const takeUp = (): void => {
    timer = undefined;
    const events = pending;
    pending = [];
    const { known, conflicts, own } = arrivals.note(events);
    warming.add(events);
    dispatch({
      kind: "fed",
      events: own.size === 0 ? events : events.map((event) => withoutOwnSuppression(event, own, decisions.place)),
      known,
      conflicts,
    });
  };
  const unsubscribe = feed.subscribe((event) => {
    pending.push(event);
    // The first one is what somebody waits for.
    const isFirst = state.findings.size === 0 && event.kind === "findings";
    timer ??= setTimeout(takeUp, isFirst ? 0 : Math.max(bundleMs, state.findings.size / findingsPerMs));
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
    say: (text) => dispatch({ kind: "said", text }),
    refuse: (text) => dispatch({ kind: "proposed", what: "rule", stage: "refused", rows: [{ text, tone: "alert" }] }),
    propose: (wish) => proposing.begin(wish, state.findings),
    settled: () => writing.then(() => proposing.settled()),
    close: () => {
      unsubscribe();
      warming.stop();
      looking.stop();
      proposing.withdraw();
      clearTimeout(timer);
      return writing.then(() => proposing.settled());
    },
  };
}

/** Looks up decisions for findings the first time they are seen: later, what the session holds is newer than what the file may still say. */
function createArrivals(decisions: DecisionSink): {
  note(events: readonly FeedEvent[]): {
    readonly known: ReadonlyMap<string, Decision>;
    readonly conflicts: ReadonlyMap<string, readonly Decision[]>;
    readonly own: ReadonlySet<string>;
  };
} {
  const seen = new Set<string>();
  const own = new Set<string>();
  return {
    note(events) {
      const known = new Map<string, Decision>();
      const conflicts = new Map<string, readonly Decision[]>();
      for (const event of events) {
        const findings = event.kind === "findings" || event.kind === "done" ? (event.findings ?? []) : [];
        for (const { fingerprint } of findings) {
          if (seen.has(fingerprint)) continue;
          seen.add(fingerprint);
          const said = decisions.conflicts?.(fingerprint) ?? [];
          if (said.length > 0) conflicts.set(fingerprint, said);
          const decision = decisions.known(fingerprint);
          if (decision === undefined) continue;
          known.set(fingerprint, decision);
          own.add(fingerprint);
        }
      }
      return { known, conflicts, own };
    },
  };
}

/** Who runs down the list wants none of the places on the way. In milliseconds. */
const lookDelayMs = 60;

/** Has read what the detail shows, once the cursor rests. */
function createLooking(
  looker: Looker | undefined,
  done: (key: LookKey, finding: Finding, rows: readonly LookRow[]) => void,
): { follow(state: ReviewState): void; stop(): void } {
  let asked: { readonly id: string; readonly finding: Finding } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const noLooker: readonly LookRow[] = [{ text: "nothing can be read again here", tone: "dim" }];
  return {
    follow(state) {
      const { tab, place, around } = state;
      const finding = selectedFinding(state);
      if (finding === undefined || !isReadTab(tab)) return;
      const key = { tab, place, around, fingerprint: finding.fingerprint };
      const id = lookId(key);
      if ((id === asked?.id && finding === asked.finding) || state.looks.has(id)) return;
      const mine = { id, finding };
      asked = mine;
      clearTimeout(timer);
      timer = setTimeout(() => {
        const reading = looker?.look(key, finding) ?? Promise.resolve(noLooker);
        void reading.then((rows) => {
          if (asked === mine) asked = undefined;
          done(key, finding, rows);
        });
      }, lookDelayMs);
    },
    stop() {
      clearTimeout(timer);
      asked = undefined;
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
