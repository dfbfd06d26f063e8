import { describe, expect, test } from "vitest";
import { allowlistText } from "../../src/review/elsewhere.ts";
import { overlayLines } from "../../src/review/overlays.ts";
import { plainText } from "../../src/review/styled.ts";
import { previewText, readTerms } from "../../src/review/terms.ts";
import { drive, now } from "./drive.ts";
import { fileOrigin, fingerprintOf, gitOrigin, makeFinding, makeSighting } from "./make-finding.ts";

describe("the words of a decision", () => {
  test.each([
    ["only a test", { reason: "only a test" }],
    ["until:2027-01-31 sandbox", { reason: "sandbox", expires: "2027-01-31" }],
    ["sandbox for:90d", { reason: "sandbox", expires: "2026-04-02" }],
    ["sandbox for:1y in:test/*", { reason: "sandbox", expires: "2027-01-02", path: "test/*" }],
    ["see https://example.com/until:x", { reason: "see https://example.com/until:x" }],
  ])("%s", (text, expected) => {
    expect(readTerms(text, now)).toEqual(expected);
  });

  test.each([
    "until:2026-06-31",
    "until:soon",
    "until:2025-01-01",
    "until:2026-01-02",
    "for:0d",
    "for:9x",
    "in:",
    "for:99999y",
  ])("%s is asked for again", (text) => {
    expect(readTerms(`why ${text}`, now)).toBeTypeOf("string");
    const review = drive([makeFinding(1)])
      .press("i")
      .type(`why ${text}`)
      .press("Enter");
    expect(review.state.decisions.size).toBe(0);
    expect(review.state.prompt).toBeDefined();
  });

  test("are kept with the decision, and one that is over counts as open", () => {
    const review = drive([makeFinding(1), makeFinding(2)])
      .press("i")
      .type("sandbox for:1d in:a/*")
      .press("Enter");
    const decision = review.state.decisions.get(fingerprintOf(1));
    expect(decision).toMatchObject({ reason: "sandbox", expires: "2026-01-03", path: "a/*" });
    expect(review.state.counts.open).toBe(1);
    review.state = { ...review.state, today: "2026-01-03" };
    review.feed({ kind: "findings", findings: [makeFinding(3)] });
    expect(review.state.counts.open).toBe(3);
  });

  test("how many places it hides is told while it is typed", () => {
    const sightings = ["test/a", "test/b", "src/c"].map((path) => makeSighting(fileOrigin(path)));
    const review = drive([makeFinding(1, { sightings })]).press("i");
    expect(previewText(review.state, "why", now)).toBe("hides 3 places");
    expect(previewText(review.state, "why in:test/*", now)).toBe("hides 2 of 3 places");
    expect(previewText(review.state, "why for:1d", now)).toBe("hides 3 places until 2026-01-03");
  });
});

describe("w: where else it can be written", () => {
  const hostile = "a/b'''c\n[x].env";
  const findings = [1, 2, 3].map((n) =>
    makeFinding(n, {
      rule: { id: "acme", description: "", revoke: "", references: [] },
      sightings: [makeSighting(gitOrigin(n === 3 ? "other" : hostile))],
    }),
  );

  test("tells what each would hide, and y copies the allowlist", () => {
    const review = drive(findings).press("w");
    const text = overlayLines(review.state).map(plainText).join("\n");
    expect(text).toContain("gitleaks:allow");
    expect(text).toContain("2 findings of this review");
    review.press("y");
    expect(review.effects).toEqual([{ kind: "copy", what: "allowlist", text: allowlistText(findings[0]!, 0) }]);
  });

  test("a path cannot end the pattern of the allowlist", () => {
    expect(allowlistText(findings[0]!, 0)).toBe(
      `[[allowlists]]\ntargetRules = ["acme"]\npaths = ['''^a/b...c.\\[x\\]\\.env$''']`,
    );
  });
});

test("what reviewers say differently is open, with both, until somebody decides; undo opens it again", () => {
  const said = [
    { verdict: "real", reason: "", date: "2026-01-01", by: "Ada" },
    { verdict: "ignored", reason: "test data", date: "2026-01-01", by: "Bob" },
  ] as const;
  const review = drive([makeFinding(1), makeFinding(2)]);
  review.act({
    kind: "fed",
    events: [{ kind: "findings", findings: [makeFinding(1)] }],
    known: new Map([[fingerprintOf(1), said[0]]]),
    conflicts: new Map([[fingerprintOf(1), said]]),
  });
  expect(review.state.counts.open).toBe(2);
  expect(review.press("f").state.counts).toMatchObject({ open: 1 });
  expect(review.press("u").state.counts).toMatchObject({ open: 2 });
  expect(review.state.conflicts.get(fingerprintOf(1))).toEqual(said);
});
