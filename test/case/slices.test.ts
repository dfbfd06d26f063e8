import { expect, test } from "vitest";
import { openState, readState } from "../../src/case/index.ts";
import { idOf, openNew, scanInto, secretIn } from "./made-case.ts";
import { severities } from "../../src/model/rule.ts";

const names = Array.from({ length: 1200 }, (_, index) => `secret ${index}`);
const findings = names.map((name, index) => ({
  ...secretIn(name, `app/${index}`),
  severity: severities[index % 5]!,
  confidence: index % 2 === 0 ? ("certain" as const) : ("possible" as const),
}));

test("slices tell what a case tells as a whole, the worst first, a newer description in place of an older one", async () => {
  using file = await openNew();
  scanInto(file, findings);
  scanInto(file, [...findings.slice(1), { ...findings[0]!, severity: "info", facts: ["expired 2020-01-01"] }]);
  const slices = [...openState(file).slices()];
  expect(slices.length).toBeGreaterThan(2);
  const told = slices.flat();
  const ranksOf = slices.map((slice) =>
    slice
      .filter(({ description }) => description.fingerprint !== idOf(names[0]!))
      .map(({ description }) => severities.indexOf(description.severity)),
  );
  for (const [index, ranks] of ranksOf.slice(1).entries())
    expect(Math.min(...ranks)).toBeGreaterThanOrEqual(Math.max(...ranksOf[index]!));
  const last = new Map(told.map((secret) => [secret.description.fingerprint, secret]));
  const whole = readState(file).secrets;
  expect(last.size).toBe(whole.length);
  for (const secret of whole) {
    const { description, isGone } = secret;
    const same = last.get(description.fingerprint);
    expect(same?.description).toEqual(description);
    expect(same?.isGone).toBe(isGone);
    if (description.severity === "info") expect(same?.sightings()).toEqual(secret.sightings());
  }
});

test("a description that is no JSON is damage, and no error of the database", async () => {
  using file = await openNew();
  scanInto(file, findings.slice(0, 3));
  file.run("UPDATE item SET record = ? WHERE place = '' AND fingerprint = ?", "{{", idOf(names[1]!));
  expect(() => [...openState(file).slices()]).toThrow(/is damaged/);
});
