import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { buildRepository } from "../../fixtures/git/build-repository.ts";
import { tellStory, type PlantedSecret } from "../../src/cli/demo/story.ts";
import { bindings, keyLabel } from "../../src/review/keys.ts";
import { sit, type Seat } from "./pty.ts";

vi.setConfig({ testTimeout: 120_000 });

const program = join(import.meta.dirname, "../../bin/leaktrace.js");
/** What sets the title of a window, or what is written on its tab. */
// oxlint-disable-next-line no-control-regex -- sequences are what this looks for
const titled = /\x1b(?:\][012];|k)/;
let folder: string;
let planted: readonly PlantedSecret[];

/** What a terminal sends for a key. */
const sequences: Readonly<Record<string, string>> = {
  ...{ Up: "\x1b[A", Down: "\x1b[B", Right: "\x1b[C", Left: "\x1b[D", Home: "\x1b[H", End: "\x1b[F" },
  ...{ PageUp: "\x1b[5~", PageDown: "\x1b[6~", "S-Tab": "\x1b[Z", Tab: "\t", Enter: "\r", Esc: "\x1b", Space: " " },
};

function bytesOf(key: string): string {
  const control = /^C-(.)$/.exec(key)?.[1];
  return control === undefined ? (sequences[key] ?? key) : String.fromCharCode(control.charCodeAt(0) - 96);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-every-key-"));
  const story = tellStory("every key");
  ({ planted } = story);
  await buildRepository(story.repository, join(folder, "shop.git"));
  await buildImage(story.image, { path: join(folder, "shop.tar"), format: "oci-archive", compression: "gzip" });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The review of both, once the scan is over. */
async function opened(args: readonly string[] = [], size = { columns: 140, rows: 40 }): Promise<Seat> {
  await rm(join(folder, ".leaktraceignore"), { force: true });
  const env = { EDITOR: join(folder, "editor.sh"), VISUAL: "", DISPLAY: "", WAYLAND_DISPLAY: "" };
  const seat = sit(process.execPath, [program, "review", ...args, "shop.git", "shop.tar"], {
    cwd: folder,
    env,
    ...size,
  });
  if (!args.includes("--screen-reader")) await seat.sees("10 found");
  return seat;
}

/** Neither in what is shown nor in a title: no line of any value, for a key is a text of many. */
function expectNothingTold(seat: Seat): void {
  const sent = seat.sent();
  for (const { value, how } of planted) {
    for (const line of value.split("\n").filter((text) => /^[^-]{8,}/.test(text)))
      expect(sent.includes(line), how).toBe(false);
  }
  expect(sent).not.toMatch(titled);
}

/** What each key does to the screen, from where ten secrets are listed and the cursor is on the first. */
const seen: Readonly<Record<string, readonly [before: string, after: string | RegExp | ((text: string) => boolean)]>> =
  {
    down: ["", "2/10"],
    up: ["j", "1/10"],
    "half-down": ["", "10/10"],
    "half-up": ["G", "1/10"],
    "page-down": ["", "10/10"],
    "page-up": ["G", "1/10"],
    top: ["G", "1/10"],
    bottom: ["", "10/10"],
    "next-open": ["", "2/10"],
    "previous-open": ["", "10/10"],
    pane: ["", "» Detail"],
    zoom: ["", (text) => text.includes("» Secrets") && !text.includes("Detail")],
    into: ["", "» Detail"],
    out: ["l", "» Secrets"],
    back: ["l", "» Secrets"],
    group: ["", "Secrets under rule"],
    "fold-all": ["tL", /^> \+ /m],
    "unfold-all": ["t", /^> - /m],
    filter: ["", "filter:"],
    sort: ["", "Secrets by rule"],
    reverse: ["", "by severity, reversed"],
    "tab-facts": ["2", "[facts]"],
    "tab-text": ["", /\[text\](?:.|\n)*│ .*=/],
    "tab-change": ["", /\[change\](?:.|\n)*@@ /],
    "tab-story": ["", "From its first commit on"],
    "tab-why": ["", "REPORTED"],
    "tab-blame": ["/kind:git\r", /\[blame\](?:.|\n)* [0-9a-f]{8} \d{4}-\d\d-\d\d /],
    "next-tab": ["", "[text]"],
    "previous-tab": ["", "[blame]"],
    "next-place": ["/aws-secret\r", "place 2/2"],
    "previous-place": ["/aws-secret\r", "place 2/2"],
    "fewer-lines": ["2", "8 lines around it"],
    "more-lines": ["3", "12 lines around it"],
    show: ["", "VALUE"],
    copy: ["", "fingerprint sent"],
    edit: ["/kind:image\r", "no file of it is here"],
    page: ["", "no remote with web pages"],
    export: ["", "10 exported, masked"],
    problems: ["", "lines 1-"],
    help: ["", "next finding; in the detail"],
    redraw: ["", "1/10"],
    mark: ["", "1 marked"],
    range: ["", "1 marked"],
    "mark-all": ["", "10 marked"],
    similar: ["", "1 open with"],
    real: ["", "1 finding real"],
    "false-positive": ["", "1 finding false positive"],
    ignore: ["", "ignore because: "],
    rotated: ["", "1 finding rotated"],
    comment: ["", "comment: "],
    elsewhere: ["", "gitleaks:allow"],
    rule: ["", "the editor ended with 127"],
    undo: ["r", "undone: 1 finding real"],
    redo: ["ru", "done again: 1 finding real"],
  };

/** Keys that a test has pressed and seen the effect of, as the help screen writes them. */
const tried = new Set<string>();

/** Keys as the help screen has them, read off the screen: what stands before a text, below a title. */
async function keysOfHelp(): Promise<readonly string[]> {
  using seat = await opened([], { columns: 140, rows: 100 });
  seat.press("?");
  await seat.sees("suspend; fg comes back");
  const rows = seat.rows().slice(1, -1);
  return rows.flatMap((row, index) =>
    /^\S/.test(row) && index > 0 && rows[index - 1] !== "" ? row.slice(0, 14).trim().split(" ") : [],
  );
}

describe("every key of the help screen, on the built program", () => {
  test("does what it says, and tells no value but by m", async () => {
    using seat = await opened();
    for (const { command, keys } of bindings) {
      if (command === "show" || ["close", "quit", "interrupt", "suspend"].includes(command)) continue;
      const expected = seen[command];
      if (expected === undefined) throw new Error(`nothing is known of ${command}`);
      for (const key of keys) {
        const [before, after] = expected;
        seat.press(before);
        if (before !== "") await seat.settles();
        seat.press(bytesOf(key));
        await seat.sees(after).catch((error: unknown) => {
          throw new Error(`${command} by ${key}`, { cause: error });
        });
        tried.add(keyLabel(key));
        await toTheBeginning(seat);
      }
    }
    expectNothingTold(seat);
    seat.press("m");
    await seat.sees("VALUE");
    tried.add("m");
    const shown = planted.filter(({ value }) => seat.sent().includes(value));
    expect(shown).toHaveLength(1);
    seat.press("j");
    await seat.sees((text) => !text.includes("VALUE"));
    for (const name of await readdir(folder)) {
      if (!name.endsWith(".jsonl") && name !== ".leaktraceignore") continue;
      const text = await readFile(join(folder, name), "utf8");
      for (const { value } of planted) expect(text).not.toContain(value);
      if (name.endsWith(".jsonl")) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
  });

  test("leaving: q, Q and C-c end it", async () => {
    for (const key of ["q", "Q", "\x03"]) {
      using seat = await opened();
      seat.press(key);
      await seat.ended();
      tried.add(key === "\x03" ? "^C" : key);
      expect(seat.isAlternate()).toBe(false);
    }
  });

  test("C-z stops it as a job, fg comes back to where it was, also when the size is another by then", async () => {
    using seat = sit("/bin/bash", ["--norc", "--noprofile", "-i"], { cwd: folder, env: { PS1: "ready> " } });
    await seat.sees("ready>");
    seat.press(`"${process.execPath}" "${program}" review shop.git shop.tar\r`);
    await seat.sees("10 found");
    seat.press("jm");
    await seat.sees("VALUE");
    seat.press("\x1a");
    await seat.sees("Stopped");
    tried.add("^Z");
    expect(seat.isAlternate()).toBe(false);
    for (const { value } of planted) expect(seat.text()).not.toContain(value);
    seat.resize(72, 20);
    seat.press("fg\r");
    await seat.sees(/^leaktrace review .* 10 found *$(?:.|\n)* 2\/10 · 10 open$/m);
    expect(seat.isAlternate()).toBe(true);
    expect(seat.rows().every((row) => row.length <= 72)).toBe(true);
    expect(seat.text()).not.toContain("VALUE");
    seat.press("q");
    await seat.sees(/^10 left$/m);
    seat.press("exit\r");
    await seat.ended();
  });

  test("are these and no others: what the help screen lists was pressed here", async () => {
    expect([...tried].sort()).toEqual([...(await keysOfHelp())].sort());
  });
});

/** Closes what is open, drops what is set, takes back what was decided, and goes to the first of the list by severity. */
async function toTheBeginning(seat: Seat): Promise<void> {
  const { text } = seat;
  seat.press("\x1b");
  await seat.settles();
  for (let round = 0; round < 3 && /marked|filter:|» Detail|lines \d/.test(text()); round++) {
    seat.press("\x1b");
    await seat.settles();
  }
  for (let round = 0; round < 5 && text().includes("Secrets under"); round++) {
    seat.press("t");
    await seat.settles();
  }
  for (let round = 0; round < 5 && !text().includes("Secrets by severity"); round++) {
    seat.press("s");
    await seat.settles();
  }
  if (text().includes("reversed")) seat.press("S");
  if (!text().includes("10 open")) seat.press("u");
  seat.press("1g");
  await seat.sees(/1\/10 · 10 open/);
}

describe("the editor", () => {
  test("has the terminal while it runs, and gives it back", async () => {
    await writeFile(join(folder, "editor.sh"), '#!/bin/sh\necho "editing $*"\nread answer\necho "$answer" > edited\n');
    await chmod(join(folder, "editor.sh"), 0o755);
    await writeFile(join(folder, "prod.env"), `STRIPE=${planted[1]?.value ?? ""}\n`);
    const env = { EDITOR: "./editor.sh", VISUAL: "" };
    using seat = sit(process.execPath, [program, "review", "prod.env"], { cwd: folder, env });
    await seat.sees(/^> C/m);
    seat.press("e");
    await seat.sees(/editing \+1 .*prod\.env/);
    expect(seat.isAlternate()).toBe(false);
    seat.press("well\r");
    await seat.sees(/^> C/m);
    expect(seat.isAlternate()).toBe(true);
    expect(await readFile(join(folder, "edited"), "utf8")).toBe("well\n");
    seat.press("j2");
    await seat.sees("[text]");
    expectNothingTold(seat);
  });
});

describe("every size and every way", () => {
  test.each([60, 80, 100, 160, 300])("%i columns: all tabs, no row is wider, nothing is told", async (columns) => {
    using seat = await opened([], { columns, rows: 30 });
    for (const key of ["1", "2", "3", "4", "5", "6", "t", "L", "?"]) {
      seat.press(key);
      await seat.settles();
      expect(seat.rows()[0]).toMatch(/^leaktrace review/);
    }
    expectNothingTold(seat);
  });

  test("a report read later: the lines around, the change and m come from the repository", async () => {
    using scan = sit(process.execPath, [program, "scan", "shop.git", "-f", "jsonl", "-r", "later.jsonl"], {
      cwd: folder,
    });
    await scan.ended();
    using seat = sit(process.execPath, [program, "review", "later.jsonl"], { cwd: folder, columns: 140, rows: 40 });
    await seat.sees(/\d+ found/);
    seat.press("/stripe\r3");
    await seat.sees(/\+.*sk_l\.\.\.\.\.\./);
    expectNothingTold(seat);
    seat.press("1m");
    await seat.sees("VALUE");
    expect(planted.filter(({ value }) => seat.sent().includes(value))).toHaveLength(1);
  });

  test("--screen-reader: sentences, no screen, and m tells nothing", async () => {
    using seat = await opened(["--screen-reader"]);
    await seat.sees("10 open");
    seat.press("jmr");
    await seat.sees("1 finding real");
    expect(seat.isAlternate()).toBe(false);
    expect(seat.sent()).not.toContain("─");
    seat.press("q");
    await seat.ended();
    expectNothingTold(seat);
  });
});
