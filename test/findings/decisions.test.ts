import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { verdicts, type Decision } from "../../src/model/decision.ts";
import * as findings from "../../src/findings/index.ts";
import { anyText, contentId, finding, fileOrigin, gitOrigin, madeUpSecret, sighting } from "./samples.ts";

const {
  addDecision,
  decisionFinder,
  decisionsIn,
  ignoreFileDecider,
  newIgnoreFile,
  parseIgnoreFile,
  removeDecision,
  serializeIgnoreFile,
} = findings;

const ids = fc.nat().map((n) => `lt1${contentId(String(n)).slice(0, 32)}`);
const someId = findings.fingerprint("some value");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe(".leaktraceignore", () => {
  test("what is written is read back, with any reason", () => {
    const entries = fc.array(fc.tuple(ids, fc.constantFrom(...verdicts), anyText(40)));
    fc.assert(
      fc.property(entries, (list) => {
        let file = newIgnoreFile();
        for (const [id, decision, reason] of list)
          file = addDecision(file, id, { verdict: decision, reason: reason, date: "2024-01-31" });
        const { file: read, badLines } = parseIgnoreFile(serializeIgnoreFile(file));
        expect(badLines).toEqual([]);
        expect(decisionsIn(read)).toHaveLength(new Set(list.map(([id]) => id)).size);
        for (const [id] of list) {
          expect(decisionFinder(read)(id)).toEqual({
            ...decisionFinder(file)(id),
            reason: Buffer.from(decisionFinder(file)(id)?.reason ?? "").toString(),
          });
        }
      }),
      { numRuns: 20 },
    );
  });

  test("holds no value and no fingerprint, only hashes under its own key", () => {
    const [one, two] = [newIgnoreFile(), newIgnoreFile()].map((file) =>
      addDecision(file, someId, { verdict: "ignored", reason: "known", date: "2024-01-31" }),
    );
    expect(serializeIgnoreFile(one!)).toMatch(
      /^# leaktrace ignore 1 key=[0-9a-f]{32}\n[0-9a-f]{32} ignored 2024-01-31 known\n$/,
    );
    expect(serializeIgnoreFile(one!)).not.toContain(someId.slice(3, 12));
    expect(decisionsIn(one!)[0]?.hash).not.toBe(decisionsIn(two!)[0]?.hash);
  });

  test("a later decision takes the place of an earlier one, and can be removed", () => {
    let file = addDecision(newIgnoreFile(), someId, { verdict: "real", reason: "", date: "2024-01-31" });
    file = addDecision(file, someId, {
      verdict: "false-positive",
      reason: "a test value",
      date: "2024-02-01T10:00:00Z",
    });
    expect(decisionsIn(file)).toHaveLength(1);
    expect(decisionFinder(file)(someId)?.verdict).toBe("false-positive");
    expect(decisionFinder(removeDecision(file, someId))(someId)).toBeUndefined();
  });

  test("a decision holds until its day, and at places that match its path; older files read the same", () => {
    const taken = {
      verdict: "ignored",
      reason: "a=b, by me",
      date: "2026-01-31",
      by: "Ada <ada@example.org>",
    } as const;
    const file = addDecision(newIgnoreFile(), someId, { ...taken, expires: "2026-06-01", path: "test/" });
    const { file: read, badLines } = parseIgnoreFile(serializeIgnoreFile(file));
    expect(badLines).toEqual([]);
    expect(decisionFinder(read)(someId)).toEqual({ ...taken, expires: "2026-06-01", path: "test/" });
    const places = ["src/a.ts", "app/test/b.ts"].map((path) => sighting(fileOrigin(path)));
    const before = finding({ fingerprint: someId, sightings: places });
    const during = ignoreFileDecider(read, "2026-05-31");
    expect(during(before).sightings).toEqual([places[0]]);
    expect(during({ ...before, sightings: [places[1]!] }).suppressed?.reason).toBe(taken.reason);
    expect(ignoreFileDecider(read, "2026-06-01")(before)).toEqual({ ...before, facts: ["ignored until 2026-06-01"] });

    const older =
      "# leaktrace ignore 1 key=00112233445566778899aabbccddeeff\n0011223344556677 ignored 2024-01-31 by%3Dme\n";
    expect(parseIgnoreFile(older)).toMatchObject({ badLines: [], file: { lines: [{ reason: "by=me" }] } });
    for (const end of ["expires=soon", "path=a path=b", "why until=2026-01-01", "path=%zz"])
      expect(parseIgnoreFile(`${older.trimEnd()} ${end}\n`).badLines, end).toEqual([2]);
  });

  test.each([
    ["false-positive", "suppressed"],
    ["ignored", "suppressed"],
    ["real", "unchanged"],
    ["rotated", "info"],
  ] as const)("%s leaves a finding %s", (decision, effect) => {
    const decide = ignoreFileDecider(
      addDecision(newIgnoreFile(), someId, { verdict: decision, reason: "why", date: "2024-01-31" }),
    );
    const before = finding({ fingerprint: someId });
    const after = decide(before);
    if (effect === "suppressed") expect(after.suppressed).toEqual({ by: ".leaktraceignore", reason: "why" });
    else expect(after).toEqual(effect === "info" ? { ...before, severity: "info" } : before);
    expect(decide(finding())).toEqual(finding());
  });

  test("lines that are no decision are told by number, the others count", () => {
    const file = addDecision(newIgnoreFile(), someId, { verdict: "ignored", reason: "", date: "2024-01-31" });
    const text = `${serializeIgnoreFile(file)}\n# note\nnonsense\nff ignored 2024-01-31\n${"f".repeat(32)} maybe 2024-01-31\n${"f".repeat(32)} real yesterday\n`;
    const read = parseIgnoreFile(text);
    expect(read.badLines).toEqual([5, 6, 7, 8]);
    expect(decisionFinder(read.file)(someId)).toBeDefined();
  });

  test("comments that people wrote stay where they are, whatever is decided", () => {
    const [old, gone, fresh] = ["lt1aa", "lt1bb", "lt1cc"] as const;
    const ignored: Decision = { verdict: "ignored", reason: "", date: "2024-01-31" };
    const written = (id: string): string =>
      serializeIgnoreFile(addDecision({ key, lines: [] }, id, ignored)).split("\n")[1]!;
    const { key } = newIgnoreFile();
    const header = `# leaktrace ignore 1 key=${key}`;
    const text = [header, "# ours", "", written(old), "# theirs", written(gone), "#", ""].join("\n");
    const { file, badLines } = parseIgnoreFile(text);
    expect({ badLines, text: serializeIgnoreFile(file) }).toEqual({ badLines: [], text });
    const fewer = removeDecision(file, gone);
    const changed = addDecision(addDecision(fewer, fresh, ignored), old, {
      verdict: "real",
      reason: "",
      date: "2024-02-01",
    });
    expect(serializeIgnoreFile(changed).split("\n")).toEqual(
      [header, "# ours", "", written(old).replace("ignored 2024-01-31", "real 2024-02-01"), "# theirs", "#"].concat(
        written(fresh),
        "",
      ),
    );
  });

  test("a file without the header is refused", () => {
    expect(() => parseIgnoreFile("ffff ignored\n")).toThrow(/does not begin with/);
  });

  test("is written whole, and a link in its place is not followed", async () => {
    const [path, other] = [join(folder, ".leaktraceignore"), join(folder, "other")];
    await writeFile(other, "untouched");
    await symlink(other, path);
    const file = addDecision(newIgnoreFile(), someId, { verdict: "ignored", reason: "x y", date: "2024-01-31" });
    await findings.writeIgnoreFile(path, file);
    expect(await readFile(other, "utf8")).toBe("untouched");
    expect((await findings.readIgnoreFile(path))?.file).toEqual(file);
    expect((await readdir(folder)).sort()).toEqual([".leaktraceignore", "other"]);
  });

  test("a pipe under its name is refused instead of waited for", async () => {
    const path = join(folder, ".leaktraceignore");
    execFileSync("mkfifo", [path]);
    await expect(findings.readIgnoreFile(path)).rejects.toThrow(/not a regular file/);
  });
});

