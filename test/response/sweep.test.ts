import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRepository } from "../../fixtures/git/workshop.ts";
import { createRandom } from "../../src/rules/random.ts";
import { fillTemplate } from "../../src/rules/templates.ts";
import { testWith } from "../require-program.ts";

const program = join(import.meta.dirname, "../../bin/leaktrace.js");
let folder: string;
let cwd: string;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "leaktrace-sweep-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  cwd = join(folder, String(count++));
  mkdirSync(cwd);
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function leaktrace(args: readonly string[], input = ""): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd, input, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

function secret(seed: string): string {
  return fillTemplate("${gen:github-pat}", createRandom(seed));
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(cwd, name, ".."), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
}

const read = (name: string): string => readFileSync(join(cwd, name), "utf8");
const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** Waits until the journal holds a number of lines; false when the program ended before. */
async function journalHas(child: ChildProcess, path: string, wanted: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    if (existsSync(path) && lines(readFileSync(path, "utf8")).length >= wanted) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

describe("scan --targets", () => {
  test("tells clean, found, incomplete and unreachable targets, once each, and goes on after every one", () => {
    write({
      "clean/a.txt": "nothing\n",
      "leaky/b.txt": `token: ${secret("table")}\n`,
      "big/c.txt": "x".repeat(1_100_000),
      "list.txt": "\ufeff# comment\n\n  clean  \r\n./clean\nclean/\nleaky\nbig\ngone\u001b[2J\n",
    });
    const { code, stdout, stderr } = leaktrace([
      "scan",
      "--targets",
      "list.txt",
      "--max-target-megabytes",
      "1",
      "-f",
      "jsonl",
    ]);
    expect(code).toBe(1);
    const rows = stderr.slice(stderr.indexOf("status ")).split("\n");
    expect(rows.map((row) => row.trimEnd())).toEqual([
      "status       secrets  contents  left out  target",
      "clean              0         1         0  clean",
      "unreachable        -         -         -  gone\\x1b[2J",
      "incomplete         0         0         1  big",
      "found              1         1         0  leaky",
      "",
      "4 targets: 1 clean, 1 unreachable, 1 incomplete, 1 found",
      "--resume tries those again that were unreachable",
      "",
    ]);
    expect(stdout).not.toContain(secret("table"));
    expect(read("list.txt.journal.jsonl")).not.toContain(secret("table"));
    expect(statSync(join(cwd, "list.txt.journal.jsonl")).mode & 0o777).toBe(0o600);
    write({ "list.txt": "clean\nbig\n" });
    expect(leaktrace(["scan", "--targets", "list.txt", "--max-target-megabytes", "1"]).code).toBe(3);
    write({ "list.txt": "clean\ngone\n" });
    expect(leaktrace(["scan", "--targets", "list.txt"]).code).toBe(3);
    write({ "list.txt": "clean\n" });
    expect(leaktrace(["scan", "--targets", "list.txt"]).code).toBe(0);
  });

  test("reads the list from standard input, and joins it with arguments; arguments alone make a table as well", () => {
    write({ "a/a.txt": "a\n", "b/b.txt": "b\n", "c/c.txt": "c\n" });
    expect(leaktrace(["scan", "--targets", "-", "c"], "a\nb\n")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("3 targets: 3 clean"),
    });
    expect(leaktrace(["scan", "a", "b"])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("2 targets: 2 clean"),
    });
    expect(existsSync(join(cwd, "-.journal.jsonl"))).toBe(false);
    expect(leaktrace(["scan", "--journal", "j", "a", "b"]).code).toBe(0);
    expect(lines(read("j"))).toHaveLength(3);
  });

  test("refuses what cannot be", () => {
    write({ "a/a.txt": "a\n", "list.txt": "a\n", "empty.txt": "# nothing\n", "notes.md": "# my notes\n" });
    for (const [args, words] of [
      [["--targets", "empty.txt"], "names no target"],
      [["--targets", "missing.txt"], "cannot read the list"],
      [["--targets", "list.txt", "--reveal"], "cannot show secrets"],
      [["--targets", "list.txt", "--journal", "notes.md"], "is not a journal"],
      [["--targets", "list.txt", "--journal", "notes.md", "--resume"], "is not a journal"],
      [["--targets", "list.txt", "--journal", "none/there"], "cannot write the journal"],
    ] as const) {
      expect(leaktrace(["scan", ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
    }
    expect(read("notes.md")).toBe("# my notes\n");
    expect(leaktrace(["scan", "--targets", "-"], "-\n").code).toBe(2);
  });

  test("joins a value over its targets, and hides it only where it is decided", () => {
    const value = secret("shared");
    write({
      "one/a.txt": `token: ${value}\n`,
      "two/a.txt": `x\ntoken: ${value}\n`,
      "two/.gitleaksignore": "two/a.txt:github-pat-classic:2\n",
      "list.txt": "one\ntwo\n",
    });
    leaktrace(["scan", "--targets", "list.txt", "-r", "report.jsonl"]);
    const [finding, ...rest] = lines(read("report.jsonl")).map((line): Record<string, unknown> => JSON.parse(line));
    expect(rest).toHaveLength(1);
    expect(finding).toMatchObject({ kind: "finding", sightings: [{ origin: { path: "one/a.txt" } }] });
    expect(rest[0]).toMatchObject({
      targets: [
        { target: "one", findings: 1, status: "found" },
        { target: "two", findings: 0, status: "clean" },
      ],
    });
  });

  testWith("git")("a content that one repository holds damaged is scanned in the next that holds it", () => {
    const value = secret("damaged");
    for (const name of ["first", "second"]) {
      const shop = createRepository(join(cwd, name));
      shop.commit("one", { "a.txt": `token: ${value}\n` });
      if (name === "second") continue;
      const id = shop.git("rev-parse", "HEAD:a.txt");
      rmSync(join(shop.path, ".git/objects", id.slice(0, 2), id.slice(2)));
      writeFileSync(join(shop.path, ".git/objects", id.slice(0, 2), id.slice(2)), "damaged");
    }
    write({ "list.txt": "first\nsecond\n" });
    for (const args of [
      ["--targets", "list.txt"],
      ["first", "second"],
    ]) {
      const { code, stderr } = leaktrace(["scan", ...args, "-f", "jsonl"]);
      expect(code).toBe(1);
      expect(stderr).toContain("1 incomplete, 1 found");
    }
  });
});

describe("a sweep that is killed", () => {
  testWith("git")("twice and resumed gives the same report as one that was not", async () => {
    // Contents shared between targets, values shared between contents, and targets that cannot be read.
    const names: string[] = [];
    for (let i = 0; i < 30; i++) {
      const name = `target-${i}`;
      names.push(name);
      const files = {
        "shared.env": `token: ${secret("everywhere")}\n`,
        [`own-${i % 5}.env`]: `# ${i % 3}\ntoken: ${secret(`of-${i % 5}`)}\n`,
        "plain.txt": "nothing\n".repeat(100 * i),
      };
      if (i % 10 === 9) continue;
      if (i % 3 === 0) createRepository(join(cwd, name)).commit(`commit ${i}`, files);
      else for (const [file, text] of Object.entries(files)) write({ [`${name}/${file}`]: text });
    }
    // Standard input that stays open holds a run at its place in the list until it is killed; where that is does not matter for the report.
    const listed = (at: number): string =>
      names
        .toSpliced(at, 0, "-")
        .map((name) => `${name}\n`)
        .join("");
    write({ "list.txt": listed(30), "held-6.txt": listed(6), "held-19.txt": listed(19) });
    for (const format of ["jsonl", "json", "text", "sarif"])
      expect(leaktrace(["scan", "--targets", "list.txt", "--resume", "-r", `whole.${format}`, "-f", format]).code).toBe(
        1,
      );
    // Three targets are unreachable, and tried again by each run.
    expect(lines(read("list.txt.journal.jsonl"))).toHaveLength(32 + 3 * 3);

    const journal = join(cwd, "killed.journal");
    for (const killAt of [6, 19]) {
      const args = ["scan", "--targets", `held-${killAt}.txt`, "--journal", journal, "--resume", "-r", "killed.jsonl"];
      const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ["pipe", "ignore", "ignore"] });
      const ended = new Promise((resolve) => child.on("exit", resolve));
      expect(await journalHas(child, journal, killAt + 1)).toBe(true);
      child.kill("SIGKILL");
      await ended;
      expect(existsSync(join(cwd, "killed.jsonl"))).toBe(false);
    }
    // What a write that was cut off leaves behind.
    appendFileSync(journal, '{"schema":1,"kind":"target","id":"0123');
    for (const format of ["jsonl", "json", "text", "sarif"]) {
      expect(
        leaktrace([
          "scan",
          "--targets",
          "list.txt",
          "--journal",
          journal,
          "--resume",
          "-r",
          `killed.${format}`,
          "-f",
          format,
        ]).code,
      ).toBe(1);
      expect(read(`killed.${format}`)).toBe(read(`whole.${format}`));
    }
    const ids = lines(readFileSync(journal, "utf8")).map((line) => (JSON.parse(line) as { id?: string }).id);
    expect(new Set(ids)).toHaveLength(32);
    expect(readFileSync(journal, "utf8")).not.toMatch(/ghp_[0-9A-Za-z]{36}/);
  });

  test("by Ctrl-C writes what was found, exits with 130, and goes on", async () => {
    const names = Array.from({ length: 120 }, (_, i) => `t${i}`);
    for (const name of names) write({ [`${name}/a.txt`]: `token: ${secret(name)}\n` });
    write({ "list.txt": names.join("\n") });
    const journal = join(cwd, "list.txt.journal.jsonl");
    const child = spawn(process.execPath, [program, "scan", "--targets", "list.txt", "-r", "first.jsonl"], {
      cwd,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (piece: Buffer) => (stderr += piece.toString()));
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    expect(await journalHas(child, journal, 3)).toBe(true);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    const done = lines(readFileSync(journal, "utf8")).length - 1;
    expect(done).toBeLessThan(120);
    expect(stderr).toContain("not reached yet");
    expect(JSON.parse(lines(read("first.jsonl")).at(-1) ?? "")).toMatchObject({ kind: "ledger", interrupted: true });
    const { code, stderr: rest } = leaktrace(["scan", "--targets", "list.txt", "--resume", "-r", "second.jsonl"]);
    expect(code).toBe(1);
    expect(rest).toContain("120 targets: 120 found");
    expect(JSON.parse(lines(read("second.jsonl")).at(-1) ?? "")).toMatchObject({ interrupted: false });
  });
});

describe("--resume", () => {
  test("goes on only under the same rules and options, and refuses a damaged journal", () => {
    write({
      "a/a.txt": "a\n",
      "b/b.txt": "b\n",
      "list.txt": "a\nb\n",
      "rules.toml": "[[rules]]\nid = 'x'\nregex = 'xyz[0-9]{9}'\nkeywords = ['xyz']\n",
    });
    const run = (...args: string[]): Ran => leaktrace(["scan", "--targets", "list.txt", ...args]);
    expect(run().code).toBe(0);
    expect(run("--resume", "-c", "rules.toml")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("with other rules"),
    });
    expect(run("--resume", "--max-decode-depth", "2")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("with other options"),
    });
    expect(run("--resume").code).toBe(0);

    const journal = join(cwd, "list.txt.journal.jsonl");
    const whole = readFileSync(journal);
    truncateSync(journal, whole.length - 1);
    expect(run("--resume").code).toBe(0);
    expect(readFileSync(journal).equals(whole)).toBe(true);
    truncateSync(journal, 7);
    expect(run("--resume").code).toBe(0);
    expect(readFileSync(journal).equals(whole)).toBe(true);
    const [head = "", first = "", second = ""] = lines(whole.toString());
    writeFileSync(journal, `${head}\n${first.slice(0, 30)}\n${second}\n`);
    expect(run("--resume")).toMatchObject({ code: 2, stderr: expect.stringContaining("line 2 of the journal") });
    expect(run().code).toBe(0);
    expect(readFileSync(journal).equals(whole)).toBe(true);
  });

  test("tries again what was unreachable, and nothing else", () => {
    write({ "a/a.txt": "a\n", "list.txt": "a\nlater\n" });
    const run = (): Ran => leaktrace(["scan", "--targets", "list.txt", "--resume"]);
    const first = run();
    expect(first).toMatchObject({ code: 3, stderr: expect.stringContaining("--resume tries those again") });
    expect(first.stderr).toContain("leaktrace: not scanned: later does not exist [unreadable]\n");
    write({ "later/b.txt": `token: ${secret("later")}\n`, "a/a.txt": `token: ${secret("later")}\n` });
    const { code, stderr } = run();
    expect(stderr).toContain("leaktrace: 2/2  found 1 secret  later\n");
    expect(stderr).toContain("2 targets: 1 clean, 1 found");
    expect(code).toBe(1);
    expect(lines(read("list.txt.journal.jsonl"))).toHaveLength(4);
    expect(run().stderr).not.toContain("2/2");
  });

  test("lists of places name the repository of each", () => {
    for (const name of ["one", "two"])
      createRepository(join(cwd, name)).commit("c", { "x.txt": `token: ${secret("both")}\n` });
    write({ "list.txt": "one\ntwo\n" });
    const told = (format: string): string => leaktrace(["scan", "--targets", "list.txt", "-f", format]).stdout;
    expect(JSON.parse(told("json"))).toEqual([
      expect.objectContaining({ Repository: "one" }),
      expect.objectContaining({ Repository: "two" }),
    ]);
    const [head = "", ...rows] = lines(told("csv"));
    const at = head.split(",").indexOf("Repository");
    expect(rows.map((row) => row.split(",")[at])).toEqual(["one", "two"]);
    expect(told("sarif")).toMatch(/"repository":"one"[^]*"repository":"two"/);
    expect(leaktrace(["git", "one", "-f", "json"]).stdout).not.toContain("Repository");
  });

  test("leaves out targets that are no longer in the list, and takes in new ones", () => {
    write({ "a/a.txt": "a\n", "b/b.txt": "b\n", "c/c.txt": "c\n", "list.txt": "a\nb\n" });
    leaktrace(["scan", "--targets", "list.txt"]);
    write({ "list.txt": "b\nc\n" });
    expect(leaktrace(["scan", "--targets", "list.txt", "--resume"]).stderr).toContain("2 targets: 2 clean");
    expect(lines(read("list.txt.journal.jsonl"))).toHaveLength(4);
  });
});
