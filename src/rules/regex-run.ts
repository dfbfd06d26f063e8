import { utf8Width, type RuneSet } from "./regex-runes.ts";
import { matchWidth } from "./regex-reach.ts";
import type { RegexNode } from "./regex-syntax.ts";

/** Every match holds at least `least` neighbouring bytes that are all members: a cheap test before a regex is tried. */
export interface ByteRun {
  /** 1 for each byte that belongs to the run. */
  readonly members: Uint8Array;
  readonly least: number;
}

/** A run that says less than this many bits stands in nearly every text. */
const leastBits = 12;
/** Concatenations are cut into at most this many parts for comparing all their stretches. */
const maxParts = 64;

/** The most telling run of a regex, or undefined when it has none worth looking for. */
export function tellingRun(root: RegexNode): ByteRun | undefined {
  const run = best(root);
  if (run === undefined || run.bits < leastBits) return undefined;
  const members = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) members[byte] = (run.set[byte >>> 5]! >>> (byte & 31)) & 1;
  return { members, least: run.least };
}

/** Bytes as bits: word 0 holds the bytes from 0 to 31. A configuration has any number of rules, so runs are made and compared a word at a time. */
type ByteSet = Uint32Array;

interface Run {
  readonly set: ByteSet;
  readonly least: number;
  /** How unlikely the run is in random bytes. */
  readonly bits: number;
}

function best(node: RegexNode): Run | undefined {
  switch (node.kind) {
    case "assertion":
      return undefined;
    case "set":
      return asRun(node);
    case "capture":
      return best(node.node);
    case "repeat":
      return node.min === 0 ? undefined : better(asRun(node), best(node.node));
    case "either": {
      const set: ByteSet = new Uint32Array(8);
      let least = Infinity;
      for (const branch of node.branches) {
        const run = best(branch);
        if (run === undefined) return undefined;
        addAll(set, run.set);
        least = Math.min(least, run.least);
      }
      return runOf(set, least);
    }
    case "concat":
      return bestStretch(node.parts);
  }
}

/** Neighbouring parts make one run over the bytes of all of them. */
function bestStretch(parts: readonly RegexNode[]): Run | undefined {
  const runs = parts.slice(0, maxParts).map((part) => ({ whole: asRun(part), inner: best(part) }));
  let found: Run | undefined;
  for (let from = 0; from < runs.length; from++) {
    found = better(found, runs[from]!.inner);
    const set = runs[from]!.whole.set.slice();
    let { least } = runs[from]!.whole;
    found = better(found, runOf(set.slice(), least));
    for (let to = from + 1; to < runs.length; to++) {
      addAll(set, runs[to]!.whole.set);
      least += runs[to]!.whole.least;
      const bits = bitsOf(set, least);
      if (found === undefined || bits > found.bits) found = { set: set.slice(), least, bits };
    }
  }
  return found;
}

/** Everything that a node can match, as one run over all its bytes. */
function asRun(node: RegexNode): Run {
  const set: ByteSet = new Uint32Array(8);
  collect(node, set);
  return runOf(set, matchWidth(node).min);
}

function collect(node: RegexNode, set: ByteSet): void {
  switch (node.kind) {
    case "assertion":
      return;
    case "set":
      return addRunes(node.runes, set);
    case "capture":
    case "repeat":
      return collect(node.node, set);
    case "concat":
      return node.parts.forEach((part) => collect(part, set));
    case "either":
      return node.branches.forEach((branch) => collect(branch, set));
  }
}

function addRunes(runes: RuneSet, set: ByteSet): void {
  for (const [low, high] of runes) {
    for (let byte = low; byte <= Math.min(high, 0x7f); byte++) set[byte >>> 5]! |= 1 << (byte & 31);
    if (utf8Width(high) > 1) set.fill(0xffffffff, 4);
  }
}

function addAll(set: ByteSet, other: ByteSet): void {
  for (let word = 0; word < 8; word++) set[word]! |= other[word]!;
}

function better(a: Run | undefined, b: Run | undefined): Run | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.bits > a.bits ? b : a;
}

function runOf(set: ByteSet, least: number): Run {
  return { set, least, bits: bitsOf(set, least) };
}

function bitsOf(set: ByteSet, least: number): number {
  let size = 0;
  for (const word of set) size += countBits(word);
  return size === 0 ? 0 : least * Math.log2(256 / size);
}

function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