describe(".gitleaksignore", () => {
  const commit = contentId("commit");
  const here = sighting(gitOrigin({ path: "a:b/c.env" }), { ruleId: "r", startLine: 3 });
  const there = sighting(fileOrigin("other"), { ruleId: "r", startLine: 3 });

  test("reads both forms, and paths with colons and backslashes", () => {
    const { places, badLines } = findings.parseGitleaksIgnore(
      `# note\n\n${commit}:a:b/c.env:r:3\n win\\path:r:7 \nnonsense\na:b:c\n`,
    );
    expect(badLines).toEqual([5, 6]);
    expect(places.size).toBe(2);
    const decide = findings.gitleaksIgnoreDecider(places);
    expect(decide(finding({ sightings: [here] })).suppressed?.by).toBe(".gitleaksignore");
    expect(
      decide(finding({ sightings: [sighting(fileOrigin("win/path"), { ruleId: "r", startLine: 7 })] })).suppressed,
    ).toBeDefined();
  });

  test("takes away the accepted place and leaves the others", () => {
    const decide = findings.gitleaksIgnoreDecider(findings.parseGitleaksIgnore("a:b/c.env:r:3").places);
    expect(decide(finding({ sightings: [here, there] }))).toEqual(finding({ sightings: [there] }));
  });

  test("another commit, rule or line is not accepted", () => {
    for (const line of [`${contentId("x")}:a:b/c.env:r:3`, "a:b/c.env:q:3", "a:b/c.env:r:4"]) {
      const decide = findings.gitleaksIgnoreDecider(findings.parseGitleaksIgnore(line).places);
      expect(decide(finding({ sightings: [here] })).suppressed).toBeUndefined();
    }
  });

  test("a place of one commit takes in the same value in other versions of the file, and in no other file", () => {
    const commits = ["one", "two", "three"].map((name) => ({ ...gitOrigin().commit!, id: contentId(name) }));
    const [first, shifted, renamed] = [
      sighting(gitOrigin({ path: "a", commit: commits[0]! }), { ruleId: "r", startLine: 1 }),
      sighting(gitOrigin({ path: "a", commit: commits[1]! }), { ruleId: "r", startLine: 9 }),
      sighting(gitOrigin({ path: "b", otherPaths: ["a"], commit: commits[2]! }), { ruleId: "r", startLine: 9 }),
    ];
    const elsewhere = [
      sighting(gitOrigin({ path: "c", commit: commits[2]! }), { ruleId: "r", startLine: 1 }),
      sighting(gitOrigin({ path: "a", repository: "other" }), { ruleId: "r", startLine: 9 }),
    ];
    const decide = findings.gitleaksIgnoreDecider(findings.parseGitleaksIgnore(`${contentId("one")}:a:r:1`).places);
    expect(decide(finding({ sightings: [first, shifted, renamed] })).suppressed).toBeDefined();
    expect(decide(finding({ sightings: [first, shifted, ...elsewhere] })).sightings).toEqual(elsewhere);
    expect(decide(finding({ sightings: [shifted, renamed] })).suppressed).toBeUndefined();
  });

  test("paths may be written as seen from the folder of the list", () => {
    const { places } = findings.parseGitleaksIgnore("conf/a:r:3");
    for (const [folder, path, isHidden] of [
      ["r", "r/conf/a", true],
      ["r", "/srv/r/conf/a", false],
      ["/srv/r", "/srv/r/conf/a", true],
      ["r", "s/conf/a", false],
      [".", "conf/a", true],
    ] as const) {
      const decided = findings.gitleaksIgnoreDecider(places, { folder })(
        finding({ sightings: [sighting(fileOrigin(path), { ruleId: "r", startLine: 3 })] }),
      );
      expect([folder, path, decided.suppressed !== undefined]).toEqual([folder, path, isHidden]);
    }
  });

  test("an id that no rule has counts for any rule at that place, one that a rule has for that rule", () => {
    const isRule = (id: string): boolean => id === "ours" || id === "r";
    const hides = (line: string): boolean => {
      const { places } = findings.parseGitleaksIgnore(line);
      return (
        findings.gitleaksIgnoreDecider(places, { isRule })(finding({ sightings: [there] })).suppressed !== undefined
      );
    };
    expect(["other:generic-api-key:3", "other:ours:3", "other:generic-api-key:4"].map(hides)).toEqual([
      true,
      false,
      false,
    ]);
    expect(
      findings.baselineDecider(
        findings.parseBaseline('[{"RuleID":"x","File":"other","StartLine":3}]', "x"),
        isRule,
      )(finding({ sightings: [there] })).suppressed,
    ).toBeDefined();
  });

  test("the fingerprint of a sighting is a line that accepts it", () => {
    for (const place of [here, there]) {
      const { places } = findings.parseGitleaksIgnore(findings.gitleaksFingerprint(place));
      expect(findings.gitleaksIgnoreDecider(places)(finding({ sightings: [place] })).suppressed).toBeDefined();
    }
  });
});

