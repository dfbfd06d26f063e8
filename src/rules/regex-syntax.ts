import {
  anyRune,
  complement,
  digitRunes,
  foldCase,
  maxRune,
  newline,
  posixClasses,
  runeSet,
  spaceRunes,
  unicodeClass,
  wordRunes,
} from "./regex-runes.ts";
import type { RuneSet } from "./regex-runes.ts";

/** A regex as a tree. Flags are resolved: a case-insensitive letter is a set of two runes. */
export type RegexNode =
  | { readonly kind: "set"; readonly runes: RuneSet }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "concat"; readonly parts: readonly RegexNode[] }
  | { readonly kind: "either"; readonly branches: readonly RegexNode[] }
  | {
      readonly kind: "repeat";
      readonly node: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: "capture"; readonly index: number; readonly name: string; readonly node: RegexNode };

type Assertion = "text-start" | "text-end" | "line-start" | "line-end" | "word-border" | "no-word-border";

export interface Regex {
  readonly root: RegexNode;
  /** Capture groups, not counting the whole match. */
  readonly groups: number;
}

/** A pattern outside RE2's syntax. `position` counts UTF-16 units from the start of the pattern. */
export class RegexSyntaxError extends Error {
  readonly position: number;
  constructor(message: string, position: number) {
    super(`${message} at ${position}`);
    this.name = "RegexSyntaxError";
    this.position = position;
  }
}

/** RE2's own limit for counted repetition. */
const maxRepeat = 1_000;
/** Deeper patterns are rejected before they can exhaust the stack; RE2 stops at 1,000 too. */
const maxDepth = 500;

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly swapGreed: boolean;
}

interface Cursor {
  readonly text: string;
  at: number;
  flags: Flags;
  groups: number;
  depth: number;
}

/**
 * Reads a pattern in RE2 (and Go) syntax: https://github.com/google/re2/wiki/Syntax.
 * @throws RegexSyntaxError for anything that syntax does not have, as look-around and back-references.
 */
export function parseRegex(pattern: string): Regex {
  const flags = { ignoreCase: false, multiLine: false, dotAll: false, swapGreed: false };
  const cursor: Cursor = { text: pattern, at: 0, flags, groups: 0, depth: 0 };
  const root = parseEither(cursor);
  if (cursor.at < pattern.length) throw new RegexSyntaxError("unexpected )", cursor.at);
  return { root, groups: cursor.groups };
}

function parseEither(cursor: Cursor): RegexNode {
  if (++cursor.depth > maxDepth) throw new RegexSyntaxError("groups are nested too deeply", cursor.at);
  const branches = [parseConcat(cursor)];
  while (cursor.text[cursor.at] === "|") {
    cursor.at++;
    branches.push(parseConcat(cursor));
  }
  cursor.depth--;
  const [first] = branches;
  return branches.length === 1 && first !== undefined ? first : { kind: "either", branches };
}

function parseConcat(cursor: Cursor): RegexNode {
  const parts: RegexNode[] = [];
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== "|" && cursor.text[cursor.at] !== ")") {
    if (cursor.text.startsWith("\\Q", cursor.at)) {
      parts.push(...parseQuoted(cursor));
      // A repetition after \E binds to the last quoted rune.
      const last = parts.pop();
      if (last !== undefined) parts.push(parseRepeats(cursor, last));
      continue;
    }
    // After flags alone, `a(?i)?`, a repetition binds to what stood before them.
    const atom = parseAtom(cursor) ?? parts.pop();
    if (atom !== undefined) parts.push(parseRepeats(cursor, atom));
  }
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : { kind: "concat", parts };
}

function parseQuoted(cursor: Cursor): RegexNode[] {
  const start = cursor.at + 2;
  const end = cursor.text.indexOf("\\E", start);
  const quoted = end < 0 ? cursor.text.slice(start) : cursor.text.slice(start, end);
  cursor.at = end < 0 ? cursor.text.length : end + 2;
  return Array.from(quoted, (char) => literal(cursor, char.codePointAt(0) ?? 0));
}

function literal(cursor: Cursor, rune: number): RegexNode {
  return setNode(cursor, [[rune, rune]]);
}

function setNode(cursor: Cursor, runes: RuneSet): RegexNode {
  return { kind: "set", runes: cursor.flags.ignoreCase ? foldCase(runes) : runes };
}

