/**
 * An Aho-Corasick automaton over runes, for reasoning about keywords in a regex's language (`src/detect/kernel` has the one that scans bytes).
 */
import { countRunes, hasRune } from "./regex-runes.ts";
import type { RuneSet } from "./regex-runes.ts";

export interface KeywordAutomaton {
  /** Next state by rune; a rune without entry leads to state 0. State `hit` is not among them. */
  readonly steps: readonly ReadonlyMap<number, number>[];
  readonly runes: readonly number[];
}

/** The state after a whole keyword. */
export const hit = -1;

/** Keywords are compared without regard to ASCII case. */
export function buildAutomaton(keywords: readonly string[]): KeywordAutomaton {
  const words = keywords.map((keyword) => Array.from(keyword.toLowerCase(), (char) => char.codePointAt(0) ?? 0));
  const prefixes = [...new Set(words.flatMap((word) => word.map((_, length) => word.slice(0, length).join(","))))];
  if (prefixes.length === 0) prefixes.push("");
  const stateOf = new Map(prefixes.map((prefix, state) => [prefix, state]));
  const runes = [...new Set(words.flat())];
  const complete = new Set(words.map((word) => word.join(",")));
  const steps = prefixes.map((prefix) => {
    const seen = prefix === "" ? [] : prefix.split(",").map(Number);
    const step = new Map<number, number>();
    for (const rune of runes) {
      const next = longestState([...seen, rune], stateOf, complete);
      if (next !== 0) step.set(rune, next);
    }
    return step;
  });
  return { steps, runes };
}

/** The state of the longest suffix that starts a keyword; `hit` when a suffix is one. */
function longestState(seen: readonly number[], stateOf: ReadonlyMap<string, number>, complete: ReadonlySet<string>): number {
  let state: number | undefined;
  for (let start = 0; start <= seen.length; start++) {
    const suffix = seen.slice(start).join(",");
    if (suffix !== "" && complete.has(suffix)) return hit;
    state ??= stateOf.get(suffix);
  }
  return state ?? 0;
}

/** The keyword runes that a set can read, without case; undefined among them stands for all other runes. */
export function lettersOf(runes: RuneSet, automaton: KeywordAutomaton): (number | undefined)[] {
  const letters: (number | undefined)[] = [];
  let members = 0;
  for (const rune of automaton.runes) {
    const cases = rune >= 0x61 && rune <= 0x7a ? [rune, rune - 32] : [rune];
    const found = cases.filter((one) => hasRune(runes, one)).length;
    if (found > 0) letters.push(rune);
    members += found;
  }
  if (countRunes(runes) > members) letters.push(undefined);
  return letters;
}
