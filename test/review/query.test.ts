import { describe, expect, test } from "vitest";
import type { Verdict } from "../../src/model/decision.ts";
import { matches, parseQuery } from "../../src/review/query.ts";
import { gitOrigin, imageOrigin, makeFinding, makeSighting } from "./make-finding.ts";

const finding = makeFinding(7, {
  rule: { id: "acme-token", description: "Token of Acme", revoke: "", references: [] },
  otherRules: ["generic-key"],
  severity: "high",
  sightings: [makeSighting(gitOrigin("Deploy/prod.env")), makeSighting(imageOrigin("app/config.json"))],
});

function passes(filter: string, verdict?: Verdict): boolean {
  return matches(parseQuery(filter), finding, verdict);
}

describe("the filter language", () => {
  test.each([
    ["", true],
    ["acme", true],
    ["ACME", true],
    ["acme nowhere", false],
    ["acme ada@example.com", true],
    ["copy", true],
    ["!acme", false],
    ["!nowhere", true],
    ["rule:acme", true],
    ["rule:generic", true],
    ["rule:prod", false],
    ["path:deploy/prod", true],
    ["path:config.json", true],
    ["path:acme", false],
    ["!path:.env", false],
    ["sev:high", true],
    ["sev:critical", false],
    ["sev:>=high", true],
    ["sev:>=medium", true],
    ["sev:>=critical", false],
    ["sev:<high", false],
    ["!sev:low", true],
    ['"token of acme"', true],
    ['"token of nobody"', false],
    ['!"token of nobody"', true],
    ["https://nowhere", false],
  ])("%s", (filter, expected) => {
    expect(passes(filter)).toBe(expected);
  });

  test("is: looks at the decision", () => {
    expect(passes("is:open")).toBe(true);
    expect(passes("is:decided")).toBe(false);
    expect(passes("is:open", "real")).toBe(false);
    expect(passes("is:decided", "real")).toBe(true);
    expect(passes("is:real", "real")).toBe(true);
    expect(passes("!is:real", "real")).toBe(false);
    expect(passes("is:false-positive", "real")).toBe(false);
  });

  test("is:deleted needs every place to be gone", () => {
    const query = parseQuery("is:deleted");
    const gone = gitOrigin("a", { inHead: false });
    const deleted = imageOrigin("b", { deleted: true });
    expect(matches(query, makeFinding(1, { sightings: [makeSighting(gone), makeSighting(deleted)] }), undefined)).toBe(
      true,
    );
    expect(
      matches(query, makeFinding(2, { sightings: [makeSighting(gone), makeSighting(imageOrigin("b"))] }), undefined),
    ).toBe(false);
    expect(matches(query, makeFinding(3), undefined)).toBe(false);
  });

  test("half-typed terms hide nothing and are named", () => {
    for (const filter of ["is:", "is:op", "sev:", "sev:>=", "sev:huge"]) {
      const query = parseQuery(filter);
      expect(query.terms).toEqual([]);
      expect(query.complaint).not.toBe("");
    }
    for (const filter of ["rule:", "path:", "!", '"', "  "]) expect(parseQuery(filter).terms).toEqual([]);
  });

  test("a finding in very many places is still searched quickly and by its rule", () => {
    const many = Array.from({ length: 20_000 }, (_, index) => makeSighting(gitOrigin(`path/${index}`)));
    const big = makeFinding(9, { sightings: many });
    expect(matches(parseQuery("rule:rule-4 path:path/12"), big, undefined)).toBe(true);
  });
});
