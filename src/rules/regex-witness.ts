import { buildAutomaton, hit, lettersOf } from "./keyword-automaton.ts";
import type { KeywordAutomaton } from "./keyword-automaton.ts";
import { hasRune, runeAt } from "./regex-runes.ts";
import type { RuneSet } from "./regex-runes.ts";
import type { RegexNode } from "./regex-syntax.ts";

/**
 * A text of a regex's language that holds none of the keywords, to show why a proof fails; undefined when there is none.
 * Walks as `keywordReach` does, with one text for each state.
 */
export function textWithoutKeyword(root: RegexNode, keywords: readonly string[]): string | undefined {
  const texts = walk(root, new Map([[0, ""]]), buildAutomaton(keywords));
  return [...texts.values()].sort((a, b) => a.length - b.length)[0];
}

/** For each state of the automaton, a text that leads there without a keyword. */
type Texts = ReadonlyMap<number, string>;

function walk(node: RegexNode, from: Texts, automaton: KeywordAutomaton): Texts {
  switch (node.kind) {
    case "assertion":
      return from;
    case "capture":
      return walk(node.node, from, automaton);
    case "concat":
      return node.parts.reduce((texts, part) => walk(part, texts, automaton), from);
    case "either":
      return node.branches.map((branch) => walk(branch, from, automaton)).reduce(join);
    case "repeat":
      return walkRepeat(node.node, node.min, node.max, from, automaton);
    case "set":
      return walkSet(node.runes, from, automaton);
  }
}

function walkSet(runes: RuneSet, from: Texts, automaton: KeywordAutomaton): Texts {
  const texts = new Map<number, string>();
  const letters = lettersOf(runes, automaton);
  const other = otherRune(runes, automaton);
  for (const [state, text] of from) {
    for (const letter of letters) {
      const next = letter === undefined ? 0 : (automaton.steps[state]?.get(letter) ?? 0);
      if (next !== hit && !texts.has(next))
        texts.set(
          next,
          text + String.fromCodePoint(letter === undefined ? other : hasRune(runes, letter) ? letter : letter - 32),
        );
    }
  }
  return texts;
}

/** A rune of the set that no keyword has; a printable one where there is one. */
function otherRune(runes: RuneSet, automaton: KeywordAutomaton): number {
  const isOther = (rune: number): boolean =>
    !automaton.runes.includes(String.fromCodePoint(rune).toLowerCase().codePointAt(0) ?? rune);
  for (let rune = 0x7e; rune >= 0x20; rune--) if (hasRune(runes, rune) && isOther(rune)) return rune;
  return runeAt(runes, 0);
}

function walkRepeat(node: RegexNode, min: number, max: number, from: Texts, automaton: KeywordAutomaton): Texts {
  let all = from;
  for (let count = 0; count < min; count++) all = walk(node, all, automaton);
  for (let count = min; count < max; count++) {
    const joined = join(all, walk(node, all, automaton));
    if (joined.size === all.size) return all;
    all = joined;
  }
  return all;
}

function join(a: Texts, b: Texts): Texts {
  return new Map([...b, ...a]);
}
