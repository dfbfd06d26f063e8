import type { CommitFacts, Origin } from "../model/content.ts";
import type { Finding, FindingRule, FindingSighting } from "../model/finding.ts";

/** Gives equal findings, rules and places. */
export interface Sharing {
  readonly finding: (finding: Finding) => Finding;
  readonly rule: (rule: FindingRule) => FindingRule;
  readonly sighting: (sighting: FindingSighting) => FindingSighting;
}

/**
 * Gives findings the parts that earlier ones have as well: rules, commits, names. What is read line by line has a copy of them in each, which
 * would take half of the memory.
 */
export function createSharing(): Sharing {
  const texts = new Map<string, string>();
  const rules = new Map<string, FindingRule>();
  const commits = new Map<string, CommitFacts>();
  const lists = new Map<string, readonly string[]>();
  const text = (one: string): string => shared(texts, one, one);
  const list = (one: readonly string[]): readonly string[] => shared(lists, one.join("\0"), one);
  const origin = (one: Origin): Origin => {
    if (one.kind !== "git") return one;
    const { commit } = one;
    return {
      ...one,
      ...{ repository: text(one.repository), objectType: one.objectType, path: text(one.path), refs: list(one.refs) },
      ...(commit === undefined ? {} : { commit: shared(commits, JSON.stringify(commit), commit) }),
    };
  };
  const sighting = (one: FindingSighting): FindingSighting => {
    const from = origin(one.origin);
    const content = from.kind === "git" && from.object === one.content ? from.object : one.content;
    const line = one.maskedLine === one.maskedMatch ? one.maskedMatch : one.maskedLine;
    return {
      ...one,
      ...{ origin: from, content, ruleId: text(one.ruleId), tags: list(one.tags), maskedLine: line },
      ...(one.key === undefined ? {} : { key: text(one.key) }),
    };
  };
  const rule = (one: FindingRule): FindingRule => {
    const before = shared(rules, one.id, one);
    // Another version of leaktrace may have described it in other words.
    return isSameRule(before, one) ? before : one;
  };
  return {
    rule,
    sighting,
    finding: (finding) => ({
      ...finding,
      rule: rule(finding.rule),
      otherRules: list(finding.otherRules),
      facts: list(finding.facts),
      sightings: finding.sightings.map(sighting),
    }),
  };
}

function shared<T>(known: Map<string, T>, key: string, one: T): T {
  const before = known.get(key);
  if (before !== undefined) return before;
  known.set(key, one);
  return one;
}

function isSameRule(a: FindingRule, b: FindingRule): boolean {
  return (
    a.description === b.description &&
    a.revoke === b.revoke &&
    a.references.length === b.references.length &&
    a.references.every((text, i) => text === b.references[i])
  );
}
