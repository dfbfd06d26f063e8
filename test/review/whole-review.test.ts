/** The built program in a pseudo-terminal, from the first frame to what is left on the disk. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
// @ts-expect-error -- a script of the benchmark, without types
import { reportLines } from "../../bench/review-report.mjs";
import { buildImage } from "../../fixtures/images/build-image.ts";
import { buildRepository } from "../../fixtures/git/build-repository.ts";
import { CaseFile, openDecisions, readState } from "../../src/case/index.ts";
import { tellStory } from "../../src/cli/demo/story.ts";
import { createRandom } from "../../src/rules/random.ts";
import { leaktrace, probe, probeRules, program, scratch } from "../cli/scan-program.ts";
import { seed } from "../property-seed.ts";
import { sit, type Seat } from "./pty.ts";

vi.setConfig({ testTimeout: 600_000 });

const cwd = scratch();
const rules = probeRules(cwd);
const env = { LEAKTRACE_REVIEWER: "Ada" };

function screen(args: readonly string[], size: { columns?: number; rows?: number } = {}): Seat {
  return sit(process.execPath, [program, "review", ...args], { cwd, env, ...size });
}

test("500 findings of a realistic mix are triaged in 120 keystrokes, by somebody who sees nothing but the screen", async () => {
  writeFileSync(join(cwd, "mix.jsonl"), (reportLines as (count: number) => string[])(500).join("\n"));
  using seat = screen(["mix.jsonl", "--case", "mix.case"], { columns: 140, rows: 45 });
  await seat.sees("500 found");
  let strokes = 0;
  const press = async (keys: string, seen: string | RegExp): Promise<void> => {
    strokes += keys.length;
    seat.press(keys);
    await seat.sees(seen);
    await seat.settles();
  };
  const open = (): number => Number(/ (\d+) open(?: · filter.*)?$/.exec(seat.rows().at(-1) ?? "")?.[1]);
  // What lies in tests and documents alone is false; the rest is decided by rule, as far as it is open.
  await press("/-path:app/ -path:deploy -path:serv -path:lib\r", "hidden by the filter");
  await press("a", / marked/);
  await press("f", "findings false positive");
  const inTests = 500 - open();
  expect(inTests).toBeGreaterThan(20);
  await press("\x1b", /1\/500|\d+\/500/);
  await press("t", "Secrets under rule");
  for (let step = 0; step < 60 && open() > 0; step++) {
    const [row, title] = /^>.\+ (\S+) .* (\d+) open of/m.exec(seat.text()) ?? [];
    if (row === undefined || / 0 open of/.test(row)) await press(row === undefined ? "g" : "n", /^>/m);
    else if (title === "jwt" || title === "rule-10") {
      await press("i", "ignore because");
      await press(seat.rows().at(-1)?.includes("short-lived") === true ? "\r" : "short-lived\r", /findings? ignored/);
    } else if (title === "private-key") await press("x", /findings? rotated/);
    else await press("r", /findings? real/);
  }
  expect(open()).toBe(0);
  expect(strokes).toBeLessThanOrEqual(120);
  seat.press("q");
  await seat.ended();
  using file = await CaseFile.open(join(cwd, "mix.case"));
  const log = openDecisions(file, "Ada");
  const verdicts = new Map<string, number>();
  for (const { description } of readState(file).secrets) {
    const { verdict = "open" } = log.known(description.fingerprint) ?? {};
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    if (verdict === "rotated") expect(description.rule.id).toBe("private-key");
  }
  expect(verdicts.get("false-positive")).toBe(inTests);
  expect(verdicts.has("open")).toBe(false);
});

test("killed while it scans and decides: the case opens, and every decision that the screen has told is there", async () => {
  mkdirSync(join(cwd, "app"));
  const random = createRandom(`${seed} killed on the screen`);
  const write = (name: string, count: number): void =>
    writeFileSync(
      join(cwd, "app", name),
      Array.from({ length: count }, (_, i) => `k ${probe(`${name} ${i}`)}\n`).join(""),
    );
  for (let file = 0; file < 40; file++) write(`f${file}`, 25);
  let told = 0;
  for (let round = 0; round < 16; round++) {
    const path = join(cwd, `round-${round}.case`);
    using seat = screen(["app", "-c", rules, "--no-cache", "--case", path], { columns: 100, rows: 30 });
    await seat.sees(/\/[1-9][\d,]* · [1-9][\d,]* open/);
    // The first key only takes the cursor.
    seat.press("g");
    // Each key says something else than the one before, so that messages can be counted: one for each frame that told of a decision.
    for (let key = 0, last = random.integer(30); key <= last; key++) {
      seat.press("rfx"[key % 3]!);
      await new Promise((resolve) => setTimeout(resolve, 10 + random.integer(40)));
    }
    process.kill(seat.pid, "SIGKILL");
    await seat.ended();
    const messages = seat.sent().match(/1 finding (?:real|false positive|rotated)/g) ?? [];
    const said = messages.filter((message, index) => message !== messages[index - 1]).length;
    using file = await CaseFile.open(path);
    expect(file.damage()).toEqual([]);
    const log = openDecisions(file, "Ada");
    const kept = readState(file).secrets.filter(({ description }) => log.known(description.fingerprint) !== undefined);
    expect(kept.length).toBeGreaterThanOrEqual(said);
    told += said;
  }
  expect(told).toBeGreaterThan(20);
});

test("no value reaches the screen or the disk, whatever is looked at, decided, exported, resized or killed", async () => {
  const story = tellStory("whole review");
  await buildRepository(story.repository, join(cwd, "shop.git"));
  await buildImage(story.image, { path: join(cwd, "shop.tar"), format: "oci-archive", compression: "gzip" });
  const lines = story.planted.flatMap(({ value }) => value.split("\n").filter((line) => /^[^-]{8,}/.test(line)));
  const expectNothingIn = (text: string, what: string): void => {
    for (const line of lines) expect(text.includes(line), what).toBe(false);
  };
  const made = join(cwd, "made");
  mkdirSync(made);
  const leavings = (): void => {
    for (const entry of readdirSync(made, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) expectNothingIn(readFileSync(path, "latin1"), path);
    }
  };
  const caches = { LEAKTRACE_CACHE_DIR: join(made, "cache.d"), XDG_STATE_HOME: made, XDG_CONFIG_HOME: made };
  {
    using seat = sit(process.execPath, [program, "review", "../shop.git", "../shop.tar", "--case", "shop.case"], {
      cwd: made,
      env: { ...env, ...caches, EDITOR: "true", VISUAL: "" },
      columns: 140,
      rows: 40,
    });
    await seat.sees("10 found");
    seat.press("g");
    for (let finding = 0; finding < 10; finding++) {
      for (const key of ["1", "2", "3", "4", "5", "6"]) {
        seat.press(key);
        await seat.settles();
      }
      if (finding === 4) seat.resize(60, 15);
      if (finding === 6) seat.resize(300, 80);
      seat.press("j");
    }
    seat.press("g");
    seat.press("fiwritten down\rcseen\rE");
    await seat.sees("exported, masked");
    for (const key of ["w", "\x1b", "p", "\x1b", "?", "\x1b", "t", "L", "u", "u", "\x12"]) {
      seat.press(key);
      await seat.settles();
    }
    expectNothingIn(seat.sent(), "the screen");
    // Beside the case lie its log and its index while it is open.
    expect(readdirSync(made)).toContain("shop.case-wal");
    leavings();
    process.kill(seat.pid, "SIGKILL");
    await seat.ended();
    leavings();
  }
  const run = (...args: readonly string[]): string => {
    const { code, stdout, stderr } = leaktrace(args, { cwd: made, env: { ...process.env, ...env, ...caches } });
    expect(code, `${args.join(" ")}: ${stderr}`).toBeLessThanOrEqual(1);
    expectNothingIn(stdout + stderr, args.join(" "));
    return stdout;
  };
  run("case", "list", "shop.case");
  run("case", "show", "shop.case");
  run("case", "export", "shop.case");
  run("case", "export", "shop.case", "--decisions");
  for (const format of ["text", "json", "jsonl", "sarif", "csv", "junit"]) run("report", "shop.case", "-f", format);
  run("case", "verify", "shop.evidence.tgz");
  leavings();
  const bundle = readdirSync(made).find((name) => name.endsWith(".evidence.tgz"));
  const { gunzipSync } = await import("node:zlib");
  expectNothingIn(gunzipSync(readFileSync(join(made, bundle!))).toString("latin1"), "the bundle");
});
