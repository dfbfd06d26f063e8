import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findingToRecord } from "../../src/findings/index.ts";
import type { Finding } from "../../src/model/finding.ts";
import { fileOrigin, makeFinding, makeSighting } from "./make-finding.ts";
import { sit, type Seat } from "./pty.ts";

vi.setConfig({ testTimeout: 60_000 });

const program = join(import.meta.dirname, "../../bin/leaktrace.js");
const secret = ["swordfish", "of", "the", "test"].join("-");

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-review-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** A folder of its own with a report in it; the report even holds plain values, as one written with `--reveal` does. */
async function withReport(
  findings: readonly Finding[] = [1, 2, 3].map((n) => makeFinding(n, { secret })),
): Promise<string> {
  const cwd = await mkdtemp(join(folder, "cwd-"));
  const lines = findings.map((finding) => JSON.stringify(findingToRecord(finding, { reveal: true })));
  await writeFile(join(cwd, "report.jsonl"), `${lines.join("\n")}\n`);
  return cwd;
}

function screen(cwd: string, args: readonly string[]): Seat {
  return sit(process.execPath, [program, ...args], { cwd });
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program without a terminal. */
function piped(cwd: string, args: readonly string[], input = ""): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { cwd }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

describe("leaktrace review report.jsonl", () => {
  test("open, filter, decide, undo, quit; the next review knows the decisions", async () => {
    const cwd = await withReport();
    {
      using seat = screen(cwd, ["review", "report.jsonl"]);
      await seat.sees(/^> H +rule-1/m);
      seat.press("/path:file-2\r");
      await seat.sees(/^> H +rule-2/m);
      seat.press("f");
      await seat.sees("2 open");
      seat.press("\x1b");
      await seat.sees("2/3");
      seat.press("n");
      await seat.sees("3/3");
      seat.press("r");
      await seat.sees("1 open");
      seat.press("u");
      await seat.sees("2 open");
      seat.press("m");
      await seat.sees("the value is not in memory");
      seat.press("q");
      expect(await seat.ended()).toMatchObject({ exitCode: 0 });
      await seat.sees("1 false positive, 2 left; decisions in .leaktraceignore");
      expect(seat.isAlternate()).toBe(false);
      expect(seat.sent()).not.toContain(secret);
    }
    expect(await readFile(join(cwd, ".leaktraceignore"), "utf8")).toMatch(/^[0-9a-f]{32} false-positive /m);
    using again = screen(cwd, ["review", "report.jsonl"]);
    await again.sees("2 open");
    again.press("/is:decided\r");
    await again.sees(/^> H +rule-2 .* F│/m);
    again.press("u");
    await again.sees("undone: 1 finding false positive");
    await again.sees("3 open");
    again.press("\x03");
    expect(await again.ended()).toMatchObject({ exitCode: 130 });
    expect(await readFile(join(cwd, ".leaktraceignore"), "utf8")).not.toContain("false-positive");
  });

  test("SIGTERM: exit code 143, terminal restored", async () => {
    using seat = screen(await withReport(), ["review", "report.jsonl"]);
    await seat.sees(/^> H/m);
    seat.kill("SIGTERM");
    expect(await seat.ended()).toMatchObject({ exitCode: 143 });
    await seat.sees("3 left");
    expect(seat.isAlternate()).toBe(false);
    expect(seat.isCursorHidden()).toBe(false);
  });

  test("what a hostile report holds does not reach the terminal as anything but visible text", async () => {
    const nasty = "\x1b]52;c;aGVsbG8=\x07\u202egnp.exe\u200b\x9b2J\x1b[2Jend";
    const cwd = await withReport([
      makeFinding(1, {
        masked: nasty,
        facts: [nasty],
        rule: { id: nasty, description: nasty, revoke: nasty, references: [nasty] },
        sightings: [makeSighting(fileOrigin(nasty), { maskedLine: nasty })],
      }),
    ]);
    using seat = screen(cwd, ["review", "report.jsonl"]);
    await seat.sees("\\x1b]52;c;");
    await seat.sees("\\u202egnp.exe");
    seat.press("lGq");
    await seat.sees("» Secrets");
    seat.press("q");
    await seat.ended();
    for (const acting of ["\x1b]52", "\u202e", "\u200b", "\x9b", "\x07"]) expect(seat.sent()).not.toContain(acting);
  });

  test("a report on standard input is read, and the keys from the terminal", async () => {
    const cwd = await withReport();
    using seat = sit("/bin/sh", ["-c", `cat report.jsonl | "${process.execPath}" "${program}" review -`], { cwd });
    await seat.sees(/^> H +rule-1/m);
    seat.press("xq");
    expect(await seat.ended()).toMatchObject({ exitCode: 0 });
    await seat.sees("1 rotated, 2 left");
  });

  test("a damaged report: the line is named, nothing is opened", async () => {
    const cwd = await withReport();
    await writeFile(join(cwd, "report.jsonl"), `{"schema":1,"kind":"finding","fingerprint":"x"}\n`);
    const { code, stderr } = await piped(cwd, ["review", "--plain", "report.jsonl"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^leaktrace: line 1 of the report cannot be read: /);
  });
});

describe("without a terminal", () => {
  test("says what to use instead, and exits with 2", async () => {
    const cwd = await withReport();
    expect(await piped(cwd, ["review", "report.jsonl"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "leaktrace: the review needs a terminal that can show a screen\n  Use leaktrace review --plain report.jsonl for questions a line.\n",
    });
    expect((await piped(cwd, ["review", "some repo"])).stderr).toContain(
      "Use leaktrace scan -f text 'some repo', or leaktrace review --plain 'some repo'",
    );
    expect(await readdir(cwd)).toEqual(["report.jsonl"]);
  });

  test("--plain asks and takes answers over pipes", async () => {
    const cwd = await withReport();
    const { code, stdout } = await piped(cwd, ["review", "--plain", "report.jsonl"], "r\ni only a test\nq\n");
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^1\. high rule-1 .* \(3 open\)/),
      "real",
      expect.stringMatching(/^2\. high rule-2 .* \(2 open\)/),
      "ignored",
      expect.stringMatching(/^3\. high rule-3 .* \(1 open\)/),
      "1 real, 1 ignored, 1 left; decisions in .leaktraceignore",
      "",
    ]);
    expect(await readFile(join(cwd, ".leaktraceignore"), "utf8")).toMatch(/ ignored \S+ only%20a%20test$/m);
  });

  test("a .leaktraceignore that would be damaged by writing to it is refused", async () => {
    const cwd = await withReport();
    await writeFile(join(cwd, ".leaktraceignore"), `# leaktrace ignore 1 key=${"0".repeat(32)}\nnonsense\n`);
    const { code, stderr } = await piped(cwd, ["review", "--plain", "report.jsonl"], "r\n");
    expect(code).toBe(2);
    expect(stderr).toContain("line 2 of .leaktraceignore is no decision");
  });
});

