import type { RuneSet } from "./regex-runes.ts";
import type { RegexNode } from "./regex-syntax.ts";

/**
 * A regex as its positions (Glushkov's construction): a position is one place of the regex that reads one byte. There are no empty steps, so the
 * same positions can be walked forwards and backwards.
 *
 * It reads more than the regex does, never less: assertions hold everywhere, large counts are endless ones, and runes beyond ASCII are any such rune.
 */
export interface Positions {
  /** By position: number of the byte set that it reads. */
  readonly setOf: readonly number[];
  /** By number: 256 bytes, 1 for members. */
  readonly sets: readonly Uint8Array[];
  /** By position: what may be read next. */
  readonly follow: readonly ReadonlySet<number>[];
  /** What a match may begin with, and end with. */
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** More rounds of a repetition than this are not told apart. */
const mostRounds = 12;
/** Further rounds that may be there or not: more are taken for any number. */
const mostOptional = 2;
/** A regex with more positions is not looked at. */
const mostPositions = 3_000;

/** Of a class with more runes beyond ASCII, bytes are not told apart. */
const mostExactRunes = 4;

interface Part {
  readonly nullable: boolean;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

class TooManyPositions extends Error {}

/** The positions of a regex, or undefined when there are too many. */
export function positionsOf(root: RegexNode): Positions | undefined {
  const builder = new Builder();
  try {
    const { first, last } = builder.part(root);
    return { setOf: builder.setOf, sets: builder.sets, follow: builder.follow, first, last };
  } catch (error) {
    if (error instanceof TooManyPositions) return undefined;
    throw error;
  }
}

const empty: Part = { nullable: true, first: [], last: [] };

class Builder {
  readonly setOf: number[] = [];
  readonly sets: Uint8Array[] = [];
  readonly follow: Set<number>[] = [];
  readonly #numbers = new Map<string, number>();

  part(node: RegexNode): Part {
    switch (node.kind) {
      case "assertion":
        return empty;
      case "capture":
        return this.part(node.node);
      case "set":
        return this.#runes(node.runes);
      case "concat":
        return node.parts.reduce((all, part) => this.#join(all, this.part(part)), empty);
      case "either":
        return either(node.branches.map((branch) => this.part(branch)));
      case "repeat":
        return this.#repeat(node.node, node.min, node.max);
    }
  }

  #repeat(node: RegexNode, min: number, max: number): Part {
    if (max === 0) return empty;
    let all = empty;
    let last = empty;
    const rounds = Math.min(min, mostRounds);
    for (let round = 0; round < rounds; round++) {
      last = this.part(node);
      all = this.#join(all, last);
    }
    const isShort = rounds === min && max - min <= mostOptional;
    if (isShort) {
      for (let round = min; round < max; round++) all = this.#join(all, { ...this.part(node), nullable: true });
      return all;
    }
    if (rounds > 0) {
      this.#link(last.last, last.first);
      return all;
    }
    const any = this.part(node);
    this.#link(any.last, any.first);
    return { ...any, nullable: true };
  }

  #join(before: Part, after: Part): Part {
    this.#link(before.last, after.first);
    return {
      nullable: before.nullable && after.nullable,
      first: before.nullable ? [...before.first, ...after.first] : before.first,
      last: after.nullable ? [...before.last, ...after.last] : after.last,
    };
  }

  #link(from: readonly number[], to: readonly number[]): void {
    for (const one of from) for (const other of to) this.follow[one]!.add(other);
  }

  #runes(runes: RuneSet): Part {
    const plain = new Uint8Array(256);
    for (const [low, high] of runes) if (low < 0x80) plain.fill(1, low, Math.min(high, 0x7f) + 1);
    const first: number[] = [];
    const last: number[] = [];
    if (plain.includes(1)) {
      const position = this.#position(plain);
      first.push(position);
      last.push(position);
    }
    const beyond = runesBeyondAscii(runes);
    if (beyond === undefined) {
      const lead = this.#position(range(0xc2, 0xf4));
      const rest = this.#position(range(0x80, 0xbf));
      this.#link([lead, rest], [rest]);
      first.push(lead);
      last.push(rest);
    }
    for (const rune of beyond ?? []) {
      const chain = [...Buffer.from(String.fromCodePoint(rune))].map((byte) => this.#position(range(byte, byte)));
      chain.slice(1).forEach((position, i) => this.#link([chain[i]!], [position]));
      first.push(chain[0]!);
      last.push(chain.at(-1)!);
    }
    return { nullable: false, first, last };
  }

  #position(set: Uint8Array): number {
    if (this.setOf.length === mostPositions) throw new TooManyPositions();
    const key = Buffer.from(set).toString("latin1");
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.sets.push(set) - 1;
      this.#numbers.set(key, number);
    }
    this.follow.push(new Set());
    return this.setOf.push(number) - 1;
  }
}

function range(low: number, high: number): Uint8Array {
  return new Uint8Array(256).fill(1, low, high + 1);
}

/** The runes beyond ASCII, or undefined when they are more than a few: letters of keywords are read exactly. */
function runesBeyondAscii(runes: RuneSet): number[] | undefined {
  const found: number[] = [];
  for (const [low, high] of runes) {
    for (let rune = Math.max(low, 0x80); rune <= high; rune++) if (found.push(rune) > mostExactRunes) return undefined;
  }
  return found;
}

function either(parts: readonly Part[]): Part {
  return {
    nullable: parts.some(({ nullable }) => nullable),
    first: parts.flatMap(({ first }) => first),
    last: parts.flatMap(({ last }) => last),
  };
}
