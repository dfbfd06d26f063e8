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

interface TrieNode {
  readonly children: Map<number, TrieNode>;
  /** Its place among the states; `hit` where a keyword ends. */
  state: number;
  /** What a rune leads to from here, also by way of shorter suffixes; never the root. */
  readonly next: Map<number, TrieNode>;
}

function trieNode(): TrieNode {
  return { children: new Map(), state: 0, next: new Map() };
}

/** Keywords are compared without regard to ASCII case. */
export function buildAutomaton(keywords: readonly string[]): KeywordAutomaton {
  const words = keywords.map((keyword) => Array.from(keyword.toLowerCase(), (char) => char.codePointAt(0) ?? 0));
  const root = trieNode();
  for (const word of words) insert(root, word);
  // Breadth first, each node with the node of its longest proper suffix: what has no child here goes on as it does there.
  const queue: { readonly node: TrieNode; readonly suffix: TrieNode }[] = [{ node: root, suffix: root }];
  const states: TrieNode[] = [];
  for (const { node, suffix } of queue) {
    if (suffix.state === hit) node.state = hit;
    if (node.state === hit) continue;
    node.state = states.push(node) - 1;
    for (const [rune, target] of suffix.next) node.next.set(rune, target);
    for (const [rune, child] of node.children) {
      queue.push({ node: child, suffix: (node === root ? undefined : suffix.next.get(rune)) ?? root });
      node.next.set(rune, child);
    }
  }
  const steps = states.map((node) => new Map([...node.next].map(([rune, target]) => [rune, target.state])));
  return { steps, runes: [...new Set(words.flat())] };
}

function insert(root: TrieNode, word: readonly number[]): void {
  let node = root;
  for (const rune of word) {
    const child = node.children.get(rune) ?? trieNode();
    node.children.set(rune, child);
    node = child;
  }
  if (node !== root) node.state = hit;
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
