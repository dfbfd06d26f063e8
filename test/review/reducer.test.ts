import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindings } from "../../src/review/keys.ts";
import { isMarked, listHeight, rowOf, targetsOf } from "../../src/review/selection.ts";
import { initialState } from "../../src/review/state.ts";
import { drive, now, type Drive } from "./drive.ts";
import { fingerprintOf, makeFinding, makeSighting, fileOrigin } from "./make-finding.ts";

const ten = Array.from({ length: 10 }, (_, n) =>
  makeFinding(n, { rule: { id: `rule-${n}`, description: "", revoke: "", references: [] } }),
);
const many = Array.from({ length: 100 }, (_, n) =>
  makeFinding(n, {
    rule: { id: `rule-${String(n).padStart(3, "0")}`, description: "", revoke: "", references: [] },
  }),
);

describe("moving", () => {
  test("the first finding is selected; j, k, g, G and arrows move and stop at the ends", () => {
    const review = drive(ten);
    expect(rowOf(review.state)).toBe(0);
    expect(rowOf(review.press("j", "Down", "k").state)).toBe(1);
    expect(rowOf(review.press("G").state)).toBe(9);
    expect(rowOf(review.press("j").state)).toBe(9);
    expect(rowOf(review.press("g").state)).toBe(0);
    expect(rowOf(review.press("k").state)).toBe(0);
    expect(rowOf(review.press("End", "Home").state)).toBe(0);
  });

  test("pages and half pages keep the selected row on the screen", () => {
    const review = drive(many);
    const height = listHeight(review.state);
    expect(rowOf(review.press("PageDown").state)).toBe(height);
    expect(rowOf(review.press("C-d").state)).toBe(height + Math.ceil(height / 2));
    expect(rowOf(review.press("C-u", "PageUp").state)).toBe(0);
    for (const key of ["PageDown", "C-d", "j", "G", "PageUp", "k", "g"]) {
      const { state } = review.press(key);
      expect(rowOf(state)).toBeGreaterThanOrEqual(state.top);
      expect(rowOf(state)).toBeLessThan(state.top + height);
    }
  });

  test("an empty list takes every key", () => {
    const review = drive([]);
    for (const { keys } of bindings) for (const key of keys) review.press(key, "Esc");
    expect(review.state.list.shown).toEqual([]);
  });

  test("in the detail the same keys scroll, and no further than its end", () => {
    const sightings = Array.from({ length: 40 }, (_, n) => makeSighting(fileOrigin(`file-${n}`)));
    const review = drive([makeFinding(1, { sightings }), makeFinding(2)]).press("Enter");
    expect(review.state.focus).toBe("detail");
    expect(review.press("j", "j", "k").state.detailTop).toBe(1);
    const end = review.press("G").state.detailTop ?? 0;
    expect(end).toBeGreaterThan(40);
    expect(review.press("PageDown").state.detailTop).toBe(end);
    expect(review.press("k").state.detailTop).toBe(end - 1);
    expect(review.press("g").state.detailTop).toBe(0);
    expect(review.press("Esc").state.focus).toBe("list");
    expect(review.press("Tab").state.focus).toBe("detail");
  });
});

