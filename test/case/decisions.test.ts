import { expect, test } from "vitest";
import {
  beginRecording,
  CaseFile,
  caseReport,
  decidedFinding,
  openDecisions,
  readState,
} from "../../src/case/index.ts";
import type { Decision } from "../../src/model/decision.ts";
import { idOf, openNew, reportOf, scanInto, secretIn } from "./made-case.ts";

const said = (verdict: Decision["verdict"], fields: Partial<Decision> = {}): Decision => ({
  verdict,
  reason: "",
  date: "2026-01-01",
  ...fields,
});

test("what was decided, undone and done again is so after the case was closed; undo goes on where it stopped", async () => {
  const file = await openNew();
  const { path } = file;
  const one = idOf("one");
  {
    const log = openDecisions(file, "Ada");
    await log.write([{ fingerprint: one, decision: said("real") }]);
    await log.write([{ fingerprint: one, decision: said("ignored", { reason: "why" }) }]);
    file[Symbol.dispose]();
  }
  using again = await CaseFile.open(path);
  const log = openDecisions(again, "Ada");
  expect(log.known(one)).toEqual({ ...said("ignored", { reason: "why" }), by: "Ada" });
  const { past } = log.history();
  expect(past.map(({ changes }) => changes.map(({ before, after }) => [before?.verdict, after?.verdict]))).toEqual([
    [[undefined, "real"]],
    [["real", "ignored"]],
  ]);
  await log.write([{ fingerprint: one, decision: said("real") }], "undo");
  await log.write([{ fingerprint: one }], "undo");
  expect(log.known(one)).toBeUndefined();
  expect(log.history()).toMatchObject({ past: [], future: [{}, {}] });
  await log.write([{ fingerprint: one, decision: said("real") }], "redo");
  expect(openDecisions(again, "Ada").history()).toMatchObject({ past: [{}], future: [{}] });
  await log.write([{ fingerprint: one, decision: said("rotated") }]);
  expect(log.history()).toMatchObject({ past: [{}, {}], future: [] });
  expect(log.entries(one)).toHaveLength(6);
  expect(openDecisions(again, "Bob").history()).toEqual({ past: [], future: [] });
});

test("a decision holds until its day, and where its path matches", async () => {
  using file = await openNew();
  scanInto(file, [
    secretIn("one", "app/test/a", "app/src/b"),
    secretIn("two", "app/test/c"),
    secretIn("three", "app/d"),
  ]);
  const log = openDecisions(file, "Ada", () => new Date("2026-06-01T12:00:00Z"));
  await log.write([
    { fingerprint: idOf("one"), decision: said("ignored", { path: "test/" }) },
    { fingerprint: idOf("two"), decision: said("false-positive", { path: "test/", reason: "made up" }) },
    { fingerprint: idOf("three"), decision: said("ignored", { expires: "2026-06-02" }) },
  ]);
  const told = (): Record<string, unknown> =>
    Object.fromEntries(
      readState(file).secrets.map((secret) => {
        const { fingerprint, suppressed, sightings } = decidedFinding(secret, log, "case");
        return [fingerprint, [suppressed?.reason, sightings.length]];
      }),
    );
  expect(told()).toEqual({
    [idOf("one")]: [undefined, 1],
    [idOf("two")]: ["made up", 1],
    [idOf("three")]: ["ignored", 1],
  });
  const later = openDecisions(file, "Ada", () => new Date("2026-06-02T00:00:00Z"));
  expect(later.known(idOf("three"))).toBeUndefined();
  expect(later.decide(secretIn("three", "app/d"))).toMatchObject({ facts: ["ignored until 2026-06-02"] });
});

test("a place that a whole scan did not see again is gone; one that an incomplete scan did not see is not", async () => {
  using file = await openNew();
  const [stays, moves, goes] = [
    secretIn("stays", "app/a"),
    secretIn("moves", "app/b", "app/c"),
    secretIn("goes", "app/d"),
  ];
  scanInto(file, [stays, moves, goes]);
  const problem = { code: "unreadable", effect: "incomplete", target: "app", subject: "app/d", message: "no" } as const;
  scanInto(file, [stays, secretIn("moves", "app/c")], { problems: [problem] });
  expect(readState(file).secrets.flatMap((secret) => secret.gone())).toEqual([]);
  scanInto(file, [stays, secretIn("moves", "app/c")], {
    targets: [{ ...reportOf([]).targets[0]!, selection: "main" }],
  });
  expect(readState(file).secrets.flatMap((secret) => secret.gone())).toEqual([]);

  scanInto(file, [stays, secretIn("moves", "app/c")]);
  const secrets = new Map(readState(file).secrets.map((secret) => [secret.description.fingerprint, secret]));
  expect(secrets.get(idOf("stays"))!.gone()).toEqual([]);
  expect(
    secrets
      .get(idOf("moves"))!
      .gone()
      .map(({ sighting }) => sighting().origin),
  ).toEqual([{ kind: "file", path: "app/b" }]);
  expect(secrets.get(idOf("moves"))!.sightings()).toHaveLength(1);
  const gone = decidedFinding(secrets.get(idOf("goes"))!, openDecisions(file, "Ada"), "my.case");
  expect(gone.suppressed).toEqual({
    by: "my.case",
    reason: `was here on ${new Date().toISOString().slice(0, 10)}, not in the last complete scan`,
  });
  expect(gone.sightings).toHaveLength(1);

  scanInto(file, [goes]);
  expect(readState(file).secrets.find(({ description }) => description.fingerprint === idOf("goes"))!.isGone).toBe(
    false,
  );
});

test("a scan that was killed is told, and what it found, without names that could hold a secret", async () => {
  using file = await openNew();
  const target = { name: "app", identity: "file://here/app" };
  const killed = beginRecording(file, { by: "Ada", settings: {}, targets: [target] });
  killed.note(secretIn("one", "app/hunter2-of-the-test"));
  killed.flush();
  const { scans, secrets } = readState(file);
  expect(secrets.map(({ description }) => description.fingerprint)).toEqual([idOf("one")]);
  expect(JSON.stringify(secrets.map((secret) => secret.sightings()))).not.toContain("hunter2");
  expect(caseReport(scans, []).problems).toMatchObject([{ code: "interrupted", effect: "incomplete", target: "app" }]);

  scanInto(file, [secretIn("one", "app/a")]);
  const after = readState(file);
  expect(after.secrets.map((secret) => secret.sightings().map(({ origin }) => origin))).toEqual([
    [{ kind: "file", path: "app/a" }],
  ]);
  expect(caseReport(after.scans, []).problems).toEqual([]);
  expect(file.damage()).toEqual([]);
});

test("what a running scan told, and its report does not, is no more; what is new is counted from before the scan", async () => {
  using file = await openNew();
  const target = { name: "app", identity: "file://here/app" };
  const recording = beginRecording(file, { by: "Ada", settings: {}, targets: [target] });
  for (const name of ["one", "two", "three"]) recording.note(secretIn(name, "app/a"));
  recording.flush();
  expect(recording.finish(reportOf([secretIn("one", "app/a")]), () => target.identity)).toMatchObject({
    scans: 1,
    secrets: 1,
    places: 1,
  });
  expect(readState(file).secrets.map(({ description }) => description.fingerprint)).toEqual([idOf("one")]);
});
