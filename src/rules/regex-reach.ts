import { buildAutomaton, hit, lettersOf } from "./keyword-automaton.ts";
import type { KeywordAutomaton } from "./keyword-automaton.ts";
import { utf8Width } from "./regex-runes.ts";
import type { RuneSet } from "./regex-runes.ts";
import type { RegexNode } from "./regex-syntax.ts";

export interface Width {
  readonly min: number;
  /** Infinity when nothing bounds it. */
  readonly max: number;
}

/** How few and how many bytes (UTF-8) a match can have. A class that takes runes beyond ASCII counts with its widest rune, so `.` is up to four bytes. */
export function matchWidth(node: RegexNode): Width {
  switch (node.kind) {
    case "set":
      return setWidth(node.runes);
    case "assertion":
      return { min: 0, max: 0 };
    case "capture":
      return matchWidth(node.node);
    case "repeat": {
      const width = matchWidth(node.node);
      return { min: width.min * node.min, max: times(width.max, node.max) };
    }
    case "concat": {
      const widths = node.parts.map((part) => matchWidth(part));
      return { min: sum(widths.map(({ min }) => min)), max: sum(widths.map(({ max }) => max)) };
    }
    case "either": {
      const widths = node.branches.map((branch) => matchWidth(branch));
      return { min: Math.min(...widths.map(({ min }) => min)), max: Math.max(...widths.map(({ max }) => max)) };
    }
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Infinity times nothing is nothing. */
function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : a * b;
}

/** `bytes` more, where there has been a keyword at all: -Infinity stays, also with endless width. */
function more(after: number, bytes: number): number {
  return after === -Infinity ? after : after + bytes;
}

function setWidth(runes: RuneSet): Width {
  const lowest = runes[0];
  const highest = runes.at(-1);
  return lowest === undefined || highest === undefined
    ? { min: 0, max: 0 }
    : { min: utf8Width(lowest[0]), max: utf8Width(highest[1]) };
}

export interface KeywordReach {
  /** Whether every match holds a keyword. The two numbers mean something only when it does. */
  readonly holds: boolean;
  /** In every match there is a keyword with at most this many bytes between the start of the match and the keyword's end … */
  readonly before: number;
  /** … and at most this many from there to the end of the match. */
  readonly after: number;
  /** Which keyword of a match that is. */
  readonly which: "first" | "last";
}

/**
 * What a regex says about keywords (lower case, compared without regard to ASCII case) in its matches. Exact, except that assertions
 * (`^`, `\b`) are taken to hold everywhere, which can only make the answer more careful; and a regex that takes too long is not proved.
 *
 * It walks the regex with the set of states that a keyword automaton (Aho-Corasick) can be in, as an abstract interpretation: no strings are
 * enumerated, so alternations, classes and counts of any size cost little.
 */
export function keywordReach(root: RegexNode, keywords: readonly string[]): KeywordReach {
  if (keywords.length === 0) return { holds: false, before: 0, after: 0, which: "first" };
  const first = firstKeyword(root, keywords);
  if (!first.holds) return first;
  // The last keyword is the first one of everything written backwards, where places are told from its other end. Either will do for
  // a window, so the tighter one counts: in `\w{0,20}key=` a first `key` could stand among the word characters, the last one cannot.
  const backwards = keywords.map((keyword) => Array.from(keyword).reverse().join(""));
  const last = firstKeyword(reversed(root), backwards);
  // It may take too long although the other way did not: then its numbers mean nothing.
  if (!last.holds) return first;
  const lengths = keywords.map((keyword) => Buffer.byteLength(keyword));
  const before = last.after + Math.max(...lengths);
  const after = last.before - Math.min(...lengths);
  return before + after < first.before + first.after ? { holds: true, before, after, which: "last" } : first;
}

/** Steps of one proof: three times what the largest of our own rules takes. A configuration can be hostile, and nested stars cost exponentially. */
const maxSteps = 10_000_000;

/** An automaton, and how many steps may still be made. */
interface Walker extends KeywordAutomaton {
  left: number;
}

class TooManySteps extends Error {}

function firstKeyword(root: RegexNode, keywords: readonly string[]): KeywordReach {
  try {
    return walkAll(root, { ...buildAutomaton(keywords), left: maxSteps });
  } catch (error) {
    if (error instanceof TooManySteps) return { holds: false, before: 0, after: 0, which: "first" };
    throw error;
  }
}

function walkAll(root: RegexNode, automaton: Walker): KeywordReach {
  const end = walk(root, { pending: new Map([[0, 0]]), before: -Infinity, after: -Infinity }, automaton);
  return {
    holds: end.pending.size === 0,
    before: Math.max(0, end.before),
    after: Math.max(0, end.after),
    which: "first",
  };
}

function reversed(node: RegexNode): RegexNode {
  switch (node.kind) {
    case "set":
    case "assertion":
      return node;
    case "capture":
    case "repeat":
      return { ...node, node: reversed(node.node) };
    case "concat":
      return { kind: "concat", parts: node.parts.map((part) => reversed(part)).reverse() };
    case "either":
      return { kind: "either", branches: node.branches.map((branch) => reversed(branch)) };
  }
}

/** What can have been read so far, over all ways to match. */
interface Reading {
  /** Automaton states without a keyword so far, each with the most bytes that lead there. */
  readonly pending: ReadonlyMap<number, number>;
  /** Most bytes up to the end of the first keyword; -Infinity while there is none. */
  readonly before: number;
  /** Most bytes since then. */
  readonly after: number;
}

function walk(node: RegexNode, from: Reading, automaton: Walker): Reading {
  automaton.left -= 1 + from.pending.size;
  if (automaton.left < 0) throw new TooManySteps();
  if (from.pending.size === 0) return { ...from, after: more(from.after, matchWidth(node).max) };
  switch (node.kind) {
    case "assertion":
      return from;
    case "capture":
      return walk(node.node, from, automaton);
    case "concat":
      return node.parts.reduce((reading, part) => walk(part, reading, automaton), from);
    case "either":
      return node.branches.map((branch) => walk(branch, from, automaton)).reduce(join);
    case "repeat":
      return walkRepeat(node.node, node.min, node.max, from, automaton);
    case "set":
      return walkSet(node.runes, from, automaton);
  }
}

function walkSet(runes: RuneSet, from: Reading, automaton: Walker): Reading {
  const { max: width } = setWidth(runes);
  const letters = lettersOf(runes, automaton);
  automaton.left -= from.pending.size * letters.length;
  const pending = new Map<number, number>();
  let { before } = from;
  let after = more(from.after, width);
  for (const [state, bytes] of from.pending) {
    const steps = automaton.steps[state];
    for (const letter of letters) {
      const next = letter === undefined ? 0 : (steps?.get(letter) ?? 0);
      if (next === hit) {
        before = Math.max(before, bytes + width);
        after = Math.max(after, 0);
      } else {
        pending.set(next, Math.max(pending.get(next) ?? 0, bytes + width));
      }
    }
  }
  return { pending, before, after };
}

/** Up to this many rounds of a repetition are walked one by one, which gives the tightest widths. */
const eagerRounds = 16;

function walkRepeat(node: RegexNode, min: number, max: number, from: Reading, automaton: Walker): Reading {
  let last = from;
  for (let count = 1; count <= min; count++) {
    const next = walk(node, last, automaton);
    const isSettled = hasSameStates(next, last);
    last = next;
    if (isSettled && min - count > eagerRounds) {
      last = skipRounds(node, min - count, last, automaton);
      break;
    }
  }
  for (let left = max - min; left > 0; left--) {
    const next = join(last, walk(node, last, automaton));
    if (isSame(next, last)) return last;
    const isSettled = hasSameStates(next, last);
    last = next;
    if (isSettled && left > eagerRounds) return skipRounds(node, left - 1, last, automaton);
  }
  return last;
}

/**
 * Once a round leaves the set of states as it was, further rounds do so too, and only widths grow: by a node's widest match a round at most.
 * (`rounds` may be Infinity.)
 */
function skipRounds(node: RegexNode, rounds: number, from: Reading, automaton: Walker): Reading {
  const { max: width } = matchWidth(node);
  const grown = (by: number): Map<number, number> =>
    new Map([...from.pending].map(([state, bytes]) => [state, bytes + times(width, by)]));
  const lastRound = walk(node, { pending: grown(rounds - 1), before: from.before, after: -Infinity }, automaton);
  return { pending: grown(rounds), before: lastRound.before, after: more(from.after, times(width, rounds)) };
}

function hasSameStates(a: Reading, b: Reading): boolean {
  return a.pending.size === b.pending.size && [...a.pending.keys()].every((state) => b.pending.has(state));
}

function join(a: Reading, b: Reading): Reading {
  const pending = new Map(a.pending);
  for (const [state, bytes] of b.pending) pending.set(state, Math.max(pending.get(state) ?? 0, bytes));
  return { pending, before: Math.max(a.before, b.before), after: Math.max(a.after, b.after) };
}

function isSame(a: Reading, b: Reading): boolean {
  if (a.before !== b.before || a.after !== b.after || a.pending.size !== b.pending.size) return false;
  return [...a.pending].every(([state, bytes]) => b.pending.get(state) === bytes);
}
