import { describe, expect, test, vi } from "vitest";
import { memoryDecisions } from "../../src/model/decision.ts";
import type { Finding } from "../../src/model/finding.ts";
import { createLiveFeed } from "../../src/review/feed.ts";
import { screenRows, rowText } from "../../src/review/frame.ts";
import { createSession, type Session } from "../../src/review/session.ts";
import { initialState, type ReviewState } from "../../src/review/state.ts";
import { reduce } from "../../src/review/reducer.ts";
import { now } from "./drive.ts";
import { fileOrigin, fingerprintOf, makeFinding, makeSighting } from "./make-finding.ts";

/** Findings as those of a case: who asks for their places has them read. */
function findingsReadLater(count: number): { readonly findings: readonly Finding[]; readonly read: () => number } {
  let read = 0;
  const findings = Array.from({ length: count }, (_, n): Finding => {
    const { sightings: _none, ...described } = makeFinding(n);
    return {
      ...described,
      get sightings() {
        read += 1;
        return [makeSighting(fileOrigin(`${n % 2 === 0 ? "even" : "odd"}/file-${String(n).padStart(5, "0")}.env`))];
      },
    };
  });
  return { findings, read: () => read };
}

function openSession(findings: readonly Finding[], changed: () => void = () => {}): Session {
  const feed = createLiveFeed("case", { isReading: true });
  const session = createSession({
    ...{ feed, decisions: memoryDecisions(), size: { columns: 120, rows: 24 }, now: () => now },
    ...{ changed, perform: () => {} },
  });
  feed.findings(findings);
  feed.end({});
  return session;
}

function type(state: ReviewState, text: string): ReviewState {
  let next = state;
  for (const letter of text)
    next = reduce(next, { kind: "key", key: { name: letter === " " ? "Space" : letter, text: letter }, now }).state;
  return next;
}

const screen = (state: ReviewState): string => screenRows(state).map(rowText).join("\n");

describe("a case whose places are still to be read", () => {
  const { findings, read } = findingsReadLater(3000);
  const fresh = initialState({ title: "case", place: "case", size: { columns: 120, rows: 24 }, now });
  const state = reduce(fresh, { kind: "fed", events: [{ kind: "findings", findings }], known: new Map() }).state;

  test("is shown, filtered by what needs no place, and sorted by rule without reading all", () => {
    expect(state.unread).toBe(3000);
    const before = read();
    expect(type(state, "/rule:rule-1 sev:high").list.shown).toHaveLength(600);
    screen(type(state, "/rule:rule-1"));
    expect(read() - before).toBeLessThan(100);
  });

  test("answers a filter for places from what is there, says that it goes on, and calls no word unknown", () => {
    const before = read();
    const filtered = type(state, "/path:even");
    expect(filtered.list.shown).toEqual([]);
    expect(filtered.query.complaint).toBe("");
    expect(screen(filtered)).toContain("reading places, 3,000 left");
    const sorted = type(type(state, "ss"), "t");
    expect(screen(sorted)).toContain("by path · reading places");
    expect(read() - before).toBeLessThan(100);
  });

  test("fills in what waits while nothing else is to be done, and keeps the selection where it is", async () => {
    const later = findingsReadLater(3000);
    let shownAtFirst: number | undefined;
    const session: Session = openSession(later.findings, () => {
      if (shownAtFirst !== undefined || session.state().findings.size < 3000) return;
      shownAtFirst = 0;
      for (const letter of "/path:even") session.key({ name: letter, text: letter });
      shownAtFirst = session.state().list.shown.length;
    });
    await vi.waitFor(() => expect(shownAtFirst).toBeDefined());
    expect(shownAtFirst).toBeLessThan(1500);
    await vi.waitFor(() => expect(session.state().unread).toBe(0));
    expect(session.state().list.shown).toHaveLength(1500);
    session.key({ name: "Esc", text: "" });
    session.select(fingerprintOf(1001));
    session.key({ name: "s", text: "s" });
    session.key({ name: "s", text: "s" });
    expect(session.state().sorting.by).toBe("path");
    expect(session.state().list.shown.slice(0, 2)).toEqual([fingerprintOf(0), fingerprintOf(2)]);
    expect(session.state().selected).toBe(fingerprintOf(1001));
    await session.close();
  });

  test("puts what was asked for under folded heads once all is read", async () => {
    const session = openSession(findingsReadLater(3000).findings);
    await vi.waitFor(() => expect(session.state().findings.size).toBe(3000));
    for (const letter of "ttt") session.key({ name: letter, text: letter });
    expect(session.state().grouping).toBe("file");
    await vi.waitFor(() => expect(session.state().unread).toBe(0));
    const { groups, rows } = session.state().list;
    expect(groups.size).toBe(3000);
    expect(rows).toHaveLength(3000);
    await session.close();
  });
});
