import type { Verdict } from "../model/decision.ts";
import type { Finding } from "../model/finding.ts";
import { comment, decide, nextOpen, notWritten, redo, undo } from "./deciding.ts";
import type { Key } from "./key-input.ts";
import { actsOnSelected, withFreeCursor } from "./free-cursor.ts";
import type { Command } from "./command.ts";
import { commandOf, keyLabel } from "./keys.ts";
import { lookId, tabs, type Tab } from "./look.ts";
import { looksStill, withAround, withLook } from "./looks.ts";
import { drafted, hiddenBy, inOverlay, proposed } from "./in-overlay.ts";
import { editLine, lineOf, lineText } from "./line-editor.ts";
import { parseQuery } from "./query.ts";
import { sortKeys } from "./shown.ts";
import { countVerdicts } from "./counts.ts";
import { completed } from "./completion.ts";
import { groupings } from "./grouping.ts";
import { mark, markAll, markRange, markSimilar } from "./marking.ts";
import { foldAll, goInto, goOut, moved, scrolledDetail } from "./moving.ts";
import { shownOrMasked, valueRead } from "./revealing.ts";
import { relist, scrolled, select, targetsOf, withoutFinding } from "./selection.ts";
import { carrySorting } from "./shown.ts";
import { readTerms } from "./terms.ts";
import { groupingNow, unreadCount, waitsForPlaces } from "./unread.ts";
import {
  selectedFinding,
  verdictOf,
  withWrites,
  type Action,
  type Effect,
  type Prompt,
  type Reduced,
  type ReviewState,
} from "./state.ts";

/** Problems that can be read in the review; a damaged repository can have one for each object, and the report holds them all. */
const maxProblemsKept = 500;

/** The review as a pure function: what is, what happens, what is then and what is to be done outside. */
export function reduce(before: ReviewState, action: Action): Reduced {
  const { state, effects } = reduced(before, action);
  return { state: withWrites(state, effects.filter(({ kind }) => kind === "write").length), effects };
}

function reduced(state: ReviewState, action: Action): Reduced {
  switch (action.kind) {
    case "key":
      return reduceKey(state, action.key, action.now);
    case "fed":
      return settled(fed(state, action));
    case "places-read":
      return only(placesRead(state));
    case "resized":
      return only(scrolled({ ...state, size: action.size }));
    case "selected":
      return only(goneTo(state, action.fingerprint));
    case "kept":
      return only(withWrites(state, -1));
    case "not-written":
      return only(notWritten(withWrites(state, -1), action.step, action.act, action.reason));
    case "said":
      return only({ ...state, toast: action.text });
    case "proposed":
      return only(proposed(state, action));
    case "written":
      return only(writtenElsewhere(state, action));
    case "looked":
      // A finding that was replaced meanwhile may have other places.
      if (state.findings.get(action.key.fingerprint) !== action.finding) return only(state);
      return only({ ...state, looks: withLook(state.looks, lookId(action.key), action.rows) });
    case "value":
      return only(valueRead(state, action));
  }
}

function only(state: ReviewState): Reduced {
  return { state, effects: [] };
}

/** A scan that failed with nothing to show leaves nothing to review: its error is told where the review was started. */
function settled(state: ReviewState): Reduced {
  const isHopeless = state.scan.failure !== "" && state.findings.size === 0;
  return { state, effects: isHopeless ? [{ kind: "quit", by: "quit" }] : [] };
}

