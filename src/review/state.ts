import { holdsOn } from "../findings/index.ts";
import type { Finding } from "../model/finding.ts";
import type { Progress } from "../model/observer.ts";
import type { Problem } from "../model/problem.ts";
import type {
  Decision,
  DecisionAct,
  DecisionChange,
  DecisionHistory,
  DecisionStep,
  Verdict,
} from "../model/decision.ts";
import type { FeedEvent } from "./feed.ts";
import type { Key } from "./key-input.ts";
import { usualAround, type LookKey, type LookRow, type Tab } from "./look.ts";
import type { Size } from "./layout.ts";
import type { Line } from "./line-editor.ts";
import { noCounts, type Counts } from "./counts.ts";
import type { Grouping, Listing } from "./grouping.ts";
import { layeredMap, type LayeredMap } from "./layered-map.ts";
import type { OutsideWish } from "./outside.ts";
import type { Written, WrittenIn, WriteWish } from "./writer.ts";
import { parseQuery, type Query } from "./query.ts";
import type { Sorting } from "./shown.ts";

/** Everything that a frame shows. Plain data that is replaced, never changed. */
export interface ReviewState {
  readonly title: string;
  /** Name of the place where decisions go. */
  readonly sink: string;
  readonly size: Size;
  readonly findings: ReadonlyMap<string, Finding>;
  /** Decisions by fingerprint: those found written, and those of this session. */
  readonly decisions: LayeredMap<Decision>;
  /** Findings about which reviewers whose work was merged say different things, until somebody decides anew. */
  readonly conflicts: LayeredMap<readonly Decision[]>;
  /** The day, `2026-01-31` in UTC: decisions that expire on it or before no longer hold. */
  readonly today: string;
  /** Of all findings, whether shown or not. */
  readonly counts: Counts;
  /** Comments on findings that are still open; each becomes the reason of the decision that follows. */
  readonly comments: LayeredMap<string>;
  readonly scan: ScanState;
  /** Findings of a case whose places are still to be read; 0 where nothing has to be. */
  readonly unread: number;

  readonly filter: string;
  readonly query: Query;
  readonly sorting: Sorting;
  readonly grouping: Grouping;
  /** Ids of heads whose findings are not drawn. */
  readonly folded: ReadonlySet<string>;
  readonly list: Listing;
  /** Open findings under each head, by its id. */
  readonly openIn: LayeredMap<number>;
  /** A fingerprint or the id of a head, never a row: what is selected stays so when others arrive. */
  readonly selected: string | undefined;
  /**
   * `free`: no key was pressed yet, and the cursor stays on the first row, so that whoever comes back to a scan that has ended begins with the worst. `drifted`: and something else came to lie
   * under it since. `held`: it stays on what is selected.
   */
  readonly cursor: "free" | "drifted" | "held";
  /** Row of `list.rows` at the top of the list pane. */
  readonly top: number;
  readonly marked: ReadonlySet<string>;
  /** What `*` has marked last, so that it can take a wider view. */
  readonly similar:
    | { readonly fingerprint: string; readonly width: number; readonly marked: readonly string[] }
    | undefined;
  /** Where a range was begun, and what it has covered at the last move: what arrives later never slips into it. */
  readonly range: { readonly anchor: string; readonly covered: ReadonlySet<string> } | undefined;
  readonly focus: "list" | "detail";
  readonly isZoomed: boolean;
  /** Undefined until the user scrolls: then the place is in sight that is looked at. */
  readonly detailTop: number | undefined;
  readonly tab: Tab;
  /** The place of the selected finding that is looked at: index of a sighting. */
  readonly place: number;
  /** Lines shown around it: one of `aroundSteps`. */
  readonly around: number;
  /** What was read again last, by `lookId`. */
  readonly looks: ReadonlyMap<string, readonly LookRow[]>;
  /** The one finding whose value is shown in the clear, and the value. */
  readonly revealed: { readonly fingerprint: string; readonly value: string } | undefined;
  readonly overlay: "help" | "problems" | "elsewhere" | "proposal" | undefined;
  readonly overlayTop: number;
  /** What is to be written beside the decisions, while its overlay is open. */
  readonly proposal: ProposalState | undefined;
  readonly prompt: Prompt | undefined;
  readonly toast: string;
  /** Decisions that are not on the disk yet: until they are, nothing is said of them. */
  readonly unwritten: number;
  /** What went wrong in this session, the last ones: a message is gone with the next key. */
  readonly failures: readonly string[];
  /** Offered again at the next `i`. */
  readonly lastReason: string;
  /** Whether `past` and `future` began with what was done in earlier sessions. */
  readonly hasHistory: boolean;
  readonly past: readonly Step[];
  readonly future: readonly Step[];
}

