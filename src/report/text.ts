import type { Finding, FindingSighting, Report } from "../model/finding.ts";
import type { Severity } from "../model/rule.ts";
import { sanitize } from "../model/sanitize.ts";
import { endText, isEventful, lifetimes, stepText, type LifetimeStep } from "../findings/index.ts";
import { countText } from "./amounts.ts";
import type { ReportOptions } from "./options.ts";
import { placeLines } from "./places.ts";
import { open, shownSecret, withoutValue } from "./shown.ts";
import { summary } from "./summary.ts";
import { wrap } from "./wrap.ts";

/** Places listed for one secret; more are counted. The machine formats list all of them. */
const maxPlaces = 8;

/** How much of the instruction that deleted something is shown. */
const maxInstruction = 80;

/** Steps of a lifetime that are listed. */
const maxSteps = 8;

/** The column at which everything but headings begins. */
const indent = "  ";

const labelWidth = 7;

const colours: Readonly<Record<Severity, string>> = {
  critical: "\x1b[1;31m",
  high: "\x1b[31m",
  medium: "\x1b[33m",
  low: "\x1b[36m",
  info: "\x1b[2m",
};
const bold = "\x1b[1m";
const dim = "\x1b[2m";
const reset = "\x1b[0m";

/**
 * The report for people: a block for each secret (severity and kind, masked value, every place, facts, what to do), then a summary of
 * what was scanned, left out and judged away. Everything from the scanned side is escaped; without colour there is no escape code in it.
 */
export function* text(report: Report, options: ReportOptions): Iterable<string> {
  // Whoever scans one target knows which.
  const known = report.targets.length === 1 ? report.targets[0]!.target : "";
  for (const finding of open(report)) {
    yield* block(finding, known, options);
    yield "";
  }
  for (const line of summary(report, options)) yield ascii(line, options);
}

function* block(finding: Finding, known: string, options: ReportOptions): Iterable<string> {
  const paint = (code: string, words: string): string => (options.colour ? `${code}${words}${reset}` : words);
  const word = finding.severity.toUpperCase().padEnd(8);
  const [heading = "", ...rest] = wrap(sanitize(finding.rule.description || finding.rule.id), options.width - 10);
  yield ascii(`${paint(colours[finding.severity], word)}  ${paint(bold, heading)}`, options);
  for (const line of rest) yield ascii(`${" ".repeat(10)}${paint(bold, line)}`, options);

  const others = finding.otherRules.length === 0 ? "" : `, also ${finding.otherRules.map(sanitize).join(", ")}`;
  const facts = finding.facts.map(sanitize).join("; ");
  const value = sanitize(shownSecret(finding, options.secrecy));
  yield* labelled("value", value === "" ? withoutValue(finding) : value, options);
  const aside = finding.aside === true ? ", only in tests, documents or code of others" : "";
  yield* labelled("rule", `${sanitize(finding.rule.id)} (${finding.confidence}${aside})${others}`, options);
  if (facts !== "") yield* labelled("facts", facts, options);
  yield* whereLines(finding.sightings.slice(0, maxPlaces), known, options, (words) => paint(dim, words));
  const more = finding.sightings.length - maxPlaces;
  if (more > 0) yield* labelled("", `… and ${countText(more)} more (-f jsonl lists all)`, options);
  yield* lifeLines(finding, options);
  if (finding.rule.revoke !== "") yield* labelled("do", sanitize(finding.rule.revoke), options);
  yield* labelled("id", finding.fingerprint, options);
}

/** The places, and under those of which the same is to be told, that once. */
function* whereLines(
  sightings: readonly FindingSighting[],
  known: string,
  options: ReportOptions,
  faint: (words: string) => string,
): Iterable<string> {
  let told: string | undefined;
  let pending: readonly string[] = [];
  function* detailed(details: readonly string[]): Iterable<string> {
    for (const detail of details) for (const line of labelled("", detail, options)) yield faint(line);
  }
  for (const sighting of sightings) {
    const [head, ...details] = placeLines(sighting, known);
    const same = JSON.stringify(details);
    if (told !== undefined && same !== told) yield* detailed(pending);
    yield* labelled(same === told ? "" : "where", head, options);
    told = same;
    pending = details;
  }
  yield* detailed(pending);
}

/** What became of it in images where more happened than that it was put there, and how to see it with one's own eyes where containers do not show it. */
function* lifeLines(finding: Finding, options: ReportOptions): Iterable<string> {
  const lives = lifetimes(finding);
  for (const lifetime of lives.filter(isEventful).slice(0, maxPlaces)) {
    const name = sanitize(lifetime.platform === "" ? lifetime.image : `${lifetime.image} (${lifetime.platform})`);
    const isAlone = new Set(lifetime.steps.map(({ path }) => path)).size === 1;
    const steps = lifetime.steps.slice(0, maxSteps).map((step) => stepWords(step, isAlone));
    const more = lifetime.steps.length > maxSteps ? [`${countText(lifetime.steps.length - maxSteps)} more steps`] : [];
    yield* labelled(
      "life",
      `${lives.length > 1 ? `${name}: ` : ""}${[...steps, ...more, endText(lifetime)].join(" · ")}`,
      options,
    );
    if (lifetime.isVisible || lifetime.proof === undefined) continue;
    // Commands are copied: they stand on one line, however long it is.
    yield `${indent}${"prove".padEnd(labelWidth)}${sanitize(lifetime.proof)}`;
    yield* labelled("", `prints ${lifetime.proves ?? ""}`, options);
  }
}

/** A step, with the instruction that did it where no place names it: what only brought the secret stands there. */
function stepWords(step: LifetimeStep, isAlone: boolean): string {
  const instruction = step.event === "deleted" ? (step.layer?.createdBy ?? "") : "";
  const shown = instruction.length > maxInstruction ? `${instruction.slice(0, maxInstruction)}…` : instruction;
  return sanitize(`${stepText(step, isAlone)}${shown === "" ? "" : ` (${shown})`}`);
}

function* labelled(label: string, words: string, options: ReportOptions): Iterable<string> {
  const width = options.width - indent.length - labelWidth;
  for (const [i, line] of wrap(words, width).entries()) {
    yield ascii(`${indent}${(i === 0 ? label : "").padEnd(labelWidth)}${line}`.trimEnd(), options);
  }
}

/** Replaces the few characters outside ASCII that the report itself writes; scanned names keep theirs. */
function ascii(line: string, options: ReportOptions): string {
  return options.ascii ? line.replaceAll("…", "...").replaceAll("·", "-") : line;
}