function fed(state: ReviewState, action: Extract<Action, { kind: "fed" }>): ReviewState {
  let { scan } = state;
  let findings: Map<string, Finding> | undefined;
  const changed: Finding[] = [];
  let isWhole = false;
  for (const event of action.events) {
    switch (event.kind) {
      case "findings":
        findings = withFindings(findings ?? new Map(state.findings), event.findings);
        for (const finding of event.findings) changed.push(finding);
        break;
      case "problem":
        scan = {
          ...scan,
          problemCount: scan.problemCount + 1,
          problems: scan.problems.length < maxProblemsKept ? [...scan.problems, event.problem] : scan.problems,
        };
        break;
      case "progress":
        scan = { ...scan, progress: event.progress };
        break;
      case "done":
        scan = { ...scan, isRunning: false, failure: event.failure ?? "" };
        if (event.findings === undefined) break;
        findings = withFindings(new Map(), event.findings);
        isWhole = true;
        break;
    }
  }
  if (findings === undefined) return { ...state, scan };
  if (!isWhole) carrySorting(state.findings, findings, changed, state.sorting.by);
  // What this session decided is newer than what was found written when the finding arrived.
  const fresh = [...action.known].filter(([fingerprint]) => !state.decisions.has(fingerprint));
  const decided = {
    today: state.today,
    decisions: state.decisions.with(fresh),
    conflicts: state.conflicts.with(action.conflicts ?? []),
  };
  const counts = countVerdicts(verdictsOf(findings, decided));
  const unread = isWhole ? unreadCount(findings.values()) : state.unread + unreadCount(changed);
  const looks = looksStill(state.looks, (fingerprint) => findings.get(fingerprint) === state.findings.get(fingerprint));
  return withFreeCursor(relist({ ...state, ...decided, findings, scan, counts, unread, looks }), state);
}

/** What waited for places is listed anew. Heads that come only now begin folded, as they would have. */
function placesRead(state: ReviewState): ReviewState {
  const read = { ...state, unread: unreadCount(state.findings.values()) };
  if (!waitsForPlaces(state)) return read;
  const hasNewHeads = groupingNow(read) !== groupingNow(state);
  return relist(read, hasNewHeads ? "all" : "as it is");
}

function* verdictsOf(
  findings: ReadonlyMap<string, Finding>,
  decided: Parameters<typeof verdictOf>[0],
): Iterable<Verdict | undefined> {
  for (const finding of findings.values()) yield verdictOf(decided, finding);
}

function withFindings(map: Map<string, Finding>, findings: readonly Finding[]): Map<string, Finding> {
  for (const finding of findings) map.set(finding.fingerprint, finding);
  return map;
}

function reduceKey(before: ReviewState, key: Key, now: string): Reduced {
  const command = commandOf(key.name);
  if (command === "interrupt")
    return {
      state: { ...before, revealed: undefined },
      effects: [{ kind: "quit", by: "interrupt" }],
    };
  if (command === "suspend") return { state: { ...before, revealed: undefined }, effects: [{ kind: "suspend" }] };
  const state: ReviewState = { ...before, toast: "", cursor: "held" };
  if (state.prompt !== undefined) return typed(state, state.prompt, key, now);
  if (command === undefined) return only(state);
  if (state.overlay !== undefined) return inOverlay(state, command, key.name);
  // What is under the cursor may be another than a moment ago.
  if (before.cursor === "drifted" && actsOnSelected(command))
    return only({
      ...state,
      toast: `worse ones came first; from now on the cursor stays: ${keyLabel(key.name)} again`,
    });
  return commanded(state, command, now);
}

function typed(state: ReviewState, prompt: Prompt, key: Key, now: string): Reduced {
  const closed: ReviewState = { ...state, prompt: undefined };
  if (key.name === "Esc") return only(prompt.kind === "filter" ? filtered(closed, "", prompt.from) : closed);
  if (key.name === "Enter") return accepted(closed, prompt, now);
  const isCompleted = prompt.kind === "filter" && key.name === "Tab";
  const line = isCompleted ? completed(prompt.line, state.findings.values()) : editLine(prompt.line, key);
  if (line === prompt.line) return only(state);
  const next: ReviewState = { ...state, prompt: { ...prompt, line } };
  return only(prompt.kind === "filter" ? filteredSoFar(next, lineText(line), prompt.from) : next);
}

function accepted(state: ReviewState, prompt: Prompt, now: string): Reduced {
  const text = lineText(prompt.line).trim();
  switch (prompt.kind) {
    case "filter":
      return only(relist({ ...state, query: parseQuery(state.filter) }));
    case "ignore":
      return ignored({ ...state, prompt }, text, now);
    case "comment":
      return comment(state, text, now);
  }
}

