import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { memoryDecisions, type DecisionSink } from "../../src/model/decision.ts";
import { createListFeed, createLiveFeed, type ReviewFeed } from "../../src/review/feed.ts";
import { runPlain } from "../../src/review/plain.ts";
import { now } from "./drive.ts";
import { fileOrigin, fingerprintOf, makeFinding, makeSighting } from "./make-finding.ts";

const three = [0, 1, 2].map((n) => makeFinding(n));

async function converse(
  feed: ReviewFeed,
  answers: readonly string[],
  decisions: DecisionSink = memoryDecisions(),
): Promise<string[]> {
  const output = new PassThrough();
  await runPlain({
    feed,
    decisions,
    input: Readable.from(answers.map((answer) => `${answer}\n`)),
    output,
    now: () => now,
  });
  output.end();
  const chunks: string[] = [];
  for await (const chunk of output) chunks.push(String(chunk));
  return chunks.join("").trimEnd().split("\n");
}

describe("the plain review", () => {
  test("asks one numbered line for each secret and takes one letter", async () => {
    const decisions = memoryDecisions();
    expect(await converse(createListFeed("r", three), ["r", "f", "x"], decisions)).toEqual([
      "1. high rule-0 abcd......00 in src/file-0.env:3:8 (3 open) [r f i x w R s d u q ?]",
      "real",
      "2. high rule-1 abcd......01 in src/file-1.env:3:8 (2 open) [r f i x w R s d u q ?]",
      "false positive",
      "3. high rule-2 abcd......02 in src/file-2.env:3:8 (1 open) [r f i x w R s d u q ?]",
      "rotated",
    ]);
    expect([...decisions.decisions.values()].map(({ verdict }) => verdict)).toEqual([
      "real",
      "false-positive",
      "rotated",
    ]);
  });

  test("takes a reason behind the letter, or asks for the one that ignoring needs", async () => {
    const decisions = memoryDecisions();
    const said = await converse(
      createListFeed("r", three),
      ["i  seen in docs", "i", "test data", "r asked Ada"],
      decisions,
    );
    expect(said).toContain("reason:");
    expect([0, 1, 2].map((n) => decisions.decisions.get(fingerprintOf(n)))).toEqual([
      { verdict: "ignored", reason: "seen in docs", date: now },
      { verdict: "ignored", reason: "test data", date: now },
      { verdict: "real", reason: "asked Ada", date: now },
    ]);
  });

  test("skips, goes back by u, shows the detail, and explains itself", async () => {
    const decisions = memoryDecisions();
    const said = await converse(createListFeed("r", three), ["", "r", "u", "f", "d", "?", "q"], decisions);
    expect(said.filter((line) => /^\d+\. /.test(line)).map((line) => /rule-\d/.exec(line)?.[0])).toEqual([
      "rule-0",
      "rule-1",
      "rule-2",
      "rule-1",
      "rule-0",
    ]);
    expect(said.some((line) => line.includes("Revoke it in the console."))).toBe(true);
    expect(said.some((line) => line.startsWith("r real"))).toBe(true);
    expect([...decisions.decisions.keys()]).toEqual([fingerprintOf(1)]);
  });

  test("ends where the input ends", async () => {
    expect(await converse(createListFeed("r", three), [])).toHaveLength(1);
  });

  test("does not ask about what is decided already", async () => {
    const decisions = memoryDecisions();
    await decisions.write([{ fingerprint: fingerprintOf(1), decision: { verdict: "real", reason: "", date: now } }]);
    const said = await converse(createListFeed("r", three), ["", ""], decisions);
    expect(said).toHaveLength(2);
  });

  test("waits for a scan that is running, and asks about what it finds", async () => {
    const feed = createLiveFeed("t");
    setTimeout(() => feed.observer.finding(makeFinding(0)), 5);
    setTimeout(() => feed.end({ findings: [makeFinding(0)] }), 10);
    expect(await converse(feed, ["r"])).toEqual([
      "waiting for the scan",
      expect.stringContaining("1. high rule-0"),
      "real",
    ]);
  });

  test("says when a decision could not be written", async () => {
    const failing: DecisionSink = {
      ...memoryDecisions(),
      write: () => Promise.reject(new Error("disk full")),
    };
    expect(await converse(createListFeed("r", [makeFinding(0)]), ["r"], failing)).toContain("not written: disk full");
  });

  test("prints nothing that a terminal would obey", async () => {
    const nasty = "\x1b]52;c;aGVsbG8=\x07\u202e\x9b2J";
    const hostile = makeFinding(0, {
      masked: nasty,
      rule: { id: nasty, description: nasty, revoke: nasty, references: [nasty] },
      sightings: [makeSighting(fileOrigin(nasty), { maskedLine: nasty })],
    });
    const said = (await converse(createListFeed("r", [hostile]), ["d", "r"])).join("\n");
    // oxlint-disable-next-line no-control-regex -- controls are what this looks for
    expect(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/.exec(said)).toBeNull();
  });
});