describe("baseline", () => {
  const secret = madeUpSecret("old");
  const entry = {
    RuleID: "sample-token",
    Secret: secret,
    File: "src/config.ts",
    Commit: contentId("commit"),
    StartLine: 3,
  };
  const decide = (entries: unknown): ReturnType<typeof findings.baselineDecider> =>
    findings.baselineDecider(findings.parseBaseline(JSON.stringify(entries), "old.json"));

  test("knows a value wherever it stands now", () => {
    const moved = finding({ fingerprint: findings.fingerprint(secret), sightings: [sighting(fileOrigin("new"))] });
    expect(decide([entry])(moved).suppressed?.by).toBe("baseline");
    expect(decide([entry])(finding()).suppressed).toBeUndefined();
  });

  test.each(["REDACTED", "abcd...", "abcd......yz", ""])("compares by place where the value is %j", (hidden) => {
    const known = decide([{ ...entry, Secret: hidden }]);
    expect(known(finding()).suppressed?.reason).toBe("known place");
    expect(known(finding({ sightings: [sighting(gitOrigin(), { startLine: 4 })] })).suppressed).toBeUndefined();
  });

  test("reads our own lines by fingerprint", () => {
    const lines = `${JSON.stringify(findings.findingToRecord(finding()))}\n{"kind":"ledger"}\n`;
    expect(findings.baselineDecider(findings.parseBaseline(lines, "x"))(finding()).suppressed).toBeDefined();
  });

  test.each(["{}", "[1]", "nonsense", '[{"Secret":"x"}]'])("refuses %s", (text) => {
    expect(() => findings.parseBaseline(text, "x.json")).toThrow(/x\.json is not a report/);
  });
});

