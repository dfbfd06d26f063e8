/**
 * Measures precision and recall on labelled places: fresh secrets planted into real repositories, and everything else in them, which is no secret.
 *
 *   node bench/accuracy-places.mjs [--show] REPOSITORY…
 *
 * Repositories (bare ones too) are laid out as their HEAD has them. Every second one, by name, is for tuning, the others are held out: `--show`
 * lists what went wrong in the former alone (`--show-all`: everywhere). A finding that is no plant counts as wrong, wherever it stands: made-up secrets
 * in tests, which read as real to everybody, are among them.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { createRandom, drawNegative, drawPositive, plantable } from "./places-plants.mjs";
import { ruleExamples } from "./rule-examples.mjs";

const program = join(import.meta.dirname, "../bin/leaktrace.js");
const seed = Number(process.env.LEAKTRACE_BENCH_SEED ?? 20261);
const perRepository = { positive: 60, negative: 40 };
/** A line with a telling name and some value right of it: what a scanner has to decide about. */
const TELLING =
  /(?:pass(?:w|phrase|code)?|pwd|secret|token|api_?key|credential|auth)[\w.-]{0,20}["'`\])]{0,3}\s{0,4}(?:[:=]|=>|:=|\()\s{0,4}["'`]?[^\s"'`]{6}/i;

const args = process.argv.slice(2);
const show = args.includes("--show-all") ? "all" : args.includes("--show") ? "tuning" : "";
const repositories = args.filter((arg) => !arg.startsWith("--")).toSorted();
const tokens = await providerTokens();

const totals = { tuning: empty(), "held out": empty() };
for (const [at, repository] of repositories.entries()) {
  const part = at % 2 === 0 ? "tuning" : "held out";
  const counts = measure(resolve(repository), at, show === "all" || show === part);
  console.log(`${part.padEnd(8)} ${shown(counts)}  ${nameOf(repository)}`);
  for (const key of Object.keys(counts)) totals[part][key] += counts[key];
}
for (const [part, counts] of Object.entries(totals)) console.log(`${part.padEnd(8)} ${shown(counts)}  all`);

function empty() {
  return { planted: 0, found: 0, negatives: 0, wrong: 0 };
}

function shown({ planted, found, negatives, wrong }) {
  const precision = found / Math.max(1, found + wrong);
  const recall = found / Math.max(1, planted);
  const f1 = (2 * precision * recall) / Math.max(1e-9, precision + recall);
  const figures = `precision ${precision.toFixed(3)} recall ${recall.toFixed(3)} F1 ${f1.toFixed(3)}`;
  return `${figures} (${found} of ${planted} found, ${wrong} wrong, ${negatives} lines that are none)`;
}

/** `…/owner+name/repo` is a mirror's folder. */
function nameOf(path) {
  return basename(path) === "repo" ? basename(dirname(path)) : basename(path);
}

function measure(repository, index, isShown) {
  const folder = mkdtempSync(join(tmpdir(), "leaktrace-places-"));
  try {
    layOut(repository, folder);
    const { plants, telling } = plant(folder, createRandom(seed + index));
    return judge(folder, plants, telling, isShown);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the files of HEAD; those that a partial clone lacks are left out. */
function layOut(repository, folder) {
  const git = (args, input) =>
    execFileSync("git", ["-C", repository, ...args], {
      input,
      maxBuffer: 1 << 30,
      env: { ...process.env, GIT_NO_LAZY_FETCH: "1" },
    });
  const entries = git(["ls-tree", "-rz", "HEAD"])
    .toString()
    .split("\0")
    .filter((entry) => entry.startsWith("100"));
  const places = entries.map((entry) => ({ id: entry.slice(12, 52), path: entry.slice(entry.indexOf("\t") + 1) }));
  const out = git(["cat-file", "--batch"], places.map(({ id }) => `${id}\n`).join(""));
  let at = 0;
  for (const { path } of places) {
    const end = out.indexOf(10, at);
    const size = /blob (\d+)$/.exec(out.toString("latin1", at, end))?.[1];
    at = end + 1;
    if (size === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), out.subarray(at, at + Number(size)));
    at += Number(size) + 1;
  }
}

/** Plants lines into random places of random files. */
function plant(folder, random) {
  const files = [...walk(folder)].filter(
    (file) => plantable.has(kindOf(file)) && !/lock/i.test(basename(file)) && statSync(file).size < 300_000,
  );
  const byFile = new Map();
  for (const kind of ["positive", "negative"]) {
    for (let i = 0; i < perRepository[kind] && files.length > 0; i++) {
      // By kind of file first: a repository of one language has its settings and documents too.
      const extension = random.pick([...new Set(files.map(kindOf))]);
      const file = random.pick(files.filter((each) => kindOf(each) === extension));
      const drawn = kind === "positive" ? drawPositive(random, extension, tokens) : drawNegative(random, extension);
      byFile.set(file, [...(byFile.get(file) ?? []), drawn]);
    }
  }
  let telling = 0;
  for (const file of files)
    telling += readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => TELLING.test(line)).length;
  const plants = [];
  for (const [file, drawn] of byFile) {
    const lines = readFileSync(file, "utf8").split("\n");
    // From the end on, so that no plant comes to stand inside another one.
    const places = drawn.map((each) => ({ each, at: random.below(lines.length) })).toSorted((a, b) => b.at - a.at);
    for (const { each, at } of places) {
      const indent = /^\s*/.exec(lines[at] ?? "")?.[0].slice(0, 24) ?? "";
      lines.splice(at, 0, ...each.line.split("\n").map((line) => indent + line));
      plants.push({ ...each, file: relative(folder, file) });
    }
    writeFileSync(file, lines.join("\n"));
  }
  return { plants, telling };
}

function judge(folder, plants, telling, isShown) {
  const report = `${folder}.jsonl`;
  spawnSync(process.execPath, [program, "dir", folder, "--no-cache", "--reveal", "-f", "jsonl", "-r", report], {
    stdio: "ignore",
  });
  const findings = [];
  for (const line of readFileSync(report, "utf8").split("\n")) {
    const entry = line === "" ? {} : JSON.parse(line);
    if (entry.kind !== "finding") continue;
    for (const { origin, startLine, maskedLine } of entry.sightings)
      findings.push({
        rule: entry.rule.id,
        secret: entry.secret,
        file: relative(folder, origin.path),
        startLine,
        maskedLine,
      });
  }
  rmSync(report, { force: true });
  const positives = plants.filter(({ kind }) => kind !== "negative");
  const fits = (plant, finding) =>
    plant.file === finding.file &&
    (finding.secret.includes(plant.secret) ||
      plant.secret.includes(finding.secret) ||
      squeezed(finding.secret).includes(squeezed(plant.secret)));
  const missed = positives.filter((each) => !findings.some((finding) => fits(each, finding)));
  const wrong = findings.filter((finding) => !positives.some((each) => fits(each, finding)));
  if (isShown) {
    for (const { kind, file, line } of missed)
      console.log(`  missed ${kind} ${extname(file)} | ${line.split("\n")[0]}`);
    for (const finding of wrong)
      console.log(
        `  wrong ${finding.rule} | ${finding.secret.slice(0, 60)} | ${(finding.maskedLine ?? "").trim().slice(0, 90)} | ${finding.file}`,
      );
  }
  return {
    planted: positives.length,
    found: positives.length - missed.length,
    negatives: telling + plants.length - positives.length,
    wrong: wrong.length,
  };
}

function squeezed(text) {
  return text.replace(/\s+/g, "");
}

function kindOf(file) {
  return /^dockerfile/i.test(basename(file)) ? "dockerfile" : extname(file) || basename(file);
}

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

/** One value for each rule whose tokens can stand in a line by themselves, from the rules' own examples. */
async function providerTokens() {
  const examples = await ruleExamples(seed);
  return examples
    .filter(({ kind, text }) => kind === "token" && /^[\w.+/=:~-]{16,120}$/.test(text))
    .map(({ text }) => text);
}
