import { describe, expect, test, vi } from "vitest";
import { memoryDecisions } from "../../src/model/decision.ts";
import { createListFeed } from "../../src/review/feed.ts";
import { overlayLines } from "../../src/review/overlays.ts";
import { createSession, type Session } from "../../src/review/session.ts";
import { plainText } from "../../src/review/styled.ts";
import type { Proposal, Writer } from "../../src/review/writer.ts";
import { drive, now } from "./drive.ts";
import { fingerprintOf, makeFinding } from "./make-finding.ts";

const findings = [1, 2, 3].map((n) => makeFinding(n));

/** A writer that says what a test has it say. */
function writerOf(propose: Writer["propose"]): Writer {
  return { draft: () => Promise.resolve("no editor"), form: () => Promise.resolve("no form"), propose };
}

function opened(propose: Writer["propose"]): Session {
  return createSession({
    feed: createListFeed("r", findings),
    decisions: memoryDecisions(),
    size: { columns: 120, rows: 30 },
    now: () => now,
    changed: () => {},
    perform: () => {},
    writer: writerOf(propose),
  });
}

function press(session: Session, ...names: readonly string[]): void {
  for (const name of names) session.key({ name, text: name.length === 1 ? name : "" });
}

function proposal(write: () => Promise<{ said: string; hidden: readonly string[]; by: string }>): Proposal {
  return { rows: [{ text: "+ \x1b[31mline", tone: "good" }], write };
}

describe("what is written elsewhere", () => {
  test("is shown first, written by Enter alone, hides what it hides, and the cursor goes on", async () => {
    let writes = 0;
    const write = (): ReturnType<Proposal["write"]> => {
      writes += 1;
      return Promise.resolve({ said: "written", hidden: [fingerprintOf(1)], by: "a.env" });
    };
    const session = opened(() => Promise.resolve(proposal(write)));
    press(session, "w", "2");
    await vi.waitFor(() => expect(session.state().proposal?.stage).toBe("ready"));
    const text = overlayLines(session.state()).map(plainText).join("\n");
    expect(text).toContain("+ \\x1b[31mline");
    // Keys that go into things elsewhere write nothing.
    press(session, "l", "Right", "y", "Space", "r");
    expect(writes).toBe(0);
    press(session, "Enter");
    await session.settled();
    const { state } = session;
    expect(writes).toBe(1);
    expect([state().overlay, state().toast, state().counts.open]).toEqual([undefined, "written", 2]);
    expect(state().findings.get(fingerprintOf(1))?.suppressed).toEqual({ by: "a.env", reason: "written" });
    expect(state().selected).toBe(fingerprintOf(2));
    await session.close();
  });

  test("that cannot be written says why, and hides nothing", async () => {
    const session = opened(() => Promise.resolve(proposal(() => Promise.reject(new Error("the disk is full")))));
    press(session, "w", "3");
    await vi.waitFor(() => expect(session.state().proposal?.stage).toBe("ready"));
    press(session, "Enter");
    await session.settled();
    expect(session.state().proposal).toMatchObject({
      stage: "refused",
      rows: [{ text: "not written: the disk is full" }],
    });
    press(session, "Enter", "Esc");
    expect([session.state().overlay, session.state().counts.open]).toEqual([undefined, 3]);
    await session.close();
  });

  test("is stopped by Esc while it is worked out, and what comes of it then is nobody's", async () => {
    let signal: AbortSignal | undefined;
    let answer: (proposal: Proposal) => void = () => {};
    let writes = 0;
    const write = (): ReturnType<Proposal["write"]> => {
      writes += 1;
      return Promise.resolve({ said: "", hidden: [], by: "" });
    };
    const session = opened((_wish, context) => {
      ({ signal } = context);
      context.told([{ text: "half of it", tone: "plain" }]);
      return new Promise((resolve) => (answer = resolve));
    });
    press(session, "w", "2");
    expect(session.state().proposal).toMatchObject({ stage: "working", rows: [{ text: "half of it" }] });
    press(session, "Enter", "Esc");
    expect(signal?.aborted).toBe(true);
    answer(proposal(write));
    await Promise.resolve();
    expect(session.state()).toMatchObject({ overlay: undefined, proposal: undefined });
    expect(writes).toBe(0);
    await session.close();
  });
});

describe("the rule workbench", () => {
  test("waits for the end of a scan, and gives the rule to the editor", () => {
    const review = drive(findings);
    expect(review.press("R").effects).toEqual([
      { kind: "outside", wish: { kind: "draft", finding: findings[0], place: 0 } },
    ]);
    expect(review.state.proposal).toMatchObject({ what: "rule", stage: "edited" });
    expect(review.press("e").effects).toHaveLength(1);
    expect(review.press("q").effects).toEqual([{ kind: "withdraw" }]);
    const running = drive([]);
    running.state = { ...running.state, scan: { ...running.state.scan, isRunning: true } };
    running.feed({ kind: "findings", findings });
    expect(running.press("R").effects).toEqual([]);
    expect(running.state.toast).toContain("once the scan is over");
  });
});
