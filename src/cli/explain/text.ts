import type { Explanation, Outcome, Step, StepEnd } from "../../detect/index.ts";
import { maskEncoded, maskIn, maskSecret } from "../../findings/index.ts";
import type { SuppressionReason } from "../../model/detection.ts";
import type { Finding } from "../../model/finding.ts";
import { sanitize } from "../../model/sanitize.ts";
import { passes, type Part } from "../../model/score.ts";
import { structureText } from "../../model/structure-text.ts";
import { scoreLines } from "./score.ts";

/** Rules that came no further than their keyword are named up to here. */
const maxNamed = 12;

const headings: Readonly<Record<StepEnd, string>> = {
  reported: "REPORTED",
  parts: "HELD BACK",
  judge: "DROPPED",
  regex: "NO MATCH",
  sieve: "NO MATCH",
};

const reasons: Readonly<Record<SuppressionReason, string>> = {
  entropy: "its letters repeat too much for the rule's limit of entropy",
  allowlist: "an allowlist of the rule or of the configuration covers it",
  placeholder: "it reads like a stand-in: sample words, a pattern, a value that decodes to one",
  reference: "it names a value that stands elsewhere: a variable, a look-up, a template",
  masked: "it is masked or encrypted already",
  "known-example": "it is an example from documentation, or a test key that everybody has",
  checksum: "its checksum or structure is wrong: nobody issued it",
  "not-random": "it does not look like a secret of this kind: words, a path, a digest, too regular",
  "inline-allow": "the line is marked (gitleaks:allow)",
  path: "the path is one where this rule finds nothing worth telling",
};

/** What is said of findings beside what a report holds. */
export interface Saying {
  /** What a value is in its text. */
  readonly standsAs: (secret: string) => string;
  /** How the values of a rule can be checked, or why not; empty where that is not asked. */
  readonly checkedBy: (ruleId: string) => string;
}

/**
 * What stands at a place, for people: every rule that looked there, how far it came, what it was judged by, and what a report says. Secrets are
 * masked. `placeParts`: what the place adds to the score of an outcome.
 */
export function* explanationLines(
  place: string,
  line: string,
  { steps, detections }: Explanation,
  findings: readonly Finding[],
  placeParts: (outcome: Outcome) => readonly Part[],
  saying: Saying,
): Iterable<string> {
  const secrets = [...detections.map(({ secret }) => secret), ...steps.flatMap(({ outcome }) => outcome?.secret ?? [])];
  yield sanitize(place);
  // A value that was decoded stands in the line in another form.
  const shown = steps.some(({ depth }) => depth > 0) ? maskEncoded(line) : line;
  yield `  ${sanitize(secrets.reduce((text, secret) => maskIn(text, secret, secrets), shown))}`;
  yield "";
  if (steps.length === 0) {
    yield "No keyword of any rule stands here, so no rule looked.";
    yield "  `leaktrace rules list` names all rules; docs/rules.md tells how to add one.";
    return;
  }
  const far = steps.filter(({ end }) => end !== "sieve" && end !== "regex");
  for (const step of far) {
    const atPlace = step.end === "reported" && step.outcome !== undefined ? placeParts(step.outcome) : [];
    yield* stepText(step, secrets, { atPlace });
  }
  yield* near(
    steps.filter(({ end }) => end === "regex"),
    "its regex does not match around it",
  );
  yield* near(
    steps.filter(({ end }) => end === "sieve"),
    "what follows cannot be its format",
  );
  yield* verdict(far, findings, saying);
}

/**
 * One step: which rule, how far it came, and why no further. `secrets` are masked; `line`: where it is, unless that is known; `atPlace`: what its
 * place adds to the score.
 */