/** One atom without its repetition; undefined for what matches nothing by itself, as `(?i)`. */
function parseAtom(cursor: Cursor): RegexNode | undefined {
  const { text, flags } = cursor;
  const char = text[cursor.at];
  switch (char) {
    case "(":
      return parseGroup(cursor);
    case "[":
      return { kind: "set", runes: parseClass(cursor) };
    case "\\":
      return parseEscape(cursor);
    case ".":
      cursor.at++;
      return { kind: "set", runes: flags.dotAll ? anyRune : complement([[newline, newline]]) };
    case "^":
      cursor.at++;
      return { kind: "assertion", assertion: flags.multiLine ? "line-start" : "text-start" };
    case "$":
      cursor.at++;
      return { kind: "assertion", assertion: flags.multiLine ? "line-end" : "text-end" };
    case "*":
    case "+":
    case "?":
      throw new RegexSyntaxError(`nothing to repeat with ${char}`, cursor.at);
    default:
      return literal(cursor, nextRune(cursor));
  }
}

function nextRune(cursor: Cursor): number {
  const rune = cursor.text.codePointAt(cursor.at);
  if (rune === undefined) throw new RegexSyntaxError("pattern ends too early", cursor.at);
  cursor.at += rune > 0xffff ? 2 : 1;
  return rune;
}

const groupName = /^\(\?P?<([A-Za-z0-9_]+)>/;
const groupFlags = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/;

function parseGroup(cursor: Cursor): RegexNode | undefined {
  const start = cursor.at;
  const rest = cursor.text.slice(start, start + 300);
  const outer = cursor.flags;
  if (!rest.startsWith("(?")) {
    cursor.at += 1;
    return parseCapture(cursor, "", start);
  }
  const named = groupName.exec(rest);
  if (named !== null) {
    cursor.at += named[0].length;
    return parseCapture(cursor, named[1] ?? "", start);
  }
  const flagged = groupFlags.exec(rest);
  if (flagged === null) throw new RegexSyntaxError(`group kind ${rest.slice(0, 4)} is not in RE2's syntax`, start);
  cursor.at += flagged[0].length;
  cursor.flags = withFlags(withFlags(outer, flagged[1] ?? "", true), flagged[2] ?? "", false);
  // `(?i)` holds until the group around it ends, across `|`.
  if (flagged[3] === ")") return undefined;
  const node = parseEither(cursor);
  closeGroup(cursor, start);
  cursor.flags = outer;
  return node;
}

function parseCapture(cursor: Cursor, name: string, start: number): RegexNode {
  const outer = cursor.flags;
  const index = ++cursor.groups;
  const node = parseEither(cursor);
  closeGroup(cursor, start);
  cursor.flags = outer;
  return { kind: "capture", index, name, node };
}

function closeGroup(cursor: Cursor, start: number): void {
  if (cursor.text[cursor.at] !== ")") throw new RegexSyntaxError("missing ) for the group", start);
  cursor.at++;
}

function withFlags(flags: Flags, letters: string, on: boolean): Flags {
  return {
    ignoreCase: letters.includes("i") ? on : flags.ignoreCase,
    multiLine: letters.includes("m") ? on : flags.multiLine,
    dotAll: letters.includes("s") ? on : flags.dotAll,
    swapGreed: letters.includes("U") ? on : flags.swapGreed,
  };
}

const counted = /^\{(\d{1,5})(,(\d{0,5}))?\}/;

function parseRepeats(cursor: Cursor, atom: RegexNode): RegexNode {
  const range = readRange(cursor);
  if (range === undefined) return atom;
  let lazy = cursor.flags.swapGreed;
  if (cursor.text[cursor.at] === "?") {
    lazy = !lazy;
    cursor.at++;
  }
  const position = cursor.at;
  if (readRange(cursor) !== undefined) throw new RegexSyntaxError("repetition of a repetition", position);
  return { kind: "repeat", node: atom, min: range[0], max: range[1], lazy };
}

/** A `{` that starts no count is a literal, as in RE2. */
function readRange(cursor: Cursor): readonly [number, number] | undefined {
  const char = cursor.text[cursor.at];
  if (char === "*" || char === "+" || char === "?") {
    cursor.at++;
    return [char === "+" ? 1 : 0, char === "?" ? 1 : Infinity];
  }
  if (char !== "{") return undefined;
  const found = counted.exec(cursor.text.slice(cursor.at, cursor.at + 16));
  if (found === null) return undefined;
  const min = Number(found[1]);
  const max = found[2] === undefined ? min : found[3] === "" ? Infinity : Number(found[3]);
  if (min > maxRepeat || (max > maxRepeat && max !== Infinity) || max < min) {
    throw new RegexSyntaxError(`repetition ${found[0]} is out of range`, cursor.at);
  }
  cursor.at += found[0].length;
  return [min, max];
}

const assertionEscapes: Readonly<Record<string, Assertion>> = {
  A: "text-start",
  z: "text-end",
  b: "word-border",
  B: "no-word-border",
};

function parseEscape(cursor: Cursor): RegexNode {
  const letter = cursor.text[cursor.at + 1] ?? "";
  const assertion = Object.hasOwn(assertionEscapes, letter) ? assertionEscapes[letter] : undefined;
  if (assertion !== undefined) {
    cursor.at += 2;
    return { kind: "assertion", assertion };
  }
  const runes = parseClassEscape(cursor);
  return runes === undefined ? literal(cursor, parseRuneEscape(cursor)) : setNode(cursor, runes);
}

/** `\d \D \s \S \w \W \pX \p{X} \P…`; undefined (and nothing consumed) for another escape. */
function parseClassEscape(cursor: Cursor): RuneSet | undefined {
  const letter = cursor.text[cursor.at + 1] ?? "";
  const perl = { d: digitRunes, s: spaceRunes, w: wordRunes }[letter.toLowerCase()];
  if (perl !== undefined) {
    cursor.at += 2;
    return letter === letter.toLowerCase() ? perl : complement(perl);
  }
  if (letter !== "p" && letter !== "P") return undefined;
  const found = /^\\[pP](?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))/.exec(cursor.text.slice(cursor.at, cursor.at + 60));
  const runes = unicodeClass(found?.[2] ?? found?.[3] ?? "");
  if (found === null || runes === undefined) throw new RegexSyntaxError("unknown Unicode class", cursor.at);
  cursor.at += found[0].length;
  return (letter === "P") !== (found[1] === "^") ? complement(runes) : runes;
}

