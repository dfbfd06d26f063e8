import { cleanup, render } from "ink-testing-library";
import { afterEach, expect, test } from "vitest";
import { SpokenScreen } from "../../src/review/screen/speaker.tsx";
import { spoken } from "../../src/review/spoken-lines.ts";
import { drive, type Drive } from "./drive.ts";
import { makeFinding } from "./make-finding.ts";

afterEach(cleanup);

const secret = ["not", "a", "real", "one"].join("-");
const findings = [1, 2, 3].map((n) => makeFinding(n, { secret: `${secret}-${n}` }));

function said(review: Drive): string {
  return render(<SpokenScreen spoken={spoken(review.state)} />).lastFrame() ?? "";
}

test("where the cursor is, what stands there and what became of it are sentences", () => {
  const review = drive(findings).press("r");
  expect(said(review)).toContain("high, rule-2, abcd......02, src/file-2.env:3:8, 1 place, open");
  expect(said(review)).toContain("1 finding real · u undoes");
  expect(said(review)).toContain("2 of 3, 2 open");
  expect(said(review.press("k"))).toContain("1 place, real");
  expect(said(review.press("Enter"))).toContain("Revoke it in the console.");
  expect(said(review.press("Esc", "t"))).toContain("rule-1, 1 findings, 0 open, folded");
});

test("a value is never said: what a screen reader says stays on the terminal", () => {
  const review = drive(findings).press("m", "Enter");
  expect(review.state.revealed).toBeDefined();
  expect(said(review)).not.toContain(secret);
});