/** Ignores with the words typed; where they do not say why, or cannot be read, they are asked for again. */
function ignored(state: ReviewState, text: string, now: string): Reduced {
  const terms = readTerms(text, now);
  if (typeof terms === "string") return only({ ...state, toast: terms });
  // A decision that hides something without a word of why is worth nothing a year later.
  if (terms.reason === "") return only({ ...state, toast: "a reason, please; Esc leaves the finding as it was" });
  return decide({ ...state, prompt: undefined, lastReason: text }, "ignored", terms, now);
}

function listOf({ selected, list, top }: ReviewState): Prompt["from"] {
  return { selected, list, top };
}

/** What was written elsewhere hides from now on what the next scan leaves out. */
function writtenElsewhere(state: ReviewState, written: Extract<Action, { kind: "written" }>): ReviewState {
  const closed: ReviewState = { ...state, overlay: undefined, overlayTop: 0, proposal: undefined };
  const findings = hiddenBy(state, written);
  const hidden = fed(closed, { kind: "fed", events: [{ kind: "findings", findings }], known: new Map() });
  const next = nextOpen(hidden, 1);
  const moved = next === undefined || findings.length === 0 ? hidden : select(hidden, next);
  return { ...moved, toast: written.said };
}

/** To a finding, where the list draws it. */
function goneTo(state: ReviewState, fingerprint: string): ReviewState {
  return state.list.rows.includes(fingerprint) ? { ...select(state, fingerprint), cursor: "held" } : state;
}

function filtered(state: ReviewState, filter: string, from: Prompt["from"] = state): ReviewState {
  if (filter === state.filter) return state;
  const { selected, list, top } = from;
  const listed = relist({ ...state, selected, list, top, filter, query: parseQuery(filter) });
  // The way there led over other findings: a value shown in the clear must not stay so by chance.
  return { ...listed, revealed: undefined };
}

/** The filter while it is typed: a last word that nothing has is only half of one, and hides nothing until it is meant. */
function filteredSoFar(state: ReviewState, filter: string, from: Prompt["from"]): ReviewState {
  const whole = filtered(state, filter, from);
  const last = /\S+$/.exec(filter)?.[0];
  if (last === undefined || whole.list.shown.length > 0 || state.findings.size === 0) return whole;
  // What has it may not have been read yet.
  if (waitsForPlaces(whole)) return whole;
  const { selected, list, top } = from;
  const query = parseQuery(filter.slice(0, -last.length));
  const complaint = whole.query.complaint === "" ? `nothing has ${last}` : whole.query.complaint;
  return relist({ ...whole, selected, list, top, query: { ...query, complaint } });
}

