import { describe, expect, test, vi } from "vitest";
import { memoryDecisions, type DecisionSink } from "../../src/model/decision.ts";
import { createListFeed, createLiveFeed, type ReviewFeed } from "../../src/review/feed.ts";
import { rowText, screenRows } from "../../src/review/frame.ts";
import { createSession, type Session } from "../../src/review/session.ts";
import { now } from "./drive.ts";
import { fingerprintOf, makeFinding } from "./make-finding.ts";

function sessionOf(feed: ReviewFeed, decisions: DecisionSink): Session {
  return createSession({
    feed,
    decisions,
    size: { columns: 80, rows: 24 },
    now: () => now,
    changed: () => {},
    perform: () => {},
  });
}

function key(session: Session, name: string): void {
  session.key({ name, text: name.length === 1 ? name : "" });
}

describe("a session", () => {
  test("has what a report holds from the first frame on", () => {
    const session = sessionOf(createListFeed("report", [makeFinding(1)]), memoryDecisions());
    expect(session.state().findings.size).toBe(1);
    expect(session.state().scan.isRunning).toBe(false);
  });

  test("fills while the scan runs, also with what came before it was opened", async () => {
    const feed = createLiveFeed("target");
    feed.observer.finding(makeFinding(1));
    const session = sessionOf(feed, memoryDecisions());
    expect(session.state().findings.size).toBe(1);
    feed.observer.finding(makeFinding(2));
    feed.observer.progress({
      target: "t",
      phase: "scan",
      bytesDone: 5,
      bytesPlanned: 10,
      contentsDone: 1,
      findings: 2,
      elapsedMs: 10,
    });
    await vi.waitFor(() => expect(session.state().findings.size).toBe(2));
    expect(session.state().scan).toMatchObject({ isRunning: true, progress: { bytesDone: 5 } });
    feed.end({ failure: "no such repository" });
    await vi.waitFor(() =>
      expect(session.state().scan).toMatchObject({
        isRunning: false,
        failure: "no such repository",
      }),
    );
    await session.close();
  });

  test("says of a decision that it was taken once it is on the disk, and not before", async () => {
    const writes: (() => void)[] = [];
    const decisions: DecisionSink = {
      ...memoryDecisions(),
      write: () => new Promise((resolve) => void writes.push(resolve)),
    };
    const session = sessionOf(createListFeed("report", [makeFinding(1), makeFinding(2)]), decisions);
    const lastRow = (): string => rowText(screenRows(session.state()).at(-1) ?? []);
    key(session, "f");
    key(session, "r");
    expect(lastRow()).toMatch(/^writing /);
    for (const count of [1, 2]) {
      await vi.waitFor(() => expect(writes).toHaveLength(count));
      expect(lastRow()).toMatch(/^writing /);
      writes[count - 1]?.();
    }
    await session.settled();
    expect(lastRow()).toMatch(/^1 finding real /);
  });

  test("knows decisions that were written before, and lifts the suppression that stems from them", async () => {
    const decisions = memoryDecisions(".leaktraceignore");
    await decisions.write([
      {
        fingerprint: fingerprintOf(1),
        decision: { verdict: "false-positive", reason: "docs", date: now },
      },
    ]);
    const findings = [
      makeFinding(1, { suppressed: { by: ".leaktraceignore", reason: "docs" } }),
      makeFinding(2, {
        suppressed: { by: ".leaktraceignore", reason: "another file of this name" },
      }),
    ];
    const session = sessionOf(createListFeed("report", findings), decisions);
    expect(session.state().decisions.get(fingerprintOf(1))?.verdict).toBe("false-positive");
    expect(session.state().findings.get(fingerprintOf(1))?.suppressed).toBeUndefined();
    expect(session.state().findings.get(fingerprintOf(2))?.suppressed).toBeDefined();
  });

  test("writes decisions one after the other, in order, and waits for them at its end", async () => {
    const memory = memoryDecisions();
    const order: string[] = [];
    let running = 0;
    const slow: DecisionSink = {
      ...memory,
      write: async (changes) => {
        running += 1;
        expect(running).toBe(1);
        await new Promise(setImmediate);
        await memory.write(changes);
        order.push(...changes.map(({ fingerprint }) => fingerprint));
        running -= 1;
      },
    };
    const session = sessionOf(
      createListFeed(
        "report",
        [0, 1, 2].map((n) =>
          makeFinding(n, {
            severity: "high",
            rule: { id: `r${n}`, description: "", revoke: "", references: [] },
          }),
        ),
      ),
      slow,
    );
    key(session, "r");
    key(session, "f");
    key(session, "u");
    await session.close();
    expect(order).toEqual([0, 1, 1].map(fingerprintOf));
    expect([...memory.decisions.keys()]).toEqual([fingerprintOf(0)]);
  });

  test("a write that fails is shown and undone on the screen", async () => {
    const failing: DecisionSink = {
      ...memoryDecisions(),
      write: () => Promise.reject(new Error("read-only file system")),
    };
    const session = sessionOf(createListFeed("report", [makeFinding(1)]), failing);
    key(session, "r");
    expect(session.state().decisions.size).toBe(1);
    await session.settled();
    expect(session.state().decisions.size).toBe(0);
    expect(session.state().toast).toBe("not written: read-only file system");
  });

  test("an undo is not overruled by a finding that changes before the undo is written", async () => {
    const decisions = memoryDecisions();
    let writes = 0;
    const stuck: DecisionSink = {
      ...decisions,
      write: (changes) => (++writes === 1 ? decisions.write(changes) : new Promise(() => {})),
    };
    const feed = createLiveFeed("target");
    feed.observer.finding(makeFinding(1));
    const session = sessionOf(feed, stuck);
    key(session, "f");
    await session.settled();
    key(session, "u");
    feed.observer.finding(makeFinding(1, { severity: "low" }));
    await vi.waitFor(() => expect(session.state().findings.get(fingerprintOf(1))?.severity).toBe("low"));
    expect(decisions.decisions.size).toBe(1);
    expect(session.state().decisions.size).toBe(0);
  });
});
