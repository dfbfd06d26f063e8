import { append } from "../../model/multimap.ts";
/**
 * An Aho-Corasick automaton over bytes, as one dense table, with ASCII letters folded in its classes: `next = table[state << shift | class]`.
 * Output states are numbered last, so that one comparison tells them.
 */
export interface Automaton {
  /** Class of each byte; upper and lower case share one. */
  readonly classes: Uint8Array;
  readonly table: Uint16Array;
  /** Columns of the table are `1 << shift`. */
  readonly shift: number;
  readonly firstOutput: number;
  /** For output state `firstOutput + i`: numbers of the keywords that end there. */
  readonly outputs: readonly Uint16Array[];
  /** Bytes of each keyword that the automaton matches: its anchor. The whole keyword, unless it is long or there are too many states. */
  readonly anchors: readonly number[];
  /** Length of the longest anchor. */
  readonly longest: number;
}

/** Sixteen bytes are as rare as thirty, and the shorter the anchors, the less has to be looked at around an edit. */
const longestAnchor = 16;
/** With so few bytes there are never too many states: 63 classes make 4,033 of them. */
const leastAnchor = 2;
/** State numbers have 16 bits. */
const maxStates = 60_000;

/** Builds the automaton for non-empty lower-case keywords. With very many of them, anchors are cut shorter until the states fit. */
export function buildAutomaton(keywords: readonly Uint8Array[]): Automaton {
  for (let limit = longestAnchor; ; limit--) {
    const anchors = keywords.map((keyword) => keyword.subarray(0, limit));
    const trie = buildTrie(anchors, limit === leastAnchor ? Infinity : maxStates);
    if (trie !== undefined) return finish(trie, anchors);
  }
}

interface Trie {
  readonly classes: Uint8Array;
  readonly shift: number;
  /** `next[state << shift | class]`; 0: none yet. State 0 is the root. */
  readonly next: Uint32Array;
  readonly count: number;
  /** Keywords that end in each state, where there are any. */
  readonly ends: Map<number, number[]>;
}

/** Undefined when there are more states than allowed. */
function buildTrie(anchors: readonly Uint8Array[], most: number): Trie | undefined {
  const { classes, count: columns } = classify(anchors);
  const shift = Math.max(1, Math.ceil(Math.log2(columns)));
  const bound = anchors.reduce((sum, anchor) => sum + anchor.length, 1);
  let next = new Uint32Array(Math.min(bound, 4096) << shift);
  const ends = new Map<number, number[]>();
  let count = 1;
  for (let number = 0; number < anchors.length; number++) {
    let state = 0;
    for (const byte of anchors[number]!) {
      const at = (state << shift) | classes[byte]!;
      state = next[at]!;
      if (state !== 0) continue;
      state = count++;
      if (count > most) return undefined;
      if (count << shift > next.length) next = grown(next);
      next[at] = state;
    }
    append(ends, state, number);
  }
  return { classes, shift, next, count, ends };
}

function grown(next: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(next.length * 2);
  larger.set(next);
  return larger;
}

/** Fills in where each state goes on every class, breadth first, and numbers the states anew. */
function finish(trie: Trie, anchors: readonly Uint8Array[]): Automaton {
  const { classes, shift, next, count, ends } = trie;
  const width = 1 << shift;
  const fail = new Uint32Array(count);
  const order = new Uint32Array(count);
  let reached = 1;
  for (let at = 0; at < reached; at++) {
    const state = order[at]!;
    const fallback = fail[state]!;
    if (state !== 0) {
      const inherited = ends.get(fallback);
      if (inherited !== undefined) ends.set(state, [...(ends.get(state) ?? []), ...inherited]);
    }
    const row = state << shift;
    const failRow = fallback << shift;
    for (let column = 0; column < width; column++) {
      const to = next[row | column]!;
      const onFail = state === 0 ? 0 : next[failRow | column]!;
      if (to === 0) next[row | column] = onFail;
      else {
        fail[to] = onFail;
        order[reached++] = to;
      }
    }
  }

  // Plain states keep breadth-first order (states near the root lie together in the cache); output states come last.
  const plain = order.filter((state) => !ends.has(state));
  const output = order.filter((state) => ends.has(state));
  const numberOf = new Uint16Array(count);
  plain.forEach((state, number) => (numberOf[state] = number));
  output.forEach((state, i) => (numberOf[state] = plain.length + i));
  const table = new Uint16Array(count * width);
  for (let state = 0; state < count; state++) {
    const from = state << shift;
    const to = numberOf[state]! << shift;
    for (let column = 0; column < width; column++) table[to | column] = numberOf[next[from | column]!]!;
  }
  return {
    classes,
    table,
    shift,
    firstOutput: plain.length,
    outputs: Array.from(output, (state) => Uint16Array.from(new Set(ends.get(state)!)).sort()),
    anchors: anchors.map((anchor) => anchor.length),
    longest: anchors.reduce((longest, anchor) => Math.max(longest, anchor.length), 0),
  };
}

/** With class 0: a table of 64 columns, which fits into the cache twice as well as one of 128. */
const maxClasses = 63;
/** Classes for bytes beyond ASCII where there are not enough for all. */
const beyondAscii = 16;

/**
 * Class 0 is every byte that no keyword holds; upper and lower case share one. Where the others are too many for a small table, rare punctuation
 * shares a class and so do bytes beyond ASCII, in turn. A text that differs from a keyword in nothing else is then taken for it, which the rule's
 * regex puts right.
 */
function classify(anchors: readonly Uint8Array[]): { classes: Uint8Array; count: number } {
  const uses = new Uint32Array(256);
  for (const anchor of anchors) for (const byte of anchor) uses[byte]!++;
  const used = Array.from(uses.keys()).filter((byte) => uses[byte]! > 0);
  const classes = new Uint8Array(256);
  let count = 1;
  if (used.length <= maxClasses) for (const byte of used) classes[byte] = count++;
  else {
    const beyond = used.filter((byte) => byte >= 0x80);
    const plain = used
      .filter((byte) => byte < 0x80)
      .sort((a, b) => Number(isWord(b)) - Number(isWord(a)) || uses[b]! - uses[a]! || a - b);
    const shares = Math.min(beyond.length, beyondAscii);
    const own = maxClasses - shares - 1;
    for (const byte of plain.slice(0, own)) classes[byte] = count++;
    if (plain.length > own) {
      for (const byte of plain.slice(own)) classes[byte] = count;
      count++;
    }
    beyond.forEach((byte, i) => (classes[byte] = count + (i % shares)));
    count += shares;
  }
  for (let byte = 0x61; byte <= 0x7a; byte++) classes[byte - 32] = classes[byte]!;
  return { classes, count };
}

function isWord(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a);
}
