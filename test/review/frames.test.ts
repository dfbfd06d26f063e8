import { describe, expect, test } from "vitest";
import { widthOf } from "../../src/review/fit.ts";
import { rowText, screenRows } from "../../src/review/frame.ts";
import { bindings, keyLabel } from "../../src/review/keys.ts";
import { drive, type Drive } from "./drive.ts";
import { fileOrigin, gitOrigin, imageOrigin, makeFinding, makeSighting } from "./make-finding.ts";

const wide = { columns: 100, rows: 30 };
const narrow = { columns: 80, rows: 24 };

function frameOf(review: Drive): string {
  return screenRows(review.state).map(rowText).join("\n");
}

function plainRows(frame: string): string[] {
  return frame.split("\n");
}

const findings = [
  makeFinding(1, {
    severity: "critical",
    confidence: "certain",
    rule: {
      id: "acme-token",
      description: "Token of Acme: acts as its owner.",
      revoke: "Settings, then Tokens, then Revoke.",
      references: [],
    },
    facts: ["account 1234"],
    sightings: [
      makeSighting(gitOrigin("deploy/prod.env"), { maskedLine: "\tTOKEN=abcd......01" }),
      makeSighting(gitOrigin("old.env", { inHead: false, refs: [] })),
      makeSighting(
        imageOrigin("app/.env", {
          deleted: true,
          deletedBy: {
            digest: `sha256:${"f".repeat(64)}`,
            diffId: "",
            index: 3,
            createdBy: "RUN rm /app/.env",
          },
        }),
      ),
      makeSighting(imageOrigin("config!Env[TOKEN]", { part: "config" })),
    ],
  }),
  makeFinding(2, { severity: "medium" }),
  makeFinding(3, { severity: "low" }),
];

