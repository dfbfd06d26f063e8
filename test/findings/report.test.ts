import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Report } from "../../src/model/finding.ts";
import { emptyLedger } from "../../src/model/ledger.ts";
import type { Problem } from "../../src/model/problem.ts";
import {
  buildReport,
  findingFromRecord,
  findingToRecord,
  gate,
  readReport,
  reportToLines,
} from "../../src/findings/index.ts";
import { fileOrigin, finding, gitOrigin, imageOrigin, report, rule, ruleset, sighting } from "./samples.ts";

const broken: Problem = {
  code: "pack-corrupt",
  effect: "incomplete",
  target: "b",
  subject: "x.pack",
  message: "is damaged",
};
const ledger = { ...emptyLedger, planned: 5, scanned: 5, bytes: 100 };

describe("gate", () => {
  const clean = report({
    findings: [],
    targets: report().targets.map((target) => ({ ...target, status: "clean" as const })),
  });
  test.each<[string, Report, number]>([
    ["a finding", report(), 7],
    ["a finding in an incomplete scan", report({ problems: [broken] }), 7],
    ["nothing", clean, 0],
    ["only suppressed findings", { ...clean, findings: [finding({ suppressed: { by: "x", reason: "" } })] }, 0],
    ["only findings below the gate", { ...clean, findings: [finding({ severity: "low" })] }, 0],
    ["nothing, but a problem", { ...clean, problems: [broken] }, 3],
    ["nothing, and a note", { ...clean, problems: [{ ...broken, effect: "note" }] }, 0],
    ["nothing, but something skipped", { ...clean, ledger: { ...ledger, planned: 6, skipped: { "too-large": 1 } } }, 3],
    ["nothing, but less scanned than planned", { ...clean, ledger: { ...ledger, planned: 6 } }, 3],
    ["nothing, interrupted", { ...clean, interrupted: true }, 3],
    ["no rules", { ...clean, rules: { ...clean.rules, count: 0 } }, 3],
    ["no targets", { ...clean, targets: [] }, 3],
    ["an empty repository", { ...clean, ledger: emptyLedger }, 0],
    ["an unreachable target", { ...clean, targets: [{ ...clean.targets[0]!, status: "unreachable" }] }, 3],
  ])("%s", (_name, given, code) => {
    expect(gate(given, { exitCode: 7, minSeverity: "medium" })).toBe(code);
  });
});

describe("buildReport", () => {
  test("sorts, sums, and gives each target its status", () => {
    const outcome = { kind: "git", reachable: true, ledger, findings: 0 } as const;
    const built = buildReport({
      version: "1.2.3",
      ruleset: ruleset([rule(), rule({ id: "part", skipReport: true })]),
      targets: [
        { ...outcome, target: "d", reachable: false, ledger: emptyLedger },
        { ...outcome, target: "c", findings: 2 },
        { ...outcome, target: "b" },
        { ...outcome, target: "a" },
      ],
      findings: [finding({ severity: "low" }), finding({ severity: "critical" })],
      problems: [broken, broken],
      suppressed: { path: 2 },
      interrupted: false,
    });
    expect(built.targets.map(({ target, status }) => [target, status])).toEqual([
      ["a", "clean"],
      ["b", "incomplete"],
      ["c", "found"],
      ["d", "unreachable"],
    ]);
    expect(built.findings.map(({ severity }) => severity)).toEqual(["critical", "low"]);
    expect(built.problems).toEqual([broken]);
    expect(built.ledger).toEqual({ planned: 15, scanned: 15, bytes: 300, skipped: {}, suppressed: { path: 2 } });
    expect(built.rules.count).toBe(1);
  });
});

describe("records", () => {
  const full = finding({
    otherRules: ["x"],
    facts: ["account 1"],
    suppressed: { by: "baseline", reason: "known" },
    sightings: [
      sighting(gitOrigin(), { tags: ["decoded:base64"], key: "db.password", parts: [{ name: "user", value: "app" }] }),
      sighting(imageOrigin({ deleted: true, deletedBy: imageOrigin().layer! })),
      sighting(fileOrigin("a\x1b\u202e\n"), { maskedLine: "\ud800" }),
      sighting({ kind: "stdin" }),
    ],
  });

  test("a finding is read back as it was, without plain texts", () => {
    const plain = {
      ...full,
      secret: "s",
      sightings: full.sightings.map((place) => ({ ...place, match: "m", line: "l" })),
    };
    expect(findingFromRecord(JSON.parse(JSON.stringify(findingToRecord(plain))))).toEqual(full);
    expect(findingFromRecord(JSON.parse(JSON.stringify(findingToRecord(plain, { reveal: true }))))).toEqual(full);
    expect(findingToRecord(plain, { reveal: true }).secret).toBe("s");
    expect(JSON.stringify(findingToRecord(plain))).not.toMatch(/"(secret|match|line)"/);
  });

  test("a report is read back from its lines", async () => {
    const given = report({ findings: [full], problems: [broken] });
    expect(await readReport(reportToLines(given))).toEqual(given);
  });

  test("a report that was cut off is interrupted", async () => {
    expect(await readReport([...reportToLines(report())].slice(0, 1))).toMatchObject({
      interrupted: true,
      findings: [finding()],
    });
  });

  test("any change of a field's kind is refused, naming the field and never its value", () => {
    type Node = { path: (string | number)[]; value: unknown };
    const nodes = (value: unknown, path: (string | number)[] = []): Node[] =>
      typeof value !== "object" || value === null
        ? [{ path, value }]
        : [
            ...(path.length > 0 ? [{ path, value }] : []),
            ...Object.entries(value).flatMap(([key, inner]) => nodes(inner, [...path, key])),
          ];
    const record: unknown = JSON.parse(JSON.stringify(findingToRecord(full)));
    fc.assert(
      fc.property(
        fc.constantFrom(...nodes(record)),
        fc.constantFrom(null, { hostile: "value" }, Number.NaN),
        ({ path }, bad) => {
          const changed: unknown = structuredClone(record);
          let at = changed as Record<string, unknown>; // a clone of plain data, walked by its own keys
          for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
          at[String(path.at(-1))] = bad;
          expect(() => findingFromRecord(changed)).toThrow(/^finding/);
          expect(() => findingFromRecord(changed)).not.toThrow(/hostile/);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each(["nonsense", "[]", '{"kind":"other"}', '{"kind":"finding","schema":2}'])(
    "the line %s is refused",
    async (line) => {
      await expect(readReport(["", line])).rejects.toThrow(/line 2 of the report/);
    },
  );
});