function commanded(state: ReviewState, command: Command, now: string): Reduced {
  const quit: Effect = { kind: "quit", by: "quit" };
  switch (command) {
    case "real":
    case "false-positive":
    case "rotated":
      return decide(state, command, {}, now);
    case "ignore":
    case "comment":
      return only(asked(state, command));
    case "undo":
      return undo(state);
    case "redo":
      return redo(state);
    case "mark":
      return only(mark(state));
    case "range":
      return only(markRange(state));
    case "mark-all":
      return only(markAll(state));
    case "similar":
      return only(markSimilar(state));
    case "group":
      return only(regrouped(state));
    case "fold-all":
    case "unfold-all":
      return only(foldAll(state, command === "fold-all"));
    case "filter":
      return only({
        ...state,
        focus: "list",
        prompt: { kind: "filter", line: lineOf(state.filter), from: listOf(state) },
      });
    case "sort": {
      const by = sortKeys[(sortKeys.indexOf(state.sorting.by) + 1) % sortKeys.length] ?? "severity";
      return only({
        ...relist({ ...state, sorting: { ...state.sorting, by } }),
        toast: `sorted by ${by}`,
      });
    }
    case "reverse":
      return only(relist({ ...state, sorting: { ...state.sorting, isReversed: !state.sorting.isReversed } }));
    case "pane":
      return only({ ...state, focus: state.focus === "list" ? "detail" : "list" });
    case "zoom":
      return only(scrolled({ ...state, isZoomed: !state.isZoomed }));
    case "into":
      return only(goInto(state));
    case "out":
      return only(goOut(state));
    case "back":
      return only(steppedBack(state));
    case "show":
      return shownOrMasked(state);
    case "tab-facts":
    case "tab-text":
    case "tab-change":
    case "tab-story":
    case "tab-why":
    case "tab-blame":
      return only(turnedTo(state, tabs.find((tab) => command === `tab-${tab}`) ?? "facts"));
    case "next-tab":
    case "previous-tab": {
      const step = command === "next-tab" ? 1 : tabs.length - 1;
      return only(turnedTo(state, tabs[(tabs.indexOf(state.tab) + step) % tabs.length] ?? "facts"));
    }
    case "next-place":
    case "previous-place":
      return only(atPlace(state, command === "next-place" ? 1 : -1));
    case "fewer-lines":
    case "more-lines":
      return only(withAround(state, command === "more-lines" ? 1 : -1));
    case "copy":
      return selectedFinding(state) === undefined || state.selected === undefined
        ? only(withoutFinding(state))
        : { state, effects: [{ kind: "copy", what: "fingerprint", text: state.selected }] };
    case "help":
    case "problems":
    case "elsewhere":
      return only({ ...state, overlay: command, overlayTop: 0, revealed: undefined });
    case "rule":
      return drafted(state);
    case "edit":
    case "page": {
      const finding = selectedFinding(state);
      const masked = { ...state, revealed: undefined };
      if (finding === undefined) return only(withoutFinding(masked));
      return { state: masked, effects: [{ kind: "outside", wish: { kind: command, finding, place: state.place } }] };
    }
    case "export": {
      const findings = state.list.shown.flatMap((fingerprint) => state.findings.get(fingerprint) ?? []);
      if (findings.length === 0) return only({ ...state, toast: "nothing is shown" });
      return { state, effects: [{ kind: "outside", wish: { kind: "save", findings } }] };
    }
    case "redraw":
      return { state, effects: [{ kind: "redraw" }] };
    case "close":
      return state.focus === "detail" ? only({ ...state, focus: "list" }) : { state, effects: [quit] };
    case "quit":
      return { state, effects: [quit] };
    case "next-open":
    case "previous-open": {
      const next = nextOpen(state, command === "next-open" ? 1 : -1);
      return only(next === undefined ? { ...state, toast: "nothing open is shown" } : select(state, next));
    }
    default:
      return only(state.focus === "detail" ? scrolledDetail(state, command) : moved(state, command));
  }
}

/** The next way to put findings together. Heads begin folded: what was many rows is to be seen at once. */
function regrouped(state: ReviewState): ReviewState {
  const grouping = groupings[(groupings.indexOf(state.grouping) + 1) % groupings.length] ?? "value";
  const toast = grouping === "value" ? "by value: no heads" : `under heads by ${grouping}`;
  return { ...relist({ ...state, grouping }, "all"), toast };
}

function asked(state: ReviewState, kind: "ignore" | "comment"): ReviewState {
  const targets = targetsOf(state);
  const first = targets[0];
  if (first === undefined) return { ...state, toast: "nothing to decide here" };
  const own = targets.length === 1 ? (state.comments.get(first) ?? state.decisions.get(first)?.reason ?? "") : "";
  return {
    ...state,
    prompt: {
      kind,
      line: lineOf(own === "" && kind === "ignore" ? state.lastReason : own),
      from: listOf(state),
    },
  };
}

function steppedBack(state: ReviewState): ReviewState {
  if (state.focus === "detail") return { ...state, focus: "list" };
  if (state.range !== undefined) return { ...state, range: undefined };
  if (state.marked.size > 0) return { ...state, marked: new Set() };
  return filtered(state, "");
}

function turnedTo(state: ReviewState, tab: Tab): ReviewState {
  return { ...state, tab, detailTop: undefined };
}

function atPlace(state: ReviewState, step: 1 | -1): ReviewState {
  const count = selectedFinding(state)?.sightings.length ?? 0;
  if (count < 2) return { ...state, toast: "there is one place only" };
  const place = (state.place + step + count) % count;
  return { ...state, place, detailTop: undefined, tab: state.tab === "facts" ? "text" : state.tab };
}