describe("the screen", () => {
  test.each([
    ["side by side", wide],
    ["one under the other", narrow],
    ["as small as it goes", { columns: 60, rows: 15 }],
  ])("%s: every row fits, and none is too many", (_, size) => {
    const rows = plainRows(frameOf(drive(findings, size)));
    expect(rows).toHaveLength(size.rows);
    for (const row of rows) expect(widthOf(row)).toBeLessThanOrEqual(size.columns);
    expect(rows.some((row) => row.startsWith(">"))).toBe(true);
  });

  test("side by side: list at the left, detail at the right", () => {
    const rows = plainRows(frameOf(drive(findings, wide)));
    expect(rows[1]).toMatch(/» Secrets by severity ─+ *│ {2}Detail/);
    expect(rows[2]).toMatch(/^> C +acme-token .*×4.*│Token of Acme: acts as its owner\.$/);
    expect(rows[3]).toMatch(/^ {2}M +rule-2/);
  });

  test.each(["1", "2", "3", "4", "5", "6"])(
    "a value that m shows is seen on tab %s, in the smallest frame too",
    (tab) => {
      const shown = [makeFinding(1, { ...findings[0], secret: "swordfish" })];
      const review = drive(shown, { columns: 60, rows: 15 }).press(tab, "Enter", "G", "m");
      expect(frameOf(review)).toContain("VALUE      swordfish");
      expect(frameOf(review.press("m"))).not.toContain("swordfish");
    },
  );

  test("the last row says what a newcomer needs, and more where there is room", () => {
    const lastRow = (review: Drive): string => plainRows(frameOf(review)).at(-1) ?? "";
    expect(lastRow(drive(findings, { columns: 60, rows: 20 }))).toMatch(/^r real  f false  i ignore  \? help /);
    expect(lastRow(drive(findings, { columns: 160, rows: 20 }))).toMatch(/\/ filter  enter detail .* q quit /);
    for (const key of ["?", "p", "w"]) expect(lastRow(drive(findings, narrow).press(key))).toMatch(/esc close/);
  });

  test.each([narrow, wide])("+ gives the whole screen to the pane that has the keys, and + again shares it", (size) => {
    const many = Array.from({ length: 60 }, (_, n) => makeFinding(n));
    const review = drive(many, size).press("G");
    const shared = frameOf(review);
    const list = plainRows(frameOf(review.press("+")));
    expect(list.filter((row) => row.includes("rule-"))).toHaveLength(size.rows - 3);
    expect(list.some((row) => row.startsWith(">"))).toBe(true);
    const detail = plainRows(frameOf(review.press("Enter")));
    expect(detail[1]).toMatch(/^» Detail/);
    expect(detail.some((row) => row.startsWith(">"))).toBe(false);
    expect(frameOf(review.press("Esc", "+"))).toBe(shared);
  });

  test("a message that one row cannot hold is read to its end", () => {
    const url = `https://git.example.com/${"team/".repeat(16)}commit/${"ab".repeat(20)}`;
    const review = drive(findings, narrow).act({ kind: "said", text: url });
    const rows = plainRows(frameOf(review));
    expect(rows).toHaveLength(narrow.rows);
    expect(rows.slice(-3, -1).join("")).toBe(url);
    expect(rows.at(-1)).toMatch(/1\/3 · 3 open$/);
    const hash = `https://github.com/acme/shop/commit/${"ab".repeat(20)}`;
    expect(plainRows(frameOf(review.act({ kind: "said", text: hash }))).at(-2)).toBe(hash);
  });

  test.each([["m"], ["y"], ["o"], ["e"], ["w", "2"], ["R"], ["*"]])(
    "%s on a head says what to do instead",
    (...keys) => {
      const review = drive(findings, narrow).press("t", ...keys);
      expect(review.state.toast).toContain("this is a head: enter unfolds it");
    },
  );

  test("while a scan has not told where something stands, no tab says that it is gone, alive or unreadable", () => {
    const { commit: _, ...early } = gitOrigin("", { inHead: false, refs: [] });
    const review = drive([], narrow);
    for (const origin of [fileOrigin("app/in-an-image.env"), early]) {
      const finding = makeFinding(1, { sightings: [makeSighting(origin)] });
      review.state = { ...drive([finding], { columns: 98, rows: 60 }).state };
      review.state = { ...review.state, scan: { ...review.state.scan, isRunning: true } };
      for (const [key, tab] of [
        ["1", "facts"],
        ["2", "text"],
        ["4", "story"],
      ] as const) {
        review.press(key);
        if (tab === "text") {
          const rows = [
            { text: "it cannot be read again", tone: "dim" },
            { text: "│ key = abcd......00", tone: "plain" },
          ] as const;
          review.act({
            kind: "looked",
            key: { tab, place: 0, around: 12, fingerprint: finding.fingerprint },
            finding,
            rows,
          });
          expect(frameOf(review)).toContain("│ key = abcd");
        }
        expect(frameOf(review)).toContain("The scan is still running");
        expect(frameOf(review)).not.toMatch(/deleted|alive|not in HEAD|cannot be read|in the file|first commit/);
      }
    }
  });

  test("too small: says so, and what would do", () => {
    const frame = frameOf(drive(findings, { columns: 59, rows: 14 }));
    expect(frame).toContain("needs 60x15");
    expect(frame).toContain("59x14");
  });

  test("the detail tells the rule, what to do, and of every place who, when, where and whether it is alive", () => {
    const text = plainRows(frameOf(drive(findings, { columns: 98, rows: 120 }))).join("\n");
    for (const expected of [
      "Token of Acme: acts as its owner.",
      "critical, certain",
      "account 1234",
      "Settings, then Tokens, then Revoke.",
      "4 places",
      "deploy/prod.env:3:8",
      "commit ab12ab12ab12 2024-01-31T12:00:00Z Ada <ada@example.com>",
      "Add the payment service",
      "still in HEAD; reached by main",
      "│   TOKEN=abcd......01",
      "not in HEAD any more; no ref reaches it",
      "image shop:1.2 sha256:cccccccccccc linux/amd64",
      "layer 2 sha256:dddddddddddd COPY . /app",
      "deleted by layer 3 sha256:ffffffffffff RUN rm /app/.env; still in the image",
      "config!Env[TOKEN]",
      "in the image's configuration",
    ]) {
      expect(text).toContain(expected);
    }
    expect(text).not.toContain("long story");
  });

  test("the story tells from the first commit on, and the layers of the image beside other secrets in it", () => {
    const layer = (index: number) => ({ digest: `sha256:${"d".repeat(64)}`, diffId: "", index, createdBy: "COPY" });
    const later = makeFinding(4, { sightings: [makeSighting(imageOrigin("b", { layer: layer(4) }))] });
    const review = drive([...findings, later], { columns: 160, rows: 60 }).press("4");
    const text = plainRows(frameOf(review)).join("\n");
    expect(text).toMatch(/2024-01-31 12:00 {2}comes in: ab12ab12ab12 Ada <ada@example.com> Add/);
    expect(text).toContain("Layers of shop:1.2");
    expect(text).toMatch(/secret, layer +0 1 2 3 4/);
    expect(text).toMatch(/> acme-token abcd......01 +# x \./);
    expect(text).toMatch(/ {2}rule-4 abcd......04 +#/);
    expect(plainRows(frameOf(review))[1]).toContain("[story]");
  });

  test("what was read again is masked text like any other: sanitised, wrapped, and kept while one looks about", () => {
    const review = drive(findings, wide).press("2");
    expect(frameOf(review)).toContain("reading");
    const [first] = findings;
    const key = { tab: "text", place: 0, around: 12, fingerprint: first!.fingerprint } as const;
    review.act({ kind: "looked", key, finding: first!, rows: [{ text: "12 \t\x1b[2Jline", tone: "plain" }] });
    expect(frameOf(review)).toContain("12   \\x1b[2Jline");
    expect(frameOf(review.press("3"))).toContain("reading");
    expect(frameOf(review.press("2"))).toContain("12   ");
  });

  test("the place that is looked at is in sight, until somebody scrolls", () => {
    const review = drive(findings, { columns: 80, rows: 24 }).press("2");
    const [first] = findings;
    const key = { tab: "text", place: 0, around: 12, fingerprint: first!.fingerprint } as const;
    const rows = Array.from(
      { length: 40 },
      (_, n) => ({ text: `line ${n}`, tone: "plain", isHere: n === 30 }) as const,
    );
    review.act({ kind: "looked", key, finding: first!, rows });
    expect(frameOf(review)).toContain("line 30");
    expect(frameOf(review.press("l", "k"))).toContain("line 30");
    expect(frameOf(review.press("g"))).not.toContain("line 30");
    expect(frameOf(review.press("3", "2"))).toContain("line 30");
    // What was read of a finding that has changed since is nobody's.
    review.act({ kind: "fed", events: [{ kind: "findings", findings: [{ ...first! }] }], known: new Map() });
    expect(frameOf(review)).not.toContain("line 30");
    review.act({ kind: "looked", key, finding: first!, rows });
    expect(frameOf(review)).not.toContain("line 30");
  });

  test("a row tells the file, how many places there are, whether one is alive, and since when", () => {
    const gone = makeFinding(7, {
      sightings: [makeSighting(gitOrigin("a/very/long/way/to/the/old.env", { inHead: false }))],
    });
    const rows = plainRows(frameOf(drive([...findings, gone], narrow)));
    expect(rows[2]).toMatch(/^> C critical +acme-token +abcd\.{6}01 +…?[\w/.]*prod\.env +×4 +alive 2024-01 *$/);
    expect(rows.join("\n")).toMatch(/…\S*old\.env +×1 +deleted 2024-01/);
    const { scan } = drive(findings).state;
    const running = { ...drive(findings, narrow).state, scan: { ...scan, isRunning: true } };
    const unfinished = screenRows(running).map(rowText).join("\n");
    expect(unfinished).not.toContain("alive");
    expect(rows.join("\n")).toMatch(/seen +alive, since 2024-01-31, 4 places: deploy\/prod\.env:3:8 …/);
  });

  test("a decision is a word in the list and in the detail", () => {
    const review = drive(findings, narrow).press("r", "g");
    expect(plainRows(frameOf(review))[2]).toMatch(/^>.*C critical .*real/);
    expect(plainRows(frameOf(review)).join("\n")).toContain("real since 2026-01-02");
  });

  test("only the visible rows are drawn, also of very many", () => {
    const many = Array.from({ length: 3000 }, (_, n) => makeFinding(n));
    const review = drive(many, wide).press("G");
    const rows = plainRows(frameOf(review));
    expect(rows).toHaveLength(wide.rows);
    expect(rows.at(-1)).toContain("3,000/3,000");
    expect(rows.at(-2)).toMatch(/^>/);
  });

  test("the header tells how far the scan has come and how many problems there are", () => {
    const review = drive([], wide);
    const problem = {
      code: "unreadable",
      effect: "incomplete",
      target: "shop.git",
      subject: "pack 7",
      message: "permission denied",
    } as const;
    const progress = {
      target: "shop.git",
      phase: "scan",
      bytesDone: 450_000_000,
      bytesPlanned: 1e9,
      contentsDone: 10,
      findings: 0,
      elapsedMs: 65_000,
    } as const;
    review.state = { ...review.state, scan: { ...review.state.scan, isRunning: true } };
    review.feed({ kind: "progress", progress }, { kind: "problem", problem });
    expect(plainRows(frameOf(review))[0]).toContain("scanning 45 % · 450 MB · 1:05 · 1 problem (p)");
    expect(plainRows(frameOf(review.press("p"))).join("\n")).toContain(
      "not scanned: unreadable shop.git pack 7: permission denied",
    );
  });

  test("the footer shows the keys that matter, the counts, and what is being typed", () => {
    const review = drive(findings, wide);
    expect(plainRows(frameOf(review)).at(-1)).toMatch(/^r real {2}f false {2}i ignore {2}\? help .*1\/3 · 3 open$/);
    review.press("Space");
    expect(plainRows(frameOf(review)).at(-1)).toMatch(/2\/3 · 1 marked · 3 open$/);
    review.press("/").type("rule:acme");
    expect(plainRows(frameOf(review)).at(-1)).toMatch(/^filter: rule:acme .*1 shown · tab: rule:acme-token$/);
    review.press("Enter");
    expect(plainRows(frameOf(review)).at(-1)).toMatch(/1\/1 .*filter: rule:acme$/);
  });

  test("the help screen holds every key of the table", () => {
    const text = plainRows(frameOf(drive(findings, { columns: 180, rows: 90 }).press("?"))).join("\n");
    for (const { keys, text: meaning } of bindings) {
      expect(text).toContain(keys.map(keyLabel).join(" "));
      expect(text).toContain(meaning);
    }
  });

  test("the help screen scrolls to its end on a small screen", () => {
    const review = drive(findings, narrow).press("?", "G");
    expect(plainRows(frameOf(review)).join("\n")).toContain("suspend; fg comes back");
  });
});

describe("a value", () => {
  const secret = ["swordfish", "of", "the", "test"].join("-");
  const withValue = [makeFinding(1, { secret }), makeFinding(2, { secret: `${secret}2` })];

  test("is shown by m until the selection moves, in no other place, and never at first", () => {
    const review = drive(withValue, wide);
    expect(frameOf(review)).not.toContain(secret);
    expect(frameOf(review.press("m"))).toContain(secret);
    expect(frameOf(review.press("j"))).not.toContain(secret);
    expect(frameOf(review.press("k"))).not.toContain(secret);
  });
});

describe("hostile names", () => {
  const osc = "\x1b]52;c;aGVsbG8=\x07";
  const nasty = `${osc}\u202egnp.exe\u200b\x9b2J\0\x08\u{e0041}`;
  const hostile = makeFinding(1, {
    rule: {
      id: `id${nasty}`,
      description: `d${nasty}`,
      revoke: `r${nasty}`,
      references: [`https://${nasty}`],
    },
    otherRules: [nasty],
    masked: nasty,
    facts: [nasty],
    secret: nasty,
    suppressed: { by: nasty, reason: nasty },
    sightings: [
      makeSighting(
        gitOrigin(`p${nasty}`, {
          repository: nasty,
          refs: [nasty],
          commit: { id: nasty, author: nasty, email: nasty, date: nasty, message: nasty },
        }),
        { maskedLine: nasty },
      ),
      makeSighting(gitOrigin("", { object: nasty })),
      makeSighting(
        imageOrigin(nasty, {
          image: nasty,
          digest: nasty,
          platform: nasty,
          layer: { digest: nasty, diffId: nasty, index: 1, createdBy: nasty },
          deleted: true,
          deletedBy: { digest: nasty, diffId: nasty, index: 2, createdBy: nasty },
        }),
      ),
      makeSighting(fileOrigin(nasty)),
    ],
  });
  // Everything that acts on a terminal or cannot be seen, but for the colours that Ink itself writes.
  const acting =
    // oxlint-disable-next-line no-control-regex -- controls are what this looks for
    /(?!\x1b\[[0-9;]*m)[\0-\x09\x0b-\x1f\x7f-\x9f]|[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/u;

  test.each([wide, narrow, { columns: 100, rows: 90 }, { columns: 98, rows: 200 }])(
    "none of their characters reaches a frame at %o",
    (size) => {
      const review = drive([hostile, makeFinding(2)], size);
      review.state = { ...review.state, title: nasty };
      review.feed({
        kind: "problem",
        problem: {
          code: "unreadable",
          effect: "note",
          target: nasty,
          subject: nasty,
          message: nasty,
        },
      });
      for (const keys of [[], ["m"], ["p"], ["Esc", "c"], ["Esc", "/"]]) {
        const frame = frameOf(review.press(...keys));
        expect(acting.exec(frame)).toBeNull();
        expect(frame).not.toContain("]52;c;aGVsbG8=\x07");
      }
      review.act({ kind: "key", key: { name: "Paste", text: nasty }, now: "2026-01-01T00:00:00Z" });
      expect(acting.exec(frameOf(review))).toBeNull();
    },
  );
});