export function* stepText(
  step: Step,
  secrets: readonly string[],
  { line, atPlace = [] }: { readonly line?: number; readonly atPlace?: readonly Part[] } = {},
): Iterable<string> {
  const { rule, keyword, end, outcome, depth, encodings } = step;
  const stays = outcome === undefined || passes(outcome.bits + sumOf(atPlace));
  yield `${end === "reported" && !stays ? "DROPPED" : headings[end]}  ${sanitize(rule.id)}: ${sanitize(rule.description)}`;
  if (line !== undefined) yield labelled("line", String(line));
  if (depth > 0) yield labelled("decoded", `${encodings.join(", ")}${depth === 1 ? "" : ` (${depth} layers)`}`);
  if (keyword !== "") yield labelled("keyword", JSON.stringify(sanitize(keyword)));
  if (end === "regex") yield labelled("but", "its regex does not match around it");
  if (end === "sieve") yield labelled("but", "what follows cannot be its format");
  if (outcome === undefined) {
    yield "";
    return;
  }
  yield labelled("match", sanitize(maskAll(outcome.match, secrets)));
  yield labelled("value", valueText(outcome));
  if (outcome.facts.length > 0) yield labelled("facts", outcome.facts.map(sanitize).join("; "));
  if (outcome.suppressed !== undefined)
    yield labelled("dropped", `${outcome.suppressed}: ${reasons[outcome.suppressed]}`);
  else if (!stays) yield labelled("dropped", `path: ${reasons.path}`);
  else
    yield labelled(
      "judged",
      `a secret, ${outcome.confidence}${rule.check === undefined ? "" : ` (check ${rule.check})`}`,
    );
  for (const [label, words] of scoreLines([...outcome.parts, ...atPlace])) yield labelled(label, words);
  if (end === "parts") yield labelled("but", partsText(step));
  yield "";
}

function sumOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { bits }) => sum + bits, 0);
}

function valueText({ secret, entropy, ready }: Outcome): string {
  const limit = ready.rule.entropy === 0 ? "" : `, the rule wants more than ${ready.rule.entropy}`;
  return `${maskSecret(secret)}  (${secret.length} characters, ${entropy.toFixed(2)} bits each${limit})`;
}

function partsText({ rule }: Step): string {
  if (rule.skipReport) return "it is reported as a part of other rules only";
  if (rule.required.length === 0)
    return "another match at this place was reported before, or its key path says that it is an example";
  return `it needs ${rule.required.map(({ id }) => sanitize(id)).join(" and ")} near it`;
}

function* near(steps: readonly Step[], why: string): Iterable<string> {
  if (steps.length === 0) return;
  const words = new Map<string, Set<string>>();
  for (const { rule, keyword } of steps) {
    const ids = words.get(keyword) ?? new Set();
    words.set(keyword, ids.add(rule.id));
  }
  for (const [keyword, ids] of words) {
    const named = [...ids].sort().slice(0, maxNamed).map(sanitize).join(", ");
    const more = ids.size > maxNamed ? ` and ${ids.size - maxNamed} more` : "";
    yield `NO MATCH  ${JSON.stringify(sanitize(keyword))}: ${why}`;
    yield `  ${named}${more}`;
  }
  yield "";
}

function* verdict(
  steps: readonly Step[],
  findings: readonly Finding[],
  { standsAs, checkedBy }: Saying,
): Iterable<string> {
  for (const finding of findings) {
    const { rule, otherRules, severity, confidence, masked, fingerprint, sightings, suppressed } = finding;
    const also = otherRules.length === 0 ? "" : `, also ${otherRules.map(sanitize).join(", ")}`;
    yield `In a report: ${masked}, ${sanitize(rule.id)}${also}, ${severity}, ${confidence}, ${fingerprint}`;
    const context = finding.secret === undefined ? "" : standsAs(finding.secret);
    if (context !== "") yield `  stands as ${context}`;
    for (const structure of new Set(sightings.map(structureText))) if (structure !== "") yield `  ${structure}`;
    const check = checkedBy(rule.id);
    if (check !== "") yield `  ${sanitize(check)}`;
    if (suppressed !== undefined) {
      const reason = suppressed.reason === "" ? "" : `: ${sanitize(suppressed.reason)}`;
      yield `  hidden by ${sanitize(suppressed.by)}${reason}`;
    }
  }
  if (findings.length > 0) return;
  yield steps.some(({ end }) => end === "reported")
    ? "In a report: nothing. The path is one where these rules are not believed (lock files, allowlists by path)."
    : "In a report: nothing.";
}

function maskAll(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => maskIn(masked, secret, secrets), text);
}

function labelled(label: string, words: string): string {
  return `  ${label.padEnd(9)} ${words}`;
}
