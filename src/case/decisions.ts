import { applyDecision, holdsOn, suppress, withFact, type Decider } from "../findings/index.ts";
import type { Decision, DecisionAct, DecisionChange, DecisionHistory, DecisionSink } from "../model/decision.ts";
import type { Finding } from "../model/finding.ts";
import { absorb, entriesOf } from "./absorb.ts";
import type { CaseFile } from "./case-file.ts";
import { entryOf, newStep, type Entry } from "./entry.ts";
import type { KnownSecret } from "./state.ts";
import { compareEntries, conflictText, headsOf, historyOf, standingOf, type Standing } from "./verdict-state.ts";
import { append } from "../model/multimap.ts";

/** The decisions of a case: what holds, how it came to that, and a place to write new ones. */
export interface CaseDecisions extends DecisionSink {
  standing(fingerprint: string): Standing;
  /** All that was said of a secret, oldest first. */
  entries(fingerprint: string): readonly Entry[];
  /** Secrets about which reviewers disagree, sorted. */
  conflicted(): readonly string[];
  /** Applies what holds to a finding: see `applyDecision`. Of a conflict the finding says so, and it is open. */
  readonly decide: Decider;
  history(): DecisionHistory;
}

/**
 * Opens the log of decisions for a reviewer. What this process writes replaces the entries that it knew when it opened the log or wrote since: what somebody else writes meanwhile
 * was not seen by the reviewer, and is told as a conflict where it differs. `now`: for the day, and for the times of entries.
 */
export function openDecisions(file: CaseFile, reviewer: string, now: () => Date = () => new Date()): CaseDecisions {
  const log = new Map<string, Entry[]>();
  let newest = "";
  const standings = new Map<string, Standing>();
  const learn = (entry: Entry): void => {
    standings.delete(entry.fingerprint);
    append(log, entry.fingerprint, entry);
    if (entry.time > newest) newest = entry.time;
  };
  for (const entry of entriesOf(file)) learn(entry);
  const today = (): string => now().toISOString().slice(0, 10);
  const standing = (fingerprint: string): Standing => {
    const entries = log.get(fingerprint);
    if (entries === undefined) return unsaid;
    let known = standings.get(fingerprint);
    if (known === undefined) standings.set(fingerprint, (known = standingOf(headsOf(entries))));
    return known;
  };
  const { path } = file;

  return {
    place: path,
    standing,
    entries: (fingerprint) => (log.get(fingerprint) ?? []).toSorted(compareEntries),
    conflicted: () => [...log.keys()].filter((fingerprint) => standing(fingerprint).kind === "conflict").sort(),
    conflicts(fingerprint) {
      const state = standing(fingerprint);
      if (state.kind !== "conflict") return [];
      return state.sides.flatMap(({ by, decision }) => (decision === undefined ? [] : [{ by, ...decision }]));
    },
    known(fingerprint) {
      const state = standing(fingerprint);
      return state.kind === "decided" && holdsOn(state.decision, today()) ? signed(state) : undefined;
    },
    decide(finding) {
      const state = standing(finding.fingerprint);
      switch (state.kind) {
        case "open":
          return finding;
        case "decided":
          return applyDecision(finding, state.decision, path, today());
        case "conflict":
          return withFact(finding, conflictText(state.sides));
      }
    },
    history: () => historyOf([...log.values()].flat(), reviewer),
    write(changes: readonly DecisionChange[], act: DecisionAct = "decide") {
      const step = newStep();
      const time = laterThan(newest, now());
      const entries = changes.map(({ fingerprint, decision }) =>
        entryOf({
          time,
          by: reviewer,
          act,
          step,
          fingerprint,
          replaces: headsOf(log.get(fingerprint) ?? []).map(({ id }) => id),
          ...(decision === undefined ? {} : { decision }),
        }),
      );
      try {
        absorb(
          file,
          entries.map((entry) => ({ kind: "entry", entry })),
        );
      } catch (error) {
        return Promise.reject(error);
      }
      for (const entry of entries) learn(entry);
      return Promise.resolve();
    },
  };
}

const unsaid: Standing = { kind: "open" };

/**
 * A secret as it is reported and reviewed: with decisions applied, and hidden where none of its places is left. `by`: the name of the case. Its places are read when somebody
 * looks at them.
 */
export function decidedFinding(secret: KnownSecret, decisions: CaseDecisions, by: string): Finding {
  const { description, isGone } = secret;
  const gone = secret.gone();
  const state = decisions.standing(description.fingerprint);
  // What holds at some places has to look at them.
  const isOfPlaces = state.kind === "decided" && state.decision.path !== undefined;
  const decided = decisions.decide(isOfPlaces ? { ...description, sightings: secret.sightings() } : description);
  const last = gone.reduce((latest, { lastSeen }) => (lastSeen > latest ? lastSeen : latest), "").slice(0, 10);
  const told =
    last === ""
      ? decided
      : isGone
        ? suppress(decided, by, `was here on ${last}, not in the last complete scan`)
        : withFact(decided, `was at ${otherPlaces(gone.length)} until ${last}, not in the last complete scan`);
  return isOfPlaces ? told : withPlaces(told, secret);
}

/** Key by key: for fifty thousand findings a general copy takes a third of a second. */
function withPlaces(
  { fingerprint, rule, otherRules, severity, confidence, masked, facts, suppressed }: Finding,
  secret: KnownSecret,
): Finding {
  return {
    fingerprint,
    rule,
    otherRules,
    severity,
    confidence,
    masked,
    facts,
    ...(suppressed === undefined ? {} : { suppressed }),
    get sightings() {
      return secret.sightings();
    },
  };
}

function otherPlaces(count: number): string {
  return count === 1 ? "1 other place" : `${count} other places`;
}

function signed({ decision, by }: Extract<Standing, { kind: "decided" }>): Decision {
  return { by, ...decision };
}

/** Now, or a millisecond after the newest entry where the clock stands behind it: an act comes after those that it knew. */
function laterThan(newest: string, now: Date): string {
  const text = now.toISOString();
  if (text > newest) return text;
  const next = new Date(Date.parse(newest) + 1);
  return Number.isNaN(next.getTime()) || next.getUTCFullYear() > lastYear ? text : next.toISOString();
}

/** Times are compared as texts: a stranger's entry from a later year is not followed there. */
const lastYear = 9998;
