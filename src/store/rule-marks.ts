import { createHash } from "node:crypto";
import type { Rule, Ruleset } from "../model/rule.ts";

const markBytes = 16;

/**
 * A mark for each rule, by its position: a hash of everything that decides what it finds, the allowlists that apply to it and the rules that it
 * requires among them. What people read (description, severity, references, how to revoke, how to ask whether it works) is left out: new words find nothing new.
 */
export function ruleMarks({ rules, allowlists }: Ruleset): Uint8Array {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const own = new Map(
    rules.map((rule) => {
      const lists = allowlists.filter((list) => list.targetRules.length === 0 || list.targetRules.includes(rule.id));
      return [
        rule.id,
        createHash("sha256")
          .update(canonicalJson([deciding(rule), lists]))
          .digest(),
      ];
    }),
  );
  const marks = Buffer.alloc(rules.length * markBytes);
  rules.forEach((rule, i) => {
    const hash = createHash("sha256");
    // A set also visits what is put in on the way: parts of parts, and circles once.
    const parts = new Set([rule.id]);
    for (const id of parts) {
      hash.update(`${id}\0`).update(own.get(id) ?? "");
      for (const part of byId.get(id)?.required ?? []) parts.add(part.id);
    }
    hash.digest().copy(marks, i * markBytes, 0, markBytes);
  });
  return marks;
}

/** For each rule of `before` its position among `now`, or -1 where there is none with its mark. */
export function positionsIn(before: Uint8Array, now: Uint8Array): Int32Array {
  const places = new Map<string, number>();
  for (let i = 0; i < now.length / markBytes; i++) places.set(markAt(now, i), i);
  return Int32Array.from(
    { length: Math.floor(before.length / markBytes) },
    (_, i) => places.get(markAt(before, i)) ?? -1,
  );
}

/**
 * Positions of the rules that have to be asked again where those at `known` were asked before: all others, and the rules that these require. What a
 * rule says of a content depends on its window and on its parts alone, so it says the same among these few as among all.
 */
export function toAskAgain({ rules }: Ruleset, known: ReadonlySet<number>): readonly number[] {
  const again = [...rules.keys()].filter((position) => !known.has(position));
  return withParts(rules, again);
}

/** The rules of these ids with those that they require, as a ruleset of their own. Undefined where one of them is not there any more. */
export function rulesOf(ruleset: Ruleset, ids: readonly string[]): Ruleset | undefined {
  const positionOf = new Map(ruleset.rules.map((rule, position) => [rule.id, position]));
  const positions = ids.flatMap((id) => positionOf.get(id) ?? []);
  return positions.length < ids.length ? undefined : subsetOf(ruleset, withParts(ruleset.rules, positions));
}

function withParts(rules: readonly Rule[], positions: readonly number[]): readonly number[] {
  const positionOf = new Map(rules.map((rule, position) => [rule.id, position]));
  // A set also visits what is put in on the way: parts of parts.
  const all = new Set(positions);
  for (const position of all) {
    for (const { id } of rules[position]!.required) {
      const part = positionOf.get(id);
      if (part !== undefined) all.add(part);
    }
  }
  return [...all].sort((a, b) => a - b);
}

/** The rules at these positions, which hold every rule that they require, as a ruleset of their own. */
export function subsetOf(ruleset: Ruleset, positions: readonly number[]): Ruleset {
  const rules = positions.map((position) => ruleset.rules[position]!);
  const kept = new Set(rules.map(({ id }) => id));
  const allowlists = ruleset.allowlists.flatMap((list) => {
    const targetRules = list.targetRules.filter((id) => kept.has(id));
    // A list for some rules must not become one for all when none of them is here.
    return targetRules.length > 0 || list.targetRules.length === 0 ? [{ ...list, targetRules }] : [];
  });
  const digest = createHash("sha256").update(canonicalJson({ rules, allowlists })).digest("hex");
  return { rules, allowlists, digest, origin: ruleset.origin };
}

function deciding(rule: Rule): object {
  const { description: _d, severity: _s, references: _r, revoke: _v, live: _l, liveNone: _n, near: _a, ...rest } = rule;
  return rest;
}

/** JSON with sorted keys: the same value is the same text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

function markAt(marks: Uint8Array, position: number): string {
  return Buffer.from(marks.subarray(position * markBytes, (position + 1) * markBytes)).toString("latin1");
}
