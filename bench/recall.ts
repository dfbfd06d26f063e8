/**
 * How many secrets of each rule are found in the ways in which people write them, and how many look-alikes are reported: values are generated
 * from the rules' own examples, put into `contexts`, and looked at by the detector with the rules of a build.
 *
 *   npm run build && node bench/recall.mjs [--values N] [--dist FOLDER] [--rule PREFIX] [--write]
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createDetector, instantiateKernel, loadEngine, unpackPrebuilt } from "../src/detect/index.ts";
import { runCheck } from "../src/detect/checks/index.ts";
import type { Detection } from "../src/model/detection.ts";
import type { Ruleset } from "../src/model/rule.ts";
import { readPatternFile } from "../src/rules/build.ts";
import { createRandom } from "../src/rules/random.ts";
import { fillTemplate } from "../src/rules/templates.ts";
import type { RuleEntry } from "../src/rules/toml.ts";
import { contexts, lookAlikes, nearMisses, standIns, withOtherLetter } from "./recall-contexts.ts";
import type { Naming } from "./recall-contexts.ts";

const { values: flags } = parseArgs({
  options: {
    values: { type: "string", default: "200" },
    root: { type: "string", default: "." },
    dist: { type: "string", default: "dist" },
    rule: { type: "string", default: "" },
    write: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
  },
});
const draws = Number(flags.values);
const patterns = join(flags.root, "patterns");
const engine = await loadEngine();
const dist = (name: string): Buffer => readFileSync(resolve(flags.root, flags.dist, name));
// The build wrote it.
const ruleset = JSON.parse(dist("rules.json").toString("utf8")) as Ruleset;
const prebuilt = unpackPrebuilt(dist("kernel.bin"), ruleset);
const detector = createDetector({
  ruleset,
  engine,
  code: instantiateKernel(new WebAssembly.Module(new Uint8Array(dist("kernel.wasm")))),
  decodeDepth: 2,
  honourInlineAllow: true,
  ...(prebuilt === undefined ? {} : { prebuilt }),
});

interface Tally {
  drawn: number;
  found: number;
  /** Found by the rule itself, whatever else found it too. */
  named: number;
}

interface Result extends Tally {
  readonly rule: RuleEntry;
  readonly reasons: Map<string, number>;
  lookAlikes: number;
  reported: number;
}

/** Look-alikes by kind: how many there were, and how many were reported. */
const byLookAlike = new Map<string, { drawn: number; reported: number }>();
const byContext = new Map<string, Tally>();
const examplesOfLoss = new Map<string, string>();

const results = readdirSync(patterns)
  .filter((name) => name.endsWith(".toml"))
  .sort()
  .flatMap((name) => readPatternFile(readFileSync(join(patterns, name), "utf8"), name).rules)
  // Regexes of rules with `inside` find where a block begins, not its values.
  .filter((rule) => rule.regex !== undefined && rule.inside === undefined && rule.skipReport !== true)
  .filter((rule) => rule.id.startsWith(flags.rule))
  .map(measure);

/** Draws values of a rule: bare ones for every context where its form allows that, else its examples as they stand. */
function measure(rule: RuleEntry): Result {
  const result: Result = { rule, drawn: 0, found: 0, named: 0, reasons: new Map(), lookAlikes: 0, reported: 0 };
  const random = createRandom(`recall:${rule.id}`);
  const naming = namingOf(rule);
  const regex = engine.compile(rule.regex!);
  const isBare = rule.near !== undefined || rule.kind === "token";
  for (let draw = 0; draw < draws; draw++) {
    const template = rule.examples[draw % rule.examples.length]!;
    const example = fillTemplate(template, random);
    const value = secretIn(regex, example, rule.secretGroup ?? 0);
    if (value === undefined) continue;
    const wraps =
      isBare && rule.kind !== undefined && !/[\r\n<>]/.test(value) && (rule.near !== undefined || stands(regex, value));
    if (!wraps) {
      look(
        result,
        "as in its example",
        draw % 3 === 0 ? example.replaceAll(/\r?\n/g, "\r\n") : `a\n${example}\nb\n`,
        value,
      );
      continue;
    }
    // What has blanks or colons in it stands in no address, and is no bearer.
    const names = Object.keys(contexts).filter((one) => !/[\s:]/.test(value) || !/^(?:URL|curl, bearer)/.test(one));
    const name = names[draw % names.length]!;
    look(result, name, contexts[name]!(naming, value), value);
    const others = Object.keys(lookAlikes);
    const other = others[draw % others.length]!;
    lookAlike(result, other, lookAlikes[other]!(naming, value));
    const [miss, missed] = Object.entries(nearMisses)[draw % Object.keys(nearMisses).length]!;
    lookAlike(result, miss, contexts[name]!(naming, missed(value)), true);
    const [standIn, stood] = Object.entries(standIns)[draw % Object.keys(standIns).length]!;
    lookAlike(result, standIn, contexts[name]!(naming, stood(value)));
    if (rule.check !== undefined && proves(rule.check, value))
      lookAlike(result, "wrong checksum", contexts[name]!(naming, withOtherLetter(value)));
  }
  return result;
}

