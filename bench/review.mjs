/**
 * Measures the review in a real pseudo-terminal: how soon it shows something, how long a key takes to be on the screen, how much memory it needs.
 *
 *   node bench/review.mjs [FINDINGS] [report|case]     default: 50000 report
 *
 * The report is made here, with a fixed seed; no value in it is a secret. docs/performance.md has the figures.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import * as nodePty from "@lydell/node-pty";
import { reportLines } from "./review-report.mjs";

const program = join(import.meta.dirname, "../bin/leaktrace.js");
const count = Number(process.argv[2] ?? 50_000);
const kind = process.argv[3] ?? "report";
const frameEnd = "\x1b[?2026l";

const folder = mkdtempSync(join(tmpdir(), "leaktrace-bench-review-"));
try {
  console.log(`node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model.trim()}, ${count} findings`);
  const text = reportLines(count).join("\n");
  writeFileSync(join(folder, "report.jsonl"), `${text}\n`);
  console.log(`report of ${(text.length / 1e6).toFixed(0)} MB`);
  if (kind === "case")
    execFileSync(process.execPath, [program, "case", "import", "report.case", "report.jsonl"], { cwd: folder });
  await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure() {
  const started = performance.now();
  const env = { ...process.env, TERM: "xterm-256color", FORCE_COLOR: "1" };
  for (const name of ["CI", "NO_COLOR"]) delete env[name];
  const pty = nodePty.spawn(process.execPath, [program, "review", kind === "case" ? "report.case" : "report.jsonl"], {
    ...{ name: "xterm-256color", cols: 140, rows: 40, cwd: folder },
    env,
  });
  let sent = "";
  let heard = () => {};
  pty.onData((data) => {
    sent += data;
    heard();
  });
  const until = (isThere, patienceMs) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), patienceMs);
      const done = (at) => {
        clearTimeout(timer);
        heard = () => {};
        resolve(at);
      };
      heard = () => {
        if (isThere()) done(performance.now());
      };
      heard();
    });
  const tell = (what, at) => console.log(`${what}: ${at === undefined ? "never" : `${(at - started).toFixed(0)} ms`}`);
  tell("first byte", await until(() => sent !== "", 30_000));
  tell("first finding on the screen", await until(() => sent.includes("> "), 60_000));
  tell("all findings there", await until(() => sent.includes(`${count.toLocaleString("en")} found`), 60_000));
  await pause(1500);

  const runs = [
    ["j", Array.from({ length: 50 }, () => "j")],
    ["filter letters", ["/", ...letters("rule-1 path:app !jenkins")]],
    ["filter off", ["\x1b"]],
    ["space", Array.from({ length: 30 }, () => " ")],
    ["decide", letters("rfrxfrxfrxfrxfrxfrxfrx")],
    ["undo", ["u", "u", "u", "u"]],
    ["filter is:open", [...letters("/is:open"), "\r"]],
    ["decide under is:open", letters("frxfrxfrxfrxfrx")],
    ["to the end, and page up", ["G", "\x02", "\x02", "\x02", "g", "G", "g"]],
    ["sort", ["s", "s", "s", "s", "s"]],
    ["mark all, none", ["a", "j", "j", "a"]],
    ["heads", letters("tjjtjjtjjtjjt")],
    ["j again", Array.from({ length: 20 }, () => "j")],
  ];
  const all = [];
  for (const [name, keys] of runs) {
    const times = [];
    for (const key of keys) {
      const from = sent.length;
      const pressed = performance.now();
      pty.write(key);
      const at = await until(() => sent.includes(frameEnd, from), 3000);
      times.push((at ?? pressed + 3000) - pressed);
      await pause(40);
    }
    all.push(...times);
    if (times.length > 0)
      console.log(`${String(name)}: ${times.length} keys, median ${of(times, 0.5)} ms, worst ${of(times, 1)} ms`);
  }
  console.log(`all: ${all.length} keys, median ${of(all, 0.5)} ms, 95 % ${of(all, 0.95)} ms, worst ${of(all, 1)} ms`);
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pty.pid}/status`, "utf8"))?.[1] ?? 0);
  console.log(`peak of memory: ${(peak / 1024).toFixed(0)} MB`);
  pty.write("Q");
  await new Promise((resolve) => pty.onExit(resolve));
}

function letters(text) {
  return Array.from(text);
}

function of(times, share) {
  const sorted = times.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
