import type { RegexNode } from "./regex-syntax.ts";
import { countRunes, hasRune } from "./regex-runes.ts";

/** More ways to end than this are not told apart: a pattern can be hostile. */
const mostEnds = 200;
const slash = 0x2f;
/** A name that says less has every other file, and each of them would be read again. */
const leastBits = 12;

class TooManyEnds extends Error {}

/**
 * A regex (RE2 syntax) for names of files: the name of every file matches it whose path matches `root`. Undefined where the pattern says little of how a
 * path ends. Folders are another matter: in a history the names come first, and each is asked once.
 */
export function nameRegex(root: RegexNode): string | undefined {
  try {
    const ends = endsOf([root]);
    if (ends === undefined || ends.some(({ bits }) => bits < leastBits)) return undefined;
    return [...new Set(ends.map(({ text }) => text))].join("|");
  } catch (error) {
    if (error instanceof TooManyEnds) return undefined;
    throw error;
  }
}

/** One way for a name to end. */
interface End {
  readonly text: string;
  /** How unlikely it is among random bytes, in bits. */
  readonly bits: number;
}

const nothing: End = { text: "$", bits: 0 };

/** What a name can end with; undefined where one way does not end with the path. */
function endsOf(parts: readonly RegexNode[]): End[] | undefined {
  const flat = parts.flatMap(flatten);
  const last = flat.at(-1);
  if (last?.kind === "either") return branchesOf(flat, flat.length - 1, endsOf);
  return last?.kind === "assertion" && last.assertion === "text-end" ? namesOf(flat.slice(0, -1), nothing) : undefined;
}

function namesOf(parts: readonly RegexNode[], behind: End): End[] | undefined {
  const flat = parts.flatMap(flatten);
  let { text, bits } = behind;
  for (let at = flat.length - 1; at >= 0; at--) {
    const part = flat[at]!;
    if (!holdsSlash(part)) {
      // `^` is the start of a path, so of a name as well.
      text = regexText(part) + text;
      bits += bitsOf(part);
      continue;
    }
    if (isSlash(part)) return [{ text: `^${text}`, bits }];
    if (part.kind !== "either") break;
    const rest = { text, bits };
    return branchesOf(flat.slice(0, at + 1), at, (expanded) => namesOf(expanded, rest));
  }
  return [{ text, bits }];
}

function branchesOf(
  parts: readonly RegexNode[],
  at: number,
  ends: (expanded: readonly RegexNode[]) => End[] | undefined,
): End[] | undefined {
  const choice = parts[at];
  if (choice?.kind !== "either") return undefined;
  const all: End[] = [];
  for (const branch of choice.branches) {
    const some = ends([...parts.slice(0, at), branch]);
    if (some === undefined) return undefined;
    all.push(...some);
    if (all.length > mostEnds) throw new TooManyEnds();
  }
  return all;
}

/** What every match of a node says at least. */
function bitsOf(node: RegexNode): number {
  switch (node.kind) {
    case "set":
      return Math.max(0, 8 - Math.log2(countRunes(node.runes)));
    case "assertion":
      return 0;
    case "capture":
      return bitsOf(node.node);
    case "repeat":
      return node.min * bitsOf(node.node);
    case "concat":
      return node.parts.reduce((sum, part) => sum + bitsOf(part), 0);
    case "either":
      return Math.min(...node.branches.map(bitsOf));
  }
}

function flatten(node: RegexNode): readonly RegexNode[] {
  if (node.kind === "capture") return flatten(node.node);
  return node.kind === "concat" ? node.parts.flatMap(flatten) : [node];
}

function isSlash(node: RegexNode): boolean {
  return node.kind === "set" && node.runes.length === 1 && node.runes[0]![0] === slash && node.runes[0]![1] === slash;
}

function holdsSlash(node: RegexNode): boolean {
  switch (node.kind) {
    case "set":
      return hasRune(node.runes, slash);
    case "assertion":
      return false;
    case "capture":
    case "repeat":
      return holdsSlash(node.node);
    case "concat":
      return node.parts.some(holdsSlash);
    case "either":
      return node.branches.some(holdsSlash);
  }
}

/** A node as it is written. Assertions but the start of the path are left out, which lets more names pass, never fewer. */
function regexText(node: RegexNode): string {
  switch (node.kind) {
    case "set":
      return `[${node.runes.map(([low, high]) => `${runeText(low)}-${runeText(high)}`).join("")}]`;
    case "assertion":
      return node.assertion === "text-start" ? "^" : "";
    case "capture":
      return `(?:${regexText(node.node)})`;
    case "repeat":
      return `(?:${regexText(node.node)})${countText(node.min, node.max)}`;
    case "concat":
      return node.parts.map(regexText).join("");
    case "either":
      return `(?:${node.branches.map(regexText).join("|")})`;
  }
}

function runeText(rune: number): string {
  return `\\x{${rune.toString(16)}}`;
}

function countText(min: number, max: number): string {
  return max === Infinity ? (min === 0 ? "*" : min === 1 ? "+" : `{${min},}`) : `{${min},${max}}`;
}
