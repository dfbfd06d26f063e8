import type { Finding, FindingSighting } from "../model/finding.ts";
import { severities, type Severity } from "../model/rule.ts";
import { verdicts, type Verdict } from "../model/decision.ts";
import { originPath } from "../model/content.ts";
import { fateOf } from "../findings/index.ts";
import { matchesGlob } from "./glob.ts";
import { searchable } from "./searchable.ts";

/**
 * The filter language: terms apart by spaces, all of which must hold; docs/review.md describes it. `-` or `!` before a term inverts it, quotes keep
 * spaces. Letters match in any case.
 */
export interface Query {
  readonly terms: readonly Term[];
  /** What a person should know about terms that mean nothing (they are left out): one line, or empty. */
  readonly complaint: string;
  /** Whether a decision can change what passes. */
  readonly asksForVerdicts: boolean;
  /** Whether it takes a finding's places to know if it passes. */
  readonly asksForPlaces: boolean;
}

export type Term = { readonly negated: boolean } & (
  | { readonly kind: "word" | "rule" | "path" | "glob" | "fact"; readonly text: string }
  | PlaceTerm
  | { readonly kind: "since" | "until"; readonly day: string }
  | { readonly kind: "severity"; readonly allowed: ReadonlySet<Severity> }
  | { readonly kind: "places"; readonly from: number; readonly to: number }
  | { readonly kind: "alive"; readonly isAlive: boolean }
  | { readonly kind: "state"; readonly state: StateWord }
);

/** What one of the places has to be. */
type PlaceTerm =
  | { readonly kind: "commit" | "author" | "target" | "key"; readonly text: string }
  | { readonly kind: "source"; readonly sources: ReadonlySet<string> };

export const stateWords = ["open", "decided", "deleted", ...verdicts] as const;
export type StateWord = (typeof stateWords)[number];

/** Kinds of sources, as `kind:` takes them. */
export const sourceWords = ["git", "image", "file", "stdin"] as const;

/** Of a secret in very many places this many are asked. */
const maxPlaces = 1000;

/** Reads a filter as typed. Never fails: half-typed terms are left out and named in `complaint`. */
export function parseQuery(input: string): Query {
  const terms: Term[] = [];
  let complaint = "";
  for (const token of input.toLowerCase().match(/[!-]?(?:[a-z]+:)?"[^"]*"?|\S+/g) ?? []) {
    const negated = /^[!-]/.test(token);
    const body = (negated ? token.slice(1) : token).replaceAll('"', "");
    if (body === "") continue;
    const term = parseTerm(body, negated);
    if (typeof term === "string") complaint = term;
    else if (term !== undefined) terms.push({ ...term, negated });
  }
  const isAboutVerdict = (term: Term): boolean => term.kind === "state" && term.state !== "deleted";
  return {
    terms,
    complaint,
    asksForVerdicts: terms.some(isAboutVerdict),
    asksForPlaces: terms.some((term) => !isAboutVerdict(term) && !/^(?:rule|fact|severity)$/.test(term.kind)),
  };
}

type BareTerm = Term extends infer T ? (T extends Term ? Omit<T, "negated"> : never) : never;

function parseTerm(body: string, negated: boolean): BareTerm | string | undefined {
  const colon = body.indexOf(":");
  const value = body.slice(colon + 1);
  const field = colon < 0 ? "" : body.slice(0, colon);
  switch (field) {
    case "rule":
    case "commit":
    case "author":
    case "target":
    case "key":
    case "fact":
      return value === "" ? undefined : { kind: field, text: value };
    case "path":
      if (value === "") return undefined;
      return { kind: /[*?]/.test(value) ? "glob" : "path", text: value };
    case "sev":
    case "severity":
      return parseSeverity(value);
    case "places":
      return parsePlaces(value);
    case "since":
    case "until":
      return /^\d{4}(?:-\d\d(?:-\d\d)?)?$/.test(value)
        ? { kind: field, day: value }
        : `${field}: takes a year, month or day: 2024, 2024-03, 2024-03-31`;
    case "kind": {
      const sources = sourceWords.filter((word) => value !== "" && word.startsWith(value));
      return sources.length === 0
        ? `kind: takes ${sourceWords.join(", ")}`
        : { kind: "source", sources: new Set(sources) };
    }
    case "alive":
      return value === "yes" || value === "no" ? { kind: "alive", isAlive: value === "yes" } : "alive: takes yes, no";
    case "is":
      return parseState(value) ?? `is: takes ${stateWords.join(", ")}`;
    default:
      // Addresses and many values hold a colon, so an unknown field is a word like any other.
      return (negated ? parseState(body) : undefined) ?? { kind: "word", text: body };
  }
}