test("a target that is not there: one line on stderr, exit code 2, and the terminal as it was", async () => {
  const cwd = await withReport();
  using seat = screen(cwd, ["review", "no-such-place"]);
  expect(await seat.ended()).toMatchObject({ exitCode: 2 });
  await seat.sees("leaktrace: ");
  await seat.sees("no-such-place");
  expect(seat.isAlternate()).toBe(false);
});

test("targets are scanned while the review is open; what is decided there, the next scan leaves out", async () => {
  const cwd = await mkdtemp(join(folder, "cwd-"));
  const value = createHash("sha512").update("a value of this test").digest("base64url").slice(0, 40);
  await writeFile(join(cwd, "prod.env"), `AWS_SECRET_ACCESS_KEY=${value}\n`);
  expect(await piped(cwd, ["scan", "."])).toMatchObject({ code: 1 });
  {
    using seat = screen(cwd, ["review", "."]);
    await seat.sees("prod.env:1:");
    await seat.sees("1 found");
    expect(seat.sent()).not.toContain(value);
    seat.press("m");
    await seat.sees((text) => text.includes(value.slice(0, 20)));
    seat.press("m");
    await seat.sees((text) => !text.includes(value.slice(0, 20)));
    seat.press("f");
    await seat.sees("0 open");
    seat.press("q");
    expect(await seat.ended()).toMatchObject({ exitCode: 0 });
    await seat.sees("1 false positive, 0 left; decisions in .leaktraceignore");
    expect(seat.text()).not.toContain(value.slice(0, 20));
  }
  expect(await readFile(join(cwd, ".leaktraceignore"), "utf8")).not.toContain(value);
  expect(await piped(cwd, ["scan", "."])).toMatchObject({ code: 0 });
});
