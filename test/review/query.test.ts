import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Verdict } from "../../src/model/decision.ts";
import { completions } from "../../src/review/completion.ts";
import { matchesGlob } from "../../src/review/glob.ts";
import { lineOf } from "../../src/review/line-editor.ts";
import { matches, parseQuery } from "../../src/review/query.ts";
import { drive } from "./drive.ts";
import { gitOrigin, imageOrigin, makeFinding, makeSighting } from "./make-finding.ts";

const finding = makeFinding(7, {
  rule: { id: "acme-token", description: "Token of Acme", revoke: "", references: [] },
  otherRules: ["generic-key"],
  severity: "high",
  facts: ["account 1234"],
  sightings: [
    makeSighting(gitOrigin("Deploy/prod.env"), { key: "db.Password" }),
    makeSighting(imageOrigin("app/config.json")),
  ],
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
    ["-acme", false],
    ["-nowhere", true],
    ["path:*.env", true],
    ["path:deploy/*.env", true],
    ["path:prod.env", true],
    ["path:prod.???", true],
    ["path:*.js", false],
    ["path:rod.en?", false],
    ["-path:*.env", false],
    ["kind:git", true],
    ["kind:im", true],
    ["kind:file", false],
    ["commit:ab12ab", true],
    ["commit:b12", false],
    ["author:ada@", true],
    ["author:bob", false],
    ["since:2024", true],
    ["since:2024-02", false],
    ["until:2024-01-31", true],
    ["until:2023", false],
    ["target:shop", true],
    ["target:nowhere", false],
    ["key:password", true],
    ["key:token", false],
    ["fact:1234", true],
    ["places:2", true],
    ["places:>2", false],
    ["places:>=2", true],
    ["places:<2", false],
    ["alive:yes", true],
    ["alive:no", false],
    ["-open", false],
    ["-decided", true],
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
    for (const filter of [
      "is:",
      "is:op",
      "sev:",
      "sev:>=",
      "sev:huge",
      "since:20",
      "until:x",
      "places:",
      "places:>",
      "kind:x",
      "alive:",
    ]) {
      const query = parseQuery(filter);
      expect(query.terms).toEqual([]);
      expect(query.complaint).not.toBe("");
    }
    for (const filter of ["rule:", "path:", "commit:", "author:", "target:", "key:", "fact:", "-", "!", '"', "  "])
      expect(parseQuery(filter).terms).toEqual([]);
  });

  test("what is typed on lets less pass: the answer is that of the whole list all the same", () => {
    const all = Array.from({ length: 40 }, (_, n) => makeFinding(n));
    const letters = fc.constantFrom("r", "u", "l", "e", "-", "1", "2", " ", ":", "!", "p", "a", "t", "h", "/", "*");
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 14 }), (typed) => {
        const review = drive(all).press("/");
        for (const letter of typed) review.type(letter);
        review.press("Enter");
        const query = parseQuery(typed.join(""));
        const passing = all.filter((one) => matches(query, one, undefined)).map(({ fingerprint }) => fingerprint);
        expect([...review.state.list.shown].sort()).toEqual(passing.sort());
      }),
      { numRuns: 200 },
    );
  });

  test("a word that is half typed and that nothing has hides nothing until it is meant", () => {
    const review = drive([makeFinding(1), makeFinding(2)])
      .press("/")
      .type("rule-1 path:nowh");
    expect(review.state.list.shown).toHaveLength(1);
    expect(review.state.query.complaint).toBe("nothing has path:nowh");
    expect(review.press("Enter").state.list.shown).toHaveLength(0);
    expect(review.press("/", "Backspace").state.list.shown).toHaveLength(1);
  });

  test("a pattern of many stars takes no longer than its length tells", () => {
    expect(matchesGlob("a".repeat(5000), `${"*a".repeat(200)}b`)).toBe(false);
  });

  test("a finding in very many places is still searched quickly and by its rule", () => {
    const many = Array.from({ length: 20_000 }, (_, index) => makeSighting(gitOrigin(`path/${index}`)));
    const big = makeFinding(9, { sightings: many });
    expect(matches(parseQuery("rule:rule-4 path:path/12"), big, undefined)).toBe(true);
  });
});

describe("completion", () => {
  const offered = (text: string): readonly string[] => completions(lineOf(text), [finding]);

  test("offers fields, then what the findings hold", () => {
    expect(offered("ru")).toEqual(["rule:"]);
    expect(offered("acme -ru")).toEqual(["-rule:"]);
    expect(offered("rule:a")).toEqual(["rule:acme-token"]);
    expect(offered("is:re")).toEqual(["is:real"]);
    expect(offered("path:*")).toEqual(["path:*.env"]);
    expect(offered("author:")).toEqual(["author:ada@example.com"]);
    expect(offered("nothing-like-it")).toEqual([]);
  });

  test("tab takes the first one", () => {
    const review = drive([finding]).press("/").type("rule:a").press("Tab", "Enter");
    expect(review.state.filter).toBe("rule:acme-token");
  });
});