/** `-decided` is short for `-is:decided`. */
function parseState(text: string): BareTerm | undefined {
  const state = stateWords.find((word) => word === text);
  return state === undefined ? undefined : { kind: "state", state };
}

function parseSeverity(value: string): BareTerm | string {
  const comparison = /^(>=|<=|>|<|=)?(.*)$/.exec(value);
  const operator = comparison?.[1] ?? "=";
  const name = comparison?.[2] ?? "";
  const at = name === "" ? -1 : severities.findIndex((severity) => severity.startsWith(name));
  if (at < 0) return `sev: takes ${severities.join(", ")}, also with >= or <=`;
  // The worst one comes first, so that more is less.
  const allowed = severities.filter((_, index) => isBetween(-index, rangeOf(operator, -at)));
  return { kind: "severity", allowed: new Set(allowed) };
}

function parsePlaces(value: string): BareTerm | string {
  const [, operator = "=", number = ""] = /^(>=|<=|>|<|=)?(\d{1,9})$/.exec(value) ?? [];
  if (number === "") return "places: takes a number, also with > >= < <=";
  return { kind: "places", ...rangeOf(operator, Number(number)) };
}

/** Whole numbers that a comparison lets pass. */
function rangeOf(operator: string, value: number): { readonly from: number; readonly to: number } {
  switch (operator) {
    case ">=":
      return { from: value, to: Infinity };
    case ">":
      return { from: value + 1, to: Infinity };
    case "<=":
      return { from: -Infinity, to: value };
    case "<":
      return { from: -Infinity, to: value - 1 };
    default:
      return { from: value, to: value };
  }
}

function isBetween(value: number, { from, to }: { readonly from: number; readonly to: number }): boolean {
  return value >= from && value <= to;
}

/** Whether a finding with this verdict (absent: open) passes the filter. */
export function matches(query: Query, finding: Finding, verdict: Verdict | undefined): boolean {
  for (const term of query.terms) if (holds(term, finding, verdict) === term.negated) return false;
  return true;
}

/** Whether nothing passes a filter that does not pass another one: known for one that was typed on. */
export function isNarrower(query: Query, other: Query): boolean {
  return other.terms.every((old, index) => {
    const term = query.terms[index];
    if (term === undefined || term.kind !== old.kind || term.negated !== old.negated) return false;
    if (!("text" in term) || !("text" in old) || term.negated || term.kind === "glob")
      return JSON.stringify(term, withSets) === JSON.stringify(old, withSets);
    return term.kind === "commit" ? term.text.startsWith(old.text) : term.text.includes(old.text);
  });
}

function withSets(_: string, value: unknown): unknown {
  return value instanceof Set ? [...value] : value;
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
    case "glob":
      return searchable(finding)
        .paths.split("\n")
        .some((path) => matchesGlob(path, term.text));
    case "fact":
      return finding.facts.some((fact) => fact.toLowerCase().includes(term.text));
    case "severity":
      return term.allowed.has(finding.severity);
    case "places":
      return isBetween(finding.sightings.length, term);
    case "alive":
      return fateOf(finding).isDeleted !== term.isAlive;
    case "state":
      return isInState(term.state, finding, verdict);
    case "since":
    case "until": {
      const day = fateOf(finding).since.slice(0, term.day.length);
      return day !== "" && (term.kind === "since" ? day >= term.day : day <= term.day);
    }
    case "source":
    case "commit":
    case "author":
    case "target":
    case "key":
      return finding.sightings.slice(0, maxPlaces).some((sighting) => holdsAt(term, sighting));
  }
}

function holdsAt(term: PlaceTerm, { origin, key }: FindingSighting): boolean {
  switch (term.kind) {
    case "source":
      return term.sources.has(origin.kind);
    case "commit":
      return origin.kind === "git" && origin.commit?.id.startsWith(term.text) === true;
    case "author": {
      const commit = origin.kind === "git" ? origin.commit : undefined;
      return commit !== undefined && `${commit.author} <${commit.email}>`.toLowerCase().includes(term.text);
    }
    case "target": {
      const target =
        origin.kind === "git" ? origin.repository : origin.kind === "image" ? origin.image : originPath(origin);
      return target.toLowerCase().includes(term.text);
    }
    case "key":
      return key?.toLowerCase().includes(term.text) === true;
  }
}

function isInState(state: StateWord, finding: Finding, verdict: Verdict | undefined): boolean {
  switch (state) {
    case "open":
      return verdict === undefined;
    case "decided":
      return verdict !== undefined;
    case "deleted":
      return fateOf(finding).isDeleted;
    default:
      return verdict === state;
  }
}
