import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bundle, sit, type Seat } from "./pty.ts";

// Real programs on a busy machine; a test that works takes a second or two.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let app: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "leaktrace-review-"));
  app = await bundle("app.ts", join(folder, "app"));
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function opened(
  options: {
    args?: readonly string[];
    columns?: number;
    rows?: number;
    env?: Record<string, string>;
  } = {},
): Promise<Seat & { readonly cwd: string }> {
  const cwd = await mkdtemp(join(folder, "cwd-"));
  const seat = sit(process.execPath, [app, ...(options.args ?? [])], { cwd, ...options });
  await seat.sees("nothing found so far");
  return { ...seat, cwd, [Symbol.dispose]: () => seat[Symbol.dispose]() };
}

/** Lets the scan find up to so many, beyond those it had; one after the other, for signals that wait together are one. */
async function find(seat: Seat, upTo: number, had = 0): Promise<void> {
  for (let n = had + 1; n <= upTo; n++) {
    process.kill(seat.pid, "SIGUSR2");
    await seat.sees(`${n} open`);
  }
}

const secret = ["swordfish", "of", "the", "test"].join("-");

function expectRestored(seat: Seat): void {
  expect(seat.isAlternate()).toBe(false);
  expect(seat.isCursorHidden()).toBe(false);
  expect(seat.text()).not.toContain(secret);
  // Every mode that was taken was given back, and after the last frame.
  for (const mode of ["1049", "2004"])
    expect(seat.sent().lastIndexOf(`\x1b[?${mode}l`)).toBeGreaterThan(seat.sent().lastIndexOf(`\x1b[?${mode}h`));
  expect(seat.sent().lastIndexOf("\x1b[?7h")).toBeGreaterThan(seat.sent().lastIndexOf("\x1b[?7l"));
}

describe("a review while the scan runs", () => {
  test("fills, and the selection stays on its finding", async () => {
    using seat = await opened();
    expect(seat.isAlternate()).toBe(true);
    expect(seat.isCursorHidden()).toBe(true);
    await find(seat, 1);
    await seat.sees(/^> H +rule-0 +abcd\.{6}05/m);
    await find(seat, 3, 1);
    await seat.sees(/^> H +rule-0 +abcd\.{6}05/m);
    seat.press("q");
    expect(await seat.ended()).toMatchObject({ exitCode: 0 });
    expectRestored(seat);
    await seat.sees("quit: 3 left; the scan was not finished");
  });

  test("filter, decide, undo, quit: the decisions are in the file, the value is nowhere", async () => {
    using seat = await opened();
    await find(seat, 4);
    seat.press("/rule-3\r");
    await seat.sees("filter: rule-3");
    await seat.sees("1/1");
    seat.press("f");
    await seat.sees("1 finding false positive");
    seat.press("\x1b");
    await seat.sees("3/4");
    seat.press("gr");
    await seat.sees("2 open");
    seat.press("u");
    await seat.sees("3 open");
    seat.press("i");
    await seat.sees("ignore because:");
    expect(seat.isCursorHidden()).toBe(false);
    seat.press("only a test\r");
    await seat.sees("2 open");
    seat.press("q");
    await seat.ended();
    await seat.sees("quit: 1 false positive, 1 ignored, 2 left; decisions in .leaktraceignore");
    expectRestored(seat);
    const file = await readFile(join(seat.cwd, ".leaktraceignore"), "utf8");
    expect(file).toMatch(/^[0-9a-f]{32} false-positive \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/m);
    expect(file).toMatch(/^[0-9a-f]{32} ignored \S+ only%20a%20test$/m);
    expect(file).not.toContain("real");
    expect(seat.sent()).not.toContain(secret);
    expect(file).not.toContain(secret);
  });

  test("m shows the value until the selection moves; quitting takes it off the screen", async () => {
    using seat = await opened();
    await find(seat, 2);
    seat.press("m");
    await seat.sees(secret);
    seat.press("j");
    await seat.sees((text) => !text.includes(secret));
    seat.press("m");
    await seat.sees(secret);
    seat.press("Q");
    await seat.ended();
    expectRestored(seat);
  });

  test("y sends the fingerprint to the terminal, and nothing else ever goes there", async () => {
    using seat = await opened();
    await find(seat, 1);
    seat.press("my");
    await seat.sees("fingerprint sent");
    const copied = seat
      .sent()
      .split("\x1b]52;c;")
      .slice(1)
      .map((rest) => Buffer.from(rest.split("\x07")[0] ?? "", "base64").toString());
    expect(copied).toEqual([expect.stringMatching(/^lt1[0-9a-f]{32}$/)]);
  });

  test("pasted text is no command", async () => {
    using seat = await opened();
    await find(seat, 2);
    seat.press("\x1b[200~frxQ\r\x1b[201~?");
    await seat.sees("next finding; in the detail");
    seat.press("q");
    await seat.sees("2 open");
  });

  test("a decision that cannot be written is taken back on the screen", async () => {
    using seat = await opened();
    await find(seat, 1);
    await writeFile(join(seat.cwd, ".leaktraceignore"), "something else\n");
    seat.press("r");
    await seat.sees("not written: .leaktraceignore does not begin with");
    await seat.sees("1 open");
  });
});

