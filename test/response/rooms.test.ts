import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import type { Finding, FindingSighting, TargetSummary } from "../../src/model/finding.ts";
import { emptyLedger } from "../../src/model/ledger.ts";
import { severities } from "../../src/model/rule.ts";
import { distinctTargets, joinFindings, parseTargetList, targetTable } from "../../src/response/index.ts";

function sighting(path: string, startLine: number): FindingSighting {
  return {
    origin: { kind: "file", path },
    content: "c".repeat(40),
    ruleId: "rule",
    startLine,
    endLine: startLine,
    startColumn: 1,
    endColumn: 9,
    entropy: 3,
    tags: [],
    maskedMatch: "......",
    maskedLine: "......",
  };
}

const findings: fc.Arbitrary<Finding> = fc
  .record({
    value: fc.constantFrom("0", "1"),
    rule: fc.constantFrom("a", "b", "c"),
    other: fc.constantFrom("a", "b", "d"),
    severity: fc.constantFrom(...severities),
    confidence: fc.constantFrom("certain" as const, "likely" as const, "possible" as const),
    fact: fc.constantFrom("x", "y"),
    path: fc.constantFrom("p", "q", "r"),
    line: fc.integer({ min: 1, max: 3 }),
    isHidden: fc.boolean(),
    isAside: fc.boolean(),
  })
  .map(({ value, rule, other, severity, confidence, fact, path, line, isHidden, isAside }) => ({
    fingerprint: `lt1${value.repeat(32)}`,
    rule: { id: rule, description: rule, revoke: "", references: [] },
    otherRules: other === rule ? [] : [other],
    severity,
    confidence,
    masked: "......",
    facts: [fact],
    sightings: [sighting(path, line)],
    ...(isAside ? { aside: true as const } : {}),
    ...(isHidden ? { suppressed: { by: "x", reason: path } } : {}),
  }));

describe("joining findings of several targets", () => {
  test("does not depend on their order, nor on how they are grouped", () => {
    fc.assert(
      fc.property(fc.array(findings, { maxLength: 8 }), fc.array(findings, { maxLength: 8 }), (some, more) => {
        const joined = joinFindings([...some, ...more]);
        expect(joinFindings([...more.toReversed(), ...some.toReversed()])).toEqual(joined);
        expect(joinFindings(joined)).toEqual(joined);
      }),
    );
  });

  test("calls aside what is aside in all of them", () => {
    fc.assert(
      fc.property(fc.array(findings, { maxLength: 5 }), (all) => {
        for (const { fingerprint, suppressed, aside } of joinFindings(all)) {
          const parts = all.filter(
            (one) => one.fingerprint === fingerprint && (suppressed !== undefined || one.suppressed === undefined),
          );
          expect(aside === true).toBe(parts.every((one) => one.aside === true));
        }
      }),
    );
  });

  test("loses no open place and no rule", () => {
    fc.assert(
      fc.property(fc.array(findings, { minLength: 1, maxLength: 8 }), (all) => {
        for (const joined of joinFindings(all)) {
          const mine = all.filter(({ fingerprint }) => fingerprint === joined.fingerprint);
          const open = mine.filter(({ suppressed }) => suppressed === undefined);
          expect(joined.suppressed === undefined).toBe(open.length > 0);
          const parts = open.length > 0 ? open : mine;
          const places = (list: readonly Finding[]): string[] =>
            [...new Set(list.flatMap(({ sightings }) => sightings.map((one) => JSON.stringify(one))))].sort();
          expect(places([joined])).toEqual(places(parts));
          expect([joined.rule.id, ...joined.otherRules].sort()).toEqual(
            [...new Set(parts.flatMap(({ rule, otherRules }) => [rule.id, ...otherRules]))].sort(),
          );
        }
      }),
    );
  });
});

describe("the table of targets", () => {
  test("fits 80 columns whatever a target is called, and holds nothing that acts on a terminal", () => {
    const names = fc.string({
      unit: fc.oneof(
        fc.constantFrom("\u001b", "\n", "\u202e", "漢", "👩‍👩‍👧", "é"),
        fc.string({ minLength: 1, maxLength: 1 }),
      ),
      maxLength: 120,
    });
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 5 }), fc.nat(1_000_000_000), (targets, planned) => {
        const summaries = targets.map((target): TargetSummary => ({
          target,
          kind: "git",
          status: "clean",
          findings: 0,
          ledger: { ...emptyLedger, planned },
        }));
        for (const line of targetTable(summaries, 0)) {
          expect(stringWidth(line)).toBeLessThanOrEqual(80);
          expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
        }
      }),
    );
  });

  test("counts what was not reached", () => {
    expect([...targetTable([], 3)].at(-1)).toBe("3 targets: 3 not reached yet");
  });
});

describe("a list of targets", () => {
  test("takes each target once, under its first spelling", () => {
    const names = parseTargetList("# head\n a/b \n\n./a/b\r\noci:layout\n/root-of/a/b\n-\n-\n");
    expect(names).toEqual(["a/b", "./a/b", "oci:layout", "/root-of/a/b", "-", "-"]);
    expect(
      distinctTargets(
        names.map((name) => ({ name })),
        "/root-of",
      ).map(({ name }) => name),
    ).toEqual(["a/b", "oci:layout", "-"]);
  });
});
