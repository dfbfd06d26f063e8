/** The built program is killed at a hundred moments; what it said it had done is there, and the case opens. */
import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { CaseFile, openDecisions, readState } from "../../src/case/index.ts";
import { createRandom } from "../../src/rules/random.ts";
import { leaktrace, probe, probeRules, program, scratch } from "../cli/scan-program.ts";
import { seed } from "../property-seed.ts";

vi.setConfig({ testTimeout: 900_000 });

const cwd = scratch();
const rules = probeRules(cwd);
/** Of a whole scan; before a third of it nothing has begun. */
const shares = Array.from({ length: 71 }, (_, i) => 0.3 + i / 100);
/** Decisions before the kill. */
const counts = Array.from({ length: 25 }, (_, i) => i + 1);

const random = createRandom(`${seed} killed`);
const env = { ...process.env, LEAKTRACE_REVIEWER: "Ada" };

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => void child.once("close", () => resolve()));
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

test("50 scans that are killed: the case opens, what the first scan found is there, and the next scan completes it", async () => {
  const path = join(cwd, "scan.case");
  mkdirSync(join(cwd, "app"));
  const line = (i: number): string => `k ${probe(`killed ${i}`)}\n`;
  const write = (name: string, from: number, to: number): void =>
    writeFileSync(join(cwd, "app", name), Array.from({ length: to - from }, (_, i) => line(from + i)).join(""));
  write("first", 0, 30);
  leaktrace(["scan", "app", "-c", rules, "--case", path, "-r", "/dev/null"], { cwd, env });
  write("second", 30, 600);
  let opened = 0;
  // How long a whole scan takes here and now tells what moments there are.
  const began = Date.now();
  const whole = join(cwd, "whole.case");
  leaktrace(["scan", "app", "-c", rules, "--case", whole, "-r", "/dev/null"], { cwd, env });
  const spanMs = Math.min(4000, Math.max(400, Date.now() - began));
  for (let i = 0; i < 50; i++) {
    const child = start(["scan", "app", "-c", rules, "--case", path, "-r", "/dev/null"]);
    const end = ended(child);
    await sleep(spanMs * random.pick(shares));
    child.kill("SIGKILL");
    await end;
    using file = await CaseFile.open(path);
    expect(readState(file).secrets.length).toBeGreaterThanOrEqual(30);
    if (i % 10 === 0) expect(file.damage()).toEqual([]);
    opened++;
  }
  expect(opened).toBe(50);
  leaktrace(["scan", "app", "-c", rules, "--case", path, "-r", "/dev/null"], { cwd, env });
  using file = await CaseFile.open(path);
  const { secrets } = readState(file);
  expect(secrets).toHaveLength(600);
  for (const secret of secrets) expect(secret.sightings().map(({ origin }) => origin.kind)).toEqual(["file"]);
  // A case that was killed while it was made has no name yet, and another scan makes it.
  expect(readdirSync(cwd).filter((name) => name.startsWith(".scan.case"))).toEqual([]);
});

test("50 reviews that are killed: every decision that was told as taken is there", async () => {
  const made = join(cwd, "made.case");
  mkdirSync(join(cwd, "many"));
  writeFileSync(join(cwd, "many/env"), Array.from({ length: 400 }, (_, i) => `k ${probe(`many ${i}`)}\n`).join(""));
  leaktrace(["scan", "many", "-c", rules, "--case", made, "-r", "/dev/null"], { cwd, env });
  let taken = 0;
  for (let i = 0; i < 50; i++) {
    const path = join(cwd, `decide-${i}.case`);
    copyFileSync(made, path);
    const child = start(["review", path, "--plain"]);
    const end = ended(child);
    const after = random.pick(counts);
    let told = 0;
    let text = "";
    child.stdout!.setEncoding("utf8");
    child.stdin!.on("error", () => {});
    child.stdout!.on("data", (more: string) => {
      text += more;
      told = text.match(/^real$/gm)?.length ?? 0;
      // The answers run ahead of the questions, so that the kill falls into a write, before it or behind it.
      if (told >= after) child.kill("SIGKILL");
    });
    child.stdin!.write("r\n".repeat(390));
    await end;
    using file = await CaseFile.open(path);
    const log = openDecisions(file, "Ada");
    const kept = readState(file).secrets.filter(({ description }) => log.known(description.fingerprint) !== undefined);
    expect(kept.length).toBeGreaterThanOrEqual(told);
    expect(file.damage()).toEqual([]);
    taken += told;
  }
  expect(taken).toBeGreaterThanOrEqual(50);
});
