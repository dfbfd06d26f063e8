import { originPath } from "../model/content.ts";
import type { Finding } from "../model/finding.ts";
import { severities, type Severity } from "../model/rule.ts";
import type { Verdict } from "../model/decision.ts";

/**
 * The filter language: terms apart by spaces, all of which must hold.
 * `word` stands anywhere in the finding; `rule:` in the id of a rule; `path:` in a path; `sev:high` is that severity, `sev:>=high` it and worse;
 * `is:` one of the states below. `!` before a term inverts it, quotes keep spaces. Letters match in any case.
 */
export interface Query {
  readonly terms: readonly Term[];
  /** What a person should know about terms that mean nothing (they are left out): one line, or empty. */
  readonly complaint: string;
  /** Whether a decision can change what passes. */
  readonly asksForVerdicts: boolean;
}

type Term = { readonly negated: boolean } & (
  | { readonly kind: "word" | "rule" | "path"; readonly text: string }
  | { readonly kind: "severity"; readonly allowed: ReadonlySet<Severity> }
  | { readonly kind: "state"; readonly state: StateWord }
);

const stateWords = ["open", "decided", "deleted", "real", "false-positive", "ignored", "rotated"] as const;
type StateWord = (typeof stateWords)[number];

/** The text of one finding that words are looked for in stops here: a secret seen in a hundred thousand places must not slow down each keystroke. */
const maxSearchableLength = 1 << 17;

/** Reads a filter as typed. Never fails: half-typed terms are left out and named in `complaint`. */
export function parseQuery(input: string): Query {
  const terms: Term[] = [];
  let complaint = "";
  for (const token of input.toLowerCase().match(/!?(?:[a-z]+:)?"[^"]*"?|\S+/g) ?? []) {
    const negated = token.startsWith("!");
    const body = (negated ? token.slice(1) : token).replaceAll('"', "");
    if (body === "") continue;
    const term = parseTerm(body);
    if (typeof term === "string") complaint = term;
    else if (term !== undefined) terms.push({ ...term, negated });
  }
  return {
    terms,
    complaint,
    asksForVerdicts: terms.some((term) => term.kind === "state" && term.state !== "deleted"),
  };
}

type BareTerm = Term extends infer T ? (T extends Term ? Omit<T, "negated"> : never) : never;

function parseTerm(body: string): BareTerm | string | undefined {
  const colon = body.indexOf(":");
  const value = body.slice(colon + 1);
  switch (colon < 0 ? "" : body.slice(0, colon)) {
    case "rule":
      return value === "" ? undefined : { kind: "rule", text: value };
    case "path":
      return value === "" ? undefined : { kind: "path", text: value };
    case "sev":
    case "severity":
      return parseSeverity(value);
    case "is": {
      const state = stateWords.find((word) => word === value);
      return state === undefined ? `is: takes ${stateWords.join(", ")}` : { kind: "state", state };
    }
    default:
      // Addresses and many values hold a colon, so an unknown field is a word like any other.
      return { kind: "word", text: body };
  }
}

function parseSeverity(value: string): BareTerm | string {
  const comparison = /^(>=|<=|>|<|=)?(.*)$/.exec(value);
  const operator = comparison?.[1] ?? "=";
  const name = comparison?.[2] ?? "";
  const at = name === "" ? -1 : severities.findIndex((severity) => severity.startsWith(name));
  if (at < 0) return `sev: takes ${severities.join(", ")}, also with >= or <=`;
  const allowed = severities.filter((_, index) => {
    switch (operator) {
      case ">=":
        return index <= at;
      case ">":
        return index < at;
      case "<=":
        return index >= at;
      case "<":
        return index > at;
      default:
        return index === at;
    }
  });
  return { kind: "severity", allowed: new Set(allowed) };
}

/** Whether a finding with this verdict (absent: open) passes the filter. */
export function matches(query: Query, finding: Finding, verdict: Verdict | undefined): boolean {
  return query.terms.every((term) => holds(term, finding, verdict) !== term.negated);
}

function holds(term: Term, finding: Finding, verdict: Verdict | undefined): boolean {
  switch (term.kind) {
    case "word":
      return searchable(finding).all.includes(term.text);
    case "rule":
      return (
        finding.rule.id.toLowerCase().includes(term.text) ||
        finding.otherRules.some((id) => id.toLowerCase().includes(term.text))
      );
    case "path":
      return searchable(finding).paths.includes(term.text);
    case "severity":
      return term.allowed.has(finding.severity);
    case "state":
      return isInState(term.state, finding, verdict);
  }
}

function isInState(state: StateWord, finding: Finding, verdict: Verdict | undefined): boolean {
  switch (state) {
    case "open":
      return verdict === undefined;
    case "decided":
      return verdict !== undefined;
    case "deleted":
      return isDeletedEverywhere(finding);
    default:
      return verdict === state;
  }
}

/** True where no place is alive: gone from HEAD's tree, or removed by a later layer. The secret is leaked all the same. */
export function isDeletedEverywhere(finding: Finding): boolean {
  return finding.sightings.every(({ origin }) => {
    if (origin.kind === "git") return !origin.inHead;
    return origin.kind === "image" && origin.deleted;
  });
}

interface Searchable {
  readonly all: string;
  readonly paths: string;
}

const searchables = new WeakMap<Finding, Searchable>();

function searchable(finding: Finding): Searchable {
  const known = searchables.get(finding);
  if (known !== undefined) return known;
  const paths = new Set<string>();
  const words = new Set<string>([
    finding.rule.id,
    finding.rule.description,
    ...finding.otherRules,
    finding.masked,
    finding.fingerprint,
    finding.severity,
  ]);
  for (const fact of finding.facts) words.add(fact);
  let length = 0;
  for (const { origin } of finding.sightings) {
    const path = originPath(origin);
    paths.add(path);
    if (origin.kind === "git") {
      words.add(origin.repository);
      if (origin.commit !== undefined)
        words.add(`${origin.commit.id} ${origin.commit.author} ${origin.commit.email} ${origin.commit.date}`);
    } else if (origin.kind === "image") {
      words.add(origin.image).add(origin.digest);
      if (origin.layer !== undefined) words.add(origin.layer.digest).add(origin.layer.createdBy);
    }
    length += path.length + 100;
    if (length > maxSearchableLength) break;
  }
  const joinedPaths = [...paths].join("\n").toLowerCase();
  const made = {
    all: `${[...words].join("\n").toLowerCase()}\n${joinedPaths}`,
    paths: joinedPaths,
  };
  searchables.set(finding, made);
  return made;
}
