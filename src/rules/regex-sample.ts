import type { Random } from "./random.ts";
import { countRunes, runeAt } from "./regex-runes.ts";
import type { RuneRange, RuneSet } from "./regex-runes.ts";
import type { RegexNode } from "./regex-syntax.ts";

/** How often an open-ended repetition goes beyond its minimum, at most. */
const defaultMaxExtra = 12;

export interface SampleOptions {
  /** Extra rounds of `*`, `+` and `{n,}`; 12 unless told. */
  readonly maxExtra?: number;
  /** Whether runes beyond ASCII are drawn where a class has them; no unless told. */
  readonly beyondAscii?: boolean;
}

/**
 * A random text of a regex's language. Assertions (`^`, `\b`) are not looked at: a caller to whom they matter asks an engine whether the
 * text really matches.
 */
export function sampleRegex(node: RegexNode, random: Random, options: SampleOptions = {}): string {
  const out: string[] = [];
  write(node, random, options, out);
  return out.join("");
}

function write(node: RegexNode, random: Random, options: SampleOptions, out: string[]): void {
  switch (node.kind) {
    case "assertion":
      return;
    case "capture":
      return write(node.node, random, options, out);
    case "concat":
      for (const part of node.parts) write(part, random, options, out);
      return;
    case "either":
      return write(random.pick(node.branches), random, options, out);
    case "repeat": {
      const extra = Math.min(
        node.max - node.min,
        node.max === Infinity ? (options.maxExtra ?? defaultMaxExtra) : node.max - node.min,
      );
      // Both ends of a range are where borders go wrong: they come up more often than chance would have it.
      const rounds = random.pick([0, extra, random.integer(extra + 1)]);
      for (let count = 0; count < node.min + rounds; count++) write(node.node, random, options, out);
      return;
    }
    case "set":
      out.push(sampleSet(node.runes, random, options.beyondAscii ?? false));
  }
}

const printable: RuneRange = [0x20, 0x7e];
const ascii: RuneRange = [0, 0x7f];

function sampleSet(runes: RuneSet, random: Random, beyondAscii: boolean): string {
  const pool = beyondAscii && random.integer(8) === 0 ? runes : readablePool(runes);
  const size = countRunes(pool);
  if (size === 0) throw new RangeError("a class of the regex has no runes");
  return String.fromCodePoint(runeAt(pool, random.integer(size)));
}

/** A class is asked for as often as its repetition has rounds. */
const pools = new WeakMap<RuneSet, RuneSet>();

/** The runes of a class that people can read where it has such, else its ASCII ones, else all. */
function readablePool(runes: RuneSet): RuneSet {
  const known = pools.get(runes);
  if (known !== undefined) return known;
  const pool = [cut(runes, printable), cut(runes, ascii)].find((one) => one.length > 0) ?? runes;
  pools.set(runes, pool);
  return pool;
}

function cut(runes: RuneSet, [from, to]: RuneRange): RuneSet {
  return runes.flatMap(([low, high]): RuneRange[] =>
    low <= to && high >= from ? [[Math.max(low, from), Math.min(high, to)]] : [],
  );
}
