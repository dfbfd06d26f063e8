/**
 * Every rule in patterns/*.toml, one describe per file: `npx vitest run test/patterns -t "aws.toml"` checks one file.
 * Set LEAKTRACE_SEED to draw other values for the examples.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createDetector, createTwin, loadEngine, prebuild } from "../../src/detect/index.ts";
import type { CompiledRegex, RegexEngine } from "../../src/detect/index.ts";
import type { Detection } from "../../src/model/detection.ts";
import type { Rule } from "../../src/model/rule.ts";
import { compileRule } from "../../src/rules/compile.ts";
import { readPatternFile } from "../../src/rules/build.ts";
import { createRandom } from "../../src/rules/random.ts";
import { keywordReach, matchWidth } from "../../src/rules/regex-reach.ts";
import { sampleRegex } from "../../src/rules/regex-sample.ts";
import { parseRegex } from "../../src/rules/regex-syntax.ts";
import { fillTemplate } from "../../src/rules/templates.ts";
import { finishRuleset } from "../../src/rules/ruleset.ts";
import type { RuleEntry } from "../../src/rules/toml.ts";
import { followAsPacked } from "../detect/rules-for-tests.ts";

const folder = new URL("../../patterns/", import.meta.url);
const seed = process.env["LEAKTRACE_SEED"] ?? "patterns";
/** Values drawn for each template. */
const draws = 3;
const minKeywordBytes = 3;

const names = readdirSync(folder).filter((name) => name.endsWith(".toml"));
const engine = memoized(await loadEngine());
const compiled = names.flatMap((name) => tryRead(name).rules.flatMap((rule) => tryCompile(rule, name)));
const ranks = new Map(compiled.map((rule) => [rule.id, rule.specificity]));
// Rules that do not compile fail their own test; the others are looked at all the same.
const ruleset = finishRuleset(new Map(compiled.map((rule) => [rule.id, rule])).values(), [], "built-in");
const detector = createDetector({
  ruleset,
  prebuilt: prebuild(ruleset, followAsPacked),
  engine,
  code: createTwin(),
  decodeDepth: 2,
  honourInlineAllow: true,
});

test("there are pattern files", () => {
  expect(names.length).toBeGreaterThan(0);
});

test("every rule id is used once", () => {
  const ids = names.flatMap((name) =>
    [...readText(name).matchAll(/^id\s*=\s*["']([^"']+)["']/gm)].map((found) => `${found[1]}`),
  );
  const seen = new Set<string>();
  expect(ids.filter((id) => seen.size === seen.add(id).size)).toEqual([]);
});

for (const name of names) {
  describe(name, () => {
    const { rules, error } = tryRead(name);
    test("can be read", () => {
      expect(error).toBeUndefined();
      expect(rules.length).toBeGreaterThan(0);
    });
    for (const rule of rules) {
      test(`${rule.id}: is complete and holds its keywords`, () => {
        expect(faults(rule, name)).toEqual([]);
      });
      test(`${rule.id}: finds each example once, and no counter-example`, () => {
        expect(scanFaults(rule)).toEqual([]);
      });
    }
  });
}

