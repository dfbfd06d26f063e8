import { describe, expect, test } from "vitest";
import { formats, plainOptions } from "../../src/report/index.ts";
import { fileOrigin, finding, gitOrigin, imageOrigin, report, sighting } from "../findings/samples.ts";
import { checkSarif } from "./check-sarif.ts";

function log(given = report()): ReturnType<typeof checkSarif> {
  return checkSarif(JSON.parse([...formats.sarif(given, plainOptions)].join("\n")));
}

describe("sarif", () => {
  test("is valid for every kind of place", () => {
    const sightings = [
      sighting(gitOrigin()),
      sighting(gitOrigin({ path: "", objectType: "commit" })),
      sighting(imageOrigin(), { key: "db.password" }),
      sighting(imageOrigin({ part: "config", path: "config!Env[A]", layer: undefined as never })),
      sighting(fileOrigin("/abs/a b%.txt")),
      sighting(fileOrigin("c:\\x\\y")),
      sighting({ kind: "stdin" }),
      sighting(fileOrigin("only a path"), { startLine: 0, endLine: 0, startColumn: 0, endColumn: 0 }),
    ];
    const { results } = log(report({ findings: [finding({ sightings })] }));
    expect(results.map(({ uri }) => uri)).toEqual([
      "src/config.ts",
      `git-object/${gitOrigin().object}`,
      "app/.env",
      "config!Env%5BA%5D",
      "file:///abs/a%20b%25.txt",
      "c%3A/x/y",
      "stdin",
      "only%20a%20path",
    ]);
  });

  test("results name their rule, level and fingerprint", () => {
    const one = finding({ severity: "critical" });
    const two = finding({
      rule: { ...one.rule, id: "another", references: ["not a url"], revoke: "" },
      severity: "low",
    });
    const { rules, results } = log(report({ findings: [one, two] }));
    expect(rules.map(({ id, score, level }) => [id, score, level])).toEqual([
      ["another", "3.0", "note"],
      ["sample-token", "9.5", "error"],
    ]);
    expect(results.map(({ ruleId, level, fingerprints }) => [ruleId, level, fingerprints])).toEqual([
      ["sample-token", "error", { "leaktraceSecret/v1": one.fingerprint }],
      ["another", "note", { "leaktraceSecret/v1": two.fingerprint }],
    ]);
  });

  test("suppressed findings are marked, not lost; problems make the run unsuccessful", () => {
    const { results, successful, notifications } = log(
      report({
        findings: [finding({ suppressed: { by: "baseline", reason: "known value" } })],
        problems: [{ code: "shallow", effect: "incomplete", target: "repo", subject: "x", message: "cut off" }],
      }),
    );
    expect(results[0]?.suppressions).toEqual([{ kind: "external", justification: "baseline: known value" }]);
    expect(successful).toBe(false);
    expect(notifications).toEqual(["repo: x: cut off"]);
  });

  test("columns end after the last character, as SARIF counts them", () => {
    expect(log().results[0]?.region).toMatchObject({ startColumn: 7, endColumn: 43 });
  });

  test("is valid without any finding", () => {
    expect(log(report({ findings: [] }))).toMatchObject({ rules: [], results: [] });
  });
});
