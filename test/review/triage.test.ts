import { expect, test } from "vitest";
import { findingFromRecord } from "../../src/findings/index.ts";
import type { Verdict } from "../../src/model/decision.ts";
import type { Finding } from "../../src/model/finding.ts";
// @ts-expect-error -- a script of the benchmark, without types
import { reportLines } from "../../bench/review-report.mjs";
import { drive } from "./drive.ts";

const lines = (reportLines as (count: number) => string[])(500).slice(0, -1);
const findings = lines.map((line) => findingFromRecord(JSON.parse(line)));

/** What a reviewer who looked at each would say: by what it is and where it lies, as people decide. */
function truth({ rule, sightings, severity }: Finding): Verdict {
  const paths = sightings.map(({ origin }) => (origin.kind === "git" ? origin.path : ""));
  if (paths.every((path) => /^(?:test|docs)\//.test(path))) return "false-positive";
  if (rule.id === "jwt" || severity === "info") return "ignored";
  return rule.id === "private-key" ? "rotated" : "real";
}

test("500 findings of a realistic mix are triaged, each as it should be, in 120 keystrokes", () => {
  let strokes = 0;
  const review = drive(findings, { columns: 140, rows: 45 });
  const press = (...keys: readonly string[]): void => {
    strokes += keys.length;
    review.press(...keys);
  };
  const type = (text: string): void => {
    strokes += text.length;
    review.type(text);
  };
  // What lies in tests and documents alone.
  press("/");
  type("-path:app/ -path:deploy -path:serv -path:lib");
  press("Enter", "a", "f", "Esc");
  // The rest by rule, head by head.
  press("t");
  for (const head of [...review.state.list.groups.values()]) {
    if (review.state.openIn.get(head.id) === 0) continue;
    while (review.state.selected !== head.id) press(review.state.selected === undefined ? "g" : "n");
    if (head.title === "jwt" || head.title === "rule-10") {
      press("i");
      if (review.state.lastReason === "") type("short-lived");
      press("Enter");
    } else press(head.title === "private-key" ? "x" : "r");
  }
  expect(review.state.counts.open).toBe(0);
  for (const finding of findings)
    expect(review.state.decisions.get(finding.fingerprint)?.verdict, finding.fingerprint).toBe(truth(finding));
  expect(strokes).toBeLessThanOrEqual(120);
});
