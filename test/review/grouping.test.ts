import { describe, expect, test } from "vitest";
import { groupings } from "../../src/review/grouping.ts";
import { listLines } from "../../src/review/list-lines.ts";
import { targetsOf } from "../../src/review/selection.ts";
import { plainText } from "../../src/review/styled.ts";
import { drive, type Drive } from "./drive.ts";
import { fileOrigin, fingerprintOf, gitOrigin, imageOrigin, makeFinding, makeSighting } from "./make-finding.ts";

const twenty = Array.from({ length: 20 }, (_, n) => makeFinding(n));

function rows(review: Drive): string[] {
  return listLines(review.state, 60, 40).map((row) => plainText(row).trimEnd());
}

describe("heads", () => {
  test("t puts findings under rules, folded, with how many are open", () => {
    const review = drive(twenty).press("t");
    expect(rows(review)).toEqual([
      expect.stringMatching(/^> \+ rule-0 +4 open of 4$/),
      ...[1, 2, 3, 4].map((n) => expect.stringMatching(new RegExp(`^ {2}\\+ rule-${n} +4 open of 4$`))),
    ]);
  });

  test("enter unfolds and folds, h goes to the head and folds it, H and L take all", () => {
    const review = drive(twenty).press("t", "j", "Enter");
    expect(review.state.list.rows).toHaveLength(9);
    expect(rows(review)[2]).toMatch(/^ {4}H rule-1/);
    review.press("j", "j");
    expect(review.state.selected).toBe(fingerprintOf(6));
    expect(review.press("h").state.selected).toBe("group:rule-1");
    expect(review.press("h").state.list.rows).toHaveLength(5);
    expect(review.press("L").state.list.rows).toHaveLength(25);
    expect(review.press("H").state.list.rows).toHaveLength(5);
    expect(review.state.selected).toBe("group:rule-1");
  });

  test("folding what is selected selects its head; without heads it is there again", () => {
    const review = drive(twenty).press("j", "j", "t");
    expect(review.state.selected).toBe("group:rule-0");
    review.press("L", "j", "j", "H");
    expect(review.state.selected).toBe("group:rule-0");
    for (const _ of groupings.slice(1)) review.press("t");
    expect(review.state.list.rows).toEqual(review.state.list.shown);
  });

  test("a decision on a head is one on all that is open under it, told before, and undone as one", () => {
    const review = drive(twenty).press("r", "t");
    expect(rows(review)[0]).toMatch(/3 open of 4$/);
    expect(targetsOf(review.state)).toHaveLength(3);
    review.press("f");
    expect(review.state.counts).toMatchObject({ open: 16, byVerdict: { real: 1, "false-positive": 3 } });
    expect(review.state.selected).toBe("group:rule-1");
    expect(rows(review)[0]).toMatch(/0 open of 4$/);
    review.press("u");
    expect(review.state.counts).toMatchObject({ open: 19, byVerdict: { real: 1, "false-positive": 0 } });
    expect(rows(review)[0]).toMatch(/3 open of 4$/);
  });

  test("a head whose findings are all decided is decided as a whole", () => {
    const review = drive(twenty).press("t", "f", "g", "x");
    expect(review.state.counts.byVerdict).toMatchObject({ "false-positive": 0, rotated: 4 });
  });

  test("space on a head marks what is under it, n goes to the next head with open findings", () => {
    const review = drive(twenty).press("t", "Space");
    expect(targetsOf(review.state)).toHaveLength(4);
    expect(rows(review)[0]).toMatch(/^ \*\+ rule-0/);
    review.press("r", "g");
    expect(review.press("n").state.selected).toBe("group:rule-1");
  });

  test("a range over heads takes what they fold", () => {
    expect(targetsOf(drive(twenty).press("t", "v", "j").state)).toHaveLength(8);
  });

  test("filters show only heads with something under them, and is:open empties them", () => {
    const review = drive(twenty).press("t", "/").type("rule-3 is:open").press("Enter");
    expect(rows(review)).toHaveLength(1);
    expect(review.press("f").state.list.rows).toEqual([]);
  });
});

describe("what holds findings together", () => {
  const first = gitOrigin("a/b.env");
  const later = gitOrigin("c.env", {
    commit: { ...first.commit!, id: "cd".repeat(20), date: "2025-01-01T00:00:00Z", author: "Bob" },
  });
  const { layer: _, ...withoutLayer } = imageOrigin("config!Env", { part: "config" });
  const { commit: __, ...withoutCommit } = gitOrigin("");
  const findings = [
    makeFinding(1, { sightings: [makeSighting(later), makeSighting(first)] }),
    makeFinding(2, { sightings: [makeSighting(later)] }),
    makeFinding(3, { sightings: [makeSighting(imageOrigin("app/.env"))] }),
    makeFinding(4, { sightings: [makeSighting(withoutLayer)] }),
    makeFinding(5, { sightings: [makeSighting(fileOrigin("a/b.env"))] }),
    makeFinding(6, { sightings: [makeSighting(withoutCommit)] }),
  ];
  const heads = (times: number): string[] =>
    rows(drive(findings, { columns: 120, rows: 30 }).press(...Array.from({ length: times }, () => "t")));

  test("cause: the first of its commits, the layer, or what else there is", () => {
    const said = heads(2);
    expect(said).toHaveLength(6);
    for (const title of [
      "ab12ab12 2024-01-31 Ada: Add the payment",
      "cdcdcdcd 2025-01-01 Bob: Add the payment",
      "layer 2 sha256:dddddddd COPY",
      "configuration of shop:1.2",
      "files of a folder",
      "no commit, shop.git",
    ])
      expect(said.filter((row) => row.includes(title))).toHaveLength(1);
  });

  test("file and folder: the same path in two places is two", () => {
    expect(heads(3)).toHaveLength(5);
    expect(heads(4).join("\n")).toContain("a/");
  });
});

describe("similar findings", () => {
  const keyed = (n: number, path: string, key: string): ReturnType<typeof makeFinding> =>
    makeFinding(n, {
      rule: { id: "generic", description: "", revoke: "", references: [] },
      sightings: [makeSighting(fileOrigin(path), { key })],
    });
  const findings = [
    keyed(1, "test/a.js", "DB_PASSWORD_1"),
    keyed(2, "test/b.js", "db_password_2"),
    keyed(3, "test/c.js", "api_token"),
    keyed(4, "src/d.js", "db_password"),
    makeFinding(5),
  ];

  test("* marks what has the same rule, name and kind of place, and says how many", () => {
    const review = drive(findings).press("G", "g");
    const at = review.state.list.rows.indexOf(fingerprintOf(1));
    for (let row = 0; row < at; row++) review.press("j");
    expect(targetsOf(review.press("*").state)).toEqual([1, 2].map(fingerprintOf));
    expect(review.state.toast).toContain("2 open");
    expect(targetsOf(review.press("*").state)).toEqual([1, 2, 3].map(fingerprintOf));
    expect(targetsOf(review.press("*").state)).toEqual([1, 2, 3, 4].map(fingerprintOf));
    review.press("f");
    expect(review.state.counts).toMatchObject({ open: 1, byVerdict: { "false-positive": 4 } });
  });

  test("what is decided is left alone", () => {
    const review = drive(findings).press("/").type("generic").press("Enter", "r", "*");
    expect(targetsOf(review.state)).not.toContain(fingerprintOf(1));
  });
});