describe("findings that arrive", () => {
  test("neither move the selection nor the row it stands on", () => {
    const review = drive(many).press("G", "k", "k");
    const { selected, top } = review.state;
    const rowOnScreen = rowOf(review.state) - top;
    const before = Array.from({ length: 7 }, (_, n) => makeFinding(1000 + n, { severity: "critical" }));
    review.feed({ kind: "findings", findings: before });
    expect(review.state.selected).toBe(selected);
    expect(rowOf(review.state) - review.state.top).toBe(rowOnScreen);
  });

  const critical = makeFinding(1000, { severity: "critical" });
  const scanning = (): Drive => {
    const review = drive([]);
    review.state = initialState({ title: "test", place: ".leaktraceignore", size: review.state.size, now });
    return review.feed({ kind: "findings", findings: ten });
  };

  test("until the first key the cursor is where the list begins, also when the scan has ended", () => {
    const review = scanning();
    expect(rowOf(review.feed({ kind: "findings", findings: [critical] }).state)).toBe(0);
    expect(review.state.selected).toBe(critical.fingerprint);
    const worse = makeFinding(1001, { severity: "critical", confidence: "certain" });
    review.feed({ kind: "done", findings: [...ten, critical, worse] });
    expect(review.state.selected).toBe(worse.fingerprint);
    expect(review.state.top).toBe(0);
  });

  test.each(["r", "i", "Space", "*", "c"])(
    "%s as the first key never hits what came beneath it a moment ago",
    (key) => {
      const review = scanning().feed({ kind: "findings", findings: [critical] });
      review.press(key);
      expect(review.effects).toEqual([]);
      expect(review.state).toMatchObject({ prompt: undefined, overlay: undefined, marked: new Set() });
      expect(review.state.toast).toContain(`${key === "Space" ? "space" : key} again`);
      review.feed({ kind: "findings", findings: [makeFinding(1001, { severity: "critical", confidence: "certain" })] });
      expect(review.state.selected).toBe(critical.fingerprint);
      const before = review.state;
      expect(review.press(key).state).not.toEqual({ ...before, toast: "" });
    },
  );

  test("a first key counts at once where the first was there all the time, or a report was read", () => {
    const calm = scanning().feed({ kind: "findings", findings: [makeFinding(1000, { severity: "low" })] });
    expect(calm.press("r").state.decisions.get(fingerprintOf(0))?.verdict).toBe("real");
    const report = drive([]);
    const { size } = report.state;
    report.state = initialState({ title: "test", place: ".leaktraceignore", size, now, isReading: true });
    report.feed({ kind: "findings", findings: ten }).feed({ kind: "findings", findings: [critical] });
    expect(report.press("r").state.decisions.get(critical.fingerprint)?.verdict).toBe("real");
  });

  test("replace what is known by the same fingerprint", () => {
    const review = drive(ten);
    review.feed({ kind: "findings", findings: [makeFinding(3, { severity: "critical" })] });
    expect(review.state.findings.size).toBe(10);
    expect(review.state.list.shown[0]).toBe(fingerprintOf(3));
  });

  test("never slip into marks or into a range that is open", () => {
    const review = drive(ten).press("j", "v", "j", "j");
    expect(targetsOf(review.state)).toHaveLength(3);
    review.feed({
      kind: "findings",
      findings: [makeFinding(500, { rule: { id: "rule-2x", description: "", revoke: "", references: [] } })],
    });
    expect(targetsOf(review.state)).toHaveLength(3);
    expect(targetsOf(review.state)).not.toContain(fingerprintOf(500));
  });

  test("at the end, what the scan has withdrawn is gone", () => {
    const review = drive(ten).press("G");
    review.feed({ kind: "done", findings: ten.slice(0, 4) });
    expect(review.state.list.shown).toHaveLength(4);
    expect(rowOf(review.state)).toBe(3);
  });

  test("problems are counted, and only so many kept", () => {
    const problem = {
      code: "unreadable",
      effect: "incomplete",
      target: "t",
      subject: "s",
      message: "m",
    } as const;
    const review = drive([]);
    review.feed(...Array.from({ length: 700 }, () => ({ kind: "problem", problem }) as const));
    expect(review.state.scan.problemCount).toBe(700);
    expect(review.state.scan.problems).toHaveLength(500);
  });
});