export interface ProposalState extends WriteWish {
  /** `edited`: the editor has the draft. */
  readonly stage: "edited" | "working" | "ready" | "refused";
  readonly rows: readonly LookRow[];
}

export interface ScanState {
  /** A report is read; nothing is scanned. */
  readonly isReading: boolean;
  readonly isRunning: boolean;
  readonly progress: Progress | undefined;
  /** The first ones; `problemCount` counts all. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** One line that says why the scan ended early; empty when it did not. */
  readonly failure: string;
}

/** A line being typed at the bottom of the screen. */
export interface Prompt {
  readonly kind: "filter" | "ignore" | "comment";
  readonly line: Line;
  /** For a filter: the list as it was, from which each letter looks for the nearest finding anew. */
  readonly from: Pick<ReviewState, "selected" | "list" | "top">;
}

/** One act of the reviewer. */
export interface Step extends DecisionStep {
  /** What reviewers had said of findings whose conflict it settled. */
  readonly conflicts: readonly (readonly [fingerprint: string, said: readonly Decision[]])[];
  /** Where the cursor stood. */
  readonly selected: string | undefined;
}

export type Action =
  /** `now`: ISO 8601 in UTC, the date of a decision that the key may bring. */
  | { readonly kind: "key"; readonly key: Key; readonly now: string }
  /** Events of the feed in one go, with the decisions already written for the findings among them. */
  | {
      readonly kind: "fed";
      readonly events: readonly FeedEvent[];
      readonly known: ReadonlyMap<string, Decision>;
      readonly conflicts?: ReadonlyMap<string, readonly Decision[]>;
    }
  /** Places were read: of some findings, or of all that were unread. */
  | { readonly kind: "places-read" }
  | { readonly kind: "resized"; readonly size: Size }
  /** Goes to one finding; nothing happens when the list does not show it. */
  | { readonly kind: "selected"; readonly fingerprint: string }
  /** A step is on the disk. */
  | { readonly kind: "kept" }
  /** A step could not be written: the file holds what it held before. */
  | { readonly kind: "not-written"; readonly step: Step; readonly act: DecisionAct; readonly reason: string }
  /** What was done outside, or why it was not. */
  | { readonly kind: "said"; readonly text: string }
  /** What came of a wish to write, so far. */
  | {
      readonly kind: "proposed";
      readonly what: WrittenIn;
      readonly stage: "working" | "ready" | "refused";
      readonly rows: readonly LookRow[];
    }
  | ({ readonly kind: "written" } & Written)
  /** What was read of a place, of the finding as it was then. */
  | { readonly kind: "looked"; readonly key: LookKey; readonly finding: Finding; readonly rows: readonly LookRow[] }
  /** The value that was asked for, read again; absent where it is not to be had. */
  | { readonly kind: "value"; readonly fingerprint: string; readonly value?: string };

