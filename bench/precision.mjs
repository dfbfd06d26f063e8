/**
 * Counts false alarms: scans published software, in which nobody's secrets are, and lists what is found there. Then plants a value of every rule
 * into copies of the same files; each has to be found.
 *
 *   node bench/precision.mjs FOLDER           fetches the corpus into FOLDER (5 GB), or what is missing of it
 *   node bench/precision.mjs FOLDER --list    prints every finding, not only counts by rule
 *
 * docs/accuracy.md says what is in the corpus, and names what is still found.
 */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { createRandom } from "./places-plants.mjs";
import { fetchCorpus, systemFolders } from "./precision-corpus.mjs";
import { ruleExamples } from "./rule-examples.mjs";

const program = join(import.meta.dirname, "../bin/leaktrace.js");
const seed = Number(process.env.LEAKTRACE_BENCH_SEED ?? 20262);
const [folder = "", ...flags] = process.argv.slice(2);
if (folder === "" || flags.some((flag) => flag !== "--list")) {
  console.error("usage: node bench/precision.mjs FOLDER [--list]");
  process.exit(2);
}
const corpus = resolve(folder);
fetchCorpus(corpus);
const parts = [["system", systemFolders], ...["npm", "python", "crates"].map((name) => [name, [join(corpus, name)]])];
let findings = 0;
let bytes = 0;
for (const [name, folders] of parts) {
  const result = scan(folders);
  report(name, result);
  findings += result.findings.length;
  bytes += result.bytes;
}
console.log(`all: ${rate(findings, bytes)}`);
await plantRules();

function scan(folders) {
  const scratch = mkdtempSync(join(tmpdir(), "leaktrace-precision-"));
  try {
    const file = join(scratch, "report.jsonl");
    spawnSync(process.execPath, [program, "dir", ...folders, "--no-cache", "--reveal", "-f", "jsonl", "-r", file], {
      stdio: "ignore",
    });
    const entries = readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    const ledgers = entries.filter(({ kind }) => kind === "ledger").flatMap(({ targets }) => targets);
    return {
      findings: entries.filter(({ kind }) => kind === "finding"),
      bytes: ledgers.reduce((sum, { ledger }) => sum + ledger.bytes, 0),
      known: ledgers.reduce((sum, { ledger }) => sum + (ledger.suppressed["known-example"] ?? 0), 0),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function report(name, result) {
  const byRule =
    Map.groupBy === undefined ? groupByRule(result.findings) : Map.groupBy(result.findings, ({ rule }) => rule.id);
  const rules = [...byRule].map(([id, list]) => `${id} ${list.length}`).toSorted();
  console.log(`${name}: ${rate(result.findings.length, result.bytes)}, ${result.known} known examples left out`);
  if (rules.length > 0) console.log(`  ${rules.join(", ")}`);
  if (!flags.includes("--list")) return;
  for (const { rule, secret, sightings } of result.findings)
    console.log(
      `  ${rule.id} | ${JSON.stringify(secret.slice(0, 60))} | ${sightings[0].origin.path}:${sightings[0].startLine}`,
    );
}

function groupByRule(list) {
  const groups = new Map();
  for (const each of list) groups.set(each.rule.id, [...(groups.get(each.rule.id) ?? []), each]);
  return groups;
}

function rate(count, size) {
  return `${count} findings in ${Math.round(size / 1e6)} MB, ${((count * 1e8) / size).toFixed(2)} per 100 MB`;
}

/** Every example of every rule, each in a copy of some file of the corpus. */
async function plantRules() {
  const random = createRandom(seed);
  const files = textFiles(join(corpus, "python"), 4000);
  const planted = mkdtempSync(join(tmpdir(), "leaktrace-planted-"));
  try {
    const examples = await ruleExamples(seed);
    const places = examples.map(({ rule, text }, at) => {
      const source = random.pick(files);
      mkdirSync(join(planted, String(at)));
      const file = join(planted, String(at), basename(source));
      copyFileSync(source, file);
      const lines = readFileSync(file, "utf8").split("\n");
      // Between blank lines: what stands next to an example must not become a part of it.
      lines.splice(random.below(lines.length), 0, "", ...text.split("\n"), "");
      writeFileSync(file, lines.join("\n"));
      return { rule, file, text };
    });
    const found = new Map();
    for (const { rule, otherRules, sightings } of scan([planted]).findings)
      for (const { origin, ruleId } of sightings)
        for (const id of [rule.id, ruleId, ...otherRules.map((other) => other.id ?? other)])
          found.set(origin.path, (found.get(origin.path) ?? new Set()).add(id));
    const missed = places.filter(({ rule, file }) => found.get(file)?.has(rule) !== true);
    const silent = missed.filter(({ file }) => !found.has(file));
    console.log(
      `planted: ${places.length} values of all rules, ${places.length - missed.length} found by their rule, ` +
        `${missed.length - silent.length} by another one, ${silent.length} missed`,
    );
    for (const { rule, text, file } of silent)
      console.log(`  missed ${rule} | ${text.split("\n")[0].slice(0, 80)} | ${basename(file)}`);
  } finally {
    rmSync(planted, { recursive: true, force: true });
  }
}

function textFiles(root, most) {
  const files = [];
  const walk = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (files.length >= most) return;
      const inner = join(path, entry.name);
      if (entry.isDirectory()) walk(inner);
      else if (
        /\.(?:py|js|json|ya?ml|toml|cfg|html|css|c|h|sh)$/.test(entry.name) &&
        statSync(inner).size < 60_000 &&
        !/lock/.test(entry.name)
      )
        files.push(inner);
    }
  };
  walk(root);
  return files;
}