describe("the filter", () => {
  test("works as it is typed, and Enter keeps it", () => {
    const review = drive(ten).press("/").type("rule-7");
    expect(review.state.list.shown).toEqual([fingerprintOf(7)]);
    expect(review.press("Enter").state.filter).toBe("rule-7");
    expect(review.state.prompt).toBeUndefined();
  });

  test("Esc clears it, while typing and afterwards", () => {
    expect(drive(ten).press("/").type("rule-7").press("Esc").state.list.shown).toHaveLength(10);
    expect(drive(ten).press("/").type("rule-7").press("Enter", "Esc").state.list.shown).toHaveLength(10);
  });

  test("keeps the selection where it can, else goes to the nearest", () => {
    const review = drive(ten).press("j", "j", "j");
    expect(review.press("/").type("!rule-3").state.selected).toBe(fingerprintOf(4));
    expect(review.press("Esc").state.selected).toBe(fingerprintOf(3));
    expect(review.press("/").type("rule-0").state.selected).toBe(fingerprintOf(0));
  });

  test("command keys are letters while it is typed", () => {
    const review = drive(ten).press("/").type("rfixqQ");
    expect(review.state.filter).toBe("rfixqQ");
    expect(review.effects).toEqual([]);
    expect(review.state.decisions.size).toBe(0);
  });
});

describe("marks", () => {
  test("space marks and goes on, a takes all that is shown and gives them back", () => {
    const review = drive(ten).press("Space", "Space");
    expect(targetsOf(review.state)).toEqual([fingerprintOf(0), fingerprintOf(1)]);
    expect(rowOf(review.state)).toBe(2);
    expect(targetsOf(review.press("a").state)).toHaveLength(10);
    expect(targetsOf(review.press("a").state)).toEqual([fingerprintOf(2)]);
  });

  test("v spans a range in both directions and adds it to the marks", () => {
    const review = drive(ten).press("j", "j", "j", "v", "k", "k");
    expect(targetsOf(review.state)).toEqual([1, 2, 3].map(fingerprintOf));
    review.press("v", "G");
    expect(targetsOf(review.state)).toEqual([1, 2, 3].map(fingerprintOf));
  });

  test("a decision leaves alone what is marked but not shown", () => {
    const review = drive(ten).press("Space", "/").type("rule-5").press("Enter", "Space", "f");
    expect([...review.state.decisions.keys()]).toEqual([fingerprintOf(5)]);
    expect(isMarked(review.state, fingerprintOf(0))).toBe(true);
  });

  test("Esc drops the range, then the marks, then the filter", () => {
    const review = drive(ten).press("/").type("rule").press("Enter", "Space", "v", "j");
    expect(review.press("Esc").state.range).toBeUndefined();
    expect(review.state.marked.size).toBe(1);
    expect(review.press("Esc").state.marked.size).toBe(0);
    expect(review.state.filter).toBe("rule");
    expect(review.press("Esc").state.filter).toBe("");
  });
});

describe("a value that is shown", () => {
  const secret = ["not", "a", "real", "one"].join("-");
  const withValue = [makeFinding(1, { secret }), makeFinding(2, { secret })];

  test("is hidden again by m, by moving, by help, by suspending and by quitting", () => {
    for (const key of ["m", "j", "?", "C-z", "C-c", "f"]) {
      const review = drive(withValue).press("m");
      expect(review.state.revealed?.fingerprint).toBe(fingerprintOf(1));
      expect(review.press(key).state.revealed).toBeUndefined();
    }
  });

  test("of a report is read again from its place, and shown where the cursor still stands there", () => {
    const finding = makeFinding(1);
    const review = drive([finding, makeFinding(2)]).press("m");
    expect(review.state.revealed).toBeUndefined();
    expect(review.effects).toEqual([{ kind: "value", finding }]);
    const { fingerprint } = finding;
    expect(review.act({ kind: "value", fingerprint, value: secret }).state.revealed?.value).toBe(secret);
    review.press("m", "m", "j").act({ kind: "value", fingerprint, value: secret });
    expect(review.state.revealed).toBeUndefined();
    review.press("k", "m").act({ kind: "value", fingerprint });
    expect(review.state.revealed).toBeUndefined();
    expect(review.state.toast).toContain("cannot be read again");
  });

  test("never leaves by the clipboard: y copies the fingerprint", () => {
    expect(drive(withValue).press("y").effects).toEqual([
      { kind: "copy", what: "fingerprint", text: fingerprintOf(1) },
    ]);
  });
});