const controlEscapes: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const hexEscape = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/;
/** `\0`, or `\1`–`\7` when another octal digit follows (a single digit would be a back-reference). */
const octalEscape = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/;

function parseRuneEscape(cursor: Cursor): number {
  const start = cursor.at;
  const rest = cursor.text.slice(start, start + 12);
  const coded = hexEscape.exec(rest) ?? octalEscape.exec(rest);
  if (coded !== null) {
    cursor.at += coded[0].length;
    const rune = rest[1] === "x" ? Number.parseInt(coded[1] ?? coded[2] ?? "", 16) : Number.parseInt(coded[1] ?? "", 8);
    if (rune > maxRune) throw new RegexSyntaxError("escape beyond Unicode", start);
    return rune;
  }
  const letter = rest[1] ?? "";
  const control = Object.hasOwn(controlEscapes, letter) ? controlEscapes[letter] : undefined;
  if (control !== undefined) {
    cursor.at += 2;
    return control;
  }
  if (letter === "" || /[0-9A-Za-z]/.test(letter) || letter > "\x7f") {
    throw new RegexSyntaxError(`escape \\${letter} is not in RE2's syntax`, start);
  }
  cursor.at += 2;
  return letter.charCodeAt(0);
}

/** `[…]`; case is folded before negation, so that `(?i)[^k]` takes neither `k` nor `K`. */
function parseClass(cursor: Cursor): RuneSet {
  const start = cursor.at++;
  const negated = cursor.text[cursor.at] === "^";
  if (negated) cursor.at++;
  const ranges: (readonly [number, number])[] = [];
  for (let isFirst = true; ; isFirst = false) {
    if (cursor.at >= cursor.text.length) throw new RegexSyntaxError("missing ] for the class", start);
    if (cursor.text[cursor.at] === "]" && !isFirst) break;
    const named = parseNamedClass(cursor);
    if (named !== undefined) ranges.push(...named);
    else ranges.push(parseClassRange(cursor));
  }
  cursor.at++;
  const set = runeSet(ranges);
  const folded = cursor.flags.ignoreCase ? foldCase(set) : set;
  return negated ? complement(folded) : folded;
}

function parseNamedClass(cursor: Cursor): RuneSet | undefined {
  if (cursor.text[cursor.at] === "\\") return parseClassEscape(cursor);
  const found = /^\[:(\^?)([a-z]+):\]/.exec(cursor.text.slice(cursor.at, cursor.at + 16));
  if (found === null) return undefined;
  const runes = posixClasses.get(found[2] ?? "");
  if (runes === undefined) throw new RegexSyntaxError(`unknown class ${found[0]}`, cursor.at);
  cursor.at += found[0].length;
  return found[1] === "^" ? complement(runes) : runes;
}

function parseClassRange(cursor: Cursor): readonly [number, number] {
  const start = cursor.at;
  const low = parseClassRune(cursor);
  if (cursor.text[cursor.at] !== "-" || cursor.text[cursor.at + 1] === "]" || cursor.at + 1 >= cursor.text.length)
    return [low, low];
  cursor.at++;
  const high = parseClassRune(cursor);
  if (high < low) throw new RegexSyntaxError("class range runs backwards", start);
  return [low, high];
}

function parseClassRune(cursor: Cursor): number {
  return cursor.text[cursor.at] === "\\" ? parseRuneEscape(cursor) : nextRune(cursor);
}