describe("size and colours", () => {
  test("follows the terminal and keeps the selection", async () => {
    using seat = await opened();
    await find(seat, 3);
    seat.press("g");
    await seat.sees(/^> H .*│/m);
    seat.resize(80, 24);
    await seat.sees(/^> +H high +rule-0/m);
    expect(seat.text()).toContain("  Detail [facts]");
    seat.resize(50, 10);
    await seat.sees("has 50x10");
    seat.resize(200, 60);
    await seat.sees(/^> +H high +rule-0 .*│/m);
    expect(seat.rows().at(-1)).toMatch(/3 open$/);
  });

  test("NO_COLOR is honoured: not one attribute, and the selection still shows", async () => {
    using seat = await opened({ env: { NO_COLOR: "1" } });
    await find(seat, 1);
    await seat.sees(/^> H/m);
    // oxlint-disable-next-line no-control-regex -- colours are what this looks for
    expect(seat.sent().match(/\x1b\[[1-9][0-9;]*m/g)).toBeNull();
  });

  test("with colours, the row of the cursor is inverse", async () => {
    using seat = await opened();
    await find(seat, 1);
    expect(seat.sent()).toContain("\x1b[7m");
  });

  test("frames are written in place: nothing scrolls, and no scrollback is erased", async () => {
    using seat = await opened();
    await find(seat, 3);
    seat.press("jjkG?q");
    await seat.sees("3/3");
    expect(seat.sent()).not.toContain("\n");
    expect(seat.sent()).not.toContain("\x1b[3J");
  });
});

describe("however it ends, the terminal is given back", () => {
  test.each([
    ["Ctrl-C", (seat: Seat) => seat.press("\x03"), "interrupt: 1 left"],
    ["Ctrl-C while a reason is typed", (seat: Seat) => seat.press("iabc\x03"), "interrupt: 1 left"],
    ["SIGTERM", (seat: Seat) => seat.kill("SIGTERM"), "SIGTERM: 1 left"],
    ["SIGINT", (seat: Seat) => seat.kill("SIGINT"), "SIGINT: 1 left"],
    ["SIGHUP", (seat: Seat) => seat.kill("SIGHUP"), "SIGHUP: 1 left"],
  ])("%s", async (_, end, said) => {
    using seat = await opened();
    await find(seat, 1);
    seat.press("m");
    await seat.sees(secret);
    end(seat);
    await seat.ended();
    await seat.sees(said);
    expectRestored(seat);
  });

  test("an error that nobody caught", async () => {
    using seat = await opened({ args: ["throw"] });
    process.kill(seat.pid, "SIGUSR2");
    await seat.ended();
    await seat.sees("caught: planted");
    expectRestored(seat);
  });

  test("kill -9: what was decided before is in the file", async () => {
    using seat = await opened();
    await find(seat, 2);
    seat.press("f");
    await seat.sees("1 open");
    await vi.waitFor(async () =>
      expect(await readFile(join(seat.cwd, ".leaktraceignore"), "utf8")).toContain("false-positive"),
    );
    seat.kill("SIGKILL");
    expect(await seat.ended()).toMatchObject({ signal: 9 });
    expect(await readdir(seat.cwd)).toEqual([".leaktraceignore"]);
  });

  test("the line discipline is as it was", async () => {
    const cwd = await mkdtemp(join(folder, "cwd-"));
    using seat = sit("/bin/sh", ["-c", `stty -a > before; "${process.execPath}" "${app}"; stty -a > after`], { cwd });
    await seat.sees("nothing found so far");
    seat.press("q");
    await seat.ended();
    expect(await readFile(join(cwd, "after"), "utf8")).toBe(await readFile(join(cwd, "before"), "utf8"));
  });
});

describe("Ctrl-Z", () => {
  test("stops as a job of the shell, with the terminal given back, and fg comes back", async () => {
    const cwd = await mkdtemp(join(folder, "cwd-"));
    using seat = sit("/bin/bash", ["--norc", "--noprofile", "-i"], {
      cwd,
      env: { PS1: "ready> " },
    });
    await seat.sees("ready>");
    seat.press(`"${process.execPath}" "${app}"\r`);
    await seat.sees("nothing found so far");
    seat.press("?");
    await seat.sees("next open finding that the filter shows");
    seat.press("\x1a");
    await seat.sees("Stopped");
    expect(seat.isAlternate()).toBe(false);
    expect(seat.isCursorHidden()).toBe(false);
    seat.press("echo still $((40 + 2)) here\r");
    await seat.sees("still 42 here");
    seat.press("fg\r");
    await seat.sees("next open finding that the filter shows");
    expect(seat.isAlternate()).toBe(true);
    seat.press("qq");
    await seat.sees("quit: nothing found before the scan was stopped");
    seat.press("exit\r");
    await seat.ended();
  });

  test("stopped from outside and continued, it draws over what the shell wrote meanwhile", async () => {
    const cwd = await mkdtemp(join(folder, "cwd-"));
    using seat = sit("/bin/bash", ["--norc", "--noprofile", "-i"], {
      cwd,
      env: { PS1: "ready> " },
    });
    await seat.sees("ready>");
    // The shell in between has the process id of the program, which is exec'ed in its place.
    seat.press(`sh -c 'echo $$ > pid; exec "${process.execPath}" "${app}"'\r`);
    await seat.sees("nothing found so far");
    process.kill(Number(await readFile(join(cwd, "pid"), "utf8")), "SIGSTOP");
    await seat.sees("Stopped");
    seat.press("fg\r");
    await seat.sees(
      (text) => text.includes("nothing found so far") && !text.includes("Stopped") && !text.includes("fg"),
    );
    expect(seat.isAlternate()).toBe(true);
    expect(seat.isCursorHidden()).toBe(true);
    seat.press("q");
    await seat.sees("quit: nothing found");
    seat.press("exit\r");
    await seat.ended();
  });

  test("where no shell could continue it, the review comes back by itself", async () => {
    using seat = await opened();
    await find(seat, 1);
    seat.press("\x1a");
    await vi.waitFor(() => expect(seat.sent().split("\x1b[?1049h")).toHaveLength(3));
    await seat.sees(/^> H/m);
    expect(seat.isAlternate()).toBe(true);
    seat.press("q");
    await seat.ended();
  });
});