/** Whether the rule knows the value with nothing around it. */
function stands(regex: ReturnType<typeof engine.compile>, value: string): boolean {
  return regex.test(` ${value} `);
}

function secretIn(regex: ReturnType<typeof engine.compile>, text: string, asked: number): string | undefined {
  const bytes = Buffer.from(text);
  const match = regex.exec(bytes, 0);
  if (match === undefined) return undefined;
  for (let group = Math.max(0, asked - 1); 2 * group < match.groups.length; group++) {
    const [low, high] = [match.groups[2 * group]!, match.groups[2 * group + 1]!];
    if (low >= 0 && high > low) return bytes.toString("utf8", low, high);
  }
  return bytes.toString("utf8", match.start, match.end);
}

function namingOf(rule: RuleEntry): Naming {
  const words = rule.id.split("-");
  const kind = words.findIndex(
    (word, at) => at > 0 && /^(?:api|key|token|secret|access|auth|client|personal|service|webhook|app)$/.test(word),
  );
  const name =
    (rule.near?.names.find((one) => !/[_-]/.test(one)) ?? rule.near?.names[0])
      ?.replaceAll(/[_=-]/g, " ")
      .trim()
      .split(" ") ?? words.slice(0, kind < 0 ? words.length : kind);
  const role = rule.near?.roles.find((one) => !/^(?:\*|api|\/.*)$/.test(one))?.split(" ") ?? ["api", "key"];
  return { name, role };
}

function look(result: Result, context: string, text: string, value: string): void {
  const { detections: all, suppressed } = detector.scan(Buffer.from(text));
  const detections = all.map((one) => ({ ...one, secret: one.secret.replaceAll("\r\n", "\n") }));
  const isIt = (one: Detection): boolean =>
    one.secret.includes(value) ||
    one.secret === Buffer.from(value, "base64").toString("utf8") ||
    (value.includes(one.secret) && one.secret.length * 2 >= value.length);
  const hits = detections.filter(isIt);
  const own = hits.some((one) => one.ruleId === result.rule.id);
  const tally = byContext.get(context) ?? { drawn: 0, found: 0, named: 0 };
  byContext.set(context, tally);
  for (const one of [result, tally]) {
    one.drawn++;
    if (hits.length > 0) one.found++;
    if (own) one.named++;
  }
  if (own) return;
  const reason = `${context}${hits.length > 0 ? " (found as another)" : ""}: ${Object.keys(suppressed).join(" ")}`;
  result.reasons.set(reason, (result.reasons.get(reason) ?? 0) + 1);
  if (hits.length === 0 || flags.verbose)
    examplesOfLoss.set(`${result.rule.id} ${reason}`, text.length > 600 ? text.slice(4900, 5300) : text);
}

/** Whether a check proves a value, and refutes it for certain once a letter of it is another one. */
function proves(check: string, value: string): boolean {
  const other = runCheck(check, withOtherLetter(value), {});
  return runCheck(check, value, {}).status === "valid" && other.status === "invalid" && other.lower !== true;
}

/** `isOwn`: it is reported where its own rule does. */
function lookAlike(result: Result, name: string, text: string, isOwn = false): void {
  const tally = byLookAlike.get(name) ?? { drawn: 0, reported: 0 };
  byLookAlike.set(name, tally);
  const detections = detector
    .scan(Buffer.from(text))
    .detections.filter(({ ruleId }) => !isOwn || ruleId === result.rule.id);
  for (const one of [result, tally]) {
    if (one === result) result.lookAlikes++;
    else tally.drawn++;
    if (detections.length > 0) one.reported++;
  }
  if (detections.length === 0) return;
  examplesOfLoss.set(
    `${result.rule.id} reported: ${name}`,
    `${detections.map((one) => one.ruleId).join(" ")} in ${text.length > 600 ? text.slice(4900, 5300) : text}`,
  );
}