function readText(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

function tryRead(name: string): { rules: readonly RuleEntry[]; error?: string } {
  try {
    return { rules: readPatternFile(readText(name), name).rules };
  } catch (error) {
    return { rules: [], error: String(error) };
  }
}

/** Compiling takes most of the time here, and each regex is wanted three times. */
function memoized(plain: RegexEngine): RegexEngine {
  const known = new Map<string, CompiledRegex>();
  return {
    name: plain.name,
    compile: (pattern) => {
      const regex = known.get(pattern) ?? plain.compile(pattern);
      known.set(pattern, regex);
      return regex;
    },
    tester: (pattern) => plain.tester(pattern),
    finder: (pattern) => plain.finder(pattern),
  };
}

function tryCompile(rule: RuleEntry, file: string): Rule[] {
  try {
    return [compileRule(rule, { policy: "built-in", file, compile: engineTrouble })];
  } catch {
    return [];
  }
}

function engineTrouble(pattern: string): string | undefined {
  try {
    engine.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What is wrong with a rule before any scan, in words for the one who wrote it. */
function faults(rule: RuleEntry, file: string): string[] {
  const found: string[] = [];
  const need = (holds: boolean, message: string): void => void (holds || found.push(`${rule.id}: ${message}`));
  need(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(rule.id), "id must be lower case, digits and hyphens");
  need((rule.description ?? "").length >= 20, "description must say what it is and what a holder can do");
  need(rule.severity !== undefined, "severity is missing");
  need(rule.kind !== undefined, "kind is missing");
  need((rule.revoke ?? "") !== "", "revoke is missing");
  need(
    (rule.references ?? []).length > 0 && (rule.references ?? []).every((one) => /^https:\/\/[^\s/]+/.test(one)),
    "needs a reference (https)",
  );
  const least = rule.toldBy !== undefined ? 0 : rule.regex === undefined ? 1 : 2;
  need(rule.examples.length >= least, `needs ${least} examples`);
  need(rule.counterExamples.length >= least, `needs ${least} counter-examples`);
  if (rule.path !== undefined && rule.regex === undefined)
    need(rule.file !== undefined || rule.severity === "critical", "a name alone is an alarm");
  need(rule.regex === undefined || rule.keywords.length > 0, "keywords are missing");
  for (const keyword of rule.keywords)
    need(Buffer.byteLength(keyword) >= minKeywordBytes, `keyword ${keyword} is shorter than ${minKeywordBytes} bytes`);
  try {
    compileRule(rule, { policy: "built-in", file, compile: engineTrouble });
    found.push(...(rule.regex === undefined ? [] : regexFaults(rule, rule.regex)));
    found.push(...templateFaults(rule));
  } catch (error) {
    found.push(error instanceof Error ? error.message : String(error));
  }
  return found;
}

/** The proofs, held against random members of the regex's language. */
function regexFaults(rule: RuleEntry, regex: string): string[] {
  const { root } = parseRegex(regex);
  const width = matchWidth(root);
  const reach = keywordReach(root, rule.keywords);
  const random = createRandom(`${seed}:${rule.id}`);
  const found: string[] = [];
  for (let count = 0; count < 20; count++) {
    const sample = sampleRegex(root, random, { beyondAscii: true });
    const bytes = Buffer.byteLength(sample);
    const lower = sample.toLowerCase();
    if (bytes < width.min || bytes > width.max)
      found.push(`${rule.id}: width bounds ${width.min}-${width.max} miss a match of ${bytes}`);
    if (!rule.keywords.some((keyword) => lower.includes(keyword)))
      found.push(`${rule.id}: a match without keyword: ${JSON.stringify(sample)}`);
    if (bytes > reach.before + reach.after) found.push(`${rule.id}: the window misses a match of ${bytes} bytes`);
  }
  return found.slice(0, 2);
}

/** Templates that cannot be filled, and examples that the regex by itself does not match. */
function templateFaults(rule: RuleEntry): string[] {
  const regex = rule.regex === undefined ? undefined : engine.compile(rule.regex);
  return [...rule.examples, ...rule.counterExamples].flatMap((template) => {
    const texts = fillings(rule, template);
    if (typeof texts === "string") return [`${rule.id}: ${texts}\n    template: ${template}`];
    const isMissed = regex !== undefined && rule.examples.includes(template) && texts.some((text) => !regex.test(text));
    return isMissed ? [`${rule.id}: the regex does not match its example\n    template: ${template}`] : [];
  });
}

/** The template filled with other values each time; a text that says what is wrong with it. */
function fillings(rule: RuleEntry, template: string): string[] | string {
  try {
    return Array.from({ length: draws }, (_, draw) =>
      fillTemplate(template, createRandom(`${seed}:${rule.id}:${template}:${draw}`)),
    );
  } catch (error) {
    return String(error);
  }
}

/** Through the whole detection, beside all other rules. */
function scanFaults(rule: RuleEntry): string[] {
  // What does not compile fails the test before.
  if (!ranks.has(rule.id)) return [];
  if (rule.toldBy !== undefined) return [];
  if (rule.regex === undefined) return pathFaults(rule);
  return [
    ...rule.examples.flatMap((template) => firstFault(rule, template, (own, all) => exampleFault(rule, own, all))),
    ...rule.counterExamples.flatMap((template) =>
      firstFault(rule, template, (own) => (own.length === 0 ? undefined : "is found, and should not be")),
    ),
  ];
}

/** Examples of a rule on paths are paths; a history asks it by names first. */
function pathFaults(rule: RuleEntry): string[] {
  const path = engine.compile(rule.path ?? "");
  const name = ruleset.rules.find(({ id }) => id === rule.id)?.name;
  const byName = engine.compile(name ?? "");
  return [
    ...rule.examples
      .filter((one) => !path.test(one) || !byName.test(one.slice(one.lastIndexOf("/") + 1)))
      .map((one) => `${rule.id} does not name its example ${one}`),
    ...rule.counterExamples.filter((one) => path.test(one)).map((one) => `${rule.id} names its counter-example ${one}`),
    ...(name === undefined ? [`${rule.id}: its path says too little of names`] : []),
  ];
}

type Judge = (own: readonly Detection[], all: readonly Detection[]) => string | undefined;

function firstFault(rule: RuleEntry, template: string, judge: Judge): string[] {
  const texts = fillings(rule, template);
  if (typeof texts === "string") return [];
  for (const text of texts) {
    const { detections, suppressed } = detector.scan(Buffer.from(text));
    const own = detections.filter((one) => one.ruleId === rule.id);
    const fault = judge(own, detections);
    if (fault === undefined) continue;
    const dropped = Object.entries(suppressed).map(([reason, count]) => `${reason} ${count}`);
    const because = own.length === 0 && dropped.length > 0 ? ` (dropped: ${dropped.join(", ")})` : "";
    return [`${rule.id} ${fault}${because}\n    template: ${template}\n    text: ${text.slice(0, 300)}`];
  }
  return [];
}

function exampleFault(rule: RuleEntry, own: readonly Detection[], all: readonly Detection[]): string | undefined {
  const [found] = own;
  // A part of a composite rule is never reported by itself.
  if (rule.skipReport === true) return undefined;
  if (found === undefined) return "is not found in its example";
  if (own.length > 1)
    return `is found ${own.length} times in its example, as ${own.map(({ match }) => JSON.stringify(match)).join(" and ")}`;
  const rank = (id: string): number => ranks.get(id) ?? 0;
  const better = all.find((one) => rank(one.ruleId) > rank(rule.id) && one.start < found.end && found.start < one.end);
  return better === undefined ? undefined : `is outranked in its example by ${better.ruleId}`;
}