describe("the lines around a place", () => {
  test("are more and fewer by steps, where lines are shown, and the place comes back into sight", () => {
    const review = drive([makeFinding(1)]);
    review.press("}");
    expect([review.state.around, review.state.toast]).toEqual([
      12,
      "2 text, 3 change and 6 blame show lines around it",
    ]);
    review.press("2", "Tab", "j", "{");
    expect([review.state.around, review.state.detailTop]).toEqual([8, undefined]);
    review.press("{", "{", "{");
    expect([review.state.around, review.state.toast]).toEqual([4, "no fewer lines than these"]);
    review.press("3", ...Array<string>(7).fill("}"));
    expect([review.state.around, review.state.toast]).toEqual([192, "no more lines than these"]);
  });
});

describe("leaving", () => {
  test("q closes help, then the detail, then the review; Q and C-c leave from anywhere", () => {
    const review = drive(ten).press("Enter", "?");
    expect(review.press("q").effects).toEqual([]);
    expect(review.state.overlay).toBeUndefined();
    expect(review.press("q").state.focus).toBe("list");
    expect(review.press("q").effects).toEqual([{ kind: "quit", by: "quit" }]);
    expect(drive(ten).press("?", "Q").effects).toEqual([{ kind: "quit", by: "quit" }]);
    expect(drive(ten).press("i", "C-c").effects).toEqual([{ kind: "quit", by: "interrupt" }]);
  });
});

describe("order", () => {
  test("s goes through the sortings and S turns them round; the selection stays", () => {
    const findings = [
      makeFinding(1, {
        severity: "low",
        sightings: [makeSighting(fileOrigin("b")), makeSighting(fileOrigin("c"))],
      }),
      makeFinding(2, { severity: "critical", sightings: [makeSighting(fileOrigin("z"))] }),
      makeFinding(3, { severity: "medium", sightings: [makeSighting(fileOrigin("a"))] }),
    ];
    const review = drive(findings);
    const order = (): number[] =>
      review.state.list.shown.map((fingerprint) => Number.parseInt(fingerprint.slice(3), 16));
    expect(order()).toEqual([2, 3, 1]);
    expect((review.press("s"), order())).toEqual([1, 2, 3]);
    expect((review.press("s"), order())).toEqual([3, 1, 2]);
    expect((review.press("s"), order())).toEqual([1, 2, 3]);
    expect((review.press("S"), order())).toEqual([3, 2, 1]);
    expect(review.state.selected).toBe(fingerprintOf(2));
  });

  test("n and N go to open findings only, round the end", () => {
    const review = drive(ten).press("j", "r", "r", "g");
    expect(rowOf(review.press("n").state)).toBe(3);
    expect(rowOf(review.press("N").state)).toBe(0);
    expect(rowOf(review.press("N").state)).toBe(9);
  });
});

test("whatever keys come, the selection is shown, the list is scrolled to it, and undo brings all decisions back", () => {
  const keys = bindings.flatMap((binding) => (binding.group === "leave" ? [] : binding.keys));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...keys, "1", "e"), { maxLength: 60 }), fc.boolean(), (pressed, isWide) => {
      const review = drive(many.slice(0, 30), isWide ? { columns: 120, rows: 20 } : { columns: 70, rows: 18 }).press(
        ...pressed,
      );
      const { state } = review;
      if (state.list.shown.length > 0) {
        expect(state.selected).toBeDefined();
        expect(rowOf(state)).toBeGreaterThanOrEqual(state.top);
        expect(rowOf(state)).toBeLessThan(state.top + listHeight(state));
      }
      review.press("Esc", "Esc", "Esc", "Esc");
      for (let step = review.state.past.length; step > 0; step--) review.press("u");
      expect(review.state.decisions.size).toBe(0);
    }),
    { numRuns: 150 },
  );
});