describe("loadDeciders", () => {
  test("reads all files, notes bad lines, and fails for a baseline that is not there", async () => {
    const file = addDecision(newIgnoreFile(), someId, { verdict: "ignored", reason: "", date: "2024-01-31" });
    await writeFile(join(folder, ".leaktraceignore"), `${serializeIgnoreFile(file)}bad\n`);
    await writeFile(join(folder, ".gitleaksignore"), "a:r:1\nbad\n");
    const { deciders, notes } = await findings.loadDeciders({ folders: [folder, folder], ignorePath: folder });
    expect(deciders).toHaveLength(2);
    expect(notes.map(({ subject, effect }) => [subject.slice(folder.length + 1), effect])).toEqual([
      [".leaktraceignore:3", "note"],
      [".gitleaksignore:2", "note"],
    ]);
    await expect(findings.loadDeciders({ folders: [], baselinePath: join(folder, "none") })).rejects.toThrow(
      /no baseline/,
    );
    expect(await findings.loadDeciders({ folders: [join(folder, "none")] })).toEqual({ deciders: [], notes: [] });
    const mistyped = await findings.loadDeciders({ folders: [], ignorePath: join(folder, "none") });
    expect(mistyped.notes).toMatchObject([{ effect: "note", subject: join(folder, "none") }]);
    const isRule = Promise.resolve((id: string) => id === "r");
    await writeFile(join(folder, ".gitleaksignore"), "a:r:1\na:x:1\na:y:1\na:x:2\n");
    const { notes: foreign } = await findings.loadDeciders({ folders: [folder], isRule });
    expect(foreign.at(-1)?.message).toContain("(x, y)");
  });
});
