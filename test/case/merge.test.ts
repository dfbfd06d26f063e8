/** Merging is a union: in any order, any number of times, two cases come to the same. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { absorb, checkedRecordsOf, openDecisions, type CaseFile, type CaseRecord } from "../../src/case/index.ts";
import { entryOf } from "../../src/case/entry.ts";
import { recordsOfReport } from "../../src/case/recording.ts";
import type { Verdict } from "../../src/model/decision.ts";
import { idOf, openNew, reportOf, scanInto, secretIn, textOfCase } from "./made-case.ts";

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000Z`;

/** A scan of one of five ids: what it saw follows from its id, whether it has ended does not; a killed scan may have seen less. */
const scans = fc
  .record({ seed: fc.nat(4), isEnded: fc.boolean(), share: fc.nat(3) })
  .map(({ seed, isEnded, share }) => {
    const id = idOf(`scan ${seed}`).slice(3);
    const findings = [0, 1, 2].map((n) => secretIn(`secret ${(seed + n) % 4}`, `app/${seed % 2}`, `app/${n}`));
    const seen = isEnded ? findings : findings.slice(0, share);
    const { findings: _, ...told } = reportOf(findings);
    const facts = { by: "Ada", targets: [{ name: "app", identity: "app" }], settings: {} };
    const scan = { id, began: at(seed), ...(isEnded ? { ended: at(seed + 1) } : {}) };
    return [...recordsOfReport({ ...scan, facts: isEnded ? { ...facts, report: told } : facts }, seen)];
  });

const entries = fc
  .record({
    by: fc.constantFrom("Ada", "Bob"),
    secret: fc.nat(3),
    verdict: fc.constantFrom<Verdict>("real", "ignored"),
    second: fc.nat(9),
    replaces: fc.nat(9),
  })
  .map(({ by, secret, verdict, second, replaces }): CaseRecord[] => {
    const fields = { time: `2026-01-01T00:00:0${second}.000Z`, act: "decide", step: "0".repeat(32) } as const;
    const decision = { verdict, reason: "", date: "2026-01-01" };
    const content = { ...fields, by, fingerprint: idOf(`secret ${secret}`), decision };
    const first = entryOf({ ...content, replaces: [] });
    return [{ kind: "entry", entry: replaces < 5 ? first : entryOf({ ...content, by: "Eve", replaces: [first.id] }) }];
  });

const contents = fc.array(fc.oneof(scans, entries), { maxLength: 6 }).map((lists) => lists.flat());

async function holding(records: readonly CaseRecord[]): Promise<CaseFile> {
  const file = await openNew();
  absorb(file, records);
  return file;
}

async function merged(...files: readonly CaseFile[]): Promise<string> {
  using all = await openNew();
  for (const file of files) absorb(all, checkedRecordsOf(file));
  return textOfCase(all);
}

test("the order of merging makes no difference, nor does merging again", async () => {
  await fc.assert(
    fc.asyncProperty(contents, contents, contents, async (first, second, third) => {
      using a = await holding(first);
      using b = await holding(second);
      using c = await holding(third);
      const all = await merged(a, b, c);
      expect(await merged(c, a, b)).toBe(all);
      expect(await merged(a, b, a, c, b)).toBe(all);
      using ab = await openNew();
      for (const file of [a, b]) absorb(ab, checkedRecordsOf(file));
      expect(await merged(c, ab)).toBe(all);
      for (const line of [a, b, c].flatMap((file) => textOfCase(file).split("\n")))
        if (line.includes('"kind":"decision"')) expect(all).toContain(line);
    }),
    { numRuns: 8 },
  );
});

test("reviewers who did not know of each other conflict; both are kept, and a decision that has seen both settles it", async () => {
  using ada = await openNew();
  scanInto(ada, [secretIn("one", "app/a"), secretIn("two", "app/b")]);
  using bob = await openNew();
  absorb(bob, checkedRecordsOf(ada));
  const said = (verdict: Verdict) => ({ verdict, reason: "", date: "2026-01-01" });
  await openDecisions(ada, "Ada").write([
    { fingerprint: idOf("one"), decision: said("real") },
    { fingerprint: idOf("two"), decision: said("ignored") },
  ]);
  // Entries of one millisecond stand in the order of their ids.
  for (const then = Date.now(); Date.now() === then;);
  await openDecisions(bob, "Bob").write([
    { fingerprint: idOf("one"), decision: said("false-positive") },
    { fingerprint: idOf("two"), decision: { ...said("ignored"), reason: "a test" } },
  ]);
  absorb(ada, checkedRecordsOf(bob));
  const both = openDecisions(ada, "Eve");
  expect(both.conflicted()).toEqual([idOf("one")]);
  expect(both.known(idOf("one"))).toBeUndefined();
  expect(both.conflicts?.(idOf("one")).map(({ by, verdict }) => `${by} ${verdict}`)).toEqual([
    "Ada real",
    "Bob false-positive",
  ]);
  expect(both.decide(secretIn("one", "app/a"))).toMatchObject({
    facts: ["conflict: Ada says real, Bob says false positive"],
  });
  expect(both.known(idOf("two"))).toMatchObject({ verdict: "ignored", by: "Bob" });

  await both.write([{ fingerprint: idOf("one"), decision: said("rotated") }]);
  expect(both.conflicted()).toEqual([]);
  absorb(bob, checkedRecordsOf(ada));
  expect(openDecisions(bob, "Bob").known(idOf("one"))).toMatchObject({ verdict: "rotated", by: "Eve" });
  expect(openDecisions(bob, "Bob").entries(idOf("one"))).toHaveLength(3);
});

test("a scan that was altered in one of two cases is not taken, and nothing else with it", async () => {
  using one = await openNew();
  scanInto(one, [secretIn("one", "app/a")]);
  using two = await openNew();
  absorb(two, checkedRecordsOf(one));
  two.run(`UPDATE scan SET record = replace(record, '"by":"Ada"', '"by":"Eve"')`);
  scanInto(two, [secretIn("two", "app/b")]);
  const before = textOfCase(one);
  expect(() => absorb(one, checkedRecordsOf(two))).toThrow(/altered/);
  expect(textOfCase(one)).toBe(before);
});

test("an entry that was altered is not taken", async () => {
  using one = await openNew();
  await openDecisions(one, "Ada").write([
    { fingerprint: idOf("one"), decision: { verdict: "real", reason: "", date: "2026-01-01" } },
  ]);
  one.run(`UPDATE entry SET record = replace(record, '"real"', '"ignored"')`);
  using two = await openNew();
  expect(() => absorb(two, checkedRecordsOf(one))).toThrow(/it was altered/);
});
