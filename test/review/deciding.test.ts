import { describe, expect, test } from "vitest";
import type { Effect } from "../../src/review/state.ts";
import { drive, now } from "./drive.ts";
import { fingerprintOf, makeFinding } from "./make-finding.ts";

const ten = Array.from({ length: 10 }, (_, n) =>
  makeFinding(n, { rule: { id: `rule-${n}`, description: "", revoke: "", references: [] } }),
);

function written(effects: readonly Effect[]): readonly (readonly [string, string | undefined])[] {
  return effects.flatMap((effect) =>
    effect.kind === "write"
      ? effect.changes.map(({ fingerprint, decision }) => [fingerprint, decision?.verdict] as const)
      : [],
  );
}

describe("deciding", () => {
  test.each([
    ["r", "real"],
    ["f", "false-positive"],
    ["x", "rotated"],
  ])("%s says %s, writes it and goes on to the next open finding", (key, verdict) => {
    const review = drive(ten).press(key);
    expect(review.state.decisions.get(fingerprintOf(0))).toEqual({
      verdict,
      reason: "",
      date: now,
    });
    expect(written(review.effects)).toEqual([[fingerprintOf(0), verdict]]);
    expect(review.state.selected).toBe(fingerprintOf(1));
  });

  test("going on leaves out what is decided, and goes round the end", () => {
    const review = drive(ten).press("j", "r", "g", "r");
    expect(review.state.selected).toBe(fingerprintOf(2));
    review.press("G", "f");
    expect(review.state.selected).toBe(fingerprintOf(2));
  });

  test("i asks for a reason and does nothing without one", () => {
    const review = drive(ten).press("i", "Enter");
    expect(review.state.decisions.size).toBe(0);
    review.type("test data").press("Enter");
    expect(review.state.decisions.get(fingerprintOf(0))).toMatchObject({
      verdict: "ignored",
      reason: "test data",
    });
    expect(review.state.selected).toBe(fingerprintOf(1));
    expect(drive(ten).press("i").type("never mind").press("Esc").state.decisions.size).toBe(0);
  });

  test("the last reason is offered again", () => {
    const review = drive(ten).press("i").type("test data").press("Enter", "i", "Enter");
    expect(review.state.decisions.get(fingerprintOf(1))?.reason).toBe("test data");
  });

  test("the marked set is decided as one, in one write", () => {
    const review = drive(ten).press("Space", "Space", "j", "Space", "f");
    expect(review.effects).toHaveLength(1);
    expect(written(review.effects).map(([fingerprint]) => fingerprint)).toEqual([0, 1, 3].map(fingerprintOf));
    expect(review.state.marked.size).toBe(0);
    review.press("u");
    expect(review.state.decisions.size).toBe(0);
  });

  test("a filter on open findings empties as they are decided, and the selection goes on", () => {
    const review = drive(ten).press("/").type("is:open").press("Enter", "f", "f");
    expect(review.state.list.shown).toHaveLength(8);
    expect(review.state.selected).toBe(fingerprintOf(2));
    review.press("u");
    expect(review.state.selected).toBe(fingerprintOf(1));
    expect(review.state.list.shown).toHaveLength(9);
  });
});

