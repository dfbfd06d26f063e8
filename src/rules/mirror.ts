import type { Mirror, Rule } from "../model/rule.ts";
import { maxDefaultReach, windowMargin } from "./limits.ts";
import { keywordReach, matchWidth } from "./regex-reach.ts";
import type { RuneSet } from "./regex-runes.ts";
import type { Regex, RegexNode } from "./regex-syntax.ts";

/** A keyword of so many letters stands nowhere by chance when it is read backwards; with a sign in it fewer do, and fewer still where a check proves what is found. */
const leastLetters = 8;
const leastSigned = 5;
const leastChecked = 4;
/** Longer tokens are not written backwards, and each costs a window. Bytes. */
const widest = 256;

type Mirrored = Pick<Rule, "kind" | "keywords" | "required" | "skipReport" | "inside" | "check">;

/**
 * The regex and keywords that find a token which is written backwards, letter by letter. Undefined where the format is not exact enough for that: tokens alone, whose keywords are rare, and which
 * a check proves or whose bounds are narrow.
 */
export function mirrorOf(rule: Mirrored, { root, groups }: Regex): Mirror | undefined {
  const { kind, keywords, required, skipReport, inside, check } = rule;
  const isToken = kind === "token" && required.length === 0 && !skipReport && inside === undefined;
  if (
    !isToken ||
    groups > 1 ||
    keywords.length === 0 ||
    !keywords.every((keyword) => isRare(keyword, check !== undefined))
  )
    return undefined;
  const width = matchWidth(root);
  if (width.max > widest) return undefined;
  const tree = mirroredNode(root);
  const backwards = keywords.map((keyword) => Array.from(keyword).reverse().join(""));
  const reach = keywordReach(tree, backwards);
  if (!reach.holds) return undefined;
  const [before, after] = [reach.before, reach.after].map((bytes) => Math.min(bytes, maxDefaultReach) + windowMargin);
  return { regex: written(tree), keywords: backwards, before: before!, after: after! };
}

function isRare(keyword: string, isChecked: boolean): boolean {
  if (!/^[\x21-\x7e]+$/.test(keyword)) return false;
  const isSigned = /[a-z]{2}/.test(keyword) && /[_-]/.test(keyword);
  return keyword.length >= leastLetters || (isSigned && keyword.length >= (isChecked ? leastChecked : leastSigned));
}

/** The tree read from its end: what stands first comes last, and borders change sides. */
function mirroredNode(node: RegexNode): RegexNode {
  switch (node.kind) {
    case "set":
      return node;
    case "assertion":
      return { kind: "assertion", assertion: otherSide[node.assertion] };
    case "concat":
      return { kind: "concat", parts: node.parts.map(mirroredNode).reverse() };
    case "either":
      return { kind: "either", branches: node.branches.map(mirroredNode) };
    case "repeat":
    case "capture":
      return { ...node, node: mirroredNode(node.node) };
  }
}

type Assertion = Extract<RegexNode, { kind: "assertion" }>["assertion"];
const otherSide: Readonly<Record<Assertion, Assertion>> = {
  "text-start": "text-end",
  "text-end": "text-start",
  "line-start": "line-end",
  "line-end": "line-start",
  "word-border": "word-border",
  "no-word-border": "no-word-border",
};

const assertionText: Readonly<Record<Assertion, string>> = {
  "text-start": "\\A",
  "text-end": "\\z",
  "line-start": "(?m:^)",
  "line-end": "(?m:$)",
  "word-border": "\\b",
  "no-word-border": "\\B",
};

/** A tree in RE2's syntax, without flags: letters in any case are classes in it. */
function written(node: RegexNode): string {
  switch (node.kind) {
    case "set":
      return writtenSet(node.runes);
    case "assertion":
      return assertionText[node.assertion];
    case "concat":
      return node.parts.map((part) => (part.kind === "either" ? `(?:${written(part)})` : written(part))).join("");
    case "either":
      return node.branches.map(written).join("|");
    case "capture":
      return `(${written(node.node)})`;
    case "repeat": {
      const { min, max, lazy } = node;
      const count = max === Infinity ? `{${min},}` : min === max ? `{${min}}` : `{${min},${max}}`;
      return `(?:${written(node.node)})${count}${lazy ? "?" : ""}`;
    }
  }
}

function writtenSet(runes: RuneSet): string {
  const rune = (code: number): string =>
    /[0-9A-Za-z_]/.test(String.fromCodePoint(code)) ? String.fromCodePoint(code) : `\\x{${code.toString(16)}}`;
  if (runes.length === 1 && runes[0]![0] === runes[0]![1]) return rune(runes[0]![0]);
  return `[${runes.map(([low, high]) => (low === high ? rune(low) : `${rune(low)}-${rune(high)}`)).join("")}]`;
}
