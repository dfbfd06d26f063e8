import type { FollowProgram, Rule } from "../model/rule.ts";
import { keywordExits } from "./keyword-exits.ts";
import { positionsOf, type Positions } from "./regex-positions.ts";
import { keywordReach } from "./regex-reach.ts";
import { parseRegex } from "./regex-syntax.ts";
import { append } from "../model/multimap.ts";

/** State numbers have a byte. */
const mostStates = 256;
const dead = 0;
const pass = 1;
const start = 2;

/**
 * What must stand behind each keyword of a rule for a match to be possible: undefined where nothing can be told. Matches are told by their first
 * keyword, or by their last one, as the rule's window is. Exact but for what `positionsOf` leaves out.
 */
export function followOf(rule: Pick<Rule, "regex" | "keywords" | "reach">): (FollowProgram | undefined)[] {
  const { regex, keywords, reach } = rule;
  const nothing = keywords.map(() => undefined);
  if (regex === undefined || reach === "whole") return nothing;
  const { root } = parseRegex(regex);
  const positions = positionsOf(root);
  const exits =
    positions === undefined ? undefined : keywordExits(positions, keywords, keywordReach(root, keywords).which);
  if (positions === undefined || exits === undefined) return nothing;
  const last = new Set(positions.last);
  // Keywords of one rule mostly have the same behind them.
  const made = new Map<string, FollowProgram>();
  return exits.map((from) => {
    if ([...from].some((position) => last.has(position))) return undefined;
    const key = [...new Set([...from].flatMap((position) => [...positions.follow[position]!]))]
      .sort((a, b) => a - b)
      .join(" ");
    let program = made.get(key);
    if (program === undefined) made.set(key, (program = minimize(determinize(positions, from))));
    return program;
  });
}

/** A set of positions: one bit each. */
type Bits = Uint32Array;

/** The subset construction, breadth first; where it needs more states than there are, everything passes from there on. */
function determinize(positions: Positions, from: ReadonlySet<number>): FollowProgram {
  const words = (positions.setOf.length + 31) >>> 5;
  const bits = (members: Iterable<number>): Bits => {
    const set = new Uint32Array(words);
    for (const position of members) set[position >>> 5]! |= 1 << (position & 31);
    return set;
  };
  const { classes, members } = classify(positions, from);
  const follow = positions.follow.map(bits);
  const last = bits(positions.last);
  const everyPosition = [...positions.setOf.keys()];
  const readers = members.map((byte) =>
    bits(everyPosition.filter((position) => positions.sets[positions.setOf[position]!]![byte] === 1)),
  );
  const to = new Uint32Array(words);
  // States by a hash of their positions; the first one's are those that it starts from.
  const subsets: Bits[] = [];
  const byHash = new Map<number, number[]>();
  const add = (set: Bits): number => {
    const state = subsets.push(set) - 1 + start;
    const hash = hashOf(set);
    append(byHash, hash, state);
    return state;
  };
  const find = (set: Bits): number | undefined =>
    byHash.get(hashOf(set))?.find((state) => subsets[state - start]!.every((word, at) => word === set[at]));
  add(bits(from));
  const enter = (next: Bits, reader: Bits): number => {
    let any = 0;
    let ended = 0;
    for (let word = 0; word < words; word++) {
      const both = next[word]! & reader[word]!;
      to[word] = both;
      any |= both;
      ended |= both & last[word]!;
    }
    if (any === 0) return dead;
    if (ended !== 0) return pass;
    const known = find(to);
    if (known !== undefined) return known;
    if (subsets.length + start === mostStates) return pass;
    return add(to.slice());
  };
  const rows: Uint8Array[] = [new Uint8Array(members.length), new Uint8Array(members.length).fill(pass)];
  const next = new Uint32Array(words);
  for (const subset of subsets) {
    next.fill(0);
    forEachBit(subset, (position) => {
      const to = follow[position]!;
      for (let word = 0; word < words; word++) next[word]! |= to[word]!;
    });
    const row = new Uint8Array(members.length);
    rows.push(row);
    for (let one = 0; one < readers.length; one++) row[one] = enter(next, readers[one]!);
  }
  return { classes, width: members.length, table: Buffer.concat(rows) };
}

function hashOf(set: Bits): number {
  let hash = 0;
  for (let at = 0; at < set.length; at++) hash = Math.imul(hash ^ set[at]!, 0x9e3779b1) ^ (hash >>> 15);
  return hash;
}

function forEachBit(set: Bits, found: (position: number) => void): void {
  for (let word = 0; word < set.length; word++) {
    for (let left = set[word]!; left !== 0; left &= left - 1) found(32 * word + 31 - Math.clz32(left & -left));
  }
}

/** Bytes that every position reached from `from` reads alike share a class. `members`: one byte of each class. */
function classify(positions: Positions, from: ReadonlySet<number>): { classes: Uint8Array; members: number[] } {
  const { setOf, sets, follow } = positions;
  const reached = new Set<number>();
  const waiting = [...from];
  for (let position = waiting.pop(); position !== undefined; position = waiting.pop()) {
    for (const to of follow[position]!) {
      if (reached.has(to)) continue;
      reached.add(to);
      waiting.push(to);
    }
  }
  const used = [...new Set([...reached].map((position) => setOf[position]!))];
  const classes = new Uint8Array(256);
  const numbers = new Map<string, number>();
  const members: number[] = [];
  for (let byte = 0; byte < 256; byte++) {
    const key = used.map((set) => sets[set]![byte]).join("");
    let number = numbers.get(key);
    if (number === undefined) {
      number = members.push(byte) - 1;
      numbers.set(key, number);
    }
    classes[byte] = number;
  }
  return { classes, members };
}

/** States that nothing tells apart become one (Moore's refinement); dead, pass and start keep their numbers. */
function minimize({ classes, width, table }: FollowProgram): FollowProgram {
  const count = table.length / width;
  const split = new Uint16Array(count);
  const group = Uint16Array.from({ length: count }, (_, state) => Math.min(state, start));
  for (let groups = start + 1, before = 0; groups !== before;) {
    before = groups;
    for (let one = 0; one < width; one++) {
      // Dead and pass come first, so they stay 0 and 1.
      const numbers = new Map<number, number>();
      for (let state = 0; state < count; state++) {
        const key = group[state]! * 65_536 + group[table[state * width + one]!]!;
        const number = numbers.get(key) ?? numbers.size;
        if (number === numbers.size) numbers.set(key, number);
        split[state] = number;
      }
      group.set(split);
      groups = numbers.size;
    }
  }
  const least = new Uint8Array(width * (Math.max(...group) + 1));
  for (let state = count - 1; state >= 0; state--) {
    for (let one = 0; one < width; one++) least[group[state]! * width + one] = group[table[state * width + one]!]!;
  }
  return { classes, width, table: least };
}
