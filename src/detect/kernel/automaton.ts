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
  /** Bytes of each keyword that the automaton matches: its anchor. The whole keyword, unless there are too many states. */
  readonly anchors: readonly number[];
  /** Length of the longest anchor. */
  readonly longest: number;
}

/** Sixteen bytes are as rare as thirty, and the shorter the anchors, the less has to be looked at around an edit. */
const longestAnchor = 16;
/** State numbers have 16 bits. */
const maxStates = 60_000;

/** Builds the automaton for non-empty lower-case keywords. With very many of them, anchors are cut shorter until the states fit. */
export function buildAutomaton(keywords: readonly Uint8Array[]): Automaton {
  let anchorLimit = longestAnchor;
  while (anchorLimit > 3 && countStates(keywords, anchorLimit) > maxStates) anchorLimit--;
  return build(keywords.map((keyword) => keyword.subarray(0, anchorLimit)));
}

function countStates(keywords: readonly Uint8Array[], limit: number): number {
  const prefixes = new Set<string>();
  for (const keyword of keywords) {
    const text = Buffer.from(keyword.subarray(0, limit)).toString("latin1");
    for (let end = 1; end <= text.length; end++) prefixes.add(text.slice(0, end));
  }
  return prefixes.size + 1;
}

function build(anchors: readonly Uint8Array[]): Automaton {
  const { classes, count } = classify(anchors);
  const shift = Math.max(1, Math.ceil(Math.log2(count)));
  const width = 1 << shift;

  const goto: Int32Array[] = [new Int32Array(width).fill(-1)];
  const ends: number[][] = [[]];
  anchors.forEach((anchor, number) => {
    let state = 0;
    for (const byte of anchor) {
      const column = classes[byte]!;
      let next = goto[state]![column]!;
      if (next < 0) {
        next = goto.length;
        goto.push(new Int32Array(width).fill(-1));
        ends.push([]);
        goto[state]![column] = next;
      }
      state = next;
    }
    ends[state]!.push(number);
  });

  const fail = new Int32Array(goto.length);
  const queue: number[] = [];
  for (let column = 0; column < width; column++) {
    const next = goto[0]![column]!;
    if (next < 0) goto[0]![column] = 0;
    else queue.push(next);
  }
  for (let at = 0; at < queue.length; at++) {
    const state = queue[at]!;
    ends[state]!.push(...ends[fail[state]!]!);
    for (let column = 0; column < width; column++) {
      const next = goto[state]![column]!;
      const onFail = goto[fail[state]!]![column]!;
      if (next < 0) goto[state]![column] = onFail;
      else {
        fail[next] = onFail;
        queue.push(next);
      }
    }
  }

  // Plain states keep breadth-first order (states near the root lie together in the cache); output states come last.
  const order = [0, ...queue];
  const plain = order.filter((state) => ends[state]!.length === 0);
  const output = order.filter((state) => ends[state]!.length > 0);
  const numberOf = new Uint16Array(goto.length);
  [...plain, ...output].forEach((state, number) => (numberOf[state] = number));
  const table = new Uint16Array(goto.length * width);
  for (const state of order) {
    const row = numberOf[state]! * width;
    for (let column = 0; column < width; column++) table[row + column] = numberOf[goto[state]![column]!]!;
  }
  return {
    classes,
    table,
    shift,
    firstOutput: plain.length,
    outputs: output.map((state) => Uint16Array.from([...new Set(ends[state]!)].sort((a, b) => a - b))),
    anchors: anchors.map((anchor) => anchor.length),
    longest: Math.max(0, ...anchors.map((anchor) => anchor.length)),
  };
}

/** Class 0 is every byte that no keyword holds. */
function classify(anchors: readonly Uint8Array[]): { classes: Uint8Array; count: number } {
  const classes = new Uint8Array(256);
  let count = 1;
  for (const anchor of anchors) {
    for (const byte of anchor) {
      if (classes[byte] !== 0) continue;
      classes[byte] = count;
      if (byte >= 0x61 && byte <= 0x7a) classes[byte - 32] = count;
      count++;
    }
  }
  return { classes, count };
}