/** What the reducer wants done outside; run in order. */
export type Effect =
  | {
      readonly kind: "write";
      readonly changes: readonly DecisionChange[];
      readonly act: DecisionAct;
      readonly step: Step;
    }
  | { readonly kind: "copy"; readonly what: "fingerprint" | "allowlist"; readonly text: string }
  | { readonly kind: "outside"; readonly wish: OutsideWish }
  | { readonly kind: "value"; readonly finding: Finding }
  /** Has worked out what writing would change. */
  | { readonly kind: "propose"; readonly wish: WriteWish }
  | { readonly kind: "commit" }
  | { readonly kind: "withdraw" }
  | { readonly kind: "redraw" }
  | { readonly kind: "suspend" }
  | { readonly kind: "quit"; readonly by: "quit" | "interrupt" };

export interface Reduced {
  readonly state: ReviewState;
  readonly effects: readonly Effect[];
}

export interface Beginning {
  readonly title: string;
  readonly place: string;
  readonly size: Size;
  /** ISO 8601 in UTC. */
  readonly now: string;
  readonly isReading?: boolean;
  /** Steps of earlier sessions. */
  readonly history?: DecisionHistory;
}

export function initialState({ title, place, size, now, isReading = false, history }: Beginning): ReviewState {
  const stepOf = (step: DecisionStep): Step => ({ ...step, conflicts: [], selected: step.changes[0]?.fingerprint });
  return {
    title,
    sink: place,
    size,
    findings: new Map(),
    decisions: layeredMap(),
    conflicts: layeredMap(),
    today: now.slice(0, 10),
    counts: noCounts,
    comments: layeredMap(),
    scan: { isReading, isRunning: true, progress: undefined, problems: [], problemCount: 0, failure: "" },
    unread: 0,
    filter: "",
    query: parseQuery(""),
    sorting: { by: "severity", isReversed: false },
    grouping: "value",
    folded: new Set(),
    list: { shown: [], groups: new Map(), rows: [] },
    openIn: layeredMap(),
    selected: undefined,
    cursor: "free",
    top: 0,
    marked: new Set(),
    similar: undefined,
    range: undefined,
    focus: "list",
    isZoomed: false,
    detailTop: undefined,
    tab: "facts",
    place: 0,
    around: usualAround,
    looks: new Map(),
    revealed: undefined,
    overlay: undefined,
    overlayTop: 0,
    proposal: undefined,
    prompt: undefined,
    toast: "",
    unwritten: 0,
    failures: [],
    lastReason: "",
    hasHistory: history !== undefined,
    past: history?.past.map(stepOf) ?? [],
    // The last one is the first to be done again.
    future: history?.future.toReversed().map(stepOf) ?? [],
  };
}

/**
 * The verdict that holds for a finding: the reviewer's, or that of another ignore file or baseline; none when it is open.
 * (A suppression that stems from the reviewer's own file was taken off when the finding arrived: there the decision itself is known.)
 */
export function verdictOf(
  { decisions, conflicts, today }: Pick<ReviewState, "decisions" | "conflicts" | "today">,
  finding: Finding,
): Verdict | undefined {
  const { fingerprint, suppressed } = finding;
  if (conflicts.size > 0 && conflicts.has(fingerprint)) return undefined;
  const decision = decisions.size === 0 ? undefined : decisions.get(fingerprint);
  if (decision !== undefined && holdsOn(decision, today)) return decision.verdict;
  return suppressed === undefined ? undefined : "ignored";
}

/** Whether findings may not tell their commits and layers yet: a scan tells them at its end. */
export function isUnfinished({ scan }: Pick<ReviewState, "scan">): boolean {
  return scan.isRunning && !scan.isReading;
}

/** The state with so many decisions more, or less, that are not on the disk yet. */
export function withWrites(state: ReviewState, count: number): ReviewState {
  return count === 0 ? state : { ...state, unwritten: Math.max(0, state.unwritten + count) };
}

export function selectedFinding(state: ReviewState): Finding | undefined {
  return state.selected === undefined ? undefined : state.findings.get(state.selected);
}
