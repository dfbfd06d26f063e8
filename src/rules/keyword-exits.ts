import type { Positions } from "./regex-positions.ts";

/**
 * For each keyword (lower case, compared without regard to ASCII case): the positions that may read its last byte where it is the first keyword of a
 * match, or the last one. No other occurrence of a keyword need be looked at: every match has a first and a last one.
 */
export function keywordExits(
  positions: Positions,
  keywords: readonly string[],
  which: "first" | "last",
): readonly ReadonlySet<number>[] | undefined {
  const words = keywords.map((keyword) => Buffer.from(keyword));
  if (which === "first") return firstEnds(positions, words);
  // The last keyword is the first one of everything read backwards, which gives where it starts.
  const starts = firstEnds(
    backwards(positions),
    words.map((word) => Buffer.from(word).reverse()),
  );
  return starts?.map((from, number) => readOn(positions, from, words[number]!.subarray(1)));
}

function backwards({ setOf, sets, follow, first, last }: Positions): Positions {
  const before = follow.map(() => new Set<number>());
  follow.forEach((next, position) => next.forEach((to) => before[to]!.add(position)));
  return { setOf, sets, follow: before, first: last, last: first };
}

function readOn(positions: Positions, from: ReadonlySet<number>, bytes: Uint8Array): ReadonlySet<number> {
  let at = from;
  for (const byte of bytes) {
    const next = new Set<number>();
    for (const position of at) {
      for (const to of positions.follow[position]!) {
        const set = positions.sets[positions.setOf[to]!]!;
        if (set[byte] === 1 || set[upper(byte)] === 1) next.add(to);
      }
    }
    at = next;
  }
  return at;
}

/** Pairs of position and keyword state that one walk may meet: a configuration can be hostile. */
const mostPairs = 300_000;

/** Undefined when it would take too long. */
function firstEnds(positions: Positions, words: readonly Uint8Array[]): readonly ReadonlySet<number>[] | undefined {
  const { setOf, sets, follow, first } = positions;
  const automaton = new Trie(words);
  const letters = sets.map((set) => automaton.letters(set));
  const ends = words.map(() => new Set<number>());
  const states = automaton.count;
  const seen = new Set<number>();
  const waiting: number[] = [];
  const enter = (position: number, state: number): void => {
    for (const letter of letters[setOf[position]!]!) {
      const to = automaton.step(state, letter);
      const found = automaton.ends(to);
      if (found.length > 0) {
        for (const word of found) ends[word]!.add(position);
        continue;
      }
      const pair = position * states + to;
      if (seen.has(pair)) continue;
      seen.add(pair);
      waiting.push(pair);
    }
  };
  for (const position of first) enter(position, 0);
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
    if (seen.size > mostPairs) return undefined;
    for (const to of follow[Math.floor(pair / states)]!) enter(to, pair % states);
  }
  return ends;
}

/** An Aho-Corasick automaton over folded bytes; letter -1 is every byte that no word holds. */
class Trie {
  readonly #children: Map<number, number>[] = [new Map()];
  readonly #ends: number[][] = [[]];
  readonly #fail: number[] = [0];
  readonly #used: readonly number[];

  constructor(words: readonly Uint8Array[]) {
    words.forEach((word, number) => {
      let state = 0;
      for (const byte of word) state = this.#child(state, byte);
      this.#ends[state]!.push(number);
    });
    this.#used = [...new Set(words.flatMap((word) => [...word]))];
    const queue = [0];
    for (const state of queue) {
      for (const [byte, child] of this.#children[state]!) {
        if (state !== 0) this.#fail[child] = this.step(this.#fail[state]!, byte);
        this.#ends[child]!.push(...this.#ends[this.#fail[child]!]!);
        queue.push(child);
      }
    }
  }

  get count(): number {
    return this.#children.length;
  }

  ends(state: number): readonly number[] {
    return this.#ends[state]!;
  }

  step(state: number, byte: number): number {
    for (let at = state; ; at = this.#fail[at]!) {
      const child = this.#children[at]!.get(byte);
      if (child !== undefined) return child;
      if (at === 0) return 0;
    }
  }

  /** The letters that a set can read. */
  letters(set: Uint8Array): number[] {
    const found = this.#used.filter((byte) => set[byte] === 1 || set[upper(byte)] === 1);
    const known = new Set(found.flatMap((byte) => [byte, upper(byte)]));
    return set.some((member, byte) => member === 1 && !known.has(byte)) ? [...found, -1] : found;
  }

  #child(state: number, byte: number): number {
    let child = this.#children[state]!.get(byte);
    if (child === undefined) {
      child = this.#children.push(new Map()) - 1;
      this.#ends.push([]);
      this.#fail.push(0);
      this.#children[state]!.set(byte, child);
    }
    return child;
  }
}

function upper(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte;
}