const percent = (part: number, whole: number): string => (whole === 0 ? "–" : ((100 * part) / whole).toFixed(1));
const sum = (of: (one: Result) => number): number => results.reduce((total, one) => total + of(one), 0);
const drawn = sum((one) => one.drawn);
console.log(
  `${results.length} rules, ${drawn} values: found ${percent(
    sum((one) => one.found),
    drawn,
  )} %, by their own rule ${percent(
    sum((one) => one.named),
    drawn,
  )} %`,
);
console.log(
  `${sum((one) => one.lookAlikes)} look-alikes: reported ${percent(
    sum((one) => one.reported),
    sum((one) => one.lookAlikes),
  )} %`,
);
for (const [name, { drawn, reported }] of byLookAlike) console.log(`  ${percent(reported, drawn)} ${name}`);
const share = (one: Tally): number => one.named / one.drawn;
const weak = results
  .filter((one) => one.drawn > 0 && (share(one) < 0.99 || one.found / one.drawn < 0.99))
  .sort((a, b) => share(a) - share(b));
console.log(`${weak.length} rules below 99 %, ${results.filter((one) => one.drawn === 0).length} without a value`);
for (const [name, tally] of [...byContext].sort(([, a], [, b]) => share(a) - share(b)))
  console.log(`  ${percent(tally.found, tally.drawn)} ${percent(tally.named, tally.drawn)} ${name}`);
if (flags.verbose) {
  for (const one of weak) {
    const reasons = [...one.reasons].sort(([, a], [, b]) => b - a).slice(0, 6);
    console.log(
      `${one.rule.id}: found ${percent(one.found, one.drawn)}, own ${percent(one.named, one.drawn)}: ${reasons.map(([reason, count]) => `${count} ${reason}`).join("; ")}`,
    );
  }
  for (const [key, text] of examplesOfLoss) console.log(`--- ${key}\n${JSON.stringify(text)}`);
}

if (flags.write) writeFileSync(join(flags.root, "docs/recall.md"), recallPage());

function recallPage(): string {
  const missed = weak.filter(({ found, drawn: all }) => found / all < 0.99);
  const loud = results.filter(({ reported, lookAlikes: all }) => all > 0 && reported / all > 0.01);
  const listed = (list: readonly Result[]): string =>
    list.length === 0
      ? "none"
      : list.map(({ rule, found, drawn: all }) => `\`${rule.id}\` (${percent(found, all)} %)`).join(", ");
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = (of: readonly (readonly [string, Tally])[]): string[] =>
    of.map(([name, one]) => line([name, percent(one.found, one.drawn), percent(one.named, one.drawn)]));
  const places = [...byContext].sort(([, a], [, b]) => share(a) - share(b));
  return [
    "# Recall",
    "",
    "`node bench/recall.mjs --write` makes this page. Values are generated from the examples of every rule and put into the places where people",
    "write such values; the detector of the build looks at each. *Found* counts a value that any rule reports, *named* one that its own rule",
    "reports. Look-alikes are what stands there instead: placeholders, variables, look-ups; values in a wrong alphabet, too short, counted, masked; and such whose",
    "checksum does not fit.",
    "",
    `${results.length} rules, ${drawn} values: **${percent(
      sum((one) => one.found),
      drawn,
    )} %** found, ${percent(
      sum((one) => one.named),
      drawn,
    )} % named. ` +
      `${sum((one) => one.lookAlikes)} look-alikes: ${percent(
        sum((one) => one.reported),
        sum((one) => one.lookAlikes),
      )} % reported.`,
    "",
    "## By place",
    "",
    line(["place", "found %", "named %"]),
    line(["---", "---", "---"]),
    ...rows(places),
    "",
    "## Look-alikes by kind",
    "",
    line(["kind", "how many", "reported %"]),
    line(["---", "---", "---"]),
    ...[...byLookAlike].map(([name, one]) => line([name, String(one.drawn), percent(one.reported, one.drawn)])),
    "",
    `Rules of whose look-alikes more than one percent is reported: ${listed(loud)}.`,
    "",
    "## Rules found in fewer than 99 %",
    "",
    `${listed(missed)}. All others: 99 % and more of their ${draws} values.`,
    "",
    "## Rules that another one names",
    "",
    "Of these fewer than 99 % are named by their own rule, mostly where nothing but the service's address says whose value it is.",
    "",
    line(["rule", "found %", "named %"]),
    line(["---", "---", "---"]),
    ...rows(weak.filter((one) => !missed.includes(one)).map((one) => [`\`${one.rule.id}\``, one] as const)),
    "",
  ].join("\n");
}
