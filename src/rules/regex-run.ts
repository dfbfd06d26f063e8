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
  return run !== undefined && bits(run) >= leastBits ? run : undefined;
}

function best(node: RegexNode): ByteRun | undefined {
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
      const runs = node.branches.map((branch) => best(branch));
      return runs.reduce((all, run) =>
        all === undefined || run === undefined
          ? undefined
          : { members: union(all, run), least: Math.min(all.least, run.least) },
      );
    }
    case "concat":
      return bestStretch(node.parts);
  }
}

/** Neighbouring parts make one run over the bytes of all of them. */
function bestStretch(parts: readonly RegexNode[]): ByteRun | undefined {
  const runs = parts.slice(0, maxParts).map((part) => ({ whole: asRun(part), inner: best(part) }));
  let found: ByteRun | undefined;
  for (let from = 0; from < runs.length; from++) {
    found = better(found, runs[from]!.inner);
    let stretch = runs[from]!.whole;
    for (let to = from + 1; to < runs.length && stretch !== undefined; to++) {
      found = better(found, stretch);
      const next = runs[to]!.whole;
      stretch = next === undefined ? undefined : { members: union(stretch, next), least: stretch.least + next.least };
    }
    found = better(found, stretch);
  }
  return found;
}

/** Everything that a node can match, as one run over all its bytes. */
function asRun(node: RegexNode): ByteRun | undefined {
  const members = new Uint8Array(256);
  collect(node, members);
  const { min } = matchWidth(node);
  return { members, least: min };
}

function collect(node: RegexNode, members: Uint8Array): void {
  switch (node.kind) {
    case "assertion":
      return;
    case "set":
      return addRunes(node.runes, members);
    case "capture":
    case "repeat":
      return collect(node.node, members);
    case "concat":
      return node.parts.forEach((part) => collect(part, members));
    case "either":
      return node.branches.forEach((branch) => collect(branch, members));
  }
}

function addRunes(runes: RuneSet, members: Uint8Array): void {
  for (const [low, high] of runes) {
    for (let byte = low; byte <= Math.min(high, 0x7f); byte++) members[byte] = 1;
    if (utf8Width(high) > 1) members.fill(1, 0x80);
  }
}

function better(a: ByteRun | undefined, b: ByteRun | undefined): ByteRun | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return bits(b) > bits(a) ? b : a;
}

/** How unlikely the run is in random bytes. */
function bits({ members, least }: ByteRun): number {
  const size = members.reduce((sum, member) => sum + member, 0);
  return size === 0 ? 0 : least * Math.log2(256 / size);
}

function union(a: ByteRun, b: ByteRun): Uint8Array {
  return a.members.map((member, byte) => (member === 1 || b.members[byte] === 1 ? 1 : 0));
}