describe("undo and redo", () => {
  test("take back and do again, as often as there are steps, and write each", () => {
    const review = drive(ten).press("r", "f", "u");
    expect(written(review.effects).at(-1)).toEqual([fingerprintOf(1), undefined]);
    expect(review.state.selected).toBe(fingerprintOf(1));
    review.press("z", "u");
    expect(review.state.decisions.size).toBe(0);
    expect(review.state.toast).toBe("nothing to undo");
    review.press("C-r", "Z", "C-r");
    expect([...review.state.decisions.values()].map(({ verdict }) => verdict)).toEqual(["real", "false-positive"]);
    expect(review.state.toast).toBe("nothing to redo");
  });

  test("a changed decision goes back to what it was", () => {
    const review = drive(ten).press("r", "g", "x", "u");
    expect(review.state.decisions.get(fingerprintOf(0))?.verdict).toBe("real");
    expect(written(review.effects).at(-1)).toEqual([fingerprintOf(0), "real"]);
  });

  test("go on with what was written before, act by act, where the place keeps no history of its own", () => {
    const review = drive([]);
    const said = (verdict: "real" | "ignored", date: string, by?: string) => ({
      ...{ verdict, reason: "", date },
      ...(by === undefined ? {} : { by }),
    });
    const known = new Map([
      [fingerprintOf(0), said("real", "2025-01-01T10:00:00Z")],
      [fingerprintOf(1), said("ignored", "2025-01-02T10:00:00Z")],
      [fingerprintOf(2), said("ignored", "2025-01-02T10:00:00Z")],
      [fingerprintOf(3), said("ignored", "2025-12-31")],
      [fingerprintOf(4), said("real", "2025-12-31T10:00:00Z", "Bob")],
    ]);
    review.act({ kind: "fed", events: [{ kind: "findings", findings: ten }], known });
    review.press("f", "u");
    expect(review.state.toast).toContain("undone: 1 finding false positive");
    expect(written(review.press("u").effects)).toEqual([
      [fingerprintOf(1), undefined],
      [fingerprintOf(2), undefined],
    ]);
    expect(written(review.press("u").effects)).toEqual([[fingerprintOf(0), undefined]]);
    expect(review.press("u").state.toast).toBe("nothing to undo");
    expect(written(review.press("C-r").effects)).toEqual([[fingerprintOf(0), "real"]]);
  });

  test("a new decision ends what could be redone", () => {
    expect(drive(ten).press("r", "u", "f", "C-r").state.toast).toBe("nothing to redo");
  });
});

describe("comments", () => {
  test("become the reason of the decision to come", () => {
    const review = drive(ten).press("c").type("asked Ada").press("Enter");
    expect(review.state.decisions.size).toBe(0);
    review.press("r");
    expect(review.state.decisions.get(fingerprintOf(0))).toMatchObject({
      verdict: "real",
      reason: "asked Ada",
    });
  });

  test("change the reason of a decision that was taken", () => {
    const review = drive(ten).press("r", "k", "c").type("asked Ada").press("Enter");
    expect(review.state.decisions.get(fingerprintOf(0))).toMatchObject({
      verdict: "real",
      reason: "asked Ada",
    });
    expect(review.press("u").state.decisions.get(fingerprintOf(0))?.reason).toBe("");
  });
});

describe("a write that fails", () => {
  test("puts the screen back to what the file says, and says why", () => {
    const review = drive(ten).press("r", "f");
    const [effect] = review.effects;
    if (effect?.kind !== "write") throw new Error("a decision must be written");
    review.act({ kind: "not-written", step: effect.step, act: effect.act, reason: "disk full" });
    expect(review.state.decisions.has(fingerprintOf(0))).toBe(false);
    expect(review.state.decisions.has(fingerprintOf(1))).toBe(true);
    expect(review.state.toast).toContain("disk full");
    expect(review.press("u", "u").state.toast).toBe("nothing to undo");
  });

  test("of an undo leaves the decision standing", () => {
    const review = drive(ten).press("r", "u");
    const effect = review.effects.at(-1);
    if (effect?.kind !== "write") throw new Error("an undo must be written");
    review.act({ kind: "not-written", step: effect.step, act: effect.act, reason: "disk full" });
    expect(review.state.decisions.get(fingerprintOf(0))?.verdict).toBe("real");
  });

  test("does not touch what was decided anew meanwhile", () => {
    const review = drive(ten).press("r");
    const [effect] = review.effects;
    if (effect?.kind !== "write") throw new Error("a decision must be written");
    review.press("g", "f").act({ kind: "not-written", step: effect.step, act: effect.act, reason: "disk full" });
    expect(review.state.decisions.get(fingerprintOf(0))?.verdict).toBe("false-positive");
  });
});

test("what another ignore file or a baseline hides counts as decided, and can be overruled", () => {
  const hidden = makeFinding(0, { suppressed: { by: "baseline", reason: "known" } });
  const review = drive([hidden, makeFinding(1)])
    .press("/")
    .type("is:ignored")
    .press("Enter");
  expect(review.state.list.shown).toEqual([fingerprintOf(0)]);
  review.press("r");
  expect(review.state.decisions.get(fingerprintOf(0))?.verdict).toBe("real");
});
